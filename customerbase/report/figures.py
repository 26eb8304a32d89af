"""The report's figures: which table, which finding as title, which caption; the drawing itself is handed in.

`draw` is customerbase.charts (or anything with its functions): report and charts do not know each other.
"""

from dataclasses import dataclass
from datetime import date
from types import ModuleType

import numpy as np
import pandas as pd

from customerbase import i18n, kpi, segments
from customerbase.disclosure import suppress
from customerbase.periods import add_months, month_label, month_range
from customerbase.report.data import ReportData

TREND_MONTHS, COHORT_MONTHS = 13, 12
MOVES_SHOWN = 8


@dataclass(frozen=True)
class Picture:
    """A figure on the page: finding, measure, caption, and the SVG for wide and for narrow screens."""

    title: str
    measure: str
    caption: str
    wide: str
    phone: str = ""


def trend(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """Revenue of the last 13 months with the year before as a thin grey line; None without any revenue."""
    found = data.kpis[(data.kpis["kpi"] == "revenue") & data.kpis["value"].notna()]
    if not len(found):
        return None
    by_month = dict(zip(found["month"], found["value"].astype(float), strict=True))
    months = [
        month for month in month_range(add_months(data.month, 1 - TREND_MONTHS), data.month) if month >= min(by_month)
    ]
    frame = pd.DataFrame({"month": months, "revenue": [by_month.get(month, np.nan) for month in months]})
    frame["last_year"] = [by_month.get(add_months(month, -12), np.nan) for month in months]
    change = data.changes[("revenue", "last_year")]
    size = i18n.number(abs(change["change_ratio"]), "rate", language) if change["change_ratio"] is not None else ""
    key = f"finding.trend_{change['verdict'] if size else kpi.UNKNOWN}"
    values = {"trend_unknown": {"value": data.money(data.value("revenue"), language)}, "trend_no_clear_change": {}}
    title = i18n.sentence(
        key, language, month=month_label(data.month, language), **values.get(key.partition(".")[2], {"change": size})
    )
    measure = i18n.word(
        "finding.trend_measure" if frame["last_year"].notna().any() else "finding.trend_measure_alone", language
    )
    options = {
        "title": "",
        "caption": "",
        "language": language,
        "last_year": "last_year",
        "zero": True,
        "fmt": lambda value: data.money(value, language),
    }
    caption = draw.caption(kpi.revenue, "kpi", data.as_of, data.n("revenue"), language)
    pictures = [
        draw.svg(draw.line(frame, "month", "revenue", width=draw.WIDTHS[size], height=height, **options))
        for size, height in (("wide", 2.5), ("phone", 2.3))
    ]
    return Picture(title, measure, caption, *pictures)


def segment_bars(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """Customers by segment, segments' own colours; withheld segments have no bar. None without segments."""
    rows = [row for row in data.rows("segment_summary") if row["segment"] not in data.withheld_segments]
    if not rows:
        return None
    frame = pd.DataFrame(
        {"segment": [row["segment"] for row in rows], "customers": [int(row["customers"]) for row in rows]}
    )
    largest = max(rows, key=lambda row: row["customers"])
    title = i18n.sentence(
        "finding.segments",
        language,
        segment=segments.name(largest["segment"], language),
        share=i18n.number(largest["share"], "rate", language),
    )
    total = sum(int(row["customers"]) for row in data.rows("segment_summary"))
    caption = draw.caption(
        segments.summary,
        "segment_summary",
        data.as_of,
        total,
        language,
        definition=i18n.word("definition.segments", language),
    )
    figure = draw.svg(
        draw.bars(
            frame,
            "customers",
            "segment",
            title="",
            caption="",
            language=language,
            fmt=lambda value: i18n.number(value, "people", language, exact=True),
            width=4.2,
        )
    )
    return Picture(title, i18n.word("finding.segments_measure", language), caption, figure, figure)


def moves(data: ReportData, language: str) -> list[dict]:
    """The largest movements that the heat map shows, between different segments: origin, target, customers."""
    withheld = _withheld(data)
    rows = [
        row
        for row in data.rows("segment_migration")
        if row["from_segment"] not in (row["to_segment"], segments.ABSENT_BEFORE)
        and not withheld.loc[row["from_segment"], row["to_segment"]]
    ]
    rows.sort(key=lambda row: (-row["customers"], row["from_segment"], row["to_segment"]))
    return [
        {
            "origin": segments.name(row["from_segment"], language),
            "target": segments.name(row["to_segment"], language),
            "customers": f"{row['customers']:,}",
        }
        for row in rows[:MOVES_SHOWN]
    ]


def _flow(data: ReportData) -> pd.DataFrame:
    """Customers by last month's segment (rows) and this month's (columns), without empty rows and columns."""
    codes = segments.codes()
    counts = pd.DataFrame(0, index=[*codes, segments.ABSENT_BEFORE], columns=[*codes, segments.ABSENT_NOW])
    for row in data.rows("segment_migration"):
        counts.loc[row["from_segment"], row["to_segment"]] = int(row["customers"])
    return counts.loc[counts.any(axis=1), counts.any(axis=0)]


def _withheld(data: ReportData) -> pd.DataFrame:
    """Which cells of the flow must not be shown: small ones, and those that would give a small one away."""
    counts = _flow(data)
    return pd.DataFrame(suppress(counts.to_numpy(), data.k_min), index=counts.index, columns=counts.columns)


def migration(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """From last month's segments (rows) to this month's (columns); small cells withheld. None without last month."""
    rows = data.rows("segment_migration")
    codes = segments.codes()
    if not any(row["from_segment"] in codes for row in rows):
        return None
    counts, hidden = _flow(data), _withheld(data).to_numpy()
    small = counts.to_numpy() < data.k_min
    text = (
        counts.map(lambda value: f"{value:,}" if value else "").mask(hidden, "*").mask(hidden & small, f"<{data.k_min}")
    )
    shade = counts.div(counts.sum(axis=1), axis=0).mask(hidden, 0.0)
    largest = moves(data, language)
    title = (
        i18n.sentence("finding.migration", language, **largest[0])
        if largest
        else i18n.word("finding.migration_none", language)
    )
    caption = draw.caption(
        segments.migration,
        "segment_migration",
        data.as_of,
        int(counts.to_numpy().sum()),
        language,
        definition=i18n.word("definition.migration", language),
    )
    figure = draw.svg(
        draw.heatmap(counts, title="", caption="", language=language, fmt="{:,.0f}", text=text, shade=shade, width=7.2)
    )
    measure = i18n.word("finding.migration_measure", language)
    if hidden.any():
        measure += i18n.sentence("definition.withheld", language, k=data.k_min)
    return Picture(title, measure, caption, figure)


def cohorts(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """Share of each month's first-time buyers who bought in each later month; None before there is a later month."""
    rows = [
        row for row in data.rows("kpi_cohorts") if 1 <= row["months_since"] <= COHORT_MONTHS and row["rate"] is not None
    ]
    first = add_months(data.month, -COHORT_MONTHS)
    rows = [row | {"cohort_month": day} for row in rows if (day := pd.Timestamp(row["cohort_month"]).date()) >= first]
    if not rows:
        return None
    frame = pd.DataFrame(rows)
    frame["rate"] = frame["rate"].astype(float)
    small = (frame["retained"] > 0) & (frame["retained"] < data.k_min)
    frame["text"] = [
        f"<{data.k_min}" if hide else f"{rate * 100:.0f}" for hide, rate in zip(small, frame["rate"], strict=True)
    ]
    frame["shade"] = (frame["rate"] / max(frame["rate"].max(), 0.01)).mask(small, 0.0)
    matrix, text, shade = (
        frame.pivot(index="cohort_month", columns="months_since", values=name) for name in ("rate", "text", "shade")
    )
    sizes = frame.groupby("cohort_month")["customers"].first()
    labels = [_cohort_label(day, int(sizes[day]), data.k_min, language) for day in matrix.index]
    for table in (matrix, text, shade):
        table.index = labels
    caption = draw.caption(
        kpi.cohorts,
        "kpi_cohorts",
        data.as_of,
        int(sizes.sum()),
        language,
        definition=i18n.word("definition.cohorts", language),
    )
    options = {"title": "", "caption": "", "language": language, "fmt": "{}", "text": text.fillna(""), "shade": shade}
    pictures = [draw.svg(draw.heatmap(matrix, width=draw.WIDTHS[size], **options)) for size in ("half", "phone")]
    measure = i18n.word("finding.cohorts_measure", language)
    if small.any():
        measure += i18n.sentence("finding.cohorts_suppressed", language, k=data.k_min)
    return Picture(_cohort_finding(frame, language), measure, caption, *pictures)


def _cohort_label(day: date, size: int, k_min: int, language: str) -> str:
    people = f"<{k_min}" if size < k_min else f"{size:,}"
    return f"{day:%Y/%m}（{people}人）" if language == "ja" else f"{month_label(day, 'en')} ({people})"


def _cohort_finding(frame: pd.DataFrame, language: str) -> str:
    next_month = frame[frame["months_since"] == 1]
    if next_month["customers"].sum() == 0:
        return i18n.word("finding.cohorts_none", language)
    rate = next_month["retained"].sum() / next_month["customers"].sum()
    return i18n.sentence("finding.cohorts", language, rate=i18n.number(rate, "rate", language))
