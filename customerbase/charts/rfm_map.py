"""The RFM map: how many customers have bought how recently and how often, and which segment that makes them."""

from collections.abc import Collection, Mapping, Sequence

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from customerbase import i18n, segments
from customerbase.charts.axes import canvas, readable_cells
from customerbase.charts.output import Figure
from customerbase.charts.style import GREY, HEAT, HOUSE, INK, SEGMENT_COLORS, TEXT_SIZE, WIDTHS, wrap

WITHHELD = "*"
_STRIP = 0.05  # of a cell's width: the segment's colour at its left edge


def rfm_map(
    counts: pd.DataFrame,
    named: Mapping[tuple[int, int], Sequence[str]],
    *,
    title: str,
    caption: str,
    language: str,
    hidden: Collection[tuple[int, int]] = (),
    width: float = WIDTHS["wide"],
) -> Figure:
    """Customers by rank of recency (down) and of frequency (across): number, share, and the segments' names and colours.

    counts: r (index) × f (columns); named: (r, f) -> codes of the segments that its customers may be in; hidden: cells
    whose number is not shown: they read * and have no shade, and no share is drawn of them.
    """
    whole = max(int(counts.to_numpy().sum()), 1)
    shown = counts.astype(float).copy()
    for r, f in hidden:
        shown.loc[r, f] = 0.0
    narrow = width < WIDTHS["half"]
    size, row = TEXT_SIZE - (2.0 if narrow else 0.5), 0.78 if narrow else 0.66
    depth = (shown / max(shown.to_numpy().max(), 1)).to_numpy() * 0.7
    colors = mpl.colors.LinearSegmentedColormap.from_list("house", HEAT)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, row * len(counts) + 0.75, title, caption)
        for down, r in enumerate(counts.index):
            for across, f in enumerate(counts.columns):
                fill = colors(depth[down, across]) if shown.iat[down, across] else "#F6F7F8"
                axes.add_patch(Rectangle((across, down), 1, 1, facecolor=fill, edgecolor="white", linewidth=1.5))
                _strip(axes, across, down, named.get((r, f), ()))
                _number(axes, across, down, shown.iat[down, across], whole, (r, f) in hidden, size, narrow, language)
        readable_cells(axes, depth, colors)
        for down, r in enumerate(counts.index):
            for across, f in enumerate(counts.columns):
                color = axes.texts[down * len(counts.columns) + across].get_color()
                _names(axes, across, down, named.get((r, f), ()), size, width, color, language)
        _frame(axes, counts, size, language)
    return figure


def _strip(axes: Axes, across: int, down: int, codes: Sequence[str]) -> None:
    for place, code in enumerate(codes):
        high = 0.94 / len(codes)
        spot = (across + 0.02, down + 0.03 + place * high)
        axes.add_patch(Rectangle(spot, _STRIP, high, facecolor=SEGMENT_COLORS.get(code, GREY), linewidth=0))


def _number(
    axes: Axes,
    across: int,
    down: int,
    count: float,
    whole: int,
    withheld: bool,
    size: float,
    narrow: bool,
    language: str,
) -> None:
    text = WITHHELD if withheld else i18n.MISSING if not count else f"{count:,.0f}"
    if count:
        share = i18n.number(count / whole, "rate", language)
        text += f"\n{share}" if narrow else f" ({share})" if language == "en" else f"（{share}）"
    style = {"ha": "center", "va": "center", "fontsize": size - 0.2, "weight": "bold", "linespacing": 1.25}
    axes.text(across + 0.55, down + 0.3, text, **style)


def _names(
    axes: Axes, across: int, down: int, codes: Sequence[str], size: float, width: float, color: str, language: str
) -> None:
    """The segments' names below the number, in as many lines as fit."""
    joined = (" / " if language == "en" else "・").join(segments.name(code, language) for code in codes)
    lines = wrap(joined, max(width * 72 * 0.155 / (size - 2), 4))
    style = {"ha": "center", "va": "top", "fontsize": size - 2, "color": color, "linespacing": 1.2}
    axes.text(across + 0.55, down + 0.54, "\n".join(lines[:3]), **style)


def _frame(axes: Axes, counts: pd.DataFrame, size: float, language: str) -> None:
    axes.set_xlim(0, len(counts.columns))
    axes.set_ylim(len(counts), 0)
    axes.xaxis.tick_top()
    axes.xaxis.set_label_position("top")
    axes.set_xticks([place + 0.5 for place in range(len(counts.columns))], [str(f) for f in counts.columns], color=INK)
    axes.set_yticks([place + 0.5 for place in range(len(counts))], [str(r) for r in counts.index], color=INK)
    axes.set_xlabel(i18n.word("board_segments.frequency", language), fontsize=size)
    axes.set_ylabel(i18n.word("board_segments.recency", language), fontsize=size)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
