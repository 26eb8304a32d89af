"""When to contact: peak and best day of several things side by side, with their intervals."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from customerbase import i18n
from customerbase.charts.axes import canvas, scale, short
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, AGAINST, HOUSE, INK, TEXT_SIZE, WIDTHS

NARROW = 5.0  # inches; in less the names of the marks stand below each other


def best_days(rows: pd.DataFrame, *, title: str, caption: str, language: str, width: float = WIDTHS["half"]) -> Figure:
    """Days as good to contact as a bar, the best of them as a dot, the peak as a diamond with its interval; a line a thing.

    rows: of repurchase_things with a best day, in the order to be drawn; name: what each thing is called.
    """
    lines = 1 if width > NARROW else 3
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, 0.3 * len(rows) + 0.55 + 0.2 * lines, title, caption)
        places = np.arange(len(rows))
        good = [rows[name].astype(float).to_numpy() for name in ("good_from", "good_to", "best_day")]
        axes.hlines(places, good[0], good[1], color=AGAINST, linewidth=7, alpha=0.22)
        best = axes.scatter(good[2], places, s=40, color=AGAINST, zorder=3, clip_on=False)
        peak, low, high = (rows[name].astype(float).to_numpy() for name in ("peak_day", "peak_low", "peak_high"))
        axes.hlines(places, low, high, color=ACCENT, linewidth=1.6, zorder=2)
        diamond = axes.scatter(peak, places, s=44, marker="D", color=ACCENT, zorder=4, clip_on=False)
        axes.set_yticks(places, [short(str(name), width) for name in rows["name"]], color=INK)
        axes.set_ylim(len(rows) - 0.4, -0.6)
        axes.set_xlim(left=0)
        scale(axes.xaxis, lambda value: f"{value:.0f}", 7)
        axes.set_xlabel(i18n.word(f"clock.xlabel{'_second' * (rows['gap'].iloc[0] == 'second')}", language))
        _key(axes, best, diamond, language, columns=3 if lines == 1 else 1)
    return figure


def _key(axes: Axes, best, diamond, language: str, columns: int) -> None:
    """What diamond, dot and bar are, above the plot."""
    bar = axes.hlines([], 0, 0, color=AGAINST, linewidth=7, alpha=0.22)
    keys = ("peak_key", "best_key", "good_key")
    axes.legend(
        [diamond, best, bar],
        [i18n.word(f"clock.mark.{key}", language) for key in keys],
        loc="lower left", bbox_to_anchor=(0, 1), ncols=columns, frameon=False, fontsize=TEXT_SIZE, handletextpad=0.4,
        columnspacing=1.4, borderaxespad=0.1, borderpad=0.1, labelcolor=[ACCENT, AGAINST, AGAINST],
    )  # fmt: skip
