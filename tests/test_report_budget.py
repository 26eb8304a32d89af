"""The report's section on offers and ranks: there where the page ran, without a small number, in words where there is nothing."""

from datetime import date

import pandas as pd
import pytest
from budget_world import AS_OF, COLUMNS, offer, world
from loyalty_world import ledger_of, shop
from loyalty_world import world as members

from customerbase import charts
from customerbase.audiences.budget import plan, read_budget
from customerbase.audiences.loyalty import read_programme, simulate
from customerbase.report import ReportData
from customerbase.report import budget as section

RANKS = {
    "low": {"title": {"en": "Low", "ja": "低"}, "label": "L", "points": 0.01},
    "high": {"title": {"en": "High", "ja": "高"}, "label": "H", "from": 1_000, "points": 0.02},
}
SCHEMES = {"other": {"title": {"en": "Lower", "ja": "下げる"}, "from": {"high": 700}}}


def month(content: dict, ranks: dict | None) -> ReportData:
    """What a report reads of a month with these offers and ranks."""
    made = plan(world(), read_budget(content, COLUMNS), as_of=AS_OF)
    orders = shop()
    found = simulate(members(orders, ledger_of(orders, 1_000)), read_programme(ranks), as_of=AS_OF)
    tables = {
        name: pd.DataFrame() if table is None else table for name, table in (made.tables() | found.tables()).items()
    }
    return ReportData(
        title={"en": "Shop", "ja": "店"}, pipeline="shop", as_of=date(2026, 10, 31), tables=tables, settings={"k_min": 10},
        goals={}, run_id="",
    )  # fmt: skip


@pytest.mark.parametrize("language", ["en", "ja"])
def test_plan_prices_and_ranks_are_told(language):
    told = section.told(
        month({"total": 40, "offers": {"mail": offer()}}, {"ranks": RANKS, "schemes": SCHEMES}), language, charts
    )
    text = " ".join(sentence for _, sentence in told["budget"])
    assert "20" in text  # customers at 2 of money each
    assert ("A further ¥1,000" if language == "en" else "予算があと1,000円") in text
    assert len(told["budget_rows"]) == 2
    assert len(told["budget_ranks"]) == 3
    assert len(told["budget_pictures"]) == 3
    assert all(picture.title and picture.caption for picture in told["budget_pictures"])


def test_a_plan_for_few_shows_no_count():
    told = section.told(month({"total": 10, "offers": {"mail": offer()}}, None), "en", charts)
    assert told["budget_rows"][1][5:] == ["*"] * 4
    assert "fewer than 10 customers" in told["budget"][0][1]
    assert told["budget_ranks"] == []


def test_without_offers_and_ranks_a_sentence_without_the_page_no_section():
    assert section.lines(month({}, None), "en") == []
    data = month({}, None)
    data.tables.pop("budget_offers")
    assert section.told(data, "en", charts)["budget"] is None
