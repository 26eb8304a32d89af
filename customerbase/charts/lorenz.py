"""Concentration: which share of a total is held by the top share of customers (Lorenz curve, read from the top)."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from customerbase import i18n
from customerbase.charts.axes import canvas, formatter, scale
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, GREY, HOUSE, TEXT_SIZE, WIDTHS, wrap

TOPS = (0.01, 0.05, 0.10, 0.20)
GAP = 1.5 * TEXT_SIZE  # points from one label to the next


def lorenz(
    frame: pd.DataFrame,
    share: str,
    value: str,
    *,
    title: str,
    caption: str,
    language: str,
    tops: Sequence[float] = TOPS,
    xlabel: str = "",
    ylabel: str = "",
    width: float = WIDTHS["half"],
    height: float | None = None,
) -> Figure:
    """Share of customers, the most valuable first (across), against their share of the value (up).

    Points at `tops` are labelled where the frame has them; the thin grey line is what it would be if all were worth
    the same. share and value name columns of numbers from 0 to 1; the curve begins at 0 and ends at 1.
    """
    data = frame.sort_values(share)
    across, up = (np.concatenate([[0.0], data[name].astype(float), [1.0]]) for name in (share, value))
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, height or max(2.5, min(width * 0.62, 3.4)), title, caption)
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.9)
        axes.annotate(
            i18n.word("chart.equal", language),
            (0.98, 0.26),
            va="center",
            ha="right",
            color=GREY,
            fontsize=TEXT_SIZE - 0.5,
        )
        axes.plot(across, up, color=ACCENT, linewidth=2.2, solid_joinstyle="round")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        percent = formatter(lambda one: i18n.number(one, "rate", language), language)
        scale(axes.xaxis, percent, 5 if width > 4 else 2)
        scale(axes.yaxis, percent, 5)
        axes.set_xlabel("\n".join(wrap(xlabel, width * 72 / TEXT_SIZE * (0.8 if width > 4 else 0.62))))
        axes.set_ylabel(ylabel)
        _points(axes, across, up, tops, figure.get_figheight() * 72 * 0.7, language)
    return figure


def _points(
    axes: Axes, across: np.ndarray, up: np.ndarray, tops: Sequence[float], points: float, language: str
) -> None:
    """The labelled points; labels stand to the right, below the curve, and never on one another."""
    found = [
        (top, float(up[place])) for top in tops for place in np.flatnonzero(np.isclose(across, top, atol=1e-6))[:1]
    ]
    ceiling = np.inf
    for top, height in sorted(found, reverse=True):
        level = min(height * points, ceiling - GAP)
        ceiling = level
        text = i18n.sentence("chart.top", language, top=_rate(top, language), share=_rate(height, language))
        axes.plot([top], [height], "o", color=ACCENT, markersize=5.5)
        axes.annotate(
            text,
            (top, height),
            (9, level - height * points - 4),
            textcoords="offset points",
            va="center",
            weight="bold" if np.isclose(top, 0.1) else "normal",
            color=ACCENT,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
        )


def _rate(share: float, language: str) -> str:
    return i18n.number(share, "rate", language).replace(".0", "")
