"""Page 07d, first half, in pictures: who the recent buyers are, and how their mix moved."""

from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
import pandas as pd

import customerbase.segments.mix as mixed
import customerbase.segments.mix.looks as looks
from customerbase import i18n
from customerbase.charts.axes import canvas, formatter, name_dots, scale, short
from customerbase.charts.captions import caption
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, BAR_GREY, GREY, HOUSE, INK, TEXT_SIZE, WIDTHS

WIDE = 7.0


def shifts(
    frame: pd.DataFrame,
    *,
    title: str,
    caption: str,
    language: str,
    before: str | None,
    width: float = WIDTHS["half"],
) -> Figure:
    """One row per value in the order given: a grey dot for the share before, a dot with its interval for now.

    frame: columns name, share, low, high, share_before, shift, clear. before: what the month compared with is called; None:
    nothing to compare with. Clear shifts stand out in the accent colour, with their points beside them.
    """
    data = frame.reset_index(drop=True)
    now, low, high = (data[column].astype(float).to_numpy() for column in ("share", "low", "high"))
    then = data["share_before"].astype(float).to_numpy()
    clear = data["clear"].astype(bool).to_numpy() & (before is not None)
    colors, places = [ACCENT if one else INK for one in clear], np.arange(len(data))
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, 0.3 * max(len(data), 1) + 0.75, title, caption)
        axes.hlines(places, low, high, color=colors, linewidth=5, alpha=0.18)
        if before is not None:
            axes.hlines(places, np.fmin(now, then), np.fmax(now, then), color=colors, linewidth=1.4)
            axes.scatter(then, places, s=34, color=BAR_GREY, zorder=3)
        axes.scatter(now, places, s=38, color=colors, zorder=4)
        axes.set_yticks(places, [short(name, width) for name in data["name"]], color=INK)
        axes.set_ylim(len(data) - 0.4, -1.1)
        most = max(np.nanmax(np.append(high, 0)), np.nanmax(np.append(then, 0)), 1e-9)
        axes.set_xlim(0, most * (1.3 if before is not None else 1.06))
        scale(axes.xaxis, formatter("rate", language), 4 if width < 4 else 6)
        if before is not None and len(data):
            _label(axes, now, then, clear, np.fmax(high, then), data["shift"], before, language)
    return figure


def _label(axes, now, then, clear, ends, shift, before: str, language: str) -> None:
    """Both dots named once above the row where they lie farthest apart, every shift at the right of its row."""
    style = {"textcoords": "offset points", "annotation_clip": False}
    name_dots(axes, [(now[0], i18n.word("good.now", language), ACCENT if clear[0] else INK), (then[0], before, GREY)])
    for place, (end, points, strong) in enumerate(zip(ends, shift, clear, strict=True)):
        axes.annotate(
            i18n.points(points, language), (end, place), (8, 0), va="center", fontsize=TEXT_SIZE - 0.5,
            color=ACCENT if strong else GREY, weight="bold" if strong else "normal", **style,
        )  # fmt: skip


@dataclass(frozen=True)
class Pictures:
    """The mix of one month in pictures and tables, for one reader: language and currency."""

    result: mixed.Mix
    months: int
    language: str
    currency: str = "JPY"

    @property
    def against(self) -> str:
        """The month compared with: last year where the data reach back, else last month, else none."""
        return looks.against(self.result.mix)

    def remarks(self) -> list[str]:
        """What the mix rests on, what it lacks, and the clear shifts."""
        return looks.remarks(self.result, self.months, self.language)

    def shift(self, attribute: str = "", against: str = "", width: float = WIDE) -> Figure | str:
        """The mix by one attribute, now and before; the attribute that moved most by default."""
        one, of = against or self.against, attribute or looks.drawn(self.result.mix, self.result.tests)
        rows = looks.rows(self.result.mix, of, one, self.language)
        if not len(rows):
            return i18n.word("good.no_attributes", self.language)
        before = None if one == "none" else i18n.word(f"good.{one}", self.language)
        words = i18n.sentence("good.mix_definition", self.language, months=self.months)
        said = caption(
            mixed.mix, "mix", self.result.as_of, self.result.customers, self.language, 0.95, definition=words
        )
        title = looks.title(self.result.mix, of, one, self.language)
        return shifts(rows, title=title, caption=said, language=self.language, before=before, width=width)

    def effects(self) -> pd.DataFrame | str:
        """Each KPI's change, and how much of it the mix by one attribute made."""
        made = looks.effects(self.result.effects, self.against, self.language, self.currency)
        return made if len(made) else i18n.word("good.no_past", self.language)

    def behaviour(self, attribute: str = "channel") -> pd.DataFrame | str:
        """Behaviour and satisfaction by value of one attribute."""
        if not len(self.result.behaviour):
            return i18n.word("good.no_customers", self.language)
        return looks.behaviour(self.result.behaviour, attribute, self.language, self.currency)
