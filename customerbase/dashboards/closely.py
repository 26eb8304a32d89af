"""One KPI closely: its months as curve and table, and its parts by segment, channel, store and cohort."""

from datetime import date
from types import ModuleType

import numpy as np
import pandas as pd

from customerbase import i18n, kpi, segments
from customerbase.dashboards.part import HTML, TABLE, Column, Part, Table
from customerbase.periods import add_months, month_label, month_range
from customerbase.report import ReportData, section
from customerbase.report.figures import Picture
from customerbase.report.sections import TILES

PAGE, NOTEBOOK = "overview", "12_kpi"
MONTHS = 24
WITHHELD = "*"
BY_MONTH = "month"
VIEWS = (BY_MONTH, *kpi.DIMENSIONS)


def closely(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[Part]:
    """For each KPI that has a value in any month: `curve` of the tiles' KPIs (choice: KPI) and tables (choice: KPI:view)."""
    known = set(data.kpis.loc[data.kpis["value"].notna(), "kpi"])
    by, made = _by(data), []
    for kpi_id in (one for one in kpi.KPIS if one in known):
        if kpi_id in TILES and (picture := curve(data, kpi_id, language, draw)):
            content = section(told | {"picture": picture}, "picture")
            made.append(Part(PAGE, language, "curve", HTML, content, choice=kpi_id, notebook=NOTEBOOK))
        tables = {BY_MONTH: months(data, kpi_id, language, draw)}
        tables |= {one: parts_of(data, by, kpi_id, one, language, draw) for one in kpi.DIMENSIONS}
        for view, table in tables.items():
            if table is not None:
                choice = f"{kpi_id}:{view}"
                made.append(Part(PAGE, language, "closely", TABLE, table.write(), choice=choice, notebook=NOTEBOOK))
    return made


def months(data: ReportData, kpi_id: str, language: str, draw: ModuleType) -> Table:
    """A KPI month by month, the newest first: value, change on the month before and on the year before, interval, n."""
    rows = data.kpis[(data.kpis["kpi"] == kpi_id)].set_index("month")
    found = rows.astype(object).where(rows.notna(), None).to_dict("index")
    shown = [
        month
        for month in month_range(add_months(data.month, 1 - MONTHS), data.month)[::-1]
        if (kpi_id, month) in data.withheld or found.get(month, {}).get("value") is not None
    ]
    lines = tuple(_month(data, found, kpi_id, month, language) for month in shown)
    columns = (
        Column("month", i18n.word("dashboard.month", language), "month"),
        Column("value", kpi.name(kpi_id, language), "own", _definition(kpi_id, language)),
        Column("vs_last_month", i18n.word("report.vs_last_month", language), "figure"),
        Column("vs_last_year", i18n.word("report.vs_last_year", language), "figure"),
        Column("interval", i18n.word("report.column.interval", language), "figure"),
        Column("n", "n", "count"),
    )
    return _table(data, kpi_id, BY_MONTH, columns, lines, "kpi", kpi.kpi_table, language, draw)


def _month(data: ReportData, found: dict, kpi_id: str, month: date, language: str) -> tuple:
    row, unit = found.get(month, {}), kpi.unit(kpi_id)
    earlier = [found.get(add_months(month, step), {}).get("value") for step in (-1, -12)]
    return (
        month.isoformat(),
        WITHHELD if (kpi_id, month) in data.withheld else row["value"],
        *(i18n.change(row.get("value"), one, unit, language) for one in earlier),
        i18n.interval(row.get("low"), row.get("high"), unit, language, currency=data.currency),
        None if row.get("n") is None else int(row["n"]),
    )


def _by(data: ReportData) -> dict[tuple[str, str], dict[tuple[str, date], dict]]:
    """(KPI, dimension) -> (part, month) -> row of kpi_by."""
    found: dict[tuple[str, str], dict] = {}
    for row in data.rows("kpi_by"):
        month = pd.Timestamp(row["month"]).date()
        if month <= data.month:
            found.setdefault((row["kpi"], row["dimension"]), {})[(row["part"], month)] = row
    return found


def parts_of(data: ReportData, by: dict, kpi_id: str, dimension: str, language: str, draw: ModuleType) -> Table | None:
    """A KPI by the parts of a dimension, the largest (or newest) first, the whole company on top; None where nothing may be shown.

    Parts that would tell of fewer than k_min people, or give such a part away, read `*` (table kpi_by).
    """
    found = by.get((kpi_id, dimension), {})
    now = {part: row for (part, month), row in found.items() if month == data.month}
    if all(row["withheld"] or row["value"] is None for row in now.values()):
        return None
    ranked = sorted(now, key=lambda part: (bool(now[part]["withheld"]), -(now[part]["value"] or 0.0), part))
    if dimension == "cohort":  # a time, not a ranking
        ranked = sorted((part for part in now if "-Q" in part), reverse=True) + [p for p in ranked if "-Q" not in p]
    whole = data.changes[(kpi_id, "last_month")] | {
        "n": data.n(kpi_id),
        "withheld": (kpi_id, data.month) in data.withheld,
    }
    before = {"last_month": add_months(data.month, -1), "last_year": add_months(data.month, -12)}
    top = {key: data.changes[(kpi_id, key)]["previous"] for key in before}
    lines = [_part(data, i18n.word("profile.together", language), whole, top, kpi_id, language)]
    for part in ranked:
        earlier = {key: found.get((part, month), {}).get("value") for key, month in before.items()}
        lines.append(_part(data, part_name(dimension, part, language), now[part], earlier, kpi_id, language))
    columns = (
        Column("part", i18n.word(f"kpi_words.dimension.{dimension}", language)),
        Column("value", kpi.name(kpi_id, language), "own", _definition(kpi_id, language)),
        Column("vs_last_month", i18n.word("report.vs_last_month", language), "figure"),
        Column("vs_last_year", i18n.word("report.vs_last_year", language), "figure"),
        Column("interval", i18n.word("report.column.interval", language), "figure"),
        Column("n", "n", "count"),
    )
    if all(line[2:4] == (i18n.MISSING, i18n.MISSING) for line in lines[1:]):  # parts of this month alone
        columns, lines = columns[:2] + columns[4:], [line[:2] + line[4:] for line in lines]
    return _table(data, kpi_id, dimension, columns, tuple(lines), "kpi_by", kpi.kpi_by, language, draw)


def _part(data: ReportData, name: str, row: dict, earlier: dict, kpi_id: str, language: str) -> tuple:
    hidden, unit = row["withheld"], kpi.unit(kpi_id)
    return (
        name,
        WITHHELD if hidden else row["value"],
        *(i18n.MISSING if hidden else i18n.change(row["value"], one, unit, language) for one in earlier.values()),
        i18n.MISSING if hidden else i18n.interval(row["low"], row["high"], unit, language, currency=data.currency),
        None if hidden or row["n"] is None else int(row["n"]),
    )


def part_name(dimension: str, part: str, language: str) -> str:
    """What people call a part of a dimension: a segment, a channel, a store's code, a quarter."""
    if dimension == "segment" and part not in ("anonymous", "unknown"):
        return segments.name(part, language)
    if dimension == "cohort" and "-Q" in part:
        return kpi.quarter_name(part, language)
    return kpi.part_name(part, language)


def _table(data, kpi_id, view, columns, rows, table, function, language, draw) -> Table:
    title = i18n.aside(kpi.name(kpi_id, language), i18n.word(f"board_quality.overview.by_{view}", language), language)
    caption = draw.caption(
        function, table, data.as_of, data.n(kpi_id), language, 0.95, definition=_definition(kpi_id, language)
    )
    if any(WITHHELD in row for row in rows):
        caption = withheld_note(caption, data, language)
    units = (kpi.unit(kpi_id),) * len(rows)
    return Table(title, columns, rows, caption, currency=data.currency, units=units)


def withheld_note(caption: str, data: ReportData, language: str) -> str:
    """A caption that says what `*` stands for."""
    return f"{caption} · {i18n.sentence('board_quality.overview.withheld', language, k=data.k_min)}"


def _definition(kpi_id: str, language: str) -> str:
    entry = kpi.find(kpi_id)
    return (entry.definition_ja if language == "ja" else entry.definition_en).rstrip(".。")


def curve(data: ReportData, kpi_id: str, language: str, draw: ModuleType) -> Picture | None:
    """A KPI over the last 24 months with its interval, last year and goal; None with fewer than two months to draw."""
    rows = data.kpis[(data.kpis["kpi"] == kpi_id) & data.kpis["value"].notna()].set_index("month")
    if len(rows) < 2 or data.value(kpi_id) is None:
        return None
    first = max(add_months(data.month, 1 - MONTHS), min(rows.index))
    frame = rows.reindex(month_range(first, data.month))[["value", "low", "high"]].astype(float)
    frame = frame.rename_axis("month").reset_index()
    frame["last_year"] = [float(rows["value"].get(add_months(month, -12), np.nan)) for month in frame["month"]]
    look = {"title": "", "caption": "", "language": language, "low": "low", "high": "high", "last_year": "last_year"}
    look |= {"fmt": lambda value: data.number(kpi_id, value, language), "goal": data.goal(kpi_id)}
    pictures = [
        draw.svg(draw.line(frame, "month", "value", width=draw.WIDTHS[size], height=2.3, **look))
        for size in ("half", "phone")
    ]
    caption = draw.caption(
        kpi.find(kpi_id).function,
        "kpi",
        data.as_of,
        data.n(kpi_id),
        language,
        0.95,
        definition=_definition(kpi_id, language),
    )
    return Picture(_finding(data, kpi_id, language), _measure(frame, language), caption, *pictures)


def _measure(frame: pd.DataFrame, language: str) -> str:
    key = "measure" if frame["last_year"].notna().any() else "measure_alone"
    return i18n.word(f"board_quality.overview.{key}", language)


def _finding(data: ReportData, kpi_id: str, language: str) -> str:
    """The KPI this month and whether it clearly changed, on last year where there is one, else on last month."""
    rows = [data.changes[(kpi_id, against)] for against in ("last_year", "last_month")]
    row = next((one for one in rows if one["previous"] is not None), None)
    said = {
        "kpi": kpi.name(kpi_id, language),
        "value": data.number(kpi_id, data.value(kpi_id), language),
        "month": month_label(data.month, language),
    }
    if row is None or row["verdict"] == kpi.UNKNOWN:
        return i18n.sentence("board_quality.overview.only", language, **said)
    change = i18n.change(row["value"], row["previous"], kpi.unit(kpi_id), language)
    than = i18n.word(f"headline.{row['against']}", language)
    return i18n.sentence(f"board_quality.overview.{row['verdict']}", language, **said, than=than, change=change)
