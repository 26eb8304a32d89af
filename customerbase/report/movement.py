"""Who moved between segments (セグメント間の移動): an alluvial picture and three sentences, of one span of months."""

from types import ModuleType

import customerbase.segments.movement.grids as grids
import customerbase.segments.movement.looks as looks
from customerbase import i18n, segments
from customerbase.report.data import ReportData
from customerbase.report.figures import MOVES_SHOWN, Picture


def lines(data: ReportData, language: str, months: int = 1) -> list[tuple[str, str]]:
    """Label and sentence of a span: how many moved, why and what came in late; what it is worth; whether it is unusual.

    [] without the tables migration and migration_causes, or where there was no month before.
    """
    cells, causes = data.movements.get(months), grids.of(data.tables.get("migration_causes"), months)
    if cells is None or causes is None:
        return []
    told = looks.lines(cells, causes, language=language, money=_money(data, language), k_min=data.k_min)
    (label, changed), (_, late), *others = told
    return [(label, i18n.run_on([changed, late], language)), *others]


def picture(data: ReportData, language: str, draw: ModuleType, months: int = 1) -> Picture | None:
    """From the segments at the beginning of a span to this month's as an alluvial picture; None without the table migration."""
    cells = data.movements.get(months)
    if cells is None:
        return None
    counts, look = looks.alluvial(cells, as_of=data.as_of, language=language, k_min=data.k_min)
    drawn = [
        draw.svg(draw.alluvial(counts, title="", caption="", width=width, **look))
        for width in (7.2, draw.WIDTHS["phone"])
    ]
    measure = i18n.word("movement.measure", language)
    if look["hidden"].any(axis=None):
        measure += i18n.sentence("movement.measure_hidden", language, k=data.k_min)
    people, words = int(counts.to_numpy().sum()), looks.definition(cells, language)
    caption = draw.caption(grids.grid, "migration", data.as_of, people, language, definition=words)
    title, _ = looks.finding(cells, language=language, k_min=data.k_min)
    return Picture(title, measure, caption, *drawn)


def moves(data: ReportData, language: str) -> list[dict]:
    """The largest movements that the picture shows, between different segments: origin, target, customers."""
    cells = data.movements.get(1)
    rows = [] if cells is None else looks.flows(cells, data.k_min).head(MOVES_SHOWN).to_dict("records")
    return [
        {
            "origin": segments.name(row["from_segment"], language),
            "target": segments.name(row["to_segment"], language),
            "customers": f"{int(row['customers']):,}",
        }
        for row in rows
    ]


def _money(data: ReportData, language: str) -> looks.Money:
    return lambda amount, signed: data.money(amount, language, signed=signed)
