"""Movement between two months, on the page Segments: for each span a picture, sentences, and the cells with their parts."""

from types import ModuleType

import numpy as np
import pandas as pd

import customerbase.segments.movement.looks as looks
from customerbase import i18n
from customerbase.dashboards.part import Column, Table
from customerbase.disclosure import suppress
from customerbase.periods import month_label
from customerbase.report import ReportData
from customerbase.report.movement import lines, picture
from customerbase.segments import movement

NOTEBOOK = "07b_movement"


def spans(data: ReportData) -> list[int]:
    """Lengths in months of the spans that the month knows, the shortest first."""
    tables = [data.tables.get(name) for name in ("migration", "migration_causes")]
    known = [{*table["months"]} if table is not None and len(table) else set() for table in tables]
    return [months for months in movement.SPANS if months in known[0] & known[1]]


def label(data: ReportData, months: int, language: str) -> str:
    """What a span is called in the choice: its first month and its length."""
    since = pd.Timestamp(looks.of(data.tables["migration"], months)["since"].iloc[0]).date()
    told = {"month": month_label(since, language), "span": i18n.word(f"movement.short_{months}", language)}
    return i18n.sentence("board_segments.since", language, **told)


def told(data: ReportData, months: int, language: str) -> list[tuple[str, str]]:
    """How many moved and why, what came in late, what it is worth, whether it is unusual."""
    return lines(data, language, months)


def drawn(data: ReportData, months: int, language: str, draw: ModuleType):
    """The alluvial picture of a span."""
    return picture(data, language, draw, months)


def table(data: ReportData, months: int, language: str, draw: ModuleType) -> Table:
    """The cells of a span that may be shown: customers, share with interval, own movement, cut points, late data, worth.

    A split is withheld where one of its parts is few people, and where the rows of its counts would give it back.
    """
    cells = looks.of(data.tables["migration"], months)
    shown = looks.shown(cells, data.k_min).sort_values(
        ["customers", "from_segment", "to_segment"], ascending=[False, True, True]
    )
    small = looks.small_sizes(looks.grid(cells), data.k_min)[0]
    splits = {part: split(cells, part, data.k_min) for part in ("real", "published")}
    word = {key: i18n.word(f"movement.column.{key}", language) for key in ("origin", "target", "customers", "interval")}
    own = {key: i18n.word(f"movement.column.{key}", language) for key in ("usual", "real", "cut_points", "late")}
    worth = {key: i18n.word(f"movement.column.{key}", language) for key in ("worth", "worth_interval")}
    defined = {
        key: i18n.word(f"board_segments.{key}_definition", language)
        for key in ("share", "real", "cut", "late", "worth")
    }
    columns = (
        Column("origin", word["origin"]),
        Column("target", word["target"]),
        Column("customers", word["customers"], "count"),
        Column("share", i18n.word("board_segments.cell_share", language), "rate", defined["share"]),
        Column("interval", word["interval"], "figure"),
        Column("usual", own["usual"]),
        Column("real", own["real"], "count", defined["real"]),
        Column("cut_points", own["cut_points"], "count", defined["cut"]),
        Column("late", own["late"], "count", defined["late"]),
        Column("worth", worth["worth"], "money", defined["worth"]),
        Column("worth_interval", worth["worth_interval"], "figure"),
    )
    rows = tuple(_row(row, small, splits, data, language) for row in shown.to_dict("records"))
    people, words = int(looks.grid(cells).to_numpy().sum()), looks.definition(cells, language)
    caption = draw.caption(looks.grid, "migration", data.as_of, people, language, 0.95, definition=words)
    title = i18n.word("board_segments.cells", language)
    return Table(title, columns, rows, caption, sort="-customers", currency=data.currency)


def split(cells: pd.DataFrame, part: str, k_min: int) -> set[tuple[str, str]]:
    """Pairs of segments whose split may be shown: part is `real` (less customers: cut points) or `published` (late)."""
    known = cells[cells[part].notna()]
    if not len(known):
        return set()
    wide = known.pivot(index="from_segment", columns="to_segment", values=[part, "customers"]).fillna(0).astype("int64")
    counts, all_of = wide[part], wide["customers"]
    rest = (counts - all_of).abs().to_numpy()
    other = looks.withheld(looks.grid(cells), k_min).reindex(
        index=counts.index, columns=counts.columns, fill_value=False
    )
    also = ((rest > 0) & (rest < k_min)) | other.to_numpy(dtype=bool)
    hidden = suppress(counts.to_numpy(), k_min, also)
    return {(counts.index[i], counts.columns[j]) for i, j in np.argwhere(~hidden)}


def _row(row: dict, small: set[str], splits: dict, data: ReportData, language: str) -> tuple:
    pair, withheld = (row["from_segment"], row["to_segment"]), i18n.word("board_segments.withheld", language)
    sized, usual = row["from_segment"] not in small, not i18n.missing(row["usual"])
    worth = row["valued"] >= data.k_min and not i18n.missing(row["cltv_change"])
    own, late = pair in splits["real"], not splits["published"] or pair in splits["published"]
    ends = [data.money(row[f"cltv_change_{end}"], language, signed=True) for end in ("low", "high")] if worth else []
    return (
        *(looks.named(code, language) for code in pair),
        int(row["customers"]),
        float(row["share"]) if sized else withheld,
        i18n.interval(row["low"], row["high"], "rate", language) if sized else i18n.MISSING,
        i18n.interval(row["usual_low"], row["usual_high"], "rate", language) if usual else i18n.MISSING,
        int(row["real"]) if own else withheld,
        int(row["cut_points"]) if own else withheld,
        (None if i18n.missing(row["late"]) else int(row["late"])) if late else withheld,
        round(float(row["cltv_change"])) if worth else None,
        i18n.span(*ends, language) if worth else i18n.MISSING,
    )
