"""Late data: what came, went or changed in months already published, and by how much their revenue moved."""

from datetime import date

import pandas as pd

from customerbase import i18n, quality
from customerbase.periods import month_label, parse_month
from customerbase.report.data import ReportData

ROWS_SHOWN = 12
COUNTS = ("rows_added", "rows_gone", "rows_changed")
AMOUNTS = ("amount_added", "amount_gone", "amount_changed")


def told(data: ReportData, language: str) -> dict | None:
    """Sentences and rows on late data, as text; None where the page that compares was not run.

    sentences: what came and from where, what it does to revenue, that published reports stay. rows: month, source,
    records, the three counts (fewer than k_min read <k_min where a row tells of a person) and, in the first row of a month,
    by how much its revenue moved; the newest first. more: what is left out of them.
    """
    if data.tables.get("late_changes") is None:
        return None
    known = data.rows("late_changes")
    if not known:
        return {"sentences": [i18n.word("late.first", language)], "rows": [], "more": ""}
    found = sorted(
        (row for row in known if any(row[name] for name in COUNTS)),
        key=lambda row: (-_month(row).toordinal(), row["source_system"], row["table_name"]),
    )
    rows = [_row(data, row, language) for row in found]
    moved = moves(data)
    for place, row in enumerate(found):  # a month's revenue stands once
        if place == 0 or _month(row) != _month(found[place - 1]):
            rows[place]["revenue"] = _revenue(data, _month(row), moved[_month(row)], language)
    more = i18n.sentence("late.more", language, n=len(rows) - ROWS_SHOWN) if len(rows) > ROWS_SHOWN else ""
    return {"sentences": _sentences(data, found, moved, language), "rows": rows[:ROWS_SHOWN], "more": more}


def moves(data: ReportData) -> dict[date, float]:
    """Month -> by how much the rows that came, went or changed move its revenue; months without a change are left out."""
    sums: dict[date, float] = {}
    for row in data.rows("late_changes"):
        if any(row[name] for name in COUNTS):
            added, gone, changed = (float(row[name]) for name in AMOUNTS)
            sums[_month(row)] = sums.get(_month(row), 0.0) + added - gone + changed
    return sums


def _sentences(data: ReportData, found: list[dict], moved: dict[date, float], language: str) -> list[str]:
    until = pd.Timestamp(data.rows("late_changes")[0]["compared_with"]).date()
    about = {"month": month_label(parse_month(until), language), "date": i18n.day(until, language)}
    if not found:
        rows = sum(int(row["rows_before"]) for row in data.rows("late_changes"))
        return [i18n.sentence("late.none", language, rows=f"{rows:,}", **about)]
    systems = i18n.join(sorted({row["source_system"] for row in found}), language)
    first = i18n.sentence("late.some", language, systems=systems, n=len(moved), **about)
    return [first, _money(data, moved, language), i18n.word("late.stays", language)]


def _money(data: ReportData, moved: dict[date, float], language: str) -> str:
    month = max(moved, key=lambda one: (abs(moved[one]), one))
    if not round(moved[month], 2):
        return i18n.word("late.no_money", language)
    amount, share = data.money(moved[month], language, signed=True), _share(data, month, moved[month])
    where = {"month": month_label(month, language), "amount": amount}
    if share is None:
        return i18n.sentence("late.money", language, **where)
    return i18n.sentence("late.money_share", language, share=_signed(share, language), **where)


def _share(data: ReportData, month: date, change: float) -> float | None:
    """The change as a share of the month's revenue as it was then: the revenue of today less the change."""
    found = data.kpis[(data.kpis["kpi"] == "revenue") & (data.kpis["month"] == month)]["value"]
    before = float(found.iloc[0]) - change if len(found) and not i18n.missing(found.iloc[0]) else 0.0
    return change / before if before > 0 else None


def _revenue(data: ReportData, month: date, change: float, language: str) -> str:
    amount, share = data.money(change, language, exact=True, signed=True), _share(data, month, change)
    return amount if share is None else i18n.aside(amount, _signed(share, language), language)


def _signed(share: float, language: str) -> str:
    return i18n.number(share, "rate", language, signed=True)


def _row(data: ReportData, row: dict, language: str) -> dict:
    return {
        "month": month_label(_month(row), language),
        "source": row["source_system"],
        "records": i18n.word_or(f"quality.table.{row['table_name']}", language, row["table_name"]),
        "counts": [_count(data, row, name) for name in COUNTS],
        "revenue": "",
    }


def _count(data: ReportData, row: dict, name: str) -> str:
    count = int(row[name])
    small = row["table_name"] in quality.PERSONAL and 0 < count < data.k_min
    return f"<{data.k_min}" if small else f"{count:,}"


def _month(row: dict) -> date:
    return parse_month(pd.Timestamp(row["month"]).date())
