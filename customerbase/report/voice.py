"""Voice of the customer (お客様の声): who complains, what is new, what those who complain are worth, in customers' words."""

from types import ModuleType

import customerbase.satisfaction.voice as heard
import customerbase.satisfaction.voice.looks as looks
from customerbase import i18n
from customerbase.report.data import ReportData
from customerbase.report.figures import Picture

TABLES = ("voice_topics", "voice_complaints", "voice_quotes", "voice_months", "voice_polarity_check")
MOST = 3  # complaints in sentences
DRAWN = 8
QUOTED = 4  # topics with an example


def lines(data: ReportData, language: str) -> list[tuple[str, str]] | None:
    """Label and sentence: who wrote, what moved, complaints with their value, caution; [] where nobody wrote, None without page 09b."""
    if any(data.tables.get(name) is None for name in TABLES):
        return None
    if not len(data.tables["voice_months"]):
        return []
    topics, told = data.tables["voice_topics"], data.tables
    said = [("mood_label", looks.mood(told["voice_months"], language, data.k_min))]
    if len(looks.shown(topics, data.k_min)):
        stakes = looks.stakes(told, language, data.k_min, data.currency, MOST)
        said.append(("moved_label", i18n.run_on(looks.movements(topics, language, data.k_min), language)))
        said.append(("stake_label", i18n.run_on(stakes, language)))
    else:
        said.append(("moved_label", i18n.sentence("voice.no_topics", language, k=data.k_min)))
    cautions = [looks.sure(told["voice_polarity_check"], language, short=True), i18n.word("voice.caution", language)]
    said.append(("sure_label", i18n.run_on(cautions, language)))
    return [(i18n.word(f"voice.{key}", language), text) for key, text in said]


def quotes(data: ReportData, language: str) -> list[tuple[str, str]]:
    """The largest topics with examples, masked; [] where none may be shown."""
    return looks.quotes(data.tables, language, data.k_min, QUOTED) if lines(data, language) else []


def picture(data: ReportData, language: str, draw: ModuleType) -> Picture | None:
    """Topics by the people who write about them, and how many complain; None without one that may be shown."""
    if not lines(data, language):
        return None
    topics = data.tables["voice_topics"]
    rows = looks.bars(topics, language, data.k_min, DRAWN)
    if not len(rows):
        return None
    look = {"title": "", "caption": "", "language": language}
    drawn = [draw.svg(draw.voices(rows, width=width, **look)) for width in (7.0, draw.WIDTHS["phone"])]
    everyone = int(topics["everyone"].max())
    words = i18n.word("voice.definition", language)
    caption = draw.caption(heard.voice, "voice_topics", data.as_of, everyone, language, 0.95, definition=words)
    measure = i18n.word("voice.picture_measure", language)
    return Picture(looks.title(topics, language, data.k_min), measure, caption, *drawn)
