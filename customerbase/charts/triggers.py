"""Page 10b in pictures: what becomes of the occasions that triggers find, and the days on which the queue is due."""

from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.audiences import triggers
from customerbase.audiences.triggers import looks
from customerbase.charts.axes import canvas
from customerbase.charts.captions import caption
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, HOUSE, INK, RULE, TEXT_SIZE, WIDTHS, wrap

WIDE = 7.0
PARTS = (("in_queue", ACCENT), ("back", RULE))


def occasions(frame: pd.DataFrame, *, title: str, caption: str, language: str, width: float = WIDTHS["half"]) -> Figure:
    """One bar per trigger, in the order given: occasions in the queue in the accent colour, held back in grey.

    frame: columns name, in_queue, back (looks.bars).
    """
    data = frame.reset_index(drop=True)
    places, start = np.arange(len(data)), np.zeros(len(data))
    names = ["\n".join(wrap(name, width * 72 / TEXT_SIZE * 0.36)[:2]) for name in data["name"]]
    tall = 0.42 if any("\n" in name for name in names) else 0.31
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, tall * max(len(data), 1) + 0.6, title, caption)
        for part, color in PARTS:
            lengths = data[part].astype(float).to_numpy()
            axes.barh(places, lengths, left=start, height=0.58, color=color)
            start = start + lengths
        axes.set_yticks(places, names, color=INK)
        axes.set_ylim(len(data) - 0.4, -1.25)
        axes.set_xlim(0, max(start.max(initial=1), 1) * (1.3 if width > 4 else 1.6))
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        for place, (queued, total) in enumerate(zip(data["in_queue"], start, strict=True)):
            text = i18n.sentence("triggers.chart.of", language, n=f"{int(queued):,}", all=f"{int(total):,}")
            axes.annotate(
                text, (total, place), (6, 0), textcoords="offset points", va="center", fontsize=TEXT_SIZE - 0.5
            )
        _named(axes, language)
    return figure


def _named(axes, language: str) -> None:
    """Both parts of a bar named once, above the first."""
    left, style = 0.0, {"textcoords": "offset points", "va": "center", "fontsize": TEXT_SIZE - 0.5}
    for part, color in PARTS:
        word = i18n.word(f"triggers.chart.{part}", language)
        axes.annotate("■", (0, -0.85), (left, 0), color=color, **style)
        axes.annotate(word, (0, -0.85), (left + TEXT_SIZE, 0), color=INK, **style)
        left += (i18n.half_widths(word) + 6) * TEXT_SIZE * 0.52


@dataclass(frozen=True)
class Pictures:
    """The triggers of a month in sentences, a picture and tables, for one reader: language, currency, groups too small to show."""

    result: triggers.Evaluated
    language: str
    currency: str = "JPY"
    k_min: int = 10

    def said(self) -> list[str]:
        """What was found, what is held back and why, what is missing, what to do; or that there are no triggers."""
        told = looks.lines(self.result.counts, self.language, self.k_min, self.currency)
        if not told:
            return [i18n.word("triggers.none", self.language)]
        when = [i18n.word("triggers.evaluated_daily", self.language)] if self.result.triggers.daily else []
        return [f"{label}: {text}" for label, text in told] + when

    def occasions(self, width: float = WIDE) -> Figure | str:
        """What became of the occasions, by trigger."""
        rows = looks.bars(self.result.counts, self.language, self.k_min) if len(self.result.counts) else pd.DataFrame()
        if not len(rows):
            return i18n.word("triggers.few", self.language)
        title = looks.title(self.result.counts, self.language, self.k_min)
        words = i18n.word("triggers.definition", self.language)
        n = int(rows[["in_queue", "back"]].to_numpy().sum())
        said = caption(triggers.evaluate, "trigger_counts", self.result.as_of, n, self.language, definition=words)
        return occasions(rows, title=title, caption=said, language=self.language, width=width)

    def table(self) -> pd.DataFrame:
        """All triggers with their numbers."""
        return looks.table(self.result.counts, self.language, self.k_min, self.currency)

    def kinds(self) -> pd.DataFrame:
        """The kinds of triggers that a pipeline file may use."""
        heads = [i18n.word(f"triggers.column.{name}", self.language) for name in ("kind", "looks_for")]
        return pd.DataFrame(looks.kinds(self.language), columns=heads)

    def example(self, most: int = 12) -> pd.DataFrame:
        """The first rows of the queue with the reason in words, for whoever opens the page by hand."""
        rows = self.result.queue.head(most)
        said = [looks.reason(row, self.language) for row in rows.to_dict("records")]
        return rows[["customer_id", "trigger", "channel", "arm", "due_at", "expires_at"]].assign(why=said)
