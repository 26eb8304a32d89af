"""Whom campaigns move, and what the workbook is worth (効果の個人差・費用対効果): verdict with interval, costs, payback; two pictures."""

from types import ModuleType

import pandas as pd

import customerbase.campaigns.uplift.looks as looks
import customerbase.campaigns.worth.looks as costs
from customerbase import i18n, segments
from customerbase.campaigns.uplift.people import READY
from customerbase.campaigns.uplift.study import study
from customerbase.campaigns.worth import payback
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

CAMPAIGNS, CURVES, POLICY, GROUPS = (f"uplift_{name}" for name in ("campaigns", "curves", "policy", "groups"))
ITEMS, PAYBACK = "worth_items", "worth_payback"
TABLES = (CAMPAIGNS, CURVES, POLICY, GROUPS, ITEMS, PAYBACK)  # without them there is no section


def told(data: ReportData, language: str, draw: ModuleType) -> dict[str, object]:
    """What the section says and shows, by the names that its template uses."""
    return {
        "uplift": lines(data, language),
        "uplift_caption": caption(data, language, draw),
        "uplift_pictures": pictures(data, language, draw),
    }


def lines(data: ReportData, language: str) -> list[tuple[str, str]] | None:
    """Label and sentences of campaigns, then of costs; None without page 11b."""
    if any(name not in data.tables for name in TABLES):
        return None
    given = (data.tables[name] for name in (CAMPAIGNS, POLICY, GROUPS))
    said = looks.lines(*given, language=language, k_min=data.k_min, segment=lambda code: segments.name(code, language))
    paid = (data.tables[name] for name in (ITEMS, PAYBACK))
    return said + costs.lines(*paid, data.as_of, language, lambda amount: data.money(round(amount), language))


def pictures(data: ReportData, language: str, draw: ModuleType) -> list[Picture]:
    """The Qini curve of the newest campaign studied, and the chance of payback by month; those that there is something to show of."""
    if lines(data, language) is None:
        return []
    return [one for one in (_curve(data, language, draw), _payback(data, language, draw)) if one]


def caption(data: ReportData, language: str, draw: ModuleType) -> str:
    """Definition, n, interval, as-of date, tables and function of the sentences."""
    row = _newest(data)
    n = None if row is None else int(row["people"])
    words = i18n.word("uplift.definition", language)
    return draw.caption(study, ", ".join(TABLES), data.as_of, n, language, 0.95, definition=words)


def _newest(data: ReportData) -> pd.Series | None:
    table = data.tables.get(CAMPAIGNS)
    ready = looks.newest_first(table[table["state"] == READY]) if table is not None and len(table) else pd.DataFrame()
    return ready.iloc[0] if len(ready) else None


def _curve(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    row = _newest(data)
    if row is None:
        return None
    curves = looks.own(data.tables[CURVES], row)
    look = {"title": "", "caption": "", "language": language}
    drawn = [
        draw.qini(curves, row["chosen"], width=width, **look) for width in (draw.WIDTHS["half"], draw.WIDTHS["phone"])
    ]
    words, measure = (i18n.word(f"uplift.{one}", language) for one in ("definition", "measure"))
    said = draw.caption(study, CURVES, data.as_of, int(row["people"]), language, 0.95, definition=words)
    return Picture(looks.title(row, language), measure, said, *map(draw.svg, drawn))


def _payback(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    table = data.tables[PAYBACK]
    if not len(table) or not table["paid_back"].notna().any():
        return None
    look = {"title": "", "caption": "", "language": language}
    drawn = [draw.payback(table, width=width, **look) for width in (draw.WIDTHS["half"], draw.WIDTHS["phone"])]
    words, measure = (i18n.word(f"uplift.worth.{one}", language) for one in ("definition", "measure"))
    said = draw.caption(payback, PAYBACK, data.as_of, None, language, definition=words)
    title = costs.title(table, language, lambda amount: data.money(round(amount), language))
    return Picture(title, measure, said, *map(draw.svg, drawn))
