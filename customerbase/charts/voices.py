"""Page 09b in pictures: what people write about and how many of them complain; what those who complain are worth."""

from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
import pandas as pd

import customerbase.satisfaction.voice as heard
import customerbase.satisfaction.voice.looks as looks
from customerbase import i18n
from customerbase.charts.axes import canvas, scale
from customerbase.charts.captions import caption
from customerbase.charts.draw import dots
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, BAR_GREY, GREY, HOUSE, INK, TEXT_SIZE, WIDTHS, wrap

WIDE = 7.0


def voices(frame: pd.DataFrame, *, title: str, caption: str, language: str, width: float = WIDTHS["half"]) -> Figure:
    """One bar per topic in the order given: share of all who wrote with its interval, the part who complain in the accent colour.

    frame: columns name, share, share_low, share_high, angry (share of all; NaN: withheld), people.
    """
    data = frame.reset_index(drop=True)
    share, low, high, angry = (
        data[name].astype(float).to_numpy() for name in ("share", "share_low", "share_high", "angry")
    )
    places = np.arange(len(data))
    names = ["\n".join(wrap(name, width * 72 / TEXT_SIZE * 0.36)[:2]) for name in data["name"]]
    tall = 0.42 if any("\n" in name for name in names) else 0.31
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, tall * max(len(data), 1) + (0.75 if width > 4 else 0.95), title, caption)
        axes.barh(places, share, height=0.56, color=BAR_GREY)
        axes.barh(places, np.nan_to_num(angry), height=0.56, color=ACCENT)
        axes.hlines(places, low, high, color=INK, linewidth=1.0)
        axes.set_yticks(places, names, color=INK)
        axes.set_ylim(len(data) - 0.4, -1.25 if width > 4 else -2.0)
        axes.set_xlim(0, (np.nanmax(high, initial=0.01)) * (1.28 if width > 4 else 1.5))
        scale(axes.xaxis, lambda value: i18n.number(value, "rate", language).replace(".0", ""), 3 if width < 4 else 5)
        style = {"textcoords": "offset points", "va": "center", "fontsize": TEXT_SIZE - 0.5}
        for place, end in enumerate(high):
            text = i18n.number(share[place], "rate", language)
            text = (
                i18n.aside(text, i18n.number(data["people"][place], "people", language), language)
                if width > 4
                else text
            )
            axes.annotate(text, (end, place), (6, 0), **style)
        if len(data):
            _named(axes, language, width > 4)
    return figure


def _named(axes, language: str, beside: bool) -> None:
    """Both parts of a bar named once, above the first: beside each other, or one above the other."""
    parts = ((ACCENT, "voice.chart.angry", -0.85 if beside else -1.6), (GREY, "voice.chart.share", -0.85))
    left = 0
    for color, key, place in parts:
        word = i18n.word(key, language)
        axes.annotate(
            "■ " + word,
            (0, place),
            (left, 0),
            textcoords="offset points",
            va="center",
            color=color,
            fontsize=TEXT_SIZE - 0.5,
        )
        left += (i18n.half_widths(word) + 5) * TEXT_SIZE * 0.52 * beside


@dataclass(frozen=True)
class Pictures:
    """The voice of the customer in sentences, pictures and tables, for one reader: language, currency, groups too small to show."""

    result: heard.Voice
    language: str
    currency: str = "JPY"
    k_min: int = 10

    def remarks(self) -> list[str]:
        """The month in sentences."""
        return looks.remarks(self._tables, self.language, self.k_min, self.currency)

    def topics(self, width: float = WIDE) -> Figure | str:
        """What people write about, and how many complain."""
        rows = looks.bars(self.result.topics, self.language, self.k_min)
        if not len(rows):
            return i18n.sentence("voice.no_topics", self.language, k=self.k_min)
        said = self._caption("voice_topics", "voice.definition", self.result.people)
        title = looks.title(self.result.topics, self.language, self.k_min)
        return voices(rows, title=title, caption=said, language=self.language, width=width)

    def value(self, width: float = WIDE) -> Figure | str:
        """Lifetime value of those who complain, by topic."""
        rows = looks.worth(self._tables, self.k_min).dropna(subset=["value"])
        if not len(rows):
            return i18n.sentence("voice.no_complaints", self.language, k=self.k_min)
        said = self._caption("voice_complaints", "voice.stake_definition", None)
        title = looks.value_title(self._tables, self.language, self.k_min, self.currency)
        form = lambda value: i18n.number(value, "money", self.language, currency=self.currency)  # noqa: E731
        look = {"title": title, "caption": said, "language": self.language, "fmt": form, "width": width}
        names = [
            i18n.aside(row["label"], i18n.number(row["customers"], "people", self.language), self.language)
            for row in rows.to_dict("records")
        ]
        return dots(rows.assign(name=names).head(looks.SHOWN), "name", "value", "low", "high", sort=False, **look)

    def quotes(self) -> list[str]:
        """Examples of each topic, masked, one line a topic."""
        return [f"{label}: {words}" for label, words in looks.quotes(self._tables, self.language, self.k_min)]

    def listing(self) -> pd.DataFrame:
        """All topics that may be told of, with their numbers."""
        return looks.listing(self.result.topics, self.language, self.k_min)

    def confusion(self, sample: str) -> object:
        """How often the polarity is right, on one sample (ja, en or reviews): a table with its caption, or that there is none."""
        few = self.k_min if sample == heard.checking.REVIEWS else 0
        n = int(self.result.check.loc[self.result.check["sample"] == sample, "texts"].sum())
        if not n:
            return i18n.word("voice.no_stars", self.language)
        told = f"<{few}" if n < few else f"{n:,}"
        name = i18n.word(f"voice.sample_{sample}", self.language)
        head = i18n.aside(name, i18n.sentence("chart.n", self.language, n=told), self.language)
        return looks.confusion(self.result.check, sample, self.language, few).style.set_caption(head)

    @property
    def _tables(self) -> dict[str, pd.DataFrame]:
        return self.result.tables()

    def _caption(self, table: str, definition: str, n: int | None) -> str:
        few = n is not None and n < self.k_min
        return caption(
            heard.voice,
            table,
            self.result.as_of,
            None if few else n,
            self.language,
            0.95,
            definition=i18n.word(definition, self.language),
        )
