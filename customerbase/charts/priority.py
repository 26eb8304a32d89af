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


def priorities(
    frame: pd.DataFrame,
    names: Mapping[str, str],
    *,
    title: str,
    caption: str,
    language: str,
    capacity: float | None = None,
    interval: tuple[float, float] | None = None,
    share: str = "share",
    width: float = WIDTHS["half"],
    height: float | None = None,
) -> Figure:
    """Share of customers contacted (across) against the share of all margin that they brought (up).

    frame: of propensity.gain_curve. names: column -> what the reader calls it, the list first, then at most one other
    ordering; the thin grey line is chance. capacity: the share of customers that can be contacted, marked, and what each
    ordering reaches there is labelled; interval: low and high of what the list reaches there.
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
        if capacity is not None and interval is not None:
            axes.vlines([capacity], *interval, color=ACCENT, linewidth=4, alpha=0.35)
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
    """Each line named once, beside where it is read; labels never stand on one another."""
    at, right = capacity if capacity is not None else 0.4, capacity is not None and capacity > 0.6
    read = {name: float(np.interp(at, data[share].astype(float), data[name].astype(float))) for name in names}
    order = sorted(read, key=read.get, reverse=True)
    bottom, top = axes.get_ylim()
    exact = {name: (read[name] - bottom) / (top - bottom) * points for name in names}
    levels = _apart([exact[name] - 4 for name in order])
    for name, level in zip(order, levels, strict=True):
        strong = colors[name] == ACCENT
        text = f"{names[name]} {_rate(read[name], language)}" if capacity is not None else names[name]
        axes.plot([at], [read[name]], "o", color=colors[name], markersize=5.5 if strong else 4)
        axes.annotate(
            text, (at, read[name]), (-10 if right else 10, level - exact[name]), textcoords="offset points",
            va="center", ha="right" if right else "left", color=colors[name], weight="bold" if strong else "normal",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
        )  # fmt: skip
    _chance(axes, [level / points for level in levels], language)
    if capacity is not None:
        _capacity(axes, capacity, language)


def _apart(levels: list[float]) -> list[float]:
    """Heights from the highest down, in points, moved so that labels are GAP apart and none stands below the axis."""
    for place in range(1, len(levels)):
        levels[place] = min(levels[place], levels[place - 1] - GAP)
    for place in range(len(levels) - 1, -1, -1):
        below = levels[place + 1] + GAP if place + 1 < len(levels) else GAP / 2
        levels[place] = max(levels[place], below)
    return levels


def _chance(axes: Axes, taken: list[float], language: str) -> None:
    """The diagonal's name below it, where it is farthest from the labels of the lines."""
    place = max((0.7, 0.55, 0.4, 0.25), key=lambda one: min(abs(one - 0.06 - other) for other in taken))
    axes.annotate(
        i18n.word("priority.chart.random", language), (place, place), (7, -7), textcoords="offset points",
        va="top", ha="left", color=GREY, fontsize=TEXT_SIZE - 0.5,
    )  # fmt: skip


def _capacity(axes: Axes, capacity: float, language: str) -> None:
    axes.axvline(capacity, color=INK, linewidth=0.8, linestyle=(0, (1, 2)))
    text = i18n.sentence("priority.chart.capacity", language, share=_rate(capacity, language))
    side = "left" if capacity < 0.3 else "right" if capacity > 0.7 else "center"
    axes.annotate(
        text, (capacity, 1), (0, 3), xycoords=("data", "axes fraction"), textcoords="offset points", ha=side,
        va="bottom", color=GREY, fontsize=TEXT_SIZE - 1, annotation_clip=False,
    )  # fmt: skip


def _rate(share: float, language: str) -> str:
    return i18n.number(share, "rate", language).replace(".0", "")
