"""An alluvial picture: where the customers of one day's segments stand on another day."""

from collections.abc import Collection

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from customerbase import i18n, segments
from customerbase.charts.axes import canvas, label_of
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, GREY, HOUSE, INK, SEGMENT_COLORS, TEXT_SIZE, WIDTHS

STAYED, MOVED = "#E6E8EB", "#A9AFB8"  # ribbons that go straight on, and those that move: told apart in grey print too
GAP = 0.016  # between two segments, as a share of the height
_NARROW = 4.5  # inches; below it the right side shows numbers only


def alluvial(
    counts: pd.DataFrame,
    *,
    heads: tuple[str, str],
    title: str,
    caption: str,
    language: str,
    hidden: pd.DataFrame | None = None,
    small: tuple[Collection[str], Collection[str]] = ((), ()),
    least: int = 10,
    accent: Collection[tuple[str, str]] = (),
    width: float = WIDTHS["half"],
    height: float | None = None,
) -> Figure:
    """Segments of then to the left, of now to the right, as high as they have customers; ribbons between them as thick.

    counts: from (index, codes of segments in their order) × to (columns). Stayers are light, movers darker, the pairs in
    `accent` carry the accent. hidden (same shape): ribbons not to be drawn; small: segments of then and of now whose size
    is not to be shown: they read "<least" and share what is left of the whole equally, so that no height tells them.
    heads: what stands above both sides, such as two days.
    """
    shown = counts.where(~hidden.astype(bool), 0.0) if hidden is not None else counts
    shown = shown.astype(float)
    sides = [
        _sizes(counts.sum(axis=1), shown.sum(axis=1), small[0]),
        _sizes(counts.sum(axis=0), shown.sum(axis=0), small[1]),
    ]
    whole = max(float(counts.to_numpy().sum()), 1.0)
    narrow, size = width < _NARROW, TEXT_SIZE - (1.5 if width < _NARROW else 0.5)
    tall = height or max(2.2, 0.34 * max(len(counts.index), len(counts.columns)))
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, tall, title, caption)
        tops = [_tops(one / whole) for one in sides]
        _ribbons(axes, shown / whole, tops, set(accent))
        for place, (names, taken) in enumerate(zip((counts.index, counts.columns), small, strict=True)):
            _nodes(axes, place, sides[place] / whole, tops[place])
            texts = [
                _text(name, sides[place][name], name in taken, least, place and narrow, language) for name in names
            ]
            _labels(axes, place, sides[place] / whole, tops[place], texts, size, tall)
            look = {"ha": "right" if place == 0 else "left", "va": "bottom", "color": GREY, "fontsize": size}
            axes.annotate(heads[place], (place, 0), (0, 6), textcoords="offset points", annotation_clip=False, **look)
        _frame(axes, width, size, [_name(name, language) for name in counts.index], narrow, tops, sides, whole)
    return figure


def _sizes(true: pd.Series, drawn: pd.Series, small: Collection[str]) -> pd.Series:
    """How high each segment is drawn: its size, or of those withheld what is drawn of them and an equal part of the rest."""
    taken = [name for name in true.index if name in small]
    rest = float(true[taken].sum() - drawn[taken].sum()) / max(len(taken), 1)
    return pd.Series({name: drawn[name] + rest if name in small else float(true[name]) for name in true.index})


def _tops(sizes: pd.Series) -> pd.Series:
    """Where each segment begins, from 0 down, with a gap between two."""
    return sizes.cumsum() - sizes + GAP * np.arange(len(sizes))


def _ribbons(axes: Axes, shares: pd.DataFrame, tops: list[pd.Series], accent: set) -> None:
    """One band per pair, in the order of the segments on both sides; the stressed ones are drawn last."""
    left, right = tops[0].copy(), tops[1].copy()
    bands = []
    for origin in shares.index:
        for target in shares.columns:
            if (share := float(shares.loc[origin, target])) > 0:
                bands.append(((origin, target), left[origin], right[target], share))
                left[origin] += share
                right[target] += share
    for pair, start, end, share in sorted(bands, key=lambda band: (band[0] in accent, band[0][0] != band[0][1])):
        color = ACCENT if pair in accent else STAYED if pair[0] == pair[1] else MOVED
        patch = PathPatch(_band(start, end, share), facecolor=color, edgecolor="white", linewidth=0.4)
        patch.set_gid(f"{pair[0]}-{pair[1]}")
        axes.add_patch(patch)


def _band(start: float, end: float, share: float) -> Path:
    points = [(0.02, start), (0.5, start), (0.5, end), (0.98, end)]
    back = [(0.98, end + share), (0.5, end + share), (0.5, start + share), (0.02, start + share)]
    curve = [Path.CURVE4] * 3
    return Path([*points, *back, points[0]], [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY])


def _nodes(axes: Axes, place: int, sizes: pd.Series, tops: pd.Series) -> None:
    for name in sizes.index:
        color = SEGMENT_COLORS.get(name, GREY)
        axes.add_patch(
            Rectangle((place - 0.02, tops[name]), 0.04, max(sizes[name], 0.002), facecolor=color, linewidth=0)
        )


def _text(name: str, size: float, withheld: bool, least: int, bare: bool, language: str) -> str:
    number = f"<{least}" if withheld and size < least else "–" if withheld else f"{size:,.0f}"
    return number if bare else f"{_name(name, language)} {number}"


def _name(code: str, language: str) -> str:
    """A segment's name; who was no customer at the beginning has one that fits any span of time."""
    return i18n.word("movement.not_yet", language) if code == segments.ABSENT_BEFORE else label_of(code, language)


def _labels(
    axes: Axes, place: int, sizes: pd.Series, tops: pd.Series, texts: list[str], size: float, tall: float
) -> None:
    """Names and numbers beside their segments, moved apart where they would touch; a hairline leads back."""
    middles = (tops + sizes / 2).to_numpy()
    step = size * 1.28 / 72 / tall * (1 + GAP * len(sizes)) * 1.06
    spots = _apart(middles, step, float((tops + sizes).max()))
    side = -1 if place == 0 else 1
    for name, middle, spot, text in zip(sizes.index, middles, spots, texts, strict=True):
        color = SEGMENT_COLORS.get(name, INK)
        if abs(spot - middle) > step / 4:
            axes.plot(
                [place + side * 0.02, place + side * 0.055], [middle, spot], color=GREY, linewidth=0.5, clip_on=False
            )
        style = {"ha": "right" if side < 0 else "left", "va": "center", "fontsize": size, "color": color}
        axes.annotate(text, (place + side * 0.065, spot), annotation_clip=False, **style)


def _apart(middles: np.ndarray, step: float, end: float) -> np.ndarray:
    """The nearest places at least a step apart, in the same order, none below the end where there is room."""
    spots = middles.astype(float).copy()
    for place in range(1, len(spots)):
        spots[place] = max(spots[place], spots[place - 1] + step)
    limit = max(end, step * (len(spots) - 1))
    for place in range(len(spots) - 1, -1, -1):
        ceiling = limit if place == len(spots) - 1 else spots[place + 1] - step
        spots[place] = min(spots[place], ceiling)
    return spots


def _frame(
    axes: Axes, width: float, size: float, names: list[str], narrow: bool, tops: list, sizes: list, whole: float
) -> None:
    """Room for the labels on both sides; the scale runs down."""
    bottom = max(float((top + side / whole).max()) for top, side in zip(tops, sizes, strict=True))
    axes.set_ylim(bottom + 0.01, -0.01)
    longest = max((sum(1.0 if ord(letter) > 0x2E7F else 0.58 for letter in name) for name in names), default=0) + 3.6
    room = longest * size / 72
    inner = max(width - room - (3.0 * size / 72 if narrow else room), width * 0.25)
    axes.set_xlim(-0.07 - room / inner, 1.07 + (3.0 * size / 72 if narrow else room) / inner)
    axes.axis("off")
