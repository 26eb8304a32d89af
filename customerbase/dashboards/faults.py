"""Rows set aside or kept with a warning: by reason, by system, by month of the file, and by file and column."""

import re
from collections import Counter
from collections.abc import Callable
from datetime import date
from types import ModuleType

import pandas as pd

from customerbase import i18n, quality
from customerbase.dashboards.part import Column, Table
from customerbase.periods import month_label
from customerbase.report import ReportData
from customerbase.report.figures import Picture
from customerbase.report.quality import reason_text
from customerbase.report.remedies import remedy

CHOICES = ("reason", "system", "month", "file")
MONTHS_DRAWN = 13
_DATED = re.compile(r"(?<!\d)(20\d\d)[-_.年]?(0?[1-9]|1[0-2])(?:月|[-_.]?(?:0[1-9]|[12]\d|3[01]))?(?!\d)")


def faults(data: ReportData, language: str, draw: ModuleType) -> dict[str, Table]:
    """Choice -> table of the rows set aside; without any row those that have nothing to show are left out."""
    makers = {"reason": _by_reason, "system": _by_system, "month": _by_month, "file": _by_file}
    made = {choice: makers[choice](data, language, draw) for choice in CHOICES}
    return {choice: table for choice, table in made.items() if table.rows}


def file_month(file: str) -> date | None:
    """First day of the month that a file's name tells (sales_202610.csv, 2026-10/orders.csv); None where it tells none."""
    found = _DATED.findall(file)
    return date(int(found[-1][0]), int(found[-1][1]), 1) if found else None


def _by_reason(data: ReportData, language: str, draw: ModuleType) -> Table:
    read = sum(int(row["rows_read"]) for row in data.rows("source_files"))
    places: dict[tuple, list[dict]] = {}
    for row in data.rows("quarantine_files"):
        places.setdefault((row["reason"], row["severity"]), []).append(row)
    found = sorted(data.rows("quarantine"), key=lambda row: (-row["rows"], row["reason"]))
    rows = tuple(
        (
            reason_text(row["reason"], language),
            _severity(row["severity"], language),
            int(row["rows"]),
            row["rows"] / read if read else None,
            ", ".join(sorted({one["source_system"] for one in here})),
            i18n.join(sorted({_table(one["table_name"], language) for one in here}), language),
            remedy(row["reason"], language),
        )
        for row in found
        for here in [places.get((row["reason"], row["severity"]), [])]
    )
    keys = {"reason": "text", "severity": "text", "rows": "count", "share": "rate"}
    keys |= {"systems": "text", "tables": "text", "remedy": "text"}
    return _table_of(data, language, draw, "reason", keys, rows, "-rows", "quarantine", quality.quarantine)


def _by_system(data: ReportData, language: str, draw: ModuleType) -> Table:
    return _by_files(data, language, draw, "system", "system", lambda row: row["source_system"])


def _by_month(data: ReportData, language: str, draw: ModuleType) -> Table:
    return _by_files(data, language, draw, "month", "months", lambda row: _month_text(row["file"]))


def _month_text(file: str) -> str:
    return str(file_month(file) or "")


def _by_files(data, language, draw, choice: str, key: str, group: Callable[[dict], str]) -> Table:
    """Files, rows read and set aside of each group of files, and what was wrong most often."""
    totals: dict[str, Counter] = {}
    for row in data.rows("source_files"):
        counts = Counter(files=1, read=int(row["rows_read"]), aside=int(row["rows_quarantined"]))
        totals.setdefault(group(row), Counter()).update(counts)
    reasons: dict[str, Counter] = {}
    for row in data.rows("quarantine_files"):
        if row["severity"] == "block":
            reasons.setdefault(group(row), Counter())[row["reason"]] += int(row["rows"])
    ranked = sorted(totals, key=(lambda name: name) if choice == "system" else (lambda name: (bool(name), name)))
    rows = tuple(
        (
            name if choice == "system" else _month_name(name, language),
            totals[name]["files"],
            totals[name]["read"],
            totals[name]["aside"],
            totals[name]["aside"] / totals[name]["read"] if totals[name]["read"] else None,
            _commonest(reasons.get(name), language),
        )
        for name in (ranked if choice == "system" else ranked[::-1])
    )
    keys = {key: "text", "files": "count", "read": "count", "aside": "count", "share": "rate", "main_reason": "text"}
    return _table_of(data, language, draw, choice, keys, rows, "", "source_files, quarantine", quality.source_files)


def _commonest(reasons: Counter | None, language: str) -> str | None:
    if not reasons:
        return None
    return reason_text(max(reasons, key=lambda name: (reasons[name], name)), language)


def _month_name(text: str, language: str) -> str:
    return month_label(date.fromisoformat(text), language) if text else i18n.word("board_quality.no_month", language)


def _by_file(data: ReportData, language: str, draw: ModuleType) -> Table:
    found = sorted(
        data.rows("quarantine_files"),
        key=lambda row: (row["severity"], -row["rows"], row["file"], row["column_name"], row["reason"]),
    )
    rows = tuple(
        (
            row["file"],
            column_names(row["column_name"], language),
            reason_text(row["reason"], language),
            _severity(row["severity"], language),
            int(row["rows"]),
            remedy(row["reason"], language),
        )
        for row in found
    )
    keys = {"file": "text", "column": "text", "reason": "text", "severity": "text", "rows": "count", "remedy": "text"}
    return _table_of(data, language, draw, "file", keys, rows, "", "quarantine", quality.quarantine)


def _table_of(data, language, draw, choice, units: dict[str, str], rows, sort, tables, function) -> Table:
    columns = tuple(
        Column(key, i18n.word(f"board_quality.column.{key}", language), unit, _about(key, language))
        for key, unit in units.items()
    )
    read = sum(int(row["rows_read"]) for row in data.rows("source_files")) or None
    definition = i18n.word("board_quality.about.rows", language)
    caption = draw.caption(function, tables, data.as_of, read, language, definition=definition)
    title = i18n.word("board_quality.quarantine", language)
    by = i18n.word(f"board_quality.by.{choice}", language)
    return Table(i18n.aside(title, by, language), columns, rows, caption, sort=sort)


def _about(key: str, language: str) -> str:
    return i18n.word_or(f"board_quality.about.{key.replace('months', 'month')}", language, "")


def _severity(code: str, language: str) -> str:
    return i18n.word_or(f"board_quality.severity.{code}", language, code)


def _table(code: str, language: str) -> str:
    return i18n.word_or(f"quality.table.{code}", language, code)


def column_names(columns: str, language: str) -> str:
    """The columns a reason is about; a dash stands for the whole row."""
    return i18n.word("board_quality.whole", language) if columns == "-" else ", ".join(columns.split("+"))


def share_by_month(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """Share of the rows set aside by month of the file, the last 13 months; None where fewer than two files tell a month."""
    totals: dict[date, Counter] = {}
    for row in data.rows("source_files"):
        if month := file_month(row["file"]):
            counts = Counter(read=int(row["rows_read"]), aside=int(row["rows_quarantined"]))
            totals.setdefault(month, Counter()).update(counts)
    months = [month for month in sorted(totals) if totals[month]["read"] and month <= data.month][-MONTHS_DRAWN:]
    if len(months) < 2:
        return None
    shares = [totals[month]["aside"] / totals[month]["read"] for month in months]
    frame = pd.DataFrame({"month": months, "share": shares})
    most = months[max(range(len(months)), key=lambda place: (shares[place], place))]
    title = i18n.word("board_quality.months_none", language)
    if max(shares) > 0:
        share = i18n.number(max(shares), "rate", language, exact=True)
        title = i18n.sentence("board_quality.months_title", language, month=month_label(most, language), share=share)
    measure = i18n.word("board_quality.months_measure", language)
    read = sum(totals[month]["read"] for month in months)
    caption = draw.caption(quality.source_files, "source_files", data.as_of, read, language, definition=measure)
    look = {"title": "", "caption": "", "language": language, "fmt": "rate", "accent": most}
    pictures = [
        draw.svg(draw.bars(frame, "month", "share", width=draw.WIDTHS[size], **look)) for size in ("half", "phone")
    ]
    return Picture(title, measure, caption, *pictures)
