"""Movement between two months, on the page Segments: for each span a picture, sentences, and the cells with their parts."""

from types import ModuleType

import numpy as np
import pandas as pd

import customerbase.dashboards.segment_grid as grid
import customerbase.segments.movement.grids as grids
import customerbase.segments.movement.looks as looks
from customerbase import i18n
from customerbase.dashboards.part import Column, Table
from customerbase.disclosure import suppress
from customerbase.periods import month_label
from customerbase.report import ReportData
from customerbase.report.figures import Picture
from customerbase.report.movement import lines, picture

NOTEBOOK = "07b_movement"


def spans(data: ReportData) -> list[int]:
    """Lengths in months of the spans that the month knows and that may be shown beside each other, the shortest first."""
    return list(data.movements)


def left_out(data: ReportData, language: str) -> str:
    """That earlier months are not offered, as their numbers of newcomers would tell of few; "" where all are."""
    table = data.tables.get("migration")
    known = {*table["months"]} if table is not None and len(table) else set()
    if not (missing := len(known - {*data.movements})):
        return ""
    return i18n.sentence("board_segments.months_left_out", language, n=missing, k=data.k_min)


def label(data: ReportData, months: int, language: str) -> str:
    """What a span is called in the choice: its first month and its length."""
    since = pd.Timestamp(data.movements[months]["since"].iloc[0]).date()
    told = {"month": month_label(since, language), "span": looks.length(months, language)}
    return i18n.sentence("board_segments.since", language, **told)


def traced(data: ReportData, months: int) -> bool:
    """Whether the causes of the movement over so many months are known, or it is only counted."""
    return grids.of(data.tables.get("migration_causes"), months) is not None


def told(data: ReportData, months: int, language: str) -> list[tuple[str, str]]:
    """How many moved and, where it is known, why, what came in late, what it is worth and whether it is unusual."""
    if traced(data, months):
        return lines(data, language, months)
    return looks.counted(data.movements[months], language=language, k_min=data.k_min)


def drawn(data: ReportData, months: int, language: str, draw: ModuleType) -> Picture:
    """The alluvial picture of a span with causes, the grid of one that is only counted."""
    if traced(data, months):
        return picture(data, language, draw, months)
    cells = data.movements[months]
    title, _ = looks.finding(cells, language=language, k_min=data.k_min)
    measure = i18n.word("board_segments.grid_measure", language)
    if grids.withheld(cells, data.k_min).any(axis=None):
        measure += i18n.sentence("board_segments.map_hidden", language, k=data.k_min)
    return Picture(
        title, measure, _caption(data, cells, language, draw), *grid.drawn(cells, data.k_min, language, title)
    )


def _caption(data: ReportData, cells: pd.DataFrame, language: str, draw: ModuleType, level: float | None = None) -> str:
    people, words = int(grids.grid(cells).to_numpy().sum()), looks.definition(cells, language)
    return draw.caption(grids.grid, "migration", data.as_of, people, language, level, definition=words)


def table(data: ReportData, months: int, language: str, draw: ModuleType) -> Table:
    """The cells of a span that may be shown: customers, share with interval; own movement, cut points, late data, worth.

    The latter where causes are known. A split is withheld where one of its parts is few people, and where the rows of its
    counts would give it back.
    """
    cells, whole = data.movements[months], traced(data, months)
    shown = grids.shown(cells, data.k_min).sort_values(
        ["customers", "from_segment", "to_segment"], ascending=[False, True, True]
    )
    small = grids.small_sizes(grids.grid(cells), data.k_min)[0]
    splits = {part: split(cells, part, data.k_min) for part in ("real", "published")} if whole else {}
    rows = tuple(
        (*_counted(row, small, language), *(_traced(row, splits, data, language) if whole else ()))
        for row in shown.to_dict("records")
    )
    title, columns = i18n.word("board_segments.cells", language), _columns(language, whole)
    caption = _caption(data, cells, language, draw, 0.95)
    return Table(title, columns, rows, caption, sort="-customers", currency=data.currency)


def _columns(language: str, whole: bool) -> tuple[Column, ...]:
    heads = (
        "origin",
        "target",
        "customers",
        "interval",
        "usual",
        "real",
        "cut_points",
        "late",
        "worth",
        "worth_interval",
    )
    word = {key: i18n.word(f"movement.column.{key}", language) for key in heads}
    defined = {
        key: i18n.word(f"board_segments.{key}_definition", language)
        for key in ("share", "real", "cut", "late", "worth")
    }
    counted = (
        Column("origin", word["origin"]),
        Column("target", word["target"]),
        Column("customers", word["customers"], "count"),
        Column("share", i18n.word("board_segments.cell_share", language), "rate", defined["share"]),
        Column("interval", word["interval"], "figure"),
    )
    return counted if not whole else (
        *counted,
        Column("usual", word["usual"], "figure"),
        Column("real", word["real"], "count", defined["real"]),
        Column("cut_points", word["cut_points"], "count", defined["cut"]),
        Column("late", word["late"], "count", defined["late"]),
        Column("worth", word["worth"], "money", defined["worth"]),
        Column("worth_interval", word["worth_interval"], "figure"),
    )  # fmt: skip


def split(cells: pd.DataFrame, part: str, k_min: int) -> set[tuple[str, str]]:
    """Pairs of segments whose split may be shown: part is `real` (less customers: cut points) or `published` (late)."""
    known = cells[cells[part].notna()]
    if not len(known):
        return set()
    wide = known.pivot(index="from_segment", columns="to_segment", values=[part, "customers"]).fillna(0).astype("int64")
    counts, all_of = wide[part], wide["customers"]
    rest = (counts - all_of).abs().to_numpy()
    other = grids.withheld(cells, k_min).reindex(index=counts.index, columns=counts.columns, fill_value=False)
    also = ((rest > 0) & (rest < k_min)) | other.to_numpy(dtype=bool)
    hidden = suppress(counts.to_numpy(), k_min, also)
    return {(counts.index[i], counts.columns[j]) for i, j in np.argwhere(~hidden)}


def _counted(row: dict, small: set[str], language: str) -> tuple:
    sized = row["from_segment"] not in small
    return (
        *(looks.named(row[side], language) for side in ("from_segment", "to_segment")),
        int(row["customers"]),
        float(row["share"]) if sized else i18n.word("board_segments.withheld", language),
        i18n.interval(row["low"], row["high"], "rate", language) if sized else i18n.MISSING,
    )


def _traced(row: dict, splits: dict, data: ReportData, language: str) -> tuple:
    pair, withheld = (row["from_segment"], row["to_segment"]), i18n.word("board_segments.withheld", language)
    usual, worth = not i18n.missing(row["usual"]), row["valued"] >= data.k_min and not i18n.missing(row["cltv_change"])
    own, late = pair in splits["real"], not splits["published"] or pair in splits["published"]
    ends = [data.money(row[f"cltv_change_{end}"], language, signed=True) for end in ("low", "high")] if worth else []
    return (
        i18n.interval(row["usual_low"], row["usual_high"], "rate", language) if usual else i18n.MISSING,
        int(row["real"]) if own else withheld,
        int(row["cut_points"]) if own else withheld,
        (None if i18n.missing(row["late"]) else int(row["late"])) if late else withheld,
        round(float(row["cltv_change"])) if worth else None,
        i18n.span(*ends, language) if worth else i18n.MISSING,
    )
