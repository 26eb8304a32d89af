"""The report's section on what to offer: related products and the lists by segment, few not told of, hostile names escaped."""

import re
from datetime import timedelta
from functools import cache, partial

import numpy as np
import pandas as pd
import pytest
from markupsafe import Markup
from related_tables import AS_OF, as_baskets, independent, named, shop, visits
from test_report import EVIL, data

from customerbase import charts, i18n, report
from customerbase.engine import Engine
from customerbase.recommend import related
from customerbase.report import offers
from customerbase.report.blocks import sections
from customerbase.report.workbook import sheets


@cache
def made() -> related.Related:
    """A shop where 3 goes with 2, 20 follows 21, and the categories of both sell across."""
    rng = np.random.default_rng(2)
    held = independent(rng, 800, np.full(22, 0.07))
    held[:, 3] |= held[:, 2] & (rng.random(800) < 0.7)
    baskets = as_baskets(held) + visits(rng, 100, np.full(22, 0.1))
    for n in range(60):
        day = AS_OF - timedelta(days=100 + n)
        baskets += [(f"n{n}", day, [named(21)]), (f"n{n}", day + timedelta(days=20), [named(20)])]
    products = [(named(p), f"{EVIL} 品{p}", f"C{p % 3}", 100 + p) for p in range(22)]
    return related.related(shop(baskets, products), as_of=AS_OF)


def recommendations(customers: dict[str, int]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Lists of so many customers of each segment: all begin with P001, half then with P002, some with P003."""
    rows, ranks = [], []
    for segment, number in customers.items():
        for n in range(number):
            who = f"{segment}{n}"
            ranks.append((who, segment))
            own = [named(1), named(2) if n % 2 else named(4), named(3) if n < 5 else named(6)]
            rows += [(who, "buy_again", rank, code) for rank, code in enumerate(own, start=1)]
            rows.append((who, "new_for_you", 1, named(9 if n % 3 else 8)))
    columns = ["customer_id", "list", "rank", "product_id"]
    return pd.DataFrame(rows, columns=columns), pd.DataFrame(ranks, columns=["customer_id", "segment"])


@cache
def tables() -> dict[str, pd.DataFrame]:
    """The section's tables as page 13 reads them, through its own SQL."""
    db = Engine()
    for name, table in made().tables().items():
        db.register(name, table)
    lists, ranks = recommendations({"champions": 40, "loyal": 12, "at_risk": 6})
    db.register("recommendations", lists)
    db.register("rfm", ranks)
    named_ = {name: db.run(f"report_{name}").df() for name in ("product_pairs", "next_products", "offers")}
    return named_ | {"category_cross": made().tables()["category_cross"]}


def section(language: str, **given: pd.DataFrame) -> str:
    """The section alone, by its own template."""
    known = data(**given)
    told = {
        "language": language,
        "word": partial(_word, language),
        "svg": Markup,
        "offers": offers.lines(known, language),
        "offer_rows": offers.rows(known, language),
        "offer_picture": offers.picture(known, language, charts),
        "offer_cross": offers.crossing(known, language, charts),
        "offer_caption": "caption",
    }
    return report.section(told, "offers")


def _word(language: str, key: str, **values: object) -> str:
    return i18n.sentence(key, language, **values)


def test_without_the_pages_there_is_no_section():
    assert offers.lines(data(), "en") is None
    assert section("en") == ""


def test_the_strongest_pair_is_told_with_its_numbers():
    told = dict(offers.lines(data(**tables()), "en"))
    pair = made().pairs.query("level == 'basket'").iloc[0]
    assert {pair["product_1"], pair["product_2"]} == {named(2), named(3)}
    share = i18n.number(max(pair["confidence_1_2"], pair["confidence_2_1"]), "rate", "en")
    assert told["Bought together"].startswith(share) and f"({pair['units_both']} baskets" in told["Bought together"]
    row = made().following.iloc[0]
    assert (
        i18n.number(row["confidence"], "rate", "en") in told["Bought next"] and "within 60 days" in told["Bought next"]
    )
    assert "hold-out" in told["What to do"]


@pytest.mark.parametrize("language", ["ja", "en"])
def test_names_of_products_are_escaped_everywhere(language):
    text = section(language, **tables())
    assert "<script" not in text and "&lt;script&gt;" in text


def test_the_moves_of_a_segment_are_counted_and_small_ones_left_out():
    rows = offers.rows(data(**tables()), "en")
    assert [row["customers"] for row in rows] == ["40", "12"]  # six at risk are too few
    champions, loyal = rows
    # the sixth product is offered to 35 of 40: that would tell that five are not
    assert re.findall(r"品(\d+) \((\d+)\)", champions["buy_again"]) == [("1", "40"), ("2", "20"), ("4", "20")]
    assert re.findall(r"品(\d+) \((\d+)\)", champions["new_for_you"]) == [("9", "26"), ("8", "14")]
    assert re.findall(r"品(\d+) \((\d+)\)", loyal["buy_again"]) == [("1", "12")]
    assert loyal["new_for_you"] == i18n.MISSING
    assert offers.customers(data(**tables())) == 52


def test_pairs_of_few_baskets_are_not_told():
    few = tables() | {"product_pairs": tables()["product_pairs"].assign(units_both=9)}
    assert dict(offers.lines(data(**few), "en"))["Bought together"] == i18n.word("related.none.pairs", "en")
    assert offers.picture(data(**few), "en", charts) is None


def test_cells_of_few_customers_are_withheld_in_the_matrix():
    table = tables()["category_cross"].copy()
    table.loc[0, "customers_both"] = 9
    picture = offers.crossing(data(**tables() | {"category_cross": table}), "en", charts)
    assert "fewer than 10 customers" in picture.measure and "n\u00a0=\u00a0" in picture.caption
    whole = offers.crossing(data(**tables()), "en", charts)
    assert "fewer than" not in whole.measure


def test_without_lists_the_section_says_so():
    given = {name: table for name, table in tables().items() if name != "offers"}
    text = section("en", **given)
    assert i18n.word("related.report.no_lists", "en") in text and "<table" not in text


def test_empty_tables_are_said_to_be_empty():
    given = {name: table.head(0) for name, table in tables().items()}
    text = section("ja", **given)
    assert i18n.word("related.none.pairs", "ja") in text and "<svg" not in text


def test_the_moves_are_a_sheet_of_the_workbook():
    told = report.contents(data(**tables()), "en", charts)
    [sheet] = sheets(sections(told, ("offers",)), "en")
    assert sheet.name == "Top moves by segment" and "as of 31 Oct 2026" in sheet.caption
    page = report.page(told)
    assert (
        page.index('id="good"' if 'id="good"' in page else 'id="attributes"')
        < page.index('id="offers"')
        < page.index('id="identity"')
    )
