"""Audiences in the report (配信対象): who can be reached, what is ready, who is left out why, what to do; one picture, one table."""

from types import ModuleType

import pandas as pd

import customerbase.audiences.looks as looks
import customerbase.audiences.said as said
from customerbase import i18n
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

TABLES = said.TABLES  # without them there is no section


def told(data: ReportData, language: str, draw: ModuleType) -> dict[str, object]:
    """What the section says and shows, by the names that its template uses."""
    return {
        "audiences": lines(data, language),
        "audience_rows": rows(data, language),
        "audience_heads": heads(language),
        "audience_note": i18n.sentence("audiences.withheld", language, k=data.k_min),
        "audience_caption": caption(data, language, draw),
        "audience_reach": picture(data, language, draw, "reach"),
        "audience_steps": picture(data, language, draw, "steps"),
    }


def there(data: ReportData) -> dict[str, pd.DataFrame] | None:
    """The section's tables; None where page 10 was not run."""
    return None if any(name not in data.tables for name in TABLES) else {name: data.tables[name] for name in TABLES}


def lines(data: ReportData, language: str) -> list[tuple[str, str]] | None:
    """Label and sentence; None without page 10, [] where there is neither a consent nor an audience."""
    tables = there(data)
    if tables is None:
        return None
    reach, sizes = tables[said.REACH], tables[said.AUDIENCES]
    if not len(sizes) and not looks.reach_counts(reach, data.k_min):
        return []
    return said.lines(tables, language, data.k_min)


def heads(language: str) -> list[tuple[str, str]]:
    """Key and head of the table's columns behind the first."""
    keys = (*looks.SHOWN, "value")
    return [(key, looks.head(key, language)) for key in keys]


def rows(data: ReportData, language: str) -> list[dict[str, str]]:
    """A row per audience and channel that is valid: who is left out where, and what is at stake."""
    tables = there(data)
    if tables is None or not len(tables[said.AUDIENCES]):
        return []
    found = looks.step_counts(tables[said.AUDIENCES], tables[said.DROPS], data.k_min)
    return [
        {"name": looks.label(row, language), "value": data.money(looks.value(row, data.k_min), language)}
        | {step: looks.count(row["counts"][step]) for step in looks.SHOWN}
        for row in found
    ]


def caption(data: ReportData, language: str, draw: ModuleType) -> str:
    """Definition, n, as-of date, table and function of the table; "" without it."""
    return draw.audiences.caption_of("steps", data.tables[said.DROPS], language) if rows(data, language) else ""


def picture(data: ReportData, language: str, draw: ModuleType, what: str) -> Picture | None:
    """Customers by state of consent (reach), or where those who fit end up (steps); None without any."""
    tables = there(data)
    if tables is None or not (rows(data, language) if what == "steps" else lines(data, language)):
        return None
    reach, sizes, drops = (tables[name] for name in TABLES[:3])
    k_min = data.k_min
    if what == "reach":
        title, source = said.reach_title(reach, language, k_min), reach
        drawn = [draw.audiences.reached(reach, language, k_min, width, bare=True) for width in _widths(draw)]
    else:
        title, source = said.steps_title(sizes, drops, language, k_min), drops
        drawn = [draw.audiences.stepped(sizes, drops, language, k_min, width, bare=True) for width in _widths(draw)]
    if any(isinstance(one, str) for one in drawn):
        return None
    measure = i18n.word(f"audiences.measure.{what}", language)
    return Picture(title, measure, draw.audiences.caption_of(what, source, language), *map(draw.svg, drawn))


def _widths(draw: ModuleType) -> tuple[float, float]:
    return draw.WIDTHS["wide"], draw.WIDTHS["phone"]
