"""What the customers of the named segments are worth, and how many of them are at high risk of leaving."""

from types import ModuleType

import numpy as np
import pandas as pd

from customerbase import i18n, segments
from customerbase.dashboards.part import Column, Table
from customerbase.disclosure import suppress_rows
from customerbase.intervals import wilson
from customerbase.report import ReportData

DIGITS = 3  # significant ones of a median: of an odd number of customers it is a single one's value


def table(data: ReportData, language: str, draw: ModuleType) -> Table | None:
    """Median lifetime value and share at high risk of every named segment, each with its interval; the largest first.

    None without the counts behind them. Missing where few are behind a number, or where it would give few away.
    """
    rows = data.rows("segment_worth")
    if not rows:
        return None
    quiet = silent(data)
    rows.sort(key=lambda row: (-(row["median_value"] or 0), row["segment"]))
    cells = tuple(
        (segments.name(row["segment"], language), *_worth(data, row, language), *_risk(row, quiet, language))
        for row in rows
    )
    people = sum(int(row["customers"]) for row in rows)
    title = i18n.word("board_segments.worth_and_risk", language)
    caption = draw.caption(table, "rfm, cltv, churn", data.as_of, people, language, 0.95, definition=title)
    return Table(title, _columns(language), cells, caption, sort="-median", currency=data.currency)


def _columns(language: str) -> tuple[Column, ...]:
    interval = i18n.word("report.column.interval", language)
    word = {key: i18n.word(f"board_segments.{key}", language) for key in
            ("worth_median", "worth_median_definition", "high_risk", "high_risk_definition", "scored")}  # fmt: skip
    return (
        Column("segment", i18n.word("report.column.segment", language)),
        Column("median", word["worth_median"], "money", word["worth_median_definition"]),
        Column("median_interval", interval, "figure"),
        Column("high_risk", word["high_risk"], "rate", word["high_risk_definition"]),
        Column("high_risk_interval", interval, "figure"),
        Column("scored", word["scored"], "count"),
    )


def _worth(data: ReportData, row: dict, language: str) -> tuple:
    if row["valued"] < data.k_min or row["segment"] in data.withheld_segments:
        return (None, i18n.MISSING)
    value, low, high = (rounded(row[f"median_{end}"]) for end in ("value", "low", "high"))
    return value, i18n.interval(low, high, "money", language, currency=data.currency)


def _risk(row: dict, quiet: set[str], language: str) -> tuple:
    if not row["scored"] or row["segment"] in quiet:
        return (i18n.word("board_segments.withheld", language) if row["scored"] else None, i18n.MISSING, None)
    low, high = (float(end) for end in wilson(row["high_risk"], row["scored"]))
    return row["high_risk"] / row["scored"], i18n.interval(low, high, "rate", language), int(row["scored"])


def silent(data: ReportData) -> set[str]:
    """Segments of which it is not told how many are at high risk.

    A customer is at high risk, at a lower one, or has none; a segment with few of a kind is withheld, and further ones, as
    how many there are of each kind in all, and in each segment, is known elsewhere.
    """
    rows = data.rows("segment_worth")
    kinds = np.array(
        [(row["high_risk"], row["scored"] - row["high_risk"], row["customers"] - row["scored"]) for row in rows]
    )
    hidden = suppress_rows(kinds.reshape(-1, 3), data.k_min)
    return data.withheld_segments | {row["segment"] for row, hide in zip(rows, hidden, strict=True) if hide}


def rounded(value: object) -> float | None:
    """A number with three significant digits."""
    if pd.isna(value) or not value:
        return None if pd.isna(value) else 0.0
    return float(np.format_float_positional(float(value), DIGITS, unique=False, fractional=False, trim="-"))


# what charts.caption prints under Japanese figures
table.definition_ja = "名前付きセグメントの生涯価値の中央値と、離脱リスクが高い人の割合"
