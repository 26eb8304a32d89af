"""Calibration: what a model predicted for each class of customers, against what they did."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from customerbase import i18n
from customerbase.charts.axes import Format, canvas, formatter, labels_of, scale
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, AGAINST, HOUSE, INK, TEXT_SIZE, WIDTHS, wrap


def calibration(
    frame: pd.DataFrame,
    group: str,
    actual: str,
    low: str,
    high: str,
    predicted: str,
    *,
    title: str,
    caption: str,
    language: str,
    n: str | None = None,
    fmt: Format | str | None = None,
    xlabel: str = "",
    width: float = WIDTHS["half"],
) -> Figure:
    """One row per class in the order given: a dot with its interval for what was, a hollow diamond for what was predicted.

    group names the class, n the column with its size, written beside the name; xlabel says what is counted.
    """
    data = frame.dropna(subset=[actual, predicted]).reset_index(drop=True)
    made, foretold = (data[name].astype(float).to_numpy() for name in (actual, predicted))
    ends = [data[name].astype(float).fillna(data[actual].astype(float)).to_numpy() for name in (low, high)]
    places, form = np.arange(len(data)), formatter(fmt, language)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, 0.3 * max(len(data), 1) + 0.6, title, caption)
        axes.hlines(places, *ends, color=ACCENT, linewidth=2.2, alpha=0.55)
        axes.scatter(made, places, s=36, color=ACCENT, zorder=3)
        axes.scatter(foretold, places, s=44, marker="D", facecolor="none", edgecolor=AGAINST, linewidth=1.7, zorder=4)
        axes.set_yticks(places, _rows(data, group, n, language), color=INK)
        axes.set_ylim(len(data) - 0.4, -0.6)
        axes.set_xlabel("\n".join(wrap(xlabel, width * 72 / TEXT_SIZE * 0.55)))
        axes.set_xlim(0, max(np.max(foretold, initial=0), np.max(ends[1], initial=0), 1e-9) * 1.06)
        scale(axes.xaxis, form, 4 if width < 4 else 6)
        if len(data):
            _names(axes, made, foretold, ends, language)
    return figure


def _rows(data: pd.DataFrame, group: str, n: str | None, language: str) -> list[str]:
    names = labels_of(data[group], language)
    if n is None:
        return names
    sizes = [i18n.sentence("chart.n", language, n=f"{int(size):,}") for size in data[n]]
    return [f"{name} ({size})" for name, size in zip(names, sizes, strict=True)]


def _names(axes: Axes, made: np.ndarray, foretold: np.ndarray, ends: list[np.ndarray], language: str) -> None:
    """Name both marks once, on either side of the row that has most room to its left."""
    left, right = np.minimum(ends[0], foretold), np.maximum(ends[1], foretold)
    row = int(np.argmax(left))
    words = {"chart.actual": ACCENT, "chart.model": AGAINST}
    order = list(words) if made[row] <= foretold[row] else list(words)[::-1]
    most = axes.get_xlim()[1]
    crowded = left[row] < 0.3 * most  # no room: both names to the right
    axes.set_xlim(
        0, max(most, right[row] + most * (0.45 if crowded else 0.25) * max(5.6 / axes.figure.get_figwidth(), 1))
    )
    texts = [i18n.word(key, language) for key in order]
    style = {
        "annotation_clip": False,
        "textcoords": "offset points",
        "va": "center",
        "weight": "bold",
        "fontsize": TEXT_SIZE,
    }
    places = (
        [(right[row], 8, "left"), (right[row], 70, "left")]
        if crowded
        else [(left[row], -8, "right"), (right[row], 8, "left")]
    )
    for key, text, (x, aside, side) in zip(order, texts, places, strict=True):
        axes.annotate(text, (x, row), (aside, 0), ha=side, color=words[key], **style).set_in_layout(False)
