"""The profile of one segment, on the page Segments: size, worth, risk, KPIs, attributes, who came and who went and why."""

from types import ModuleType

import pandas as pd

import customerbase.churn.looks as churning
import customerbase.cltv.worth as worth
import customerbase.dashboards.segment_attributes as attributes
import customerbase.segments.movement.grids as grids
import customerbase.segments.movement.looks as looks
from customerbase import i18n, kpi, segments
from customerbase.dashboards.part import Column, Table
from customerbase.disclosure import suppress_parts
from customerbase.periods import parse_month
from customerbase.report import ReportData
from customerbase.segments.rules.looks import why

RULE = "rule."  # before the code of a segment by rule, so that it is never taken for a named one
Named = tuple[str, Table | None, str]  # of a part: name, table or None, notebook


def choices(data: ReportData, language: str) -> list[tuple[str, str]]:
    """Name and code of every segment with a profile: the named ones, then those by rule."""
    known = {row["segment"] for row in data.rows("segment_summary")}
    named = [(segments.name(code, language), code) for code in segments.codes() if code in known]
    by_rule = i18n.word("board_segments.rule", language)
    rules = [
        (i18n.aside(str(row[f"title_{language}"]), by_rule, language), RULE + row["segment"])
        for row in data.rows("segment_rules")
    ]
    return [*named, *rules]


def change(data: ReportData, row: dict) -> int | None:
    """Customers more than the month before; None where either number is withheld or not known."""
    before = row["previous_customers"]
    if row["segment"] in data.withheld_segments or before is None or 0 < before < data.k_min:
        return None
    return int(row["customers"] - before)


def lines(data: ReportData, code: str, language: str) -> list[tuple[str, str]]:
    """Label and sentence: the size, what it is worth, the risk, and what to do."""
    if code.startswith(RULE):
        return _rule_lines(data, code.removeprefix(RULE), language)
    row = next(row for row in data.rows("segment_summary") if row["segment"] == code)
    entry = segments.find(code)
    told = {
        "segment": i18n.run_on(_size(data, row, language), language),
        "report.value": _worth(data, code, language),
        "risk.title": _risk(data, code, language),
        "next": entry.todo_ja if language == "ja" else entry.todo_en,
    }
    return [(i18n.word(key if "." in key else f"board_segments.{key}", language), text) for key, text in told.items()]


def _size(data: ReportData, row: dict, language: str) -> list[str]:
    name = segments.name(row["segment"], language)
    if row["segment"] in data.withheld_segments:
        return [i18n.sentence("board_segments.size_few", language, segment=name)]
    size = {
        "customers": i18n.number(row["customers"], "people", language, exact=True),
        "share": i18n.number(row["share"], "rate", language),
        "interval": i18n.interval(row["share_low"], row["share_high"], "rate", language),
    }
    more, days = change(data, row), row["median_days_since_last_order"]
    told = [i18n.sentence("board_segments.size", language, segment=name, **size)]
    if more is None:
        told.append(i18n.word("board_segments.changed_unknown", language))
    else:
        told.append(i18n.sentence("board_segments.changed", language, change=f"{more:+,}".replace("-", "−")))
    if days is not None:
        silence = f"{float(days):,.1f}".removesuffix(".0")
        spend = data.money(row["net_spend"], language)
        told.append(i18n.sentence("board_segments.spend", language, spend=spend, silence=silence))
    return told


def _worth(data: ReportData, code: str, language: str) -> str:
    groups = data.tables.get("cltv_groups")
    shown = [] if groups is None or not len(groups) else worth.by(groups, "segment", data.k_min, _withheld(data))
    row = next((one for one in _records(shown) if one["value"] == code), None)
    if row is None or i18n.missing(row["cltv"]) or i18n.missing(row["cltv_low"]):
        return i18n.word("board_segments.worth_missing", language)
    ends = i18n.interval(row["cltv_low"], row["cltv_high"], "money", language, currency=data.currency)
    return i18n.sentence("board_segments.worth", language, value=data.money(row["cltv"], language), interval=ends)


def _risk(data: ReportData, code: str, language: str) -> str:
    groups = data.tables.get("churn_groups")
    shown = [] if groups is None or not len(groups) else churning.by(groups, "segment", data.k_min, _withheld(data))
    row = next((one for one in _records(shown) if one["value"] == code), None)
    if row is None or i18n.missing(row["value_at_risk"]) or i18n.missing(row["value_at_risk_low"]):
        return i18n.word("board_segments.risk_missing", language)
    ends = (row["value_at_risk_low"], row["value_at_risk_high"])
    told = {"probability": i18n.number(row["probability"], "rate", language)}
    told |= {"risk": data.money(row["value_at_risk"], language)}
    told |= {"interval": i18n.interval(*ends, "money", language, currency=data.currency)}
    return i18n.sentence("board_segments.risk", language, **told)


def _withheld(data: ReportData) -> frozenset[str]:
    return frozenset(data.withheld_segments)


def _records(frame) -> list[dict]:
    return frame.to_dict("records") if len(frame) else []


def _rule_lines(data: ReportData, code: str, language: str) -> list[tuple[str, str]]:
    row = next(row for row in data.rows("segment_rules") if row["segment"] == code)
    name, few = str(row[f"title_{language}"]), suppress_parts(
        [row["customers"], row["everybody"] - row["customers"]], data.k_min
    ).any()  # fmt: skip
    said = i18n.sentence("board_segments.size_few", language, segment=name)
    if not few:
        people = {key: i18n.number(row[key], "people", language, exact=True) for key in ("customers", "everybody")}
        share = i18n.number(row["share"], "rate", language)
        ends = i18n.interval(row["share_low"], row["share_high"], "rate", language)
        said = i18n.sentence("board_segments.rule_size", language, segment=name, **people, share=share, interval=ends)
    told = {"segment": said, "conditions": i18n.join(str(row["conditions"]).split("\n"), language)}
    told |= {"next": str(row[f"todo_{language}"])} if row[f"todo_{language}"] else {}
    return [(i18n.word(f"board_segments.{key}", language), text) for key, text in told.items()]


def moves(data: ReportData) -> pd.DataFrame | None:
    """The movements since last month that may be shown; None without them."""
    cells = data.movements.get(1)
    return None if cells is None else grids.shown(cells, data.k_min)


def tables(data: ReportData, code: str, moved: pd.DataFrame | None, language: str, draw: ModuleType) -> list[Named]:
    """The tables of a profile: name, table (None where nothing can be shown), notebook. moved: as `moves` gives it."""
    if code.startswith(RULE):
        return [("reasons", _reasons(data, code.removeprefix(RULE), language, draw), "04_segments")]
    found = [("kpis", _kpis(data, code, language, draw), "12_kpi")]
    if attributes.known(data) and code not in data.withheld_segments:
        found.append(("differences", attributes.differences(data, code, language, draw), "04_segments"))
    return [*found, ("came_went", _came_went(data, code, moved, language, draw), "07b_movement")]


def _kpis(data: ReportData, code: str, language: str, draw: ModuleType) -> Table | None:
    """The KPIs of who was in the segment when the month began; what kpi_by withholds is withheld."""
    mine = [
        row for row in data.rows("kpi_by")
        if row["dimension"] == "segment" and row["part"] == code
        and parse_month(str(row["month"])[:7]) == data.month and row["kpi"] in kpi.KPIS
    ]  # fmt: skip
    if not mine:
        return None
    order, withheld = list(kpi.KPIS), i18n.word("board_segments.withheld", language)
    mine.sort(key=lambda row: order.index(row["kpi"]))
    columns = (
        Column("figure", i18n.word("report.column.figure", language)),
        Column("value", i18n.word("report.column.value", language), "own"),
        Column("interval", i18n.word("report.column.interval", language), "figure"),
        Column("n", "n", "count"),
        Column("everybody", i18n.word("board_segments.all_customers", language), "own"),
        Column("definition", i18n.word("dashboard.definition", language)),
    )
    rows, units = [], tuple(kpi.unit(row["kpi"]) for row in mine)
    for row, unit in zip(mine, units, strict=True):
        entry, whole, hidden = kpi.find(row["kpi"]), data.value(row["kpi"]), row["withheld"] or row["value"] is None
        ends = i18n.interval(row["low"], row["high"], unit, language, currency=data.currency)
        rows.append((
            kpi.name(row["kpi"], language),
            withheld if hidden else float(row["value"]),
            i18n.MISSING if hidden else ends,
            None if hidden or row["n"] is None else int(row["n"]),
            None if whole is None else float(whole),
            entry.definition_ja if language == "ja" else entry.definition_en,
        ))  # fmt: skip
    title = i18n.word("board_segments.kpis", language)
    caption = draw.caption(kpi.kpi_by, "kpi_by", data.as_of, None, language, 0.95, definition=title)
    return Table(title, columns, tuple(rows), caption, currency=data.currency, units=units)


def _came_went(
    data: ReportData, code: str, moved: pd.DataFrame | None, language: str, draw: ModuleType
) -> Table | None:
    """Who entered the segment and who left it since last month, by the other segment, where it may be shown."""
    rows = []
    for row in [] if moved is None else moved.to_dict("records"):
        origin, target = row["from_segment"], row["to_segment"]
        if origin != target and code in (origin, target):
            entered = target == code
            direction = i18n.word(f"board_segments.{'entered' if entered else 'left'}", language)
            other = looks.named(origin if entered else target, language)
            rows.append((direction, other, int(row["customers"])))
    if not rows:
        return None
    columns = (
        Column("direction", i18n.word("board_segments.direction", language)),
        Column("other", i18n.word("board_segments.other", language)),
        Column("customers", i18n.word("report.column.customers", language), "count"),
    )
    cells = data.movements[1]
    people, words = int(grids.grid(cells).to_numpy().sum()), looks.definition(cells, language)
    caption = draw.caption(grids.grid, "migration", data.as_of, people, language, definition=words)
    rows.sort(key=lambda row: (-row[2], row[0], row[1]))
    return Table(i18n.word("board_segments.came_went", language), columns, tuple(rows), caption, sort="-customers")


def _reasons(data: ReportData, code: str, language: str, draw: ModuleType) -> Table | None:
    mine = [row for row in data.rows("segment_moves") if row["segment"] == code]
    if not mine:
        return None
    columns = (
        Column("direction", i18n.word("board_segments.direction", language)),
        Column("customers", i18n.word("report.column.customers", language), "count"),
        Column("reason", i18n.word("board_segments.reason", language)),
    )
    rows = tuple(
        (
            i18n.word(f"rules.direction.{row['direction']}", language),
            i18n.word("board_segments.withheld", language) if row["customers"] is None else int(row["customers"]),
            why(row, language),
        )
        for row in mine
    )
    title = i18n.word("board_segments.reasons", language)
    caption = draw.caption(segments.rules.moves, "segment_moves", data.as_of, None, language, definition=title)
    return Table(title, columns, rows, caption)
