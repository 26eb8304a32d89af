"""How a quantity is spread over customers: classes of any width side by side, small ones withheld and said to be so."""

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from customerbase.charts.axes import Format, canvas, formatter, value_axis
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, BAR_GREY, GREY, HOUSE, INK, RULE, TEXT_SIZE, WIDTHS


def histogram(
    frame: pd.DataFrame,
    low: str,
    high: str,
    count: str,
    *,
    title: str,
    caption: str,
    language: str,
    marks: Mapping[str, float] | None = None,
    fmt: Format | str | None = None,
    withheld: str | None = None,
    ylabel: str = "",
    width: float = WIDTHS["half"],
    height: float | None = None,
) -> Figure:
    """One column per class, all equally wide whatever their ends (a scale like a logarithm's); ends stand below.

    low, high: ends of the classes, ascending, each beginning where the one before ends. count: how many, empty where
    withheld: such a class has no column but says so, in the words of the column `withheld`. marks: name -> value, drawn as a named line (median, mean).
    """
    data = frame.sort_values(low, ignore_index=True)
    form, places = formatter(fmt, language), np.arange(len(data))
    heights = data[count].astype(float).to_numpy()
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, height or max(2.2, width * 0.38), title, caption)
        axes.bar(places + 0.5, np.nan_to_num(heights), width=0.9, color=BAR_GREY)
        for place in np.flatnonzero(np.isnan(heights)):
            axes.bar(
                place + 0.5,
                0.035,
                0.9,
                color="none",
                edgecolor=RULE,
                hatch="////",
                transform=axes.get_xaxis_transform(),
            )
            style = {"xycoords": ("data", "axes fraction"), "textcoords": "offset points", "ha": "center"}
            text = str(data.loc[place, withheld]) if withheld else "*"
            axes.annotate(text, (place + 0.5, 0.035), (0, 2), color=GREY, fontsize=TEXT_SIZE - 1.5, **style)
        _ends(axes, data, low, high, form, width)
        axes.set_ylim(0, max(np.nanmax(heights, initial=0), 1) * (1.0 + 0.16 * len(marks or {})))
        value_axis(axes, lambda number: f"{number:,.0f}", True)
        axes.set_ylabel(ylabel)
        edges = np.append(data[low].astype(float), data[high].astype(float).iloc[-1:])
        ranked = sorted((marks or {}).items(), key=lambda item: item[1])
        for row, (name, value) in enumerate(ranked):
            _mark(axes, _place(value, edges), f"{name} {form(value)}", row)
    return figure


def _ends(axes: Axes, data: pd.DataFrame, low: str, high: str, form: Format, width: float) -> None:
    """The ends of the classes, as many as can be read."""
    edges = [*data[low].astype(float), *data[high].astype(float).iloc[-1:]]
    longest = max((len(form(edge)) for edge in edges), default=1)
    step = max(1, int(np.ceil(len(edges) * (longest * 0.085 + 0.1) / (width * 0.85))))
    ticks = range(0, len(edges), step)
    axes.set_xticks(list(ticks), [form(edges[tick]) for tick in ticks])
    axes.set_xlim(-0.1, len(edges) - 0.9)


def _place(value: float, edges: np.ndarray) -> float:
    """Where a value stands between the ends: by its logarithm within its class, evenly in one that begins at 0."""
    row = int(np.clip(np.searchsorted(edges, value, side="right") - 1, 0, len(edges) - 2))
    low, high = edges[row], edges[row + 1]
    inside = np.log(value / low) / np.log(high / low) if low > 0 and value > 0 else (value - low) / (high - low)
    return row + float(np.clip(inside, 0, 1))


def _mark(axes: Axes, place: float, text: str, row: int) -> None:
    """A line with its name: the smallest value on top, so that no name crosses the line of a larger one."""
    left, right = axes.get_xlim()
    share = (place - left) / (right - left)
    leftwards = share > 0.6
    top, color = axes.get_ylim()[1] * (0.99 - 0.125 * row), INK if row else ACCENT
    axes.plot([place, place], [0, top], color=color, linewidth=1.6)
    style = {"textcoords": "offset points", "va": "top", "weight": "bold", "color": color}
    axes.annotate(text, (place, top), (-5 if leftwards else 5, 1), ha="right" if leftwards else "left", **style)
