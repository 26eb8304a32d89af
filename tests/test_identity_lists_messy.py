"""identity link on lists that tempt to merge too much: many messy records a person, shared names, chains, families, defaults."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from messy_people import HEADS, TAILS, people, quality

from customerbase.pipeline.resolve.link import link_files


def linked(records: pd.DataFrame, folder: Path) -> np.ndarray:
    """The number of the person per record, in their order."""
    records.to_csv(folder / "list.csv", index=False)
    link_files([folder / "list.csv"], folder / "out.csv", key=b"a key of the tests")
    rows = pd.read_csv(folder / "out.csv", dtype=str, keep_default_na=False)
    assert len(rows) == len(records), "rows out = rows in"
    lines = rows["row"].str.extract(r":(\d+)$")[0].astype(int)
    return pd.factorize(rows.loc[lines.sort_values().index, "customer_id"])[0]


@pytest.mark.slow
def test_fifty_thousand_messy_historical_records(tmp_path):
    records, truth = people("historical", 4800, seed=7)
    assert len(records) > 50_000
    label = linked(records, tmp_path)
    f1, precision, recall = quality(label, truth)
    assert f1 >= 0.965 and precision >= 0.985 and recall >= 0.945
    assert np.bincount(label).max() <= 2 * np.bincount(truth).max()


@pytest.mark.parametrize(
    ("regime", "count", "least", "precise"),
    [("historical", 300, 0.97, 0.985), ("one_town", 300, 0.92, 0.985), ("clean", 300, 0.995, 0.995)],
)
def test_messy_people_of_several_kinds(regime, count, least, precise, tmp_path):
    records, truth = people(regime, count, seed=11)
    label = linked(records, tmp_path)
    f1, precision, _ = quality(label, truth)
    assert f1 >= least and precision >= precise
    assert np.bincount(label).max() <= 2 * np.bincount(truth).max()


def population(count: int, random: np.random.Generator) -> pd.DataFrame:
    """People who differ in everything, one record each."""
    names = [head + tail for head in HEADS for tail in TAILS]
    return pd.DataFrame(
        {
            "first_name": random.choice([f"{head}{end}" for head in HEADS for end in ("a", "ine", "o", "us")], count),
            "surname": random.choice(names, count),
            "dob": [
                f"{random.integers(1930, 2005)}-{random.integers(1, 13):02}-{random.integers(1, 29):02}"
                for _ in range(count)
            ],
            "town": random.choice(names[:60], count),
            "phone": [f"0{random.integers(10**8, 10**9)}" for _ in range(count)],
        }
    )


def twice(rows: pd.DataFrame) -> tuple[pd.DataFrame, np.ndarray]:
    """Every person with a second record, and who each record is."""
    return pd.concat([rows, rows], ignore_index=True), np.tile(np.arange(len(rows)), 2)


def test_many_people_of_one_name_and_town_stay_apart(tmp_path):
    rows = population(600, np.random.default_rng(1))
    rows.loc[:59, ["first_name", "surname", "town"]] = ["john", "smith", "ashley"]
    records, truth = twice(rows)
    _, precision, recall = quality(linked(records, tmp_path), truth)
    assert precision >= 0.99 and recall >= 0.99


def test_one_default_value_in_every_row_joins_nobody(tmp_path):
    rows = population(400, np.random.default_rng(2)).assign(
        phone="0312345678", town="unknown", email="test@test.example"
    )
    records, truth = twice(rows)
    _, precision, recall = quality(linked(records, tmp_path), truth)
    assert precision >= 0.99 and recall >= 0.95


def test_a_chain_of_near_duplicates_is_not_one_person(tmp_path):
    random = np.random.default_rng(3)
    others, truth = twice(population(300, random))
    letters = "abcdefghijklmnopqrst"
    chain = pd.DataFrame(  # each differs from the next by one letter and one digit, the ends in everything
        {
            "first_name": [letters[at : at + 6] for at in range(12)],
            "surname": [letters[at + 2 : at + 9] for at in range(12)],
            "dob": [f"19{50 + at}-0{1 + at % 9}-1{at % 10}" for at in range(12)],
            "town": "ashley",
            "phone": [f"0{100_000_000 + at}" for at in range(12)],
        }
    )
    label = linked(pd.concat([others, chain], ignore_index=True), tmp_path)
    assert np.unique(label[len(others) :], return_counts=True)[1].max() <= 4
    assert quality(label[: len(others)], truth)[1] >= 0.99


def test_a_family_of_one_house_and_telephone_stays_several_people(tmp_path):
    random = np.random.default_rng(4)
    rows = population(400, random)
    for house in range(40):  # parents and two children: surname, town and telephone are theirs together
        rows.loc[4 * house : 4 * house + 3, ["surname", "town", "phone"]] = rows.loc[
            4 * house, ["surname", "town", "phone"]
        ].tolist()
    records, truth = twice(rows)
    _, precision, recall = quality(linked(records, tmp_path), truth)
    assert precision >= 0.99 and recall >= 0.99
