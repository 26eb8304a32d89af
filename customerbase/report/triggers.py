"""Triggered contacts (トリガー配信): occasions found, what is held back and why, what is missing; one picture and a table."""

from types import ModuleType

import customerbase.audiences.triggers as rules
from customerbase import i18n
from customerbase.audiences.triggers import looks
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

TABLE = "trigger_counts"  # without it there is no section


def contents(data: ReportData, language: str, draw: ModuleType) -> dict[str, object]:
    """What the section's template reads, by name."""
    return {
        "triggers": lines(data, language),
        "trigger_rows": rows(data, language),
        "trigger_picture": picture(data, language, draw),
        "triggers_caption": caption(data, language, draw),
    }


def lines(data: ReportData, language: str) -> list[tuple[str, str]] | None:
    """Label and sentences; [] for a company without triggers, None without page 10b."""
    table = data.tables.get(TABLE)
    return None if table is None else looks.lines(_counts(data), language, data.k_min, data.currency)


def rows(data: ReportData, language: str) -> list[list[str]]:
    """The triggers as texts, heads first; [] without any."""
    if not lines(data, language):
        return []
    table = looks.table(_counts(data), language, data.k_min, data.currency)
    head = [i18n.word("triggers.column.trigger", language), *table.columns]
    return [head, *([name, *cells] for name, cells in zip(table.index, table.to_numpy().tolist(), strict=True))]


def picture(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """What became of the occasions, by trigger; None where there are too few to draw."""
    if not lines(data, language):
        return None
    counts = _counts(data)
    drawn = looks.bars(counts, language, data.k_min)
    if not len(drawn):
        return None
    look = {"title": "", "caption": "", "language": language}
    figures = [
        draw.svg(draw.occasions(drawn, width=width, **look)) for width in (draw.WIDTHS["wide"], draw.WIDTHS["phone"])
    ]
    measure = i18n.word("triggers.measure", language)
    return Picture(looks.title(counts, language, data.k_min), measure, caption(data, language, draw), *figures)


def caption(data: ReportData, language: str, draw: ModuleType) -> str:
    """Definition, n, as-of date, table and function."""
    table = data.tables.get(TABLE)
    n = int(table["conditions"].sum()) if table is not None and len(table) else None
    n = None if n is not None and n < data.k_min else n
    words = i18n.word("triggers.definition", language)
    return draw.caption(rules.evaluate, TABLE, data.as_of, n, language, definition=words)


def _counts(data: ReportData):
    return data.tables[TABLE].sort_values("place").reset_index(drop=True)
