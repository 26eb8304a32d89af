"""What page 08b shows: titles that agree with their numbers, small cells withheld, names of any kind in one line."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from related_tables import AS_OF, as_baskets, independent, named, shop

from customerbase import i18n
from customerbase.charts import png
from customerbase.charts.related import Pictures
from customerbase.recommend import related
from customerbase.recommend.related import looks


@cache
def made() -> related.Related:
    rng = np.random.default_rng(1)
    held = independent(rng, 700, np.full(22, 0.09))
    held[:, 3] |= held[:, 2] & (rng.random(700) < 0.8)
    products = [(named(p), f"品 {p}", f"C{p % 3}", 100 if p == 3 else 1_000) for p in range(22)]
    return related.related(shop(as_baskets(held), products), as_of=AS_OF)


@given(st.text(max_size=120), st.integers(4, 50))
def test_a_name_is_one_printable_line_of_at_most_so_many_half_widths(name, wide):
    told = looks.brief(name, wide)
    assert i18n.half_widths(told) <= wide + 1 and "\n" not in told and told.isprintable()
    plain = " ".join(name.split())
    if plain.isprintable() and i18n.half_widths(plain) <= wide:
        assert told == plain


@pytest.mark.parametrize(
    ("value", "text"), [(0.848, "0.85"), (1.04, "1.04"), (1.46, "1.5"), (12.4, "12"), (1234.5, "1,234")]
)
def test_ratios_have_few_digits(value, text):
    assert looks.times(value) == text


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_title_of_pairs_is_its_first_row(language):
    rows = looks.strongest(made().pairs, related.BASKET, 10)
    pair = made().pairs.iloc[0]
    title = looks.pairs_title(rows, looks.names(made().sold), language)
    assert i18n.number(max(pair["confidence_1_2"], pair["confidence_2_1"]), "rate", language) in title
    assert looks.times(pair["excess"]) in title and "品 2" in title and "品 3" in title
    first = rows.iloc[0]
    assert first["one"] == (
        pair["product_1"] if pair["confidence_1_2"] >= pair["confidence_2_1"] else pair["product_2"]
    )


def cross(lift: float, verdict: str, both: int = 50) -> pd.DataFrame:
    row = {
        "customers": 1000,
        "customers_1": 200,
        "customers_2": 300,
        "customers_both": both,
        "lift": lift,
        "verdict": verdict,
    }
    row |= {"low": lift * 0.9, "high": lift * 1.1}
    return pd.DataFrame([row | {"category_1": a, "category_2": b} for a, b in (("X", "Y"), ("Y", "X"))])


@pytest.mark.parametrize(
    ("lift", "verdict", "words"),
    [
        (1.4, "more", "1.4 times as often as chance"),
        (0.7, "less", "less than chance: 0.70"),
        (1.4, "no_clear_difference", "No two"),
    ],
)
def test_the_title_of_the_matrix_goes_with_its_sign(lift, verdict, words):
    assert words in looks.cross_title(cross(lift, verdict), "en", 10)


def test_cells_of_few_customers_are_stars_and_speak_in_no_title():
    few = cross(3.0, "more", both=9)
    _, printed, shade = looks.cells(few, "en", 10)
    assert printed.loc["X", "Y"] == "*" and shade.loc["X", "Y"] == 0
    assert "No two" in looks.cross_title(few, "en", 10)
    all_but_few = cross(1.2, "more", both=195)
    assert looks.cells(all_but_few, "en", 10)[1].loc["X", "Y"] == "*"
    whole = looks.cells(cross(3.0, "more"), "en", 10)[1]
    assert whole.loc["X", "Y"].startswith("3.00▲") and whole.loc["X", "X"] == ""


def test_accessories_are_told_with_the_share_of_their_main_product():
    rows = looks.accessories(made().pairs, made().following, 10)
    pair = made().pairs.iloc[0]
    assert rows.iloc[0][["main", "accessory", "way"]].tolist() == [named(2), named(3), "with"]
    assert rows.iloc[0]["share"] == pair["confidence_1_2"]
    table = looks.accessories_table(rows, made().sold, "en")
    assert table.iloc[0]["Price of it"] == "10.0\u00a0%"


@pytest.mark.parametrize("language", ["ja", "en"])
def test_every_picture_and_table_is_made_with_and_without_findings(language):
    look = Pictures(made(), language)
    assert png(look.pairs())[:4] == png(look.cross())[:4] == b"\x89PNG"
    assert len(look.pairs_table()) and isinstance(look.said()[0], str)
    empty = Pictures(related.related(shop([]), as_of=AS_OF), language)
    none = i18n.word("related.none.pairs", language)
    assert empty.pairs() == empty.pairs("customer") == none and len(empty.pairs_table()) == 0
    for told in (empty.sets(), empty.following(), empty.accessories(), empty.cross()):
        assert isinstance(told, str)
    assert empty.said() == [note.text(language) for note in empty.result.notes]


def test_a_pair_of_fewer_baskets_than_k_min_is_not_shown():
    assert isinstance(Pictures(made(), "en", k_min=10_000).pairs(), str)
