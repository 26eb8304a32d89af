"""A tree of contributions: what a change is made of, every branch a bar from zero under the sum it belongs to."""

import matplotlib as mpl
import numpy as np
import pandas as pd

from customerbase.charts.axes import Format, canvas, formatter
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, AGAINST, BAR_GREY, GREY, HOUSE, INK, RULE, TEXT_SIZE, WIDTHS

INDENT = 3 * "\N{NO-BREAK SPACE}"  # plain spaces at the start of a text fall together in SVG


def tree(
    frame: pd.DataFrame,
    label: str,
    value: str,
    depth: str,
    low: str | None = None,
    high: str | None = None,
    *,
    title: str,
    caption: str,
    language: str,
    fmt: Format | str | None = None,
    width: float = WIDTHS["half"],
) -> Figure:
    """Rows from the root down: names indented by depth, bars of contributions from zero, the number at the right edge.

    The root is dark, sums below it are grey, the deepest parts blue above zero and orange below it (hatched, so that
    grey print tells them apart). low/high draw the interval, where there is one.
    """
    form = formatter(fmt, language)
    values, depths = frame[value].astype(float).to_numpy(), frame[depth].astype(int).to_numpy()
    is_leaf = np.append(depths[1:] <= depths[:-1], True) if len(depths) else np.array([], dtype=bool)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, 0.25 * max(len(values), 1) + 0.15, title, caption)
        places = np.arange(len(values))
        for place, amount, level, leaf in zip(places, values, depths, is_leaf, strict=True):
            color = (ACCENT if amount >= 0 else AGAINST) if leaf else INK if level == 0 else BAR_GREY
            hatch = "////" if leaf and amount < 0 else None
            axes.barh(place, amount, height=0.62, color=color, hatch=hatch, edgecolor="white", linewidth=0)
        if low and high:
            ends = frame[[low, high]].astype(float).to_numpy()
            axes.hlines(places, ends[:, 0], ends[:, 1], color=GREY, linewidth=1.1, zorder=3)
        axes.axvline(0, color=GREY, linewidth=0.8)
        _numbers(axes, places, values, depths, form)
        axes.set_yticks(places, [INDENT * level + str(name) for name, level in zip(frame[label], depths, strict=True)])
        for tick in axes.get_yticklabels():
            tick.set_color(INK)
            tick.set_horizontalalignment("left")
        figure.draw_without_rendering()
        widest = max((tick.get_window_extent().width for tick in axes.get_yticklabels()), default=0)
        axes.tick_params(axis="y", pad=widest * 72 / figure.dpi + 4)
        axes.set_ylim(len(values) - 0.4, -0.6)
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
    return figure


def _numbers(axes, places: np.ndarray, values: np.ndarray, depths: np.ndarray, form: Format) -> None:
    """The contributions in one right-aligned column beside the bars, with a hairline above each sum."""
    for place, amount, level in zip(places, values, depths, strict=True):
        axes.annotate(
            form(amount), (1.0, place), xycoords=("axes fraction", "data"), xytext=(58, 0), textcoords="offset points",
            ha="right", va="center", color=INK, fontsize=TEXT_SIZE - 0.5, weight="bold" if level == 0 else "normal",
        )  # fmt: skip
        if level == 1:
            axes.axhline(place - 0.5, color=RULE, linewidth=0.6)
