"""Whom to contact: what the top of a ranking captures, and what contacting it brings, beside simpler rankings."""

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from customerbase import i18n
from customerbase.charts.axes import Format, canvas, formatter, scale
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, AGAINST, GREY, HOUSE, TEXT_SIZE, WIDTHS

DASHES, DOTS = (0, (4, 2)), (0, (1, 1.6))
_NOTE = {"textcoords": "offset points", "annotation_clip": False}
_BOX = {"facecolor": "white", "edgecolor": "none", "pad": 0.8, "alpha": 0.7}


def gains(
    frame: pd.DataFrame,
    *,
    title: str,
    caption: str,
    language: str,
    rule: str | None = None,
    rule_name: str | None = None,
    low: str | None = None,
    high: str | None = None,
    best: str | None = None,
    tops: Sequence[float] = (0.1,),
    xlabel: str | None = None,
    width: float = WIDTHS["half"],
    height: float | None = None,
) -> Figure:
    """Share of customers in the order of the score (across) against the share of those who did that they hold (up).

    frame: as from prediction.metrics.gains (columns share, captured, random). rule: the column of the simple rule, dashed
    and named rule_name; low and high: columns of the band; best: column of what foresight would capture, dotted. tops:
    shares at which the model's point is labelled.
    """
    data = frame.sort_values("share")
    across = data["share"].astype(float).to_numpy()
    percent = formatter(lambda one: i18n.number(one, "rate", language).replace(".0", ""), language)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, height or max(2.6, min(width * 0.6, 3.6)), title, caption)
        figure.get_layout_engine().set(w_pad=0.07)  # the last label keeps off the edge at any resolution
        axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.9)
        curves = [("random", GREY, "random", 0)]
        if best:
            axes.plot(across, data[best].astype(float), color=GREY, linewidth=1.0, linestyle=DOTS)
        if low and high:
            axes.fill_between(across, data[low].astype(float), data[high].astype(float), color=ACCENT, alpha=0.16, lw=0)
        if rule:
            axes.plot(across, data[rule].astype(float), color=AGAINST, linewidth=1.6, linestyle=DASHES)
            curves.append((rule, AGAINST, "rule", -1))
        axes.plot(across, data["captured"].astype(float), color=ACCENT, linewidth=2.2, solid_joinstyle="round")
        axes.set_xlim(0, 1)
        axes.set_ylim(0, 1.02)
        scale(axes.xaxis, percent, 5 if width > 4 else 2)
        scale(axes.yaxis, percent, 5)
        axes.set_xlabel(i18n.word("scores.contacted", language) if xlabel is None else xlabel)
        axes.set_ylabel(i18n.word("scores.captured", language))
        _points(axes, data, tops, percent, language)
        _names(axes, data, rule, rule_name, best, language)
    return figure


def profit(
    frame: pd.DataFrame,
    *,
    title: str,
    caption: str,
    language: str,
    probability: str | None = None,
    low: str | None = None,
    high: str | None = None,
    fmt: Format | str | None = "money",
    width: float = WIDTHS["half"],
    height: float | None = None,
) -> Figure:
    """Share of customers contacted (across) against profit (up); the best cut-off is marked, and written out.

    frame: as from Curve.frame of prediction.profit (columns share, profit). probability: the column of the profit when
    customers are contacted by probability alone, dashed; low and high: columns of the range. The grey line is what
    contacting as many at random brings.
    """
    data, form = frame.sort_values("share"), formatter(fmt, language)
    across, made = (data[name].astype(float).to_numpy() for name in ("share", "profit"))
    percent = formatter(lambda one: i18n.number(one, "rate", language).replace(".0", ""), language)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, height or max(2.4, min(width * 0.5, 3.4)), title, caption)
        figure.get_layout_engine().set(w_pad=0.07)  # the last label keeps off the edge at any resolution
        axes.axhline(0, color=GREY, linewidth=0.8)
        if len(data):
            axes.plot([0, across[-1]], [0, made[-1]], color=GREY, linewidth=0.9)
        if low and high:
            axes.fill_between(across, data[low].astype(float), data[high].astype(float), color=ACCENT, alpha=0.16, lw=0)
        if probability:
            axes.plot(across, data[probability].astype(float), color=AGAINST, linewidth=1.6, linestyle=DASHES)
        axes.plot(across, made, color=ACCENT, linewidth=2.2, solid_joinstyle="round")
        axes.set_xlim(0, 1)
        bottom, top = axes.get_ylim()
        axes.set_ylim(bottom, top + (0.26 if probability else 0.16) * (top - bottom))
        scale(axes.xaxis, percent, 5 if width > 4 else 2)
        scale(axes.yaxis, form, 4)
        axes.set_xlabel(i18n.word("scores.contacted", language))
        axes.set_ylabel(i18n.word("scores.profit", language))
        if len(data):
            _cut(axes, across, made, form, percent, language, bool(probability))
            by = data[probability].astype(float).to_numpy() if probability else None
            _rankings(axes, across, made, by, language)
    return figure


def _points(axes: Axes, data: pd.DataFrame, tops: Sequence[float], percent: Format, language: str) -> None:
    """The labelled points, their text to the right and below the curve."""
    across, up = (data[name].astype(float).to_numpy() for name in ("share", "captured"))
    for top in tops:
        if not len(up) or np.isnan(up).all():
            continue
        height = float(np.interp(top, across, up))
        text = i18n.sentence("scores.reach", language, top=percent(top), share=percent(height))
        axes.plot([top], [height], "o", color=ACCENT, markersize=6)
        style = {"va": "top", "weight": "bold", "color": ACCENT, "bbox": _BOX}
        axes.annotate(text, (top, height), (9, 1), **style, **_NOTE)


def _names(
    axes: Axes, data: pd.DataFrame, rule: str | None, rule_name: str | None, best: str | None, language: str
) -> None:
    """Each curve by its name where it stands free: the model above, the rule below, chance under its line."""
    across = data["share"].astype(float).to_numpy()
    named = [("captured", 0.5, i18n.word("scores.model", language), ACCENT, True)]
    if rule:
        named.append((rule, 0.42, rule_name or i18n.word("scores.rule", language), AGAINST, False))
    named.append(("random", 0.72, i18n.word("scores.random", language), GREY, False))
    for column, place, text, color, above in named:
        up = data[column].astype(float).to_numpy()
        if not len(up) or np.isnan(up).all():
            continue
        style = {"ha": "right" if above else "left", "va": "bottom" if above else "top", "color": color}
        style |= {} if above else {"bbox": _BOX}
        weight = "normal" if column == "random" else "bold"
        at = (place, float(np.interp(place, across, up)))
        axes.annotate(text, at, (-7, 5) if above else (7, -5), weight=weight, **style, **_NOTE)
    if best and data[best].notna().all() and len(data):
        up = data[best].astype(float).to_numpy()
        at = (float(across[np.argmax(up >= 0.999)]), 1.0)
        text = i18n.word("scores.foresight", language)
        axes.annotate(text, at, (2, 3), ha="left", va="bottom", color=GREY, fontsize=TEXT_SIZE - 0.5, **_NOTE)


def _cut(
    axes: Axes, across: np.ndarray, made: np.ndarray, form: Format, percent: Format, language: str, named: bool
) -> None:
    """The best cut-off: a dot, a thin line down to the share, above it what it brings; `named`: and by which ranking."""
    row = int(np.argmax(made))
    if made[row] <= 0:
        text = i18n.word("scores.nobody", language)
        axes.annotate(text, (0, 1), (4, -3), xycoords="axes fraction", va="top", weight="bold", color=ACCENT, **_NOTE)
        return
    axes.plot([across[row]] * 2, [axes.get_ylim()[0], made[row]], color=ACCENT, linewidth=0.9, linestyle=DOTS)
    axes.plot([across[row]], [made[row]], "o", color=ACCENT, markersize=6.5)
    text = i18n.sentence("scores.best", language, share=percent(round(across[row], 2)), profit=form(made[row]))
    text = f"{i18n.word('scores.by_profit', language)}\n{text}" if named else text
    side = "left" if across[row] < 0.3 else "right" if across[row] > 0.75 else "center"
    level = (across[row], axes.get_ylim()[1])
    style = {"va": "top", "weight": "bold", "color": ACCENT, "bbox": _BOX, "linespacing": 1.35}
    axes.annotate(text, level, (0, -2), ha=side, **style, **_NOTE)


def _rankings(axes: Axes, across: np.ndarray, made: np.ndarray, by: np.ndarray | None, language: str) -> None:
    """The other rankings: by probability right of the best cut-off, below its line; chance where it is off the zero."""
    style = {"ha": "left", "bbox": _BOX}
    if by is not None:
        place = min(float(across[np.argmax(made)]) + 0.01, 0.6)
        text, at = i18n.word("scores.by_probability", language), (place, float(np.interp(place, across, by)))
        axes.annotate(text, at, (4, -6), va="top", color=AGAINST, weight="bold", **style, **_NOTE)
    bottom, top = axes.get_ylim()
    place, level = 0.6, made[-1] * 0.6 / max(across[-1], 1e-9)
    below = level < 0 or level > 0.15 * (top - bottom)  # near the zero line there is room on the other side only
    step, side = ((4, -4), "top") if below else ((4, 3), "bottom")
    axes.annotate(i18n.word("scores.random", language), (place, level), step, va=side, color=GREY, **style, **_NOTE)
