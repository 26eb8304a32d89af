"""The gain curve: how much of all margin the first customers of a list reach, against other orderings and chance."""

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from customerbase import i18n
from customerbase.charts.axes import canvas, formatter, scale
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, AGAINST, GREY, HOUSE, INK, TEXT_SIZE, WIDTHS, wrap

GAP = 1.5 * TEXT_SIZE  # points from one label to the next


def gains(
    frame: pd.DataFrame,
    names: Mapping[str, str],
    *,
    title: str,
    caption: str,
    language: str,
    capacity: float | None = None,
    share: str = "share",
    width: float = WIDTHS["half"],
    height: float | None = None,
) -> Figure:
    """Share of customers contacted (across) against the share of all margin that they brought (up).

    frame: of propensity.gain_curve. names: column -> what the reader calls it, the list first, then at most one other
    ordering; the thin grey line is chance. capacity: the share of customers that can be contacted, marked, and what each
    ordering reaches there is labelled.
    """
    data = frame.sort_values(share)
    across = data[share].to_numpy(dtype=float)
    colors = dict(zip(names, (ACCENT, AGAINST), strict=False))
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, height or max(2.5, min(width * 0.62, 3.4)), title, caption)
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.9)
        for column, color in reversed(colors.items()):
            style = {"linewidth": 2.2} if color == ACCENT else {"linewidth": 1.6, "linestyle": (0, (5, 2))}
            axes.plot(across, data[column].astype(float), color=color, solid_joinstyle="round", **style)
        tops = [1.0, *(float(data[column].max()) for column in names)]
        lows = [0.0, *(float(data[column].min()) for column in names)]
        axes.set_xlim(0, 1)
        axes.set_ylim(min(lows), max(tops) * 1.02)
        percent = formatter(lambda one: i18n.number(one, "rate", language), language)
        scale(axes.xaxis, percent, 5 if width > 4 else 2)
        scale(axes.yaxis, percent, 5)
        axes.set_xlabel("\n".join(wrap(i18n.word("priority.chart.customers", language), width * 72 / TEXT_SIZE * 0.8)))
        axes.set_ylabel(i18n.word("priority.chart.margin", language))
        _labels(axes, data, share, names, colors, capacity, figure.get_figheight() * 72 * 0.7, language)
    return figure


def _labels(axes: Axes, data, share, names, colors, capacity, points: float, language: str) -> None:
    """Each line named once, below and to the right of where it is read; labels never stand on one another."""
    across = data[share].to_numpy(dtype=float)
    at = capacity if capacity is not None else 0.4
    if capacity is not None:
        axes.axvline(capacity, color=INK, linewidth=0.8, linestyle=(0, (1, 2)))
        text = i18n.sentence("priority.chart.capacity", language, share=_rate(capacity, language))
        side = "right" if capacity > 0.75 else "left"
        axes.annotate(
            text, (capacity, 0), (-5 if side == "right" else 5, 4), textcoords="offset points", ha=side, va="bottom",
            color=GREY, fontsize=TEXT_SIZE - 1,
        )  # fmt: skip
    lines = [(float(np.interp(at, across, data[one].astype(float))), name, colors[one]) for one, name in names.items()]
    lines.append((at, i18n.word("priority.chart.random", language), GREY))
    reach = axes.get_ylim()
    right = at > 0.6
    ceiling = np.inf
    for height, name, color in sorted(lines, reverse=True):
        exact = (height - reach[0]) / (reach[1] - reach[0]) * points
        level = min(exact - 4, ceiling - GAP)
        ceiling = level
        text = f"{name} {_rate(height, language)}" if capacity is not None else name
        axes.plot([at], [height], "o", color=color, markersize=5.5 if color == ACCENT else 4)
        axes.annotate(
            text, (at, height), (-10 if right else 10, level - exact), textcoords="offset points", va="center",
            ha="right" if right else "left", color=color, weight="bold" if color == ACCENT else "normal",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
        )  # fmt: skip


def _rate(share: float, language: str) -> str:
    return i18n.number(share, "rate", language).replace(".0", "")
