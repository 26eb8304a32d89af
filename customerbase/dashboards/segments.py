"""Segments (セグメント): the RFM map, the named segments, movement between two months, attributes, and a profile of each."""

import json
from types import ModuleType

import customerbase.dashboards.segment_attributes as attributes
import customerbase.dashboards.segment_movement as moving
import customerbase.dashboards.segment_profile as profile
import customerbase.dashboards.segment_worth as worth
from customerbase import i18n, rfm, segments
from customerbase.dashboards.part import HTML, NUMBERS, TABLE, Column, Part, Table
from customerbase.dashboards.pieces import empty, figure, heading, note, sentences
from customerbase.report import ReportData
from customerbase.report.figures import Picture

PAGE, NOTEBOOK, MIX = "segments", "04_segments", "07d_good_customers"


def parts(data: ReportData, told: dict[str, object], language: str, draw: ModuleType) -> list[Part]:
    """The page's parts in one language; `told` is what the report says (report.contents)."""
    makers = (_finding, _map, _named, _movement, _attributes, _profiles)
    made = [part for make in makers for part in make(data, told, language, draw)]
    choices = {
        "span": [(moving.label(data, months, language), str(months)) for months in moving.spans(data)],
        "attribute": attributes.choices(data, language),
        "segment": profile.choices(data, language),
    }  # fmt: skip
    return [*made, Part(PAGE, language, "choices", NUMBERS, json.dumps(choices, ensure_ascii=False))]


def _part(language: str, name: str, content: str | Table, choice: str = "", notebook: str = NOTEBOOK) -> Part:
    if isinstance(content, Table):
        return Part(PAGE, language, name, TABLE, content.write(), choice, notebook)
    return Part(PAGE, language, name, HTML, content, choice, notebook)


def _finding(data: ReportData, told: dict, language: str, draw: ModuleType) -> list[Part]:
    """The largest segment and what moved since last month, in the report's own sentences."""
    bars = told["segment_bars"]
    said = [(i18n.word("report.segments", language), bars.title)] if bars else []
    lines = [*said, *told["movement"][:1], *told["movement"][2:]]  # what came of it stands with the movement itself
    if not lines:
        return [_part(language, "finding", empty("report.empty.segments", language))]
    return [_part(language, "finding", sentences(lines), notebook=moving.NOTEBOOK if told["movement"] else NOTEBOOK)]


def _map(data: ReportData, told: dict, language: str, draw: ModuleType) -> list[Part]:
    head = heading("board_segments.map", language)
    cells = data.tables.get("rfm")
    if cells is None or not len(cells):
        return [_part(language, "map", head + empty("board_segments.map_missing", language))]
    return [_part(language, "map", head + figure(rfm_map(data, language, draw), "rfmmap"))]


def rfm_map(data: ReportData, language: str, draw: ModuleType) -> Picture:
    """Customers by recency and frequency, with the segments of each cell; what may not be shown is withheld."""
    cells = data.tables["rfm"]
    counts, hidden = rfm.grid(cells), rfm.withheld(cells, data.k_min, data.withheld_segments)
    named = {(r, f): _possible(r, f) for r in counts.index for f in counts.columns if counts.loc[r, f]}
    title, total = i18n.word("board_segments.map_few", language), int(counts.to_numpy().sum())
    shown = {(r, f): int(counts.loc[r, f]) for r in counts.index for f in counts.columns if (r, f) not in hidden}
    if max(shown.values(), default=0):
        (r, f), most = max(shown.items(), key=lambda cell: cell[1])
        people = {"customers": f"{most:,}", "share": i18n.number(most / total, "rate", language)}
        who = i18n.join([segments.name(code, language) for code in named[(r, f)]], language)
        title = i18n.sentence("board_segments.map_title", language, r=r, f=f, **people, segment=who)
    measure = i18n.word("board_segments.map_measure", language)
    measure += i18n.sentence("board_segments.map_hidden", language, k=data.k_min) if hidden else ""
    look = {"title": "", "caption": "", "language": language, "hidden": hidden}
    drawn = [draw.svg(draw.rfm_map(counts, named, width=draw.WIDTHS[size], **look)) for size in ("wide", "phone")]
    return Picture(title, measure, draw.caption(rfm.grid, "rfm", data.as_of, total, language), *drawn)


def _possible(r: int, f: int) -> list[str]:
    """Segments that customers of a cell may be in, by the rules alone: what the data hold is nobody's to read off."""
    found = {segments.segment_of(r, f, m) for m in rfm.RANKS}
    return [code for code in segments.codes() if code in found]


def _named(data: ReportData, told: dict, language: str, draw: ModuleType) -> list[Part]:
    if not data.rows("segment_summary"):
        return []
    made = [_part(language, "named", named(data, language, str(told["segment_caption"])))]
    if (table := worth.table(data, language, draw)) is not None:
        made.append(_part(language, "worth", table, notebook="05_cltv"))
    return made


def named(data: ReportData, language: str, caption: str) -> Table:
    """The named segments, the largest first; what the report withholds is withheld here."""
    word = {
        key: i18n.word(f"report.column.{key}", language)
        for key in ("segment", "customers", "change", "share", "interval", "net_spend", "silence")
    }
    columns = (
        Column("segment", word["segment"]),
        Column("customers", word["customers"], "count"),
        Column("change", word["change"], "change"),
        Column("share", word["share"], "rate"),
        Column("interval", word["interval"], "figure"),
        Column("net_spend", word["net_spend"], "money"),
        Column("silence", word["silence"], "days"),
        Column("todo", i18n.word("board_segments.todo", language)),
    )
    ranked = sorted(data.rows("segment_summary"), key=lambda row: (-row["customers"], row["segment"]))
    rows = tuple(_named_row(data, row, language) for row in ranked)
    title = i18n.word("board_segments.named", language)
    return Table(title, columns, rows, caption, sort="-customers", currency=data.currency)


def _named_row(data: ReportData, row: dict, language: str) -> tuple:
    name, entry = segments.name(row["segment"], language), segments.find(row["segment"])
    todo = entry.todo_ja if language == "ja" else entry.todo_en
    if row["segment"] in data.withheld_segments:
        told = f"<{data.k_min}" if 0 < row["customers"] < data.k_min else "*"
        return (name, told, None, None, "", None, None, todo)
    return (
        name,
        int(row["customers"]),
        profile.change(data, row),
        float(row["share"]),
        i18n.interval(row["share_low"], row["share_high"], "rate", language),
        float(row["net_spend"]),
        None if i18n.missing(row["median_days_since_last_order"]) else float(row["median_days_since_last_order"]),
        todo,
    )


def _movement(data: ReportData, told: dict, language: str, draw: ModuleType) -> list[Part]:
    known = moving.spans(data)
    if not known:
        return [_part(language, "movement", empty("report.empty.migration", language), notebook=moving.NOTEBOOK)]
    made, rest = [], moving.left_out(data, language)
    for months in known:
        report_has_it = months == 1 and bool(told["movement"])
        lines = told["movement"] if report_has_it else moving.told(data, months, language)
        picture = told["flow"] if report_has_it else moving.drawn(data, months, language, draw)
        content = sentences(lines) + note(rest) + figure(picture, "flow")
        made.append(_part(language, "movement", content, str(months), moving.NOTEBOOK))
        made.append(_part(language, "cells", moving.table(data, months, language, draw), str(months), moving.NOTEBOOK))
    return made


def _attributes(data: ReportData, told: dict, language: str, draw: ModuleType) -> list[Part]:
    known, mixed, made = attributes.known(data), attributes.mixes(data), []
    if not known and not mixed:
        return [_part(language, "attribute", empty("report.empty.attributes", language))]
    for attribute in known:
        drawn = told["attributes"].get(attribute)
        made += [_part(language, "attribute", figure(drawn, "dots"), attribute)] if drawn else []
        made.append(_part(language, "breakdown", attributes.breakdown(data, attribute, language, draw), attribute))
    for attribute in mixed:
        made.append(_part(language, "mix", attributes.mix_table(data, attribute, language, draw), attribute, MIX))
    return made


def _profiles(data: ReportData, told: dict, language: str, draw: ModuleType) -> list[Part]:
    made, moved = [], profile.moves(data)
    for _, code in profile.choices(data, language):
        made.append(_part(language, "profile", sentences(profile.lines(data, code, language)), code))
        if drawn := attributes.picture(data, code, language, draw):
            made.append(_part(language, "traits", figure(drawn, "dots"), code))
        for name, table, notebook in profile.tables(data, code, moved, language, draw):
            content = empty(f"board_segments.{name}_missing", language) if table is None else table
            made.append(_part(language, name, content, code, notebook))
    return made
