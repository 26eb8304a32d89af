"""Page 07d, second half, in pictures: what good customers have in common, plainly and among customers alike."""

from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
import pandas as pd

import customerbase.segments.good as goods
import customerbase.segments.good.looks as looks
from customerbase import i18n
from customerbase.charts.axes import canvas, name_dots, scale, short
from customerbase.charts.captions import caption
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, BAR_GREY, GREY, HOUSE, INK, TEXT_SIZE, WIDTHS, wrap

WIDE = 7.0


def drivers(frame: pd.DataFrame, *, title: str, caption: str, language: str, width: float = WIDTHS["half"]) -> Figure:
    """One row per driver in the order given: hollow dot for the plain difference, dot with interval among customers alike.

    frame: columns name, raw, difference, low, high, clear. Clear differences in the accent colour, with their points.
    """
    data = frame.reset_index(drop=True)
    raw, alike, low, high = (data[name].astype(float).to_numpy() for name in ("raw", "difference", "low", "high"))
    clear, places = data["clear"].astype(bool).to_numpy(), np.arange(len(data))
    names = [_two_lines(name, width) for name in data["name"]]
    tall = 0.36 if any("\n" in name for name in names) else 0.29
    colors = [ACCENT if one else BAR_GREY for one in clear]
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, tall * max(len(data), 1) + 0.8, title, caption)
        axes.axvline(0, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.hlines(places, low, high, color=colors, linewidth=2.4, alpha=0.5)
        axes.scatter(raw, places, s=34, facecolor="white", edgecolor=GREY, linewidth=1.1, zorder=3)
        axes.scatter(alike, places, s=38, color=colors, zorder=4)
        axes.set_yticks(places, names, color=INK)
        axes.set_ylim(len(data) - 0.4, -1.2)
        ends = np.concatenate([raw, low, high, [0.0]])
        room = (np.nanmax(ends) - np.nanmin(ends) or 1) * (0.2 if width > 4 else 0.45)
        axes.set_xlim(np.nanmin(ends) - room / 4, np.nanmax(ends) + room)
        scale(axes.xaxis, lambda value: i18n.points(value, language), 2 if width < 5 else 5)
        if len(data):
            _label(axes, raw, alike, clear, np.fmax(high, raw), language)
    return figure


def _two_lines(name: str, width: float) -> str:
    """A driver's name in at most two lines of what fits beside the plot."""
    lines = wrap(name, width * 72 / TEXT_SIZE * 0.38)
    return "\n".join([lines[0], short(name[len(lines[0]) :].strip(), width)]) if len(lines) > 1 else name


def _label(axes, raw, alike, clear, ends, language: str) -> None:
    """Both kinds of dots named once above the first row; the points of each clear difference at its right."""
    style = {"textcoords": "offset points", "annotation_clip": False, "fontsize": TEXT_SIZE - 0.5}
    plain, matched = (i18n.word(f"good.chart.{kind}", language) for kind in ("raw", "alike"))
    name_dots(axes, [(raw[0], plain, GREY), (alike[0], matched, ACCENT if clear[0] else GREY)])
    for place in np.flatnonzero(clear):
        text = i18n.points(alike[place], language)
        axes.annotate(text, (ends[place], place), (8, 0), va="center", color=ACCENT, weight="bold", **style)


@dataclass(frozen=True)
class Pictures:
    """The study of good customers in a picture and a table, for one reader: language, currency, groups too small to show."""

    result: goods.Good
    language: str
    currency: str = "JPY"
    k_min: int = 10

    def remarks(self) -> list[str]:
        """The study, its findings and the caution."""
        return looks.remarks(self.result, self.language, self.k_min)

    def drivers(self, width: float = WIDE) -> Figure | str:
        """Plain and matched difference of each driver."""
        rows = looks.rows(self.result.drivers, self.language)
        if not len(rows):
            return self._few()
        said = caption(
            goods.good, "good_customers", self.result.as_of, self.result.customers, self.language, 0.95,
            definition=i18n.word("good.definition", self.language),
        )  # fmt: skip
        title = looks.title(self.result.drivers, self.language)
        return drivers(rows, title=title, caption=said, language=self.language, width=width)

    def listing(self) -> pd.DataFrame | str:
        """All drivers that could be compared or not, with their numbers."""
        if not looks.enough(self.result.drivers):
            return self._few()
        return looks.listing(self.result.drivers, self.language, self.currency)

    def _few(self) -> str:
        n = i18n.number(self.result.customers, "people", self.language)
        return i18n.sentence(
            "good.few", self.language, customers=n if self.result.customers >= self.k_min else f"<{self.k_min}"
        )
