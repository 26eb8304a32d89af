"""The parts of a figure: canvas, scales, labels and colours, the same in every chart."""

import re
from collections.abc import Callable, Sequence
from datetime import date

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from customerbase import i18n, segments
from customerbase.charts.output import Figure
from customerbase.charts.style import (
    ACCENT,
    BAR_GREY,
    CAPTION_SIZE,
    GREY,
    INK,
    SEGMENT_COLORS,
    TEXT_SIZE,
    TITLE_SIZE,
    wrap,
)

Format = Callable[[float], str]


def canvas(width: float, height: float, title: str, caption: str) -> tuple[Figure, Axes]:
    """A figure whose plot is `height` inches high, with room for the wrapped title above and the caption below."""
    head = wrap(title, width * 72 / TITLE_SIZE)
    foot = wrap(caption, width * 72 / CAPTION_SIZE)
    top, bottom = (
        (len(head) * TITLE_SIZE * 1.4 + 6) / 72 * bool(head),
        (len(foot) * CAPTION_SIZE * 1.5 + 6) / 72 * bool(foot),
    )
    total = height + top + bottom
    figure = Figure(figsize=(width, total), layout="constrained")
    figure.get_layout_engine().set(w_pad=0.03, h_pad=0.03, rect=(0, bottom / total, 1, height / total))
    figure.text(
        0.005, 1 - 2 / 72 / total, "\n".join(head), fontsize=TITLE_SIZE, weight="bold", va="top", linespacing=1.35
    )
    figure.text(0.005, 2 / 72 / total, "\n".join(foot), fontsize=CAPTION_SIZE, color=GREY, va="bottom", linespacing=1.4)
    return figure, figure.add_subplot()


def formatter(fmt: Format | str | None, language: str) -> Format:
    """A function that writes a number: `fmt` itself, a unit of i18n, or a format string."""
    if callable(fmt):
        return fmt
    if fmt in i18n.UNITS:
        return lambda value: i18n.number(value, fmt, language)
    return fmt.format if fmt else lambda value: i18n.number(value, "number", language)


def is_time(column: pd.Series) -> bool:
    """True for a column of dates."""
    return pd.api.types.is_datetime64_any_dtype(column) or (len(column) > 0 and isinstance(column.iloc[0], date))


def labels_of(column: pd.Series, language: str) -> list[str]:
    """What stands beside each bar: segment codes become their names, days their month."""
    return [label_of(name, language) for name in column]


def label_of(name: object, language: str) -> str:
    """One label: a segment's name, a month as 2026-10, or the text itself."""
    if name in (*segments.codes(), segments.ABSENT_BEFORE, segments.ABSENT_NOW):
        return segments.name(name, language)
    return f"{name:%Y-%m}" if isinstance(name, date) else str(name)


def short(name: str, width: float) -> str:
    """A label cut to what fits beside the plot."""
    lines = wrap(name, width * 72 / TEXT_SIZE * 0.4)
    return lines[0] + "…" if len(lines) > 1 else name


def bar_colors(names: pd.Series, accent: str | None) -> list[str]:
    """One colour per bar: segments their own, the accented one the accent, all others grey."""
    if accent is not None:
        return [ACCENT if str(name) == str(accent) else BAR_GREY for name in names]
    return [SEGMENT_COLORS.get(name, ACCENT) for name in names]


def intervals(axes: Axes, data: pd.DataFrame, places, lengths, low: str | None, high: str | None) -> np.ndarray:
    """Draw thin interval lines on the bars; gives where each bar and its line end."""
    if not (low and high):
        return lengths
    axes.hlines(places, data[low].astype(float), data[high].astype(float), color=INK, linewidth=1.0)
    return np.fmax(lengths, data[high].astype(float).to_numpy())


def bar_labels(axes: Axes, places, lengths, ends, form: Format, width: float) -> None:
    """The number at the end of each bar, and room for it."""
    for place, length, end in zip(places, lengths, ends, strict=True):
        side = 1 if length >= 0 else -1
        axes.annotate(
            form(length),
            (end if side > 0 else length, place),
            (4 * side, 0),
            textcoords="offset points",
            va="center",
            ha="left" if side > 0 else "right",
            fontsize=TEXT_SIZE,
        )
    longest = max((len(form(length)) for length in lengths), default=1)
    space = (max(np.max(ends, initial=0), 0) - min(np.min(lengths, initial=0), 0)) * longest * 0.14 / width * 1.6
    axes.set_xlim(
        min(np.min(lengths, initial=0), 0) - (space if np.min(lengths, initial=0) < 0 else 0),
        (max(np.max(ends, initial=0), 0) + space) or 1,
    )


def end_label(axes: Axes, values, label: str, color: str, strong: bool, other=None) -> None:
    """Name a line at its last point; where the `other` line ends close by, step aside from it."""
    known = np.flatnonzero(~np.isnan(values))
    if not known.size:
        return
    place = known[-1]
    beside = 0.0
    if other is not None and place < len(other) and not np.isnan(other[place]):
        gap = values[place] - other[place]
        near = abs(gap) < 0.14 * (max(np.nanmax(values), np.nanmax(other)) or 1)
        beside = (-11 if gap < 0 else 11) * near
    axes.annotate(
        label,
        (place, values[place]),
        (6, beside),
        textcoords="offset points",
        color=color,
        weight="bold" if strong else "normal",
        va="center",
        annotation_clip=False,
    )
    axes.plot([place], [values[place]], "o", color=color, markersize=5 if strong else 3.2)


def time_axis(axes: Axes, days: list, language: str, width: float) -> None:
    """Months below the plot (of weeks: where each month begins), the year where it changes; only as many as fit."""
    months = [(pd.Timestamp(day).year, pd.Timestamp(day).month) for day in days]
    starts = [place for place, month in enumerate(months) if place == 0 or month != months[place - 1]]
    step = next(size for size in (1, 2, 3, 6, 12, 24, 60) if len(starts) / size <= width * 1.6 or size == 60)
    ticks = starts[::-1][::step][::-1]
    labels, year = [], None
    for place in ticks:
        when = pd.Timestamp(days[place])
        month = f"{when.month}月" if language == "ja" else i18n.MONTHS[when.month - 1]
        mark = f"{when.year}年" if language == "ja" else str(when.year)
        labels.append(f"{month}\n{mark}" if when.year != year else month)
        year = when.year
    if width < 5 and all("\n" in label for label in labels[:2]):
        labels[:1] = [label.partition("\n")[0] for label in labels[:1]]  # two years side by side do not fit
    axes.set_xticks(ticks, labels)
    axes.set_xlim(-0.5, len(days) - 0.5)


def value_axis(axes: Axes, form: Format, zero: bool | None) -> None:
    """Few round numbers to the left, hairlines across; from zero where asked or near."""
    bottom, top = axes.get_ylim()
    if zero or (zero is None and 0 < bottom < top * 0.5):
        axes.set_ylim(min(bottom, 0) if bottom < 0 else 0, top * 1.04)
    scale(axes.yaxis, form, 4)


def scale(axis, form: Format, ticks: int) -> None:
    """Few round numbers along one axis."""
    axis.set_major_locator(mpl.ticker.MaxNLocator(ticks, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(lambda value, _: re.sub(r"\.0(?!\d)", "", form(value)))
    axis.grid(True)


def readable_cells(axes: Axes, depth: np.ndarray, colors) -> None:
    """Black or white text, whichever reads better on each cell."""
    for cell, shade in zip(axes.texts, depth.ravel(), strict=True):
        red, green, blue = (
            part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in colors(shade)[:3]
        )
        cell.set_color("black" if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 else "white")


def heat_labels(axes: Axes, matrix: pd.DataFrame, language: str, width: float, xlabel: str, ylabel: str) -> None:
    """Columns named across the top (slanted where long), rows to the left."""
    across, down = (
        labels_of(pd.Series(list(labels), dtype=object), language) for labels in (matrix.columns, matrix.index)
    )
    longest = max(map(len, across), default=0)
    tilt = longest > 2 and longest * 0.14 > width / max(len(across), 1) * 0.6
    axes.xaxis.tick_top()
    axes.set_xticklabels(
        across, rotation=40 if tilt else 0, ha="left" if tilt else "center", rotation_mode="anchor", color=INK
    )
    axes.set_yticklabels(down, rotation=0, color=INK)
    axes.tick_params(length=0)
    axes.xaxis.set_label_position("top")
    axes.set_xlabel(xlabel)
    axes.set_ylabel(ylabel)
    axes.patch.set_facecolor("white")


def name_dots(axes: Axes, dots: Sequence[tuple[float, str, str]]) -> None:
    """The names of two dots (place, name, colour) of the first row above it, each to its own side."""
    style = {"textcoords": "offset points", "annotation_clip": False, "fontsize": TEXT_SIZE - 0.5}
    left, right = sorted(dots, key=lambda dot: dot[0])
    for (place, name, color), side, shift in ((left, "right", -3), (right, "left", 3)):
        axes.annotate(name, (place, 0), (shift, 11), ha=side, color=color, **style)
