"""KPIs by part of a dimension, side by side: dots with their intervals, everybody together as a dashed line."""

from collections.abc import Sequence
from datetime import date

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from customerbase import i18n, kpi
from customerbase.charts.axes import canvas, label_of, scale, short
from customerbase.charts.captions import caption
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, BAR_GREY, GREY, HOUSE, INK, TEXT_SIZE, WIDTHS


def kpi_parts(
    by: pd.DataFrame,
    whole: pd.DataFrame,
    dimension: str,
    kpis: Sequence[str],
    *,
    as_of: date,
    language: str,
    currency: str = "JPY",
    width: float = WIDTHS["wide"],
) -> Figure | str:
    """One panel a KPI, one row a part of the dimension, sorted by the first KPI, whose extremes the title names.

    by, whole: the tables kpi_by and kpi as frames; this month's rows are drawn. In words where no part may be shown.
    """
    panels = {kpi_id: kpi.parts(by, dimension, kpi_id).set_index("part") for kpi_id in kpis}
    kpis = [kpi_id for kpi_id in kpis if kpi_id == kpis[0] or panels[kpi_id]["value"].notna().any()]
    lead = panels[kpis[0]].dropna(subset=["value"]).sort_values("value")
    if not len(lead):
        return i18n.word("kpi_words.parts_empty", language)
    title = kpi.parts_title(by, dimension, kpis[0], language, currency, _name)
    note = i18n.sentence("kpi_words.parts_note", language, n=int(panels[kpis[0]]["withheld"].sum()))
    n = int(lead["n"].sum()) if dimension in ("segment", "cohort") else None  # customers of two channels count in both
    said = caption(kpi.find(kpis[0]).function, "kpi_by", as_of, n, language, 0.95) + " · " + note
    with mpl.rc_context(HOUSE):
        figure, first = canvas(width, 0.27 * len(lead) + 0.75, title, said)
        first.remove()
        for place, (kpi_id, axes) in enumerate(
            zip(kpis, figure.subplots(1, len(kpis), sharey=True, squeeze=False)[0], strict=True)
        ):
            rows = panels[kpi_id].reindex(lead.index)
            _panel(axes, rows, _together(whole, kpi_id, as_of), kpi_id, language, currency, place == 0)
        names = [short(_name(part, language), width) for part in lead.index]
        figure.axes[0].set_yticks(np.arange(len(lead)), names, color=INK)
    return figure


def _name(part: str, language: str) -> str:
    """A segment's name, or that of another part."""
    label = label_of(part, language)
    return label if label != part else kpi.part_name(part, language)


def _panel(
    axes: Axes, rows: pd.DataFrame, together: float | None, kpi_id: str, language: str, currency: str, lead: bool
):
    color = ACCENT if lead else BAR_GREY
    places = np.arange(len(rows))
    values, low, high = (rows[name].astype(float).to_numpy() for name in ("value", "low", "high"))
    if together is not None:
        axes.axvline(together, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    axes.hlines(places, low, high, color=color, linewidth=2.2, alpha=0.55)
    axes.scatter(values, places, s=30, color=color, zorder=3)
    axes.set_title(kpi.name(kpi_id, language), loc="left", fontsize=TEXT_SIZE, color=ACCENT if lead else INK)
    axes.set_ylim(-0.6, len(rows) - 0.4)
    scale(axes.xaxis, lambda value: i18n.number(value, kpi.unit(kpi_id), language, currency=currency), 3)


def _together(whole: pd.DataFrame, kpi_id: str, as_of: date) -> float | None:
    """This month's value of all together."""
    months = pd.to_datetime(whole["month"])
    found = whole.loc[(whole["kpi"] == kpi_id) & (months == pd.Timestamp(as_of.replace(day=1))), "value"]
    return float(found.iloc[0]) if len(found) and pd.notna(found.iloc[0]) else None
