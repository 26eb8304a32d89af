"""Bars, lines, heat maps and dots: the title says the finding, labels stand beside what they name."""

import matplotlib as mpl
import numpy as np
import pandas as pd

from customerbase import i18n
from customerbase.charts.axes import (
    Format,
    bar_colors,
    bar_labels,
    canvas,
    end_label,
    formatter,
    heat_labels,
    intervals,
    is_time,
    labels_of,
    readable_cells,
    scale,
    short,
    time_axis,
    value_axis,
)
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, GREY, HEAT, HOUSE, INK, TEXT_SIZE, WIDTHS


def bars(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    title: str,
    caption: str,
    language: str,
    accent: str | None = None,
    fmt: Format | str | None = None,
    low: str | None = None,
    high: str | None = None,
    sort: bool = True,
    width: float = WIDTHS["half"],
) -> Figure:
    """Bars from zero, sorted by value, each labelled with its number.

    One of x and y is numeric (the length), the other names the bar; names of months give columns in time order.
    A column of segment codes is translated and gets the segments' fixed colours. `accent` is the one name to stress;
    low/high draw intervals.
    """
    value, label = (x, y) if pd.api.types.is_numeric_dtype(frame[x]) else (y, x)
    data = frame.dropna(subset=[value])
    if is_time(data[label]):
        return _columns(data, label, value, title, caption, language, accent, fmt, width)
    data = data.sort_values([value, label], ascending=[False, True], kind="stable") if sort else data
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, 0.26 * max(len(data), 1) + 0.15, title, caption)
        lengths, places = data[value].astype(float).to_numpy(), np.arange(len(data))
        axes.barh(places, lengths, height=0.68, color=bar_colors(data[label], accent))
        ends = intervals(axes, data, places, lengths, low, high)
        bar_labels(axes, places, lengths, ends, formatter(fmt, language), width)
        axes.set_yticks(places, [short(name, width) for name in labels_of(data[label], language)], color=INK)
        axes.invert_yaxis()
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        axes.axvline(0, color=GREY, linewidth=0.8)
    return figure


def line(
    frame: pd.DataFrame,
    x: str,
    y: str,
    *,
    title: str,
    caption: str,
    language: str,
    low: str | None = None,
    high: str | None = None,
    last_year: str | None = None,
    fmt: Format | str | None = None,
    zero: bool | None = None,
    goal: float | None = None,
    width: float = WIDTHS["half"],
    height: float | None = None,
) -> Figure:
    """A line over time: the last point is labelled, the interval is a band, last year is a thin grey line.

    low, high and last_year name columns; `zero` starts the scale at zero (default: when the line comes near it).
    """
    data = frame.sort_values(x)
    form = formatter(fmt, language)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, height or max(1.9, width * 0.33), title, caption)
        places, values = np.arange(len(data)), data[y].astype(float).to_numpy()
        if low and high:
            axes.fill_between(places, data[low].astype(float), data[high].astype(float), color=ACCENT, alpha=0.15, lw=0)
        if last_year and data[last_year].notna().any():
            before = data[last_year].astype(float).to_numpy()
            axes.plot(places, before, color=GREY, linewidth=1.0)
            end_label(axes, before, i18n.word("chart.last_year", language), GREY, False, values)
        if goal is not None:
            axes.axhline(goal, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
            axes.annotate(
                f"{i18n.word('report.goal', language)} {form(goal)}",
                (0, goal),
                (0, 3),
                textcoords="offset points",
                color=GREY,
                fontsize=TEXT_SIZE - 1,
            )
        axes.plot(places, values, color=ACCENT, linewidth=2.2, solid_capstyle="round")
        end_label(axes, values, form(values[-1]), ACCENT, True)
        time_axis(axes, list(data[x]), language, width)
        value_axis(axes, form, zero)
    return figure


def heatmap(
    matrix: pd.DataFrame,
    *,
    title: str,
    caption: str,
    language: str,
    fmt: Format | str,
    shade: pd.DataFrame | None = None,
    blank: str = "",
    text: pd.DataFrame | None = None,
    width: float = WIDTHS["half"],
    xlabel: str = "",
    ylabel: str = "",
    row: float = 0.27,
) -> Figure:
    """A table of numbers shaded by size (rows from the index, columns across the top); empty cells read `blank`.

    `shade` (0 to 1, same shape) replaces the shading, `text` (same shape) the printed numbers; row: inches a row is high.
    """
    import seaborn  # imported here: half a second that only heat maps need

    numbers = matrix.astype(float)
    form = formatter(fmt, language)
    printed = text if text is not None else numbers.map(lambda value: blank if np.isnan(value) else form(value))
    depth = (shade if shade is not None else numbers / (np.nanmax(numbers.to_numpy(), initial=0) or 1)).fillna(0.0)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, row * len(matrix) + 0.55, title, caption)
        colors = mpl.colors.LinearSegmentedColormap.from_list("house", HEAT)
        size = min(
            TEXT_SIZE - 0.5, 36 * width / max(len(matrix.columns), 1) / max(printed.map(_longest).max().max(), 2) / 0.85
        )
        seaborn.heatmap(
            depth.astype(float),
            ax=axes,
            cmap=colors,
            vmin=0,
            vmax=1,
            cbar=False,
            annot=printed.to_numpy(),
            fmt="",
            linewidths=1,
            linecolor="white",
            annot_kws={"fontsize": max(size, 6)},
        )
        readable_cells(axes, depth.astype(float).to_numpy(), colors)
        heat_labels(axes, matrix, language, width, xlabel, ylabel)
    return figure


def dots(
    frame: pd.DataFrame,
    y: str,
    x: str,
    low: str | None,
    high: str | None,
    *,
    title: str,
    caption: str,
    language: str,
    fmt: Format | str | None = None,
    accent: str | None = None,
    reference: float | None = None,
    sort: bool = True,
    width: float = WIDTHS["half"],
) -> Figure:
    """Dots with their intervals, for comparing groups: y names the group, x the value; `reference` is a grey line."""
    data = frame.dropna(subset=[x])
    data = data.sort_values([x, y], ascending=[False, True], kind="stable") if sort else data
    form = formatter(fmt, language)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, 0.27 * max(len(data), 1) + 0.35, title, caption)
        places, values = np.arange(len(data)), data[x].astype(float).to_numpy()
        colors = bar_colors(data[y], accent)
        if reference is not None:
            axes.axvline(reference, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        if low and high:
            axes.hlines(
                places, data[low].astype(float), data[high].astype(float), color=colors, linewidth=2.2, alpha=0.55
            )
        axes.scatter(values, places, s=34, color=colors, zorder=3)
        axes.set_yticks(places, [short(name, width) for name in labels_of(data[y], language)], color=INK)
        axes.set_ylim(len(data) - 0.4, -0.6)
        scale(axes.xaxis, form, 4 if width < 4 else 6)
    return figure


def _longest(text: str) -> int:
    """Characters of the longest line."""
    return max(map(len, text.split("\n")))


def _columns(data, label, value, title, caption, language, accent, fmt, width) -> Figure:
    data = data.sort_values(label)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, max(1.9, width * 0.33), title, caption)
        axes.bar(np.arange(len(data)), data[value].astype(float), width=0.7, color=bar_colors(data[label], accent))
        time_axis(axes, list(data[label]), language, width)
        value_axis(axes, formatter(fmt, language), True)
    return figure
