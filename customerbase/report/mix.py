"""Who our customers are (どのような顧客か): clear shifts of the mix in sentences, what they did to the KPIs, one picture."""

from types import ModuleType

import pandas as pd

import customerbase.segments.mix as mixed
import customerbase.segments.mix.looks as looks
from customerbase import i18n
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

TABLES = ("mix", "mix_tests", "mix_effects")  # without these there is no section
MONTHS = 12  # of the window that page 07d takes unless told otherwise


def lines(data: ReportData, language: str) -> list[tuple[str, str]] | None:
    """Label and sentence: what moved, and which KPI that changed; [] where nothing may be shown, None without page 07d."""
    if not set(TABLES) <= set(data.tables):
        return None
    table = data.tables["mix"]
    if not len(table):
        return []
    told = looks.shifts(table, language) or [i18n.word("good.no_past", language)]
    effects = data.tables["mix_effects"]
    moved = looks.effect_lines(effects, looks.against(table), language, data.currency) if len(effects) else []
    parts = {"good.mix_label": i18n.run_on(told, language), "good.effect_label": i18n.run_on(moved, language)}
    return [(i18n.word(key, language), text) for key, text in parts.items() if text]


def picture(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """The attribute that moved most, or the first known one, now and before; None without one."""
    if not lines(data, language):
        return None
    table = data.tables["mix"]
    one, of = looks.against(table), looks.drawn(table, data.tables["mix_tests"])
    rows = looks.rows(table, of, one, language)
    if len(rows) < 2:
        return None
    before = None if one == "none" else i18n.word(f"good.{one}", language)
    look = {"title": "", "caption": "", "language": language, "before": before}
    drawn = [draw.svg(draw.shifts(rows, width=width, **look)) for width in (7.0, draw.WIDTHS["phone"])]
    measure = i18n.sentence("good.mix_measure", language, months=MONTHS, against=before) if before else ""
    words = i18n.sentence("good.mix_definition", language, months=MONTHS)
    caption = draw.caption(mixed.mix, "mix", data.as_of, _customers(rows), language, 0.95, definition=words)
    return Picture(looks.title(table, of, one, language), measure or words, caption, *drawn)


def _customers(rows: pd.DataFrame) -> int:
    return int(rows["customers"].sum())
