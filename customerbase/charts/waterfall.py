"""A waterfall: how a sum comes about, step by step."""

import matplotlib as mpl
import numpy as np
import pandas as pd

from customerbase.charts.axes import Format, canvas, formatter
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, AGAINST, GREY, HOUSE, INK, TEXT_SIZE, WIDTHS


def waterfall(
    frame: pd.DataFrame,
    step: str,
    value: str,
    *,
    total: str,
    title: str,
    caption: str,
    language: str,
    fmt: Format | str | None = None,
    width: float = WIDTHS["half"],
) -> Figure:
    """Steps from top to bottom, each beginning where the one before ended; the last bar is their sum, named `total`."""
    form = formatter(fmt, language)
    steps = frame[value].astype(float).to_numpy()
    ends = np.cumsum(steps)
    starts = np.append(ends - steps, 0.0)
    lengths = np.append(steps, ends[-1] if len(ends) else 0.0)
    colors = [ACCENT if length >= 0 else AGAINST for length in steps] + [INK]
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, 0.27 * len(lengths) + 0.15, title, caption)
        places = np.arange(len(lengths))
        axes.barh(places, lengths, left=starts, height=0.66, color=colors)
        axes.axvline(0, color=GREY, linewidth=0.8)
        for place, start, length in zip(places, starts, lengths, strict=True):
            axes.annotate(
                form(length),
                (max(start, start + length), place),
                (4, 0),
                textcoords="offset points",
                va="center",
                fontsize=TEXT_SIZE - 1,
                color=INK,
            )
        axes.set_yticks(places, [*frame[step], total], color=INK)
        axes.invert_yaxis()
        axes.margins(x=0.12)
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
    return figure
