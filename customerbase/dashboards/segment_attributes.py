"""Attributes on the page Segments: who is in which segment by value, and the mix of recent buyers by further attributes."""

from types import ModuleType

import pandas as pd

import customerbase.segments.mix as mixed
import customerbase.segments.mix.looks as mix
from customerbase import i18n, segments
from customerbase.dashboards.part import Column, Table
from customerbase.report import ReportData
from customerbase.report.figures import Picture
from customerbase.report.mix import MONTHS

DRAWN = 10  # values in the picture of a segment


def choices(data: ReportData, language: str) -> list[tuple[str, str]]:
    """Name and code of every attribute with something to show: those known by segment, then those of the mix alone."""
    by_segment = [(segments.ATTRIBUTES[one][language == "ja"], one) for one in known(data)]
    return [*by_segment, *((mix.attribute(one, language), one) for one in mixes(data) if one not in known(data))]


def known(data: ReportData) -> list[str]:
    """Attributes with a cell to show, in their order."""
    found = {row["attribute"] for row in _rows(data)}
    return [attribute for attribute in segments.ATTRIBUTES if attribute in found]


def mixes(data: ReportData) -> list[str]:
    """Attributes of the table mix, in their order; its segments have tables of their own on the page."""
    table = data.tables.get("mix")
    found = {*table["attribute"]} if table is not None and len(table) else set()
    return [one for one in mixed.ATTRIBUTES if one in found and one != "segment"]


def mix_table(data: ReportData, attribute: str, language: str, draw: ModuleType) -> Table:
    """Customers with an order in the last 12 months by value: number, share with interval, change with interval, verdict.

    Small values are one row together (page 07d), alike in all months.
    """
    table = data.tables["mix"]
    against = mix.against(table)
    rows, compared = mix.rows(table, attribute, against, language).to_dict("records"), against != "none"
    word = {key: i18n.word(f"report.column.{key}", language) for key in ("customers", "share", "interval")}
    before = i18n.word(f"good.{against}", language) if compared else ""
    columns = (
        Column("value", mix.attribute(attribute, language)),
        Column("customers", word["customers"], "count"),
        Column("share", word["share"], "rate", i18n.sentence("good.mix_definition", language, months=MONTHS)),
        Column("interval", word["interval"], "figure"),
    )
    further = (
        Column("before", i18n.sentence("board_segments.share_before", language, month=before), "rate"),
        Column("shift", i18n.word("board_segments.shift", language), "figure"),
        Column("shift_interval", word["interval"], "figure"),
        Column("verdict", i18n.word("board_segments.shift_verdict", language)),
    )
    cells = tuple((*_of(row, language), *(_shift(row, language) if compared else ())) for row in rows)
    words = i18n.sentence("good.mix_definition", language, months=MONTHS)
    people = sum(int(row["customers"]) for row in rows)
    caption = draw.caption(mixed.mix, "mix", data.as_of, people, language, 0.95, definition=words)
    title = i18n.sentence("board_segments.mix", language, attribute=mix.attribute(attribute, language))
    return Table(title, (*columns, *further) if compared else columns, cells, caption)


def _of(row: dict, language: str) -> tuple:
    ends = i18n.interval(row["low"], row["high"], "rate", language)
    return str(row["name"]), int(row["customers"]), float(row["share"]), ends


def _shift(row: dict, language: str) -> tuple:
    ends = [i18n.points(row[f"shift_{end}"], language) for end in ("low", "high")]
    verdict = "same" if not row["clear"] else "more" if row["shift"] > 0 else "less"
    said = i18n.word("board_segments.same" if verdict == "same" else f"board_segments.shift_{verdict}", language)
    return float(row["share_before"]), i18n.points(row["shift"], language), i18n.span(*ends, language), said


def picture(data: ReportData, code: str, language: str, draw: ModuleType) -> Picture | None:
    """A segment's share of the customers of each value, in the values that differ most from all customers; None without two."""
    rows, base = [row for row in _rows(data) if row["segment"] == code], _base(data).get(code)
    if len(rows) < 2 or not base:
        return None
    rows.sort(key=lambda row: (-abs(row["share"] - base), row["attribute"], str(row["value"])))
    rows = rows[:DRAWN]
    names = [i18n.aside(_value(row, language), segments.ATTRIBUTES[row["attribute"]][language == "ja"], language)
             for row in rows]  # fmt: skip
    numbers = {key: [float(row[key]) for row in rows] for key in ("share", "share_low", "share_high")}
    points, segment = pd.DataFrame({"value": names, **numbers}), segments.name(code, language)
    look = {"title": "", "caption": "", "language": language, "fmt": "rate", "reference": base}
    drawn = [draw.svg(draw.dots(points, "value", "share", "share_low", "share_high", width=width, **look))
             for width in (6.0, draw.WIDTHS["phone"])]  # fmt: skip
    measure = i18n.sentence("finding.attributes_measure", language, segment=segment)
    caption = draw.caption(segments.attributes, "segment_attributes", data.as_of, _people(data), language, 0.95)
    return Picture(_finding(rows, names, base, segment, language), measure, caption, *drawn)


def _finding(rows: list[dict], names: list[str], base: float, segment: str, language: str) -> str:
    """The value with clearly more of the segment than all customers have, else that with clearly less, or that none has."""
    pairs = list(zip(rows, names, strict=True))
    for kind, found in (("most", [pair for pair in pairs if pair[0]["share_low"] > base]),
                        ("least", [pair for pair in pairs if pair[0]["share_high"] < base])):  # fmt: skip
        if found:
            row, name = found[0]
            told = {"share": i18n.number(row["share"], "rate", language), "base": i18n.number(base, "rate", language)}
            return i18n.sentence(f"board_segments.stands_out_{kind}", language, segment=segment, value=name, **told)
    return i18n.sentence("board_segments.stands_out_none", language, segment=segment)


def _rows(data: ReportData) -> list[dict]:
    """Cells of attributes that may be shown; none of a segment whose size is withheld, as they might add up to it."""
    rows = data.rows("segment_attributes")
    return [row for row in rows if row["share"] is not None and row["segment"] not in data.withheld_segments]


def breakdown(data: ReportData, attribute: str, language: str, draw: ModuleType) -> Table:
    """Every segment's share of the customers of each value, with interval, against its share of all."""
    title = i18n.sentence(
        "board_segments.breakdown", language, attribute=segments.ATTRIBUTES[attribute][language == "ja"]
    )
    order = {code: place for place, code in enumerate(segments.codes())}
    rows = [row for row in _rows(data) if row["attribute"] == attribute and row["segment"] in order]
    rows.sort(key=lambda row: (str(row["value"]), order[row["segment"]]))
    return _shares(data, rows, title, language, draw, ("value", "segment"))


def differences(data: ReportData, code: str, language: str, draw: ModuleType) -> Table:
    """The values of all attributes in which a segment is more or less common than among all customers."""
    rows = [row for row in _rows(data) if row["segment"] == code]
    base = _base(data)
    rows.sort(key=lambda row: (-row["share"] / max(base[code], 1e-9), row["attribute"], str(row["value"])))
    return _shares(
        data, rows, i18n.word("board_segments.differences", language), language, draw, ("attribute", "value")
    )


def _base(data: ReportData) -> dict[str, float]:
    return {row["segment"]: float(row["share"]) for row in data.rows("segment_summary")}


def _shares(data, rows: list[dict], title: str, language: str, draw: ModuleType, heads: tuple[str, str]) -> Table:
    word = {key: i18n.word(f"board_segments.{key}", language) for key in ("attribute", "value", "segment", "base")}
    columns = (
        *(Column(head, word[head]) for head in heads),
        Column("customers", i18n.word("report.column.customers", language), "count"),
        Column("share", i18n.word("board_segments.breakdown_share", language), "rate"),
        Column("interval", i18n.word("report.column.interval", language), "figure"),
        Column("base", word["base"], "rate"),
        Column("verdict", i18n.word("board_segments.verdict", language)),
    )
    base, made = _base(data), []
    for row in rows:
        named = {
            "attribute": segments.ATTRIBUTES[row["attribute"]][language == "ja"],
            "value": _value(row, language),
            "segment": segments.name(row["segment"], language),
        }
        whole = base[row["segment"]]
        verdict = "above" if row["share_low"] > whole else "below" if row["share_high"] < whole else "same"
        ends = i18n.interval(row["share_low"], row["share_high"], "rate", language)
        made.append((
            *(named[head] for head in heads), int(row["customers"]), float(row["share"]), ends, whole,
            i18n.word(f"board_segments.{verdict}", language),
        ))  # fmt: skip
    caption = draw.caption(segments.attributes, "segment_attributes", data.as_of, _people(data), language, 0.95)
    return Table(title, columns, tuple(made), caption)


def _value(row: dict, language: str) -> str:
    return i18n.word_or(f"value.{row['value']}", language, str(row["value"]))


def _people(data: ReportData) -> int:
    return sum(int(row["customers"]) for row in data.rows("segment_summary"))
