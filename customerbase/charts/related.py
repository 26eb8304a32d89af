"""Page 08b in pictures: the strongest pairs of products, and the cross-sell matrix of categories."""

from dataclasses import dataclass
from functools import cached_property

import matplotlib as mpl
import numpy as np
import pandas as pd

import customerbase.recommend.related.looks as looks
from customerbase import i18n
from customerbase.charts.axes import canvas
from customerbase.charts.captions import caption
from customerbase.charts.draw import heatmap
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, BAR_GREY, GREY, HOUSE, INK, TEXT_SIZE, WIDTHS, wrap
from customerbase.recommend import related

WIDE = 9.0


def together(frame: pd.DataFrame, *, title: str, caption: str, language: str, width: float = WIDTHS["half"]) -> Figure:
    """One row per pair in the order given, two names above each other: dot with interval, times chance on a log scale.

    frame: columns one, other (names), excess, low, high, share (of the buyers of one who take the other). The dotted line is
    chance; each row has its ratio and its share beside it.
    """
    data, places = frame.reset_index(drop=True), np.arange(len(frame))
    value, low, high = (data[name].astype(float).to_numpy() for name in ("excess", "low", "high"))
    room = width * 72 / TEXT_SIZE * (0.4 if width > 4 else 0.46)
    labels = [
        f"{_cut(one, room)}\n+ {_cut(other, room - 1)}" for one, other in zip(data["one"], data["other"], strict=True)
    ]
    size = TEXT_SIZE - (0.5 if width > 4 else 1.5)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, 0.43 * max(len(data), 1) + 0.45, title, caption)
        axes.axvline(1, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.hlines(places, low, high, color=ACCENT, linewidth=2.4, alpha=0.5)
        axes.scatter(value, places, s=38, color=[ACCENT if place == 0 else BAR_GREY for place in places], zorder=3)
        for place, (ratio, end, share) in enumerate(zip(value, high, data["share"], strict=True)):
            told = i18n.sentence("related.times", language, times=looks.times(ratio))
            axes.annotate(
                f"{told} · {i18n.number(round(share, 2), 'rate', language).replace('.0', '')}", (end, place), (6, 0),
                textcoords="offset points", va="center", fontsize=size, color=INK, annotation_clip=False,
                weight="bold" if place == 0 else "normal",
            )  # fmt: skip
        axes.set_xscale("log")
        top = max(high.max(initial=2), 2) ** (1.3 if width > 4 else 1.8)  # room for what stands beside the dots
        axes.set_xlim(0.85, top)
        ticks = [one for one in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if one <= top]
        ticks = ticks if width > 4 else ticks[:: 2 if len(ticks) > 4 else 1]
        axes.set_xticks(ticks, [i18n.sentence("related.times", language, times=f"{one:,}") for one in ticks])
        axes.minorticks_off()
        axes.set_yticks(places, labels, color=INK, linespacing=1.15, fontsize=size)
        axes.set_ylim(len(data) - 0.4, -0.9)
        axes.annotate(
            i18n.word("related.chance", language), (1, -0.75), (4, 0), textcoords="offset points", color=GREY,
            fontsize=TEXT_SIZE - 1, va="center",
        )  # fmt: skip
    return figure


def _cut(name: str, room: float) -> str:
    """What of a name fits into so many full characters."""
    lines = wrap(name, room)
    return lines[0].rstrip() + "…" if len(lines) > 1 else name


def crossing(cross: pd.DataFrame, *, title: str, caption: str, language: str, k_min: int, width: float) -> Figure:
    """The cross-sell matrix: lift and its interval in each cell, shaded where clear."""
    narrow = width < 5
    lifts, printed, shade = looks.cells(cross, language, k_min, 6 if narrow else looks.CATEGORIES)
    printed = printed.map(lambda text: text.split("\n")[0]) if narrow else printed
    look = {"title": title, "caption": caption, "language": language, "fmt": "{:.2f}", "row": 0.44, "width": width}
    return heatmap(lifts, text=printed, shade=shade, **look)


def pair_frame(rows: pd.DataFrame, named: dict[str, str]) -> pd.DataFrame:
    """Rows of product_pairs as `together` draws them."""
    made = rows.rename(columns={"excess_low": "low", "excess_high": "high"})
    return made.assign(**{end: [named[one] for one in rows[end]] for end in ("one", "other")})


@dataclass(frozen=True)
class Pictures:
    """Related products of one month in pictures and tables, for one reader: language, and groups that are too small to show."""

    result: related.Related
    language: str
    k_min: int = 10

    def said(self) -> list[str]:
        """How much was found, and what to know about it."""
        found = [looks.summary(self.result, self.language)] if self.result.baskets else []
        return [*found, *self.result.remarks(self.language)]

    def pairs(self, level: str = related.BASKET, width: float = WIDE) -> Figure | str:
        """The strongest pairs of a level."""
        rows = self._strongest(level)
        if not len(rows):
            return i18n.word("related.none.pairs", self.language)
        options = self.result.options
        months = {} if level == related.BASKET else {"months": min(options.customer_months, options.months)}
        words = i18n.sentence(f"related.definition.{level}", self.language, **months)
        n = self.result.baskets if level == related.BASKET else self.result.customers
        said = caption(related.related, "product_pairs", self.result.as_of, n, self.language, 0.95, definition=words)
        title = looks.pairs_title(rows, self._names, self.language)
        frame = pair_frame(rows, self._names)
        return together(frame, title=title, caption=said, language=self.language, width=width)

    def pairs_table(self, level: str = related.BASKET) -> pd.DataFrame:
        """The same pairs as numbers."""
        return looks.pairs_table(self._strongest(level), self._names, self.language)

    def sets(self) -> pd.DataFrame | str:
        """Sets of three beyond their pairs."""
        made = looks.sets_table(self.result.sets, self._names, self.language, self.k_min)
        return made if len(made) else i18n.word("related.none.sets", self.language)

    def following(self) -> pd.DataFrame | str:
        """What is bought next."""
        rows = looks.next_rows(self.result.following, self.k_min)
        none = i18n.word("related.none.next", self.language)
        return looks.next_table(rows, self._names, self.language) if len(rows) else none

    def accessories(self) -> pd.DataFrame | str:
        """Accessories, with or after their main product."""
        rows = looks.accessories(self.result.pairs, self.result.following, self.k_min)
        none = i18n.word("related.none.accessories", self.language)
        return looks.accessories_table(rows, self.result.sold, self.language) if len(rows) else none

    def cross(self, width: float = WIDE) -> Figure | str:
        """The cross-sell matrix."""
        table = self.result.cross
        if not len(table):
            return i18n.word("related.none.cross", self.language)
        options = self.result.options
        months = min(options.customer_months, options.months)
        words = i18n.sentence("related.definition.cross", self.language, months=months)
        n = int(table["customers"].iloc[0])
        said = caption(related.related, "category_cross", self.result.as_of, n, self.language, 0.95, definition=words)
        said += f" · {i18n.sentence('related.withheld', self.language, k=self.k_min)}"
        title = looks.cross_title(table, self.language, self.k_min)
        return crossing(table, title=title, caption=said, language=self.language, k_min=self.k_min, width=width)

    @cached_property
    def _names(self) -> dict[str, str]:
        return looks.names(self.result.sold)

    def _strongest(self, level: str) -> pd.DataFrame:
        return looks.strongest(self.result.pairs, level, self.k_min)
