"""Who comes back: the triangle of cohorts by month, and curves of the cohorts of a quarter."""

from datetime import date

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes

from customerbase import i18n, kpi
from customerbase.charts.axes import canvas, scale
from customerbase.charts.captions import caption
from customerbase.charts.draw import heatmap
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, GREY, HOUSE, TEXT_SIZE, WIDTHS
from customerbase.periods import month_label

SHOWN = 13


def cohort_triangle(
    table: pd.DataFrame, values: str, *, as_of: date, language: str, k_min: int = 10, width: float = WIDTHS["wide"]
) -> Figure:
    """The newest 13 cohorts over their 12 months, in per cent of the first month; small cells are left empty.

    table: the table kpi_cohorts as a frame; values: rate (customers) or revenue_rate (revenue).
    """
    matrix = kpi.triangle(table, k_min=k_min, values=values).reindex(columns=range(1, SHOWN)).iloc[-SHOWN:]
    shown = table[pd.to_datetime(table["cohort_month"]).dt.date.isin(set(matrix.index)) & (table["months_since"] == 0)]
    matrix.index = [month_label(day, language) for day in matrix.index]
    definition = i18n.word("kpi_words.revenue_measure", language) if values == "revenue_rate" else None
    said = caption(
        kpi.cohorts, "kpi_cohorts", as_of, int(shown["customers"].sum()), language, 0.95, definition=definition
    )
    title = i18n.word(f"kpi_words.triangle_{values}", language)
    return heatmap(matrix, title=title, caption=said, language=language, fmt="{:.0%}", width=width)


def cohort_curves(
    table: pd.DataFrame, *, as_of: date, language: str, k_min: int = 10, width: float = WIDTHS["wide"]
) -> Figure | str:
    """Retention month by month of the six newest quarters of first orders: the newest accented with its 95 % band.

    table: the table kpi_cohorts as a frame. In words while there is too little to show.
    """
    rows = kpi.curves(table, k_min=k_min)
    later = rows[rows["months_since"] >= 1]
    title = kpi.curves_title(table, language, k_min=k_min)
    if not len(later):
        return title
    n = int(rows.loc[rows["months_since"] == 0, "customers"].sum())
    definition = i18n.word("kpi_words.curves_measure", language)
    said = caption(kpi.curves, "kpi_cohorts", as_of, n, language, 0.95, definition=definition)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, max(2.2, width * 0.3), title, said)
        figure.get_layout_engine().set(w_pad=0.1)
        drawn = sorted(set(later["cohort"]))
        ends = [_curve(axes, later[later["cohort"] == code], language, code == drawn[-1]) for code in drawn]
        axes.set_ylim(0, axes.get_ylim()[1] * 1.05)
        axes.set_xlim(0.8, later["months_since"].max() + 0.2)
        axes.set_xticks(range(1, int(later["months_since"].max()) + 1))
        axes.set_xlabel(i18n.word("kpi_words.months_since", language), loc="right", fontsize=TEXT_SIZE - 0.5)
        scale(axes.yaxis, lambda share: i18n.number(share, "rate", language), 4)
        _named(axes, ends)
    return figure


def _curve(axes: Axes, rows: pd.DataFrame, language: str, newest: bool) -> tuple[float, float, str, bool]:
    """Draw one cohort; gives where its line ends and what it is called."""
    color = ACCENT if newest else GREY
    if newest:
        axes.fill_between(rows["months_since"], rows["low"], rows["high"], color=ACCENT, alpha=0.15, lw=0)
    axes.plot(
        rows["months_since"], rows["rate"], color=color, linewidth=2.2 if newest else 1.0, marker="o", markersize=3
    )
    last = rows.iloc[-1]
    return float(last["months_since"]), float(last["rate"]), kpi.quarter_name(last["cohort"], language), newest


def _named(axes: Axes, ends: list[tuple[float, float, str, bool]]) -> None:
    """The name of each curve at its end; names that end in the same month are kept apart."""
    height = axes.get_ylim()[1]
    taken: list[tuple[float, float]] = []
    for month, rate, name, newest in sorted(ends, key=lambda end: (-end[3], end[0], end[1])):
        place = rate
        while any(abs(month - other) < 2.6 and abs(place - level) < height * 0.065 for other, level in taken):
            place += height * 0.02
        taken.append((month, place))
        axes.annotate(
            name,
            (month, place),
            (6, 0),
            textcoords="offset points",
            color=ACCENT if newest else GREY,
            weight="bold" if newest else "normal",
            va="center",
            fontsize=TEXT_SIZE - 1,
            annotation_clip=False,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
        )
