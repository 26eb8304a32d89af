"""Actual against model over time, with the range of what may happen, and the time ahead clearly set apart."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection

from customerbase import i18n
from customerbase.charts.axes import Format, canvas, formatter, time_axis, value_axis
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, AGAINST, GREY, HOUSE, RULE, TEXT_SIZE, WIDTHS

DASHES = (0, (4, 2))
FAINT = "#F1F2F4"  # ground of the time ahead


def tracking(
    frame: pd.DataFrame,
    x: str,
    actual: str,
    expected: str,
    *,
    title: str,
    caption: str,
    language: str,
    low: str | None = None,
    high: str | None = None,
    ahead: str | None = None,
    fmt: Format | str | None = None,
    width: float = WIDTHS["half"],
    height: float | None = None,
) -> Figure:
    """What happened (solid line) against what a model expects (dashed, its range as a band), from zero.

    x: a column of days, one row per month or week. actual may end before expected does; where `ahead` (a boolean
    column) is true the ground is grey and says so, and the last expected value is written out. low and high name the
    ends of the range.
    """
    data = frame.sort_values(x, ignore_index=True)
    form, places = formatter(fmt, language), np.arange(len(data))
    made, model = (data[name].astype(float).to_numpy() for name in (actual, expected))
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, height or max(2.1, width * 0.36), title, caption)
        band = None
        if low and high:
            ends = (data[name].astype(float) for name in (low, high))
            band = axes.fill_between(places, *ends, color=AGAINST, alpha=0.18, lw=0)
            # a band of one month has no width
            alone = data[[low, high]].notna().all(axis=1).to_numpy()
            alone = alone & ~np.append(alone[1:], False) & ~np.append(False, alone[:-1])
            if alone.any():
                span = (data[name].astype(float).to_numpy()[alone] for name in (low, high))
                axes.vlines(places[alone], *span, color=AGAINST, linewidth=2.2, alpha=0.5)
        lines = axes.plot(places, model, color=AGAINST, linewidth=1.6, linestyle=DASHES)
        lines += axes.plot(places, made, color=ACCENT, linewidth=2.2, solid_capstyle="round")
        time_axis(axes, list(data[x]), language, width)
        value_axis(axes, form, True)
        first = int(np.argmax(data[ahead])) if ahead and data[ahead].any() else None
        _ahead(axes, first, language)
        _end(axes, made, model, form, first)
        _key(axes, lines, band, language)
    return figure


def _ahead(axes: Axes, first: int | None, language: str) -> None:
    """The ground of the time ahead, with its name on top."""
    axes.set_ylim(0, axes.get_ylim()[1] * 1.12)  # a line of text fits above the curves
    if first is None:
        return
    right = axes.get_xlim()[1]
    axes.axvspan(first - 0.5, right, color=FAINT, lw=0, zorder=-2)
    axes.axvline(first - 0.5, color=RULE, linewidth=1.0, zorder=-1)
    share = (right - first + 0.5) / (right - axes.get_xlim()[0])
    side = {"ha": "left", "xytext": (4, -3)} if share > 0.15 else {"ha": "right", "xytext": (-4, -3)}
    axes.annotate(
        i18n.word("chart.ahead", language),
        (first - 0.5, 1),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        va="top",
        color=GREY,
        fontsize=TEXT_SIZE - 0.5,
        **side,
    )


def _end(axes: Axes, made: np.ndarray, model: np.ndarray, form: Format, first: int | None) -> None:
    """A dot where the past ends, and one where the time ahead ends, with its value."""
    known = np.flatnonzero(~np.isnan(made))
    if known.size:
        axes.plot([known[-1]], [made[known[-1]]], "o", color=ACCENT, markersize=4.5)
    if first is None:
        return
    last = len(model) - 1
    axes.plot([last], [model[last]], "o", color=AGAINST, markersize=4.5)
    style = {"textcoords": "offset points", "va": "center", "weight": "bold", "annotation_clip": False}
    axes.annotate(form(model[last]), (last, model[last]), (6, 0), color=AGAINST, **style)


def _key(axes: Axes, lines: list, band: PolyCollection | None, language: str) -> None:
    """The names of line, line and band in one row above the plot, each in its colour and in its own stroke."""
    shown = [("chart.actual", lines[1]), ("chart.model", lines[0])] + ([("chart.range", band)] if band else [])
    axes.legend(
        [handle for _, handle in shown],
        [i18n.word(key, language) for key, _ in shown],
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=len(shown),
        frameon=False,
        fontsize=TEXT_SIZE,
        labelcolor=[ACCENT, AGAINST, AGAINST][: len(shown)],
        handlelength=1.8,
        handletextpad=0.5,
        columnspacing=1.4,
        borderaxespad=0.1,
        borderpad=0.1,
    )
