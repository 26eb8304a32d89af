"""What contact in the order of a score gains against random contact, and when the workbook has paid for itself."""

import math

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import customerbase.campaigns.worth.draws as draws
import customerbase.campaigns.worth.looks as costs
from customerbase import i18n
from customerbase.charts.axes import canvas, formatter, scale
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, AGAINST, GREY, HOUSE, WIDTHS

_DASHES = (0, (4, 2))
_NOTE = {"textcoords": "offset points", "annotation_clip": False}
_BOX = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.75}


def qini(
    frame: pd.DataFrame, chosen: str, *, title: str, caption: str, language: str, width: float = WIDTHS["half"]
) -> Figure:
    """Share contacted (across) against buyers gained per 1,000 people (up): the chosen learner with its band, response, random.

    frame: rows of the table uplift_curves of one campaign (learner, share, value, low, high, random).
    """
    own, response = (frame[frame["learner"] == name].sort_values("share") for name in (chosen, "response"))
    across = own["share"].astype(float).to_numpy()
    value, low, high, line = (own[name].astype(float).to_numpy() * 1_000 for name in ("value", "low", "high", "random"))
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, max(2.6, min(width * 0.6, 3.6)), title, caption)
        figure.get_layout_engine().set(w_pad=0.07)
        axes.axhline(0, color=GREY, linewidth=0.6)
        axes.fill_between(across, low, high, color=ACCENT, alpha=0.14, lw=0)
        axes.plot(across, line, color=GREY, linewidth=1.2)
        if len(response):
            axes.plot(across, response["value"].astype(float) * 1_000, color=AGAINST, linewidth=1.6, linestyle=_DASHES)
        axes.plot(across, value, color=ACCENT, linewidth=2.2, solid_joinstyle="round")
        axes.set_xlim(0, 1)
        percent = formatter(lambda one: i18n.number(one, "rate", language).replace(".0", ""), language)
        scale(axes.xaxis, percent, 5 if width > 4 else 2)
        scale(axes.yaxis, lambda one: f"{one:,.0f}".replace("-", i18n.MINUS), 5)
        axes.set_xlabel(i18n.word("uplift.contacted", language))
        axes.set_ylabel(i18n.word("uplift.gained", language))
        curves = [(chosen, ACCENT), *([("response", AGAINST)] if len(response) else []), ("random", GREY)]
        _names(axes, curves, line[-1] >= 0, language)
    return figure


def payback(table: pd.DataFrame, *, title: str, caption: str, language: str, width: float = WIDTHS["half"]) -> Figure:
    """Months since the first cost (across) against the chance that costs are paid back by then (up), a year and one half marked.

    table: worth_payback. Where nothing was measured, the costs added up with their range instead.
    """
    rows = table.sort_values("step")
    step, done = rows["step"].astype(int).to_numpy(), rows["paid_back"].astype(float).to_numpy()
    until = _until(step, done)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, max(2.4, min(width * 0.5, 3.2)), title, caption)
        figure.get_layout_engine().set(w_pad=0.07)
        axes.fill_between([0, *step], [0, *done], step="post", color=ACCENT, alpha=0.14, lw=0)
        axes.step([0, *step], [0, *done], where="post", color=ACCENT, linewidth=2.2)
        axes.set_xlim(0, until)
        axes.set_ylim(0, 1.12)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1], [costs.rate(one, language) for one in (0, 0.25, 0.5, 0.75, 1)])
        axes.set_xticks(np.arange(0, until + 1, 12 if until > 24 else 6))
        axes.set_xlabel(i18n.word("uplift.worth.axis", language))
        axes.set_ylabel(i18n.word("uplift.worth.chance", language))
        _marks(axes, rows, until, language)
    return figure


def _until(step: np.ndarray, done: np.ndarray) -> int:
    """Where the picture ends: half a year after nearly all draws are paid back, in whole years, two at least."""
    sure = step[done >= 0.975]
    last = int(sure.min()) + 6 if len(sure) else int(step.max())
    return int(min(max(24, 12 * math.ceil(last / 12)), step.max()))


def _marks(axes: Axes, rows: pd.DataFrame, until: int, language: str) -> None:
    """The chance within a year, and the month by which one in two draws is paid back."""
    points = [(draws.YEAR, costs.chance(rows, draws.YEAR), "year", AGAINST)]
    median = costs.by(rows, 0.5)
    if not math.isinf(median):
        points.append((median, costs.chance(rows, int(median)), "half", ACCENT))
    for place, height, key, color in points:
        values = {"year": {"chance": costs.rate(height, language)}, "half": {"months": costs.span(place, language)}}
        axes.plot([place, place], [0, height], color=color, linewidth=0.9, linestyle=(0, (1, 1.6)))
        axes.plot([place], [height], "o", color=color, markersize=6.5, zorder=4)
        left = place > until * 0.65
        text = i18n.sentence(f"uplift.worth.{key}", language, **values[key])
        style = {"ha": "right" if left else "left", "va": "bottom", "color": color, "weight": "bold", "bbox": _BOX}
        above = height < 0.85
        axes.annotate(text, (place, height), (-8 if left else 8, 5 if above else 8), **style, **_NOTE)


def _names(axes: Axes, curves: list[tuple[str, str]], below: bool, language: str) -> None:
    """The curves by name in the corner that they leave free: under a rising line, above a falling one."""
    for place, (name, color) in enumerate(curves if not below else curves[::-1]):
        text, weight = i18n.word(f"uplift.learner.{name}", language), "normal" if name == "random" else "bold"
        step = 5 + 14 * place
        style = {"ha": "right", "va": "bottom" if below else "top", "color": color, "weight": weight, "bbox": _BOX}
        axes.annotate(
            text, (1, 0 if below else 1), (-6, step if below else -step), xycoords="axes fraction", **style, **_NOTE
        )
