"""What the report and the dashboard say of late data, against rows written by hand."""

import html
import re
from datetime import date

import board_tables
import pandas as pd
import pytest

from customerbase import charts, i18n
from customerbase.dashboards import quality as board
from customerbase.report import contents, late, page, section

THEN = date(2026, 9, 30)
NAMES = (
    "rows_before",
    "rows_now",
    "rows_added",
    "rows_gone",
    "rows_changed",
    "amount_added",
    "amount_gone",
    "amount_changed",
)


def changes(*rows: tuple) -> pd.DataFrame:
    """late_changes: table, system, month, then added, gone, changed, and the three amounts."""
    listed = [
        (
            table,
            system,
            pd.Timestamp(month),
            pd.Timestamp(THEN),
            1000,
            1000 + added - gone,
            added,
            gone,
            changed,
            *amounts,
        )
        for table, system, month, added, gone, changed, *amounts in rows
    ]
    return pd.DataFrame(listed, columns=["table_name", "source_system", "month", "compared_with", *NAMES])


def month(*rows: tuple):
    return board_tables.month({**board_tables.intake(), "kpi": board_tables.kpis(), "late_changes": changes(*rows)})


QUIET = ("orders", "web", date(2026, 8, 1), 0, 0, 0, 0.0, 0.0, 0.0)
SOME = (
    QUIET,
    ("orders", "web", date(2026, 9, 1), 12, 3, 1, 60000.0, 5000.0, -500.0),
    ("refunds", "pos", date(2026, 9, 1), 2, 0, 0, -4500.0, 0.0, 0.0),
    ("inquiries", "desk", date(2026, 7, 1), 1, 0, 0, 0.0, 0.0, 0.0),
    ("subscriptions", "app", date(2026, 7, 1), 4, 0, 10, 0.0, 0.0, 0.0),
)


def test_sentences_in_words():
    """September's revenue is 323 × 5000 + 100000 in the tables of today: 50000 more than it was."""
    data = month(*SOME)
    today = data.kpis[(data.kpis["kpi"] == "revenue") & (data.kpis["month"] == date(2026, 9, 1))]["value"].iloc[0]
    share = f"+{100 * 50000 / (today - 50000):.1f}"
    assert late.told(data, "en")["sentences"] == [
        "Since the report on Sep 2026, rows dated up to 30 Sep 2026 were added, have gone or have changed in app, desk, pos and"
        " web (months affected: 2).",
        f"Revenue moved most in Sep 2026, by +¥50K ({share}\u00a0% of its revenue then).",
        "Published reports stay as they are; this one is computed from the data of today.",
    ]
    assert f"+5万円（当時の売上の{share}%）" in late.told(data, "ja")["sentences"][1]


def test_rows_are_the_changes_alone_the_newest_month_first_with_its_revenue_once():
    rows = late.told(month(*SOME), "en")["rows"]
    assert [(row["month"], row["source"], row["counts"]) for row in rows] == [
        ("Sep 2026", "pos", ["2", "0", "0"]),
        ("Sep 2026", "web", ["12", "3", "1"]),
        ("Jul 2026", "app", ["<10", "0", "10"]),
        ("Jul 2026", "desk", ["1", "0", "0"]),
    ]
    assert rows[0]["revenue"].startswith("+¥50,000 (+")
    assert [row["revenue"] for row in rows[1:]] == ["", "±¥0 (±0.0\u00a0%)", ""]


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_nothing_late_first_month_and_a_pipeline_that_does_not_compare(language):
    quiet, first = late.told(month(QUIET), language), late.told(month(), language)
    assert quiet["rows"] == first["rows"] == []
    assert "1,000" in quiet["sentences"][0]
    assert first["sentences"] == [i18n.word("late.first", language)]
    assert late.told(board_tables.month(), language) is None
    told = contents(board_tables.month(), language, charts)
    assert i18n.word("late.heading", language) not in html.unescape(page(told))


def test_late_rows_that_move_no_revenue_and_a_month_without_a_known_revenue():
    data = month(("inquiries", "desk", date(2026, 7, 1), 1, 0, 0, 0.0, 0.0, 0.0))
    assert late.told(data, "en")["sentences"][1] == i18n.word("late.no_money", "en")
    old = month(("orders", "web", date(2020, 7, 1), 1, 0, 0, 700.0, 0.0, 0.0))
    assert late.told(old, "en")["sentences"][1] == "Revenue moved most in Jul 2020, by +¥700."


def test_no_more_than_twelve_rows_are_listed():
    many = [("orders", f"s{n:02}", date(2026, 9, 1), 1, 0, 0, 10.0, 0.0, 0.0) for n in range(15)]
    told = late.told(month(*many), "en")
    assert len(told["rows"]) == 12
    assert "3 in all" in told["more"]


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_report_and_dashboard_show_the_same_part_and_escape_it(language):
    evil = ("orders", board_tables.EVIL, date(2026, 9, 1), 12, 0, 0, 100.0, 0.0, 0.0)
    data = month(evil)
    told = contents(data, language, charts)
    shown = section(told, "late")
    assert board_tables.EVIL not in shown
    assert html.escape(board_tables.EVIL) in shown
    assert re.sub(r"\s+", "", shown) in re.sub(r"\s+", "", page(told))
    [part] = [part for part in board.parts(data, told, language, charts) if part.name == "late"]
    assert part.content == shown
    assert part.notebook == "01b_late"
