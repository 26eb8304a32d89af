"""A goal and the way to it: the history, the fan of what may come, and where the KPI is to be."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from customerbase import i18n
from customerbase.charts.axes import Format, canvas, formatter, time_axis, value_axis
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, AGAINST, GREY, HOUSE, RULE, TEXT_SIZE, WIDTHS

SHOWN = 24  # months of history
FAINT = "#F1F2F4"  # ground of the time ahead


def goal(
    history: pd.DataFrame,
    path: pd.DataFrame,
    to_reach: float,
    *,
    title: str,
    caption: str,
    language: str,
    fmt: Format | str | None = None,
    width: float = WIDTHS["half"],
    height: float | None = None,
) -> Figure:
    """A KPI by month, its forecast with the 80 % interval until the month of its goal, and the goal as a marked point.

    history: month, value (the newest 24 months are shown). path: month, forecast, low, high, one row per month ahead, and
    where there is one, needed, the straight way to the goal. to_reach: the goal, in the last month of the path.
    """
    past = history.dropna(subset=["value"]).sort_values("month").tail(SHOWN)
    ahead = path.sort_values("month")
    days = [*past["month"], *ahead["month"]]
    form, now, last = formatter(fmt, language), len(past) - 1, len(days) - 1
    start = float(past["value"].iloc[-1])
    places = np.arange(now, last + 1)
    fan = {
        name: np.append(start, ahead[name].astype(float))
        for name in ahead.columns.drop("month").drop("kpi", errors="ignore")
    }
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, height or max(2.3, width * 0.4), title, caption)
        axes.fill_between(places, fan["low"], fan["high"], color=ACCENT, alpha=0.16, lw=0)
        if "needed" in fan:
            axes.plot(places, fan["needed"], color=AGAINST, linewidth=1.2, linestyle=(0, (1, 2)))
        axes.plot(places, fan["forecast"], color=ACCENT, linewidth=1.6, linestyle=(0, (4, 2)))
        axes.plot(np.arange(now + 1), past["value"].astype(float), color=ACCENT, linewidth=2.2, solid_capstyle="round")
        axes.plot([now], [start], "o", color=ACCENT, markersize=4.5)
        axes.plot([last], [to_reach], "D", color=AGAINST, markersize=7, zorder=5, clip_on=False)
        time_axis(axes, days, language, width)
        value_axis(axes, form, None)
        _ground(axes, now, language)
        _ends(axes, last, to_reach, float(fan["forecast"][-1]), form, language)
    return figure


def _ground(axes: Axes, now: int, language: str) -> None:
    """The time ahead on grey ground, with its name on top."""
    low, high = axes.get_ylim()
    axes.set_ylim(low, high + (high - low) * 0.12)  # a line of text fits above the curves
    axes.axvspan(now + 0.5, axes.get_xlim()[1], color=FAINT, lw=0, zorder=-2)
    axes.axvline(now + 0.5, color=RULE, linewidth=1.0, zorder=-1)
    text = i18n.word("goals.fan", language)
    place = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "va": "top", "ha": "right"}
    axes.annotate(text, (axes.get_xlim()[1], 1), (-4, -3), color=GREY, fontsize=TEXT_SIZE - 0.5, **place)


def _ends(axes: Axes, last: int, to_reach: float, forecast: float, form: Format, language: str) -> None:
    """Goal and forecast by name and value to the right of the plot, stepping aside from each other."""
    low, high = axes.get_ylim()
    apart = (to_reach - forecast) / (high - low) * axes.bbox.height / axes.figure.dpi * 72
    need = (TEXT_SIZE * 2.9 - abs(apart)) / 2 if abs(apart) < TEXT_SIZE * 2.9 else 0.0
    step = need if to_reach >= forecast else -need
    axes.plot([last], [forecast], "o", color=ACCENT, markersize=4.5)
    look = {
        "textcoords": "offset points",
        "va": "center",
        "weight": "bold",
        "annotation_clip": False,
        "linespacing": 1.2,
    }
    named = i18n.word("goals.column.goal", language), i18n.word("goals.column.forecast", language)
    axes.annotate(f"{named[0]}\n{form(to_reach)}", (last, to_reach), (9, step), color=AGAINST, **look)
    axes.annotate(f"{named[1]}\n{form(forecast)}", (last, forecast), (9, -step), color=ACCENT, **look)
