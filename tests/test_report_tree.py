"""What the report says of the tree, the movers and the calendar: words agree with signs, small groups stay together."""

from decimal import Decimal

import pandas as pd
import pytest
from test_kpi import AS_OF, YEAR, engine

from customerbase import charts, i18n, kpi, report
from customerbase.report import tree

NODES = {"revenue": (None, 0), "known": ("revenue", 1), "known.new": ("known", 2), "known.returning": ("known", 2)}
NODES |= {
    f"known.{g}.{f}": (f"known.{g}", 3) for g in ("new", "returning") for f in ("customers", "frequency", "basket")
}
NODES |= {"anonymous": ("revenue", 1)}


def rows(sign: int, clear: bool, n_new: int = 50, against: str = "last_month") -> list[dict]:
    """A tree of +/- 1,000 with the new customers' number as its largest part."""
    parts = dict.fromkeys(NODES, 0) | {"revenue": 1000, "known": 1100, "known.new": 900, "known.returning": 200}
    parts |= {"known.new.customers": 950, "known.new.basket": -50, "known.returning.frequency": 200, "anonymous": -100}
    half = 100 if clear else 5000
    return [
        {"as_of": AS_OF, "against": against, "node": node, "parent": parent, "depth": depth, "before": 0.0,
         "now": float(sign * parts[node]), "contribution": Decimal(sign * parts[node]), "n_before": 50,
         "n_now": n_new if node.startswith("known.new") else 50,
         "low": sign * parts[node] - float(half), "high": sign * parts[node] + float(half)}
        for node, (parent, depth) in NODES.items()
    ]  # fmt: skip


def mover(dimension: str, value: str, before: int, now: int, rank: int | None, label: str | None = None) -> dict:
    amounts = {"before": Decimal(before), "now": Decimal(now), "contribution": Decimal(now - before)}
    own = {"dimension": dimension, "value": value, "label": label, "rank": rank, "low": None, "high": None, "folded": 1}
    return {"as_of": AS_OF, "against": "last_month", "customers_before": 40, "customers_now": 41} | own | amounts


def data(tree_rows: list[dict], movers: list[dict] = (), **tables) -> report.ReportData:
    frames = {"kpi": kpi.kpi_table(engine(YEAR), as_of=AS_OF).df(), "revenue_tree": pd.DataFrame(tree_rows)}
    frames |= {"revenue_movers": pd.DataFrame(list(movers))} | tables
    return report.ReportData({"ja": "社", "en": "Co"}, "x", AS_OF, frames, settings={"currency": "JPY", "k_min": 10})


MOVERS = [mover("channel", "store", 5000, 5400, 2), mover("channel", "web", 5000, 5600, 1),
          mover("store", "s:1", 100, 900, 1, "駅前<b>店"), mover("store", "none", 9900, 10100, None)]  # fmt: skip


@pytest.mark.parametrize(
    ("sign", "language", "text"),
    [
        (1, "en", "Revenue is above last month (+¥1,000). The main driver: more new customers (+¥950)."
         " The top mover: store “駅前<b>店” (+¥800)."),
        (1, "ja", "売上は前月より増えました（+1,000円）。主な要因は新規顧客の増加です（+950円）。最も動いたのは店舗「駅前<b>店」です（+800円）。"),
        (-1, "en", "Revenue is below last month (−¥1,000). The main driver: fewer new customers (−¥950)."),
        (-1, "ja", "売上は前月より減りました（−1,000円）。主な要因は新規顧客の減少です（−950円）。"),
    ],
)  # fmt: skip
def test_a_clear_change_in_words(sign, language, text):
    assert tree.sentence(data(rows(sign, True), MOVERS if sign > 0 else ()), "last_month", language) == text


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_inside_the_interval_there_is_no_clear_change(language):
    said = tree.sentence(data(rows(1, False), MOVERS), "last_month", language)
    word = {"en": "no clear change", "ja": "はっきりした変化はありません"}[language]
    assert word in said and "¥950" not in said and "950円" not in said and "駅前" not in said
    first = tree.sentence(data(rows(1, True)), "last_year", language)
    assert i18n.word("headline.last_year", language) in first  # the first year has no year before
    assert tree.lines(data([]), language) == []


def test_a_clear_part_of_an_unclear_total_is_named():
    unclear = rows(1, False)
    for row in unclear:
        if row["node"] == "known.returning.frequency":
            row |= {"low": 150.0, "high": 250.0}
    said = tree.sentence(data(unclear), "last_month", "en")
    assert said.endswith("Clear within it: more orders from each of the returning customers (+¥200).")


def test_small_groups_stand_together_and_add_up():
    told = tree.shown(data(rows(1, True, n_new=4)), "last_month")
    names = [row["node"] for row in told]
    assert "known.new" not in names and "known.new.customers" not in names and "known.others" in names
    assert "known.returning" not in names  # alone beside the total it would give the small one back
    assert sum(row["contribution"] for row in told if row["parent"] == "known") == 1100


def test_one_verdict_on_revenue_and_parts_that_add_up():
    shop = data(rows(1, True))
    assert shop.changes[("revenue", "last_month")]["verdict"] == "up"
    parts = {part["part"]: part["contribution"] for part in shop.parts}
    assert parts == {
        "active_customers": 950,
        "purchase_frequency": 200,
        "average_order_value": -50,
        "revenue_anonymous": -100,
    }


def test_movers_up_and_down_and_the_page_escapes_them():
    told = tree.mover_rows(data(rows(1, True), MOVERS), "last_month", "en")
    assert [(row["value"], row["contribution"]) for row in told] == [("Web", "+¥600"), ("Store", "+¥400")]  # one store
    many = [
        mover("store", f"s:{i}", 100, 100 + change, i + 1, f"<i>{i}")
        for i, change in enumerate((9, 8, 7, 6, -1, -2, -3, -4))
    ]
    shop = data(rows(1, True), many)
    told = tree.mover_rows(shop, "last_month", "ja")
    assert [row["value"] for row in told] == [f"<i>{i}" for i in (0, 1, 2, 5, 6, 7)]
    page = report.build(shop, "ja", charts)
    assert "&lt;i&gt;0" in page and "<i>0" not in page
    assert i18n.word("tree.movers", "ja") in page


@pytest.mark.parametrize(("low", "key"), [(0.01, "up"), (-0.02, "no_clear_change")])
@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_adjusted_change_in_words(low, key, language):
    season = [
        {"month": pd.Timestamp(year, 10, 1), "measure": "revenue", "adjusted_change": 0.031, "adjusted_change_low": low,
         "adjusted_change_high": 0.06, "change": 0.05, "weekdays": 21 + (year == 2025), "saturdays": 5, "sundays": 4, "holidays": 1}
        for year in (2025, 2026)
    ]  # fmt: skip
    said = tree.season(data(rows(1, True), kpi_season=pd.DataFrame(season)), language)
    words = {
        "up": {"en": "is above", "ja": "多い水準"},
        "no_clear_change": {"en": "no clear change", "ja": "はっきりした変化はありません"},
    }
    assert words[key][language] in said
    assert "3.1" in said and "5.0" in said and "21" in said and "22" in said
    alone = tree.season(data(rows(1, True), kpi_season=pd.DataFrame(season[1:])), language)
    assert alone == i18n.word("tree.season.none", language)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_the_picture_names_every_part_and_its_number(language):
    figure = tree.tree_figure(data(rows(-1, True)), "last_month", language, charts)
    texts = [text.get_text() for text in figure.axes[0].texts]
    assert len(texts) == len(NODES) and texts[0] == {"en": "−¥1,000", "ja": "−1,000円"}[language]
    bars = [patch.get_width() for patch in figure.axes[0].patches]
    assert bars[:2] == [-1000, -1100]
    assert tree.tree_figure(data([]), "last_year", language, charts) is None
