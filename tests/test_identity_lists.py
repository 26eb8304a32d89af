"""identity link: any list of people, without labels, against labelled public lists and beside plain Splink."""

import csv
import logging

import identity_base
import numpy as np
import pandas as pd
import pytest
from conftest import real_data

from customerbase.__main__ import main
from customerbase.engine import Engine


def link(home, capsys, *words) -> str:
    status = main(["identity", "link", *map(str, words)])
    said = capsys.readouterr()
    assert status == 0, said.err
    return said.out


def result(path) -> pd.DataFrame:
    """The result with the line of each row, in the order of the lines."""
    rows = pd.read_csv(path, dtype=str, keep_default_na=False)
    rows["line"] = rows["row"].str.extract(r":(\d+)$")[0].astype(int)
    return rows.sort_values("line")


def scores(label, truth) -> tuple[float, float, float]:
    """Pairwise precision, recall and F1."""
    both = pd.DataFrame({"label": np.asarray(label), "truth": np.asarray(truth)})
    pairs = lambda by: int((both.groupby(by).size() * (both.groupby(by).size() - 1) // 2).sum())  # noqa: E731
    hit, found, true = pairs(["label", "truth"]), pairs(["label"]), pairs(["truth"])
    return hit / found, hit / true, 2 * hit / (found + true)


def labelled(name: str) -> tuple[object, pd.DataFrame, pd.Series]:
    path = real_data("febrl") / f"{name}.csv"
    rows = pd.read_csv(path, dtype=str, skipinitialspace=True)
    rows.columns = rows.columns.str.strip()
    truth = rows["cluster"] if "cluster" in rows else rows["rec_id"].str.extract(r"rec-(\d+)-")[0]
    return path, rows, truth


def plain_splink(rows: pd.DataFrame, comparisons: list, blocks: list, certain: list) -> dict[float, np.ndarray]:
    """Plain Splink's clusters at several probabilities, with the settings of its own examples."""
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on
    from splink.clustering import cluster_pairwise_predictions_at_threshold

    logging.getLogger("splink").setLevel(logging.CRITICAL)
    db = Engine()
    table = rows.drop(columns=["rec_id", "cluster", "unique_id"], errors="ignore").assign(unique_id=range(len(rows)))
    db.connection.register("rows_given", table)
    db.execute("create table plain as select * from rows_given")
    api = DuckDBAPI(db.connection)
    settings = SettingsCreator(
        link_type="dedupe_only",
        comparisons=comparisons,
        blocking_rules_to_generate_predictions=[block_on(*one) for one in blocks],
    )
    linker = Linker(api.register("plain"), settings, log_level=None)
    linker.training.estimate_probability_two_random_records_match([block_on(*one) for one in certain], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e6, seed=1)
    for one in certain[:2]:
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*one))
    pairs = linker.inference.predict(threshold_match_probability=0.05)
    found = {}
    for threshold in (0.5, 0.9, 0.95, 0.99):
        made = cluster_pairwise_predictions_at_threshold(
            api.register("plain"), pairs, api, "unique_id", threshold_match_probability=threshold
        )
        labels = made.as_duckdbpyrelation().df().set_index("unique_id")["cluster_id"]
        found[threshold] = labels.loc[range(len(rows))].to_numpy()
    return found


def test_febrl3_is_solved(home, tmp_path, capsys):
    path, rows, truth = labelled("dataset3")
    said = link(home, capsys, path, "--out", tmp_path / "out.csv")
    found = result(tmp_path / "out.csv")
    assert len(found) == len(rows) and scores(found["customer_id"], truth)[2] >= 0.9998
    assert "rec_id" in said.split("not compared")[1] and "5,000" in said


@pytest.mark.slow
def test_febrl2_is_at_least_plain_splinks(home, tmp_path, capsys):
    import splink.comparison_library as cl

    path, rows, truth = labelled("dataset2")
    link(home, capsys, path, "--out", tmp_path / "out.csv")
    ours = scores(result(tmp_path / "out.csv")["customer_id"], truth)[2]
    peer = plain_splink(
        rows,
        [
            cl.NameComparison("given_name").configure(term_frequency_adjustments=True),
            cl.NameComparison("surname").configure(term_frequency_adjustments=True),
            cl.LevenshteinAtThresholds("date_of_birth", [1]),
            cl.DamerauLevenshteinAtThresholds("soc_sec_id", [2]),
            cl.ExactMatch("street_number").configure(term_frequency_adjustments=True),
            cl.ExactMatch("postcode").configure(term_frequency_adjustments=True),
        ],
        [
            ("soc_sec_id",),
            ("given_name", "surname"),
            ("date_of_birth",),
            ("postcode", "surname"),
            ("postcode", "given_name"),
        ],
        [("given_name", "surname"), ("date_of_birth",), ("soc_sec_id",)],
    )
    assert ours >= max(scores(label, truth)[2] for label in peer.values())


def test_fake_1000_is_at_least_plain_splinks(home, tmp_path, capsys):
    import splink.comparison_library as cl

    path, rows, truth = labelled("splink_fake_1000")
    link(home, capsys, path, "--out", tmp_path / "out.csv")
    ours = scores(result(tmp_path / "out.csv")["customer_id"], truth)[2]
    peer = plain_splink(
        rows,
        [
            cl.NameComparison("first_name"),
            cl.NameComparison("surname"),
            cl.DateOfBirthComparison("dob", input_is_string=True),
            cl.ExactMatch("city").configure(term_frequency_adjustments=True),
            cl.EmailComparison("email"),
        ],
        [("first_name", "city"), ("surname",), ("dob",), ("email",)],
        [("first_name", "surname"), ("dob",), ("email",)],
    )
    assert ours >= max(scores(label, truth)[2] for label in peer.values())


def write(path, rows: list[list[str]], heading=("氏名", "フリガナ", "電話番号", "備考")) -> object:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([heading, *rows])
    return path


def test_japanese_members_of_three_systems_in_one_list(home, tmp_path, capsys):
    db = identity_base.invented(tmp_path, 1200, 51)
    columns = {
        "last_name": "姓",
        "first_name": "名",
        "last_kana": "姓カナ",
        "first_kana": "名カナ",
        "phone": "電話番号",
    }
    columns |= {
        "email": "メールアドレス",
        "birth_date": "生年月日",
        "postal_code": "郵便番号",
        "address1": "住所",
        "gender": "性別",
    }
    rows = db.query(
        "select c.*, person_id from customers_src c join truth using (source_system, source_customer_id)"
    ).df()
    rows[list(columns)].rename(columns=columns).to_csv(
        tmp_path / "会員.csv", index=False, encoding="cp932", errors="replace"
    )
    link(home, capsys, tmp_path / "会員.csv", "--out", tmp_path / "out.csv")
    precision, recall, _ = scores(result(tmp_path / "out.csv")["customer_id"], rows["person_id"])
    assert precision >= 0.97 and recall >= 0.85
    text = (tmp_path / "out.csv").read_text(encoding="utf-8")
    assert not any(name in text for name in rows["last_name"]) and "example" not in text


def test_order_of_rows_changes_nobody(home, tmp_path, capsys):
    rows = [[f"名{n % 40} 太郎", f"ナ{n % 40} タロウ", f"03-{n % 40:04}-1111", str(n)] for n in range(120)]
    link(home, capsys, write(tmp_path / "a.csv", rows), "--out", tmp_path / "1.csv")
    groups = (
        result(tmp_path / "1.csv")
        .groupby("customer_id")["line"]
        .apply(lambda lines: tuple(rows[n - 2][0] for n in lines))
    )
    link(home, capsys, write(tmp_path / "a.csv", rows[::-1]), "--out", tmp_path / "2.csv")
    again = (
        result(tmp_path / "2.csv")
        .groupby("customer_id")["line"]
        .apply(lambda lines: tuple(rows[::-1][n - 2][0] for n in lines))
    )
    assert sorted(map(sorted, groups)) == sorted(map(sorted, again))


@pytest.mark.parametrize(
    "rows",
    [
        [["", "", "", ""]] * 5,
        [["same", "same", "same", "same"]] * 300,
        [["😀" * n, "\x07", "a" * 10_000, "=cmd|' /C calc'!A0"] for n in range(1, 60)],
    ],
)
def test_bad_lists_finish_and_lose_nothing(home, tmp_path, capsys, rows):
    said = link(home, capsys, write(tmp_path / "bad.csv", rows), "--out", tmp_path / "out.csv")
    assert len(result(tmp_path / "out.csv")) == len(rows) and "rows read" in said
