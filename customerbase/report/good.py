"""What good customers have in common (高価値顧客に共通すること): the clearest drivers in words, with the caution, one picture."""

from types import ModuleType

import customerbase.segments.good as goods
import customerbase.segments.good.looks as looks
from customerbase import i18n
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

TABLE = "good_customers"  # without it there is no section
MOST = 5  # drivers in sentences
DRAWN = 8


def lines(data: ReportData, language: str) -> list[tuple[str, str]] | None:
    """Label and sentence: the study, each clear driver, the caution; [] with too few customers, None without page 07d."""
    table = data.tables.get(TABLE)
    if table is None:
        return None
    if not looks.enough(table):
        return []
    said = [("good.study_label", looks.study(table, language))]
    said += [("good.driver_label", text) for text in looks.sentences(table, language, MOST)]
    return [(i18n.word(key, language), text) for key, text in (*said, ("good.caution_label", _caution(language)))]


def picture(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """Plain difference of each driver and that among customers alike; None without one to compare."""
    if not lines(data, language):
        return None
    table = data.tables[TABLE]
    rows = looks.rows(table, language, DRAWN)
    if not len(rows):
        return None
    look = {"title": "", "caption": "", "language": language}
    drawn = [draw.svg(draw.drivers(rows, width=width, **look)) for width in (7.0, draw.WIDTHS["phone"])]
    words = i18n.word("good.definition", language)
    n = int(table.iloc[0]["customers"])
    caption = draw.caption(goods.good, TABLE, data.as_of, n, language, 0.95, definition=words)
    measure = i18n.word("good.picture_measure", language)
    return Picture(looks.title(table, language), measure, caption, *drawn)


def _caution(language: str) -> str:
    return i18n.word("good.caution", language)
