"""Overlap of groups as an UpSet chart: one row per combination, dots for the groups in it, a bar for its size.

Source: Lex, Gehlenborg, Strobelt, Vuillemot & Pfister (2014), UpSet: Visualization of Intersecting Sets, IEEE
Transactions on Visualization and Computer Graphics 20, 1983–1992; laid on its side, so that it fits a phone.
"""

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from customerbase.charts.axes import Format, canvas, formatter
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, BAR_GREY, HOUSE, INK, RULE, TEXT_SIZE, WIDTHS

ROW, LETTER = 0.3, 0.13  # inches: height of a row; width of a character of a group's name
MOST_ROWS = 12


def upset(
    frame: pd.DataFrame,
    groups: str,
    value: str,
    *,
    title: str,
    caption: str,
    language: str,
    sizes: Mapping[str, int | None] | None = None,
    fmt: Format | str | None = None,
    separator: str = ";",
    width: float = WIDTHS["half"],
) -> Figure:
    """One row per combination of groups, the largest first: dots for the groups in it, a bar from zero for its size.

    groups: the column with the combination's groups joined by `separator`; value: the column with its size. Rows of
    several groups carry the accent, those of one stand grey. sizes: group -> its own size, written under its name
    (left out where None); it also gives the order of the groups, else they stand by name. At most 12 rows are drawn.
    """
    data = frame.sort_values([value, groups], ascending=[False, True], kind="stable").head(MOST_ROWS)
    parts = [names.split(separator) for names in data[groups]]
    order = list(sizes) if sizes else sorted({name for names in parts for name in names})
    lengths, form = data[value].astype(float).to_numpy(), formatter(fmt, language)
    heads = [_head(name, (sizes or {}).get(name), form) for name in order]
    with mpl.rc_context(HOUSE):
        step, tilted = _step(heads, width)
        top = 0.75 if tilted else 0.45
        figure, axes = canvas(width, ROW * max(len(data), 1) + top + 0.1, title, caption)
        unit = (max(np.max(lengths, initial=0), 1)) * 1.25 / max(width - step * (len(order) + 0.6), 1)  # value per inch
        places = -(np.arange(len(order), 0, -1) - 0.4) * step * unit
        _dots(axes, parts, dict(zip(order, places, strict=True)))
        _bars(axes, lengths, [len(names) for names in parts], form)
        _heads(axes, places, heads, tilted)
        axes.set_xlim(places[0] - 0.6 * step * unit if len(places) else -1, max(np.max(lengths, initial=0), 1) * 1.25)
        axes.set_ylim(len(data) - 0.5, -0.5 - top / ROW)
        axes.axis("off")
    return figure


def _head(name: str, size: int | None, form: Format) -> str:
    return name if size is None else f"{name}\n{form(size)}"


def _step(heads: list[str], width: float) -> tuple[float, bool]:
    """Inches from group to group, and whether their names must be slanted to fit into two fifths of the width."""
    longest = max((len(line) for head in heads for line in head.split("\n")), default=1)
    level = max(longest * LETTER, 0.4)
    tilted = level * len(heads) > 0.4 * width
    return (max(0.3, min(0.45, 0.4 * width / max(len(heads), 1))) if tilted else level), tilted


def _dots(axes: Axes, parts: list[list[str]], places: Mapping[str, float]) -> None:
    for row, names in enumerate(parts):
        inside = [places[name] for name in names if name in places]
        axes.scatter(list(places.values()), [row] * len(places), s=42, color=RULE, zorder=2)
        if len(inside) > 1:
            axes.plot([min(inside), max(inside)], [row, row], color=INK, linewidth=1.6, zorder=3)
        axes.scatter(inside, [row] * len(inside), s=46, color=INK, zorder=4)


def _bars(axes: Axes, lengths: np.ndarray, groups: list[int], form: Format) -> None:
    colors = [ACCENT if count > 1 else BAR_GREY for count in groups]
    axes.barh(np.arange(len(lengths)), lengths, height=0.62, color=colors, zorder=2)
    for row, length in enumerate(lengths):
        axes.annotate(
            form(length), (length, row), (4, 0), textcoords="offset points", va="center", ha="left", fontsize=TEXT_SIZE
        )


def _heads(axes: Axes, places: np.ndarray, heads: list[str], tilted: bool) -> None:
    for place, head in zip(places, heads, strict=True):
        axes.annotate(
            head.replace("\n", " ") if tilted else head,
            (place, -0.5),
            (0, 3),
            textcoords="offset points",
            ha="left" if tilted else "center",
            va="bottom",
            rotation=40 if tilted else 0,
            rotation_mode="anchor",
            fontsize=TEXT_SIZE,
            linespacing=1.3,
            annotation_clip=False,
        )
