"""Scores against what happened: the reliability curve with its scores below, and risk by decile."""

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from customerbase import i18n
from customerbase.charts.axes import Format, canvas, formatter, scale
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, BAR_GREY, GREY, HOUSE, INK, TEXT_SIZE, WIDTHS

FAINT = "#8B919A"  # dots that are only there to compare with; their name is written in GREY
DASHES = (0, (4, 3))
_NOTE = {"textcoords": "offset points", "annotation_clip": False}
_BOX = {"facecolor": "white", "edgecolor": "none", "pad": 0.8}


def reliability(
    frame: pd.DataFrame,
    *,
    title: str,
    caption: str,
    language: str,
    before: pd.DataFrame | None = None,
    scores: pd.DataFrame | None = None,
    width: float = WIDTHS["half"],
    height: float | None = None,
) -> Figure:
    """Predicted probability (across) against the share who did (up), one dot a bin with its interval; best on the diagonal.

    frame: as from prediction.metrics.deciles (columns predicted, actual, low, high); before: the same before it was
    recalibrated, faint. scores: how the scores are spread (columns low, high, customers), drawn as a strip below.
    """
    data = frame.dropna(subset=["predicted", "actual"]).sort_values("predicted")
    faint = None if before is None else before.dropna(subset=["predicted", "actual"]).sort_values("predicted")
    parts = [data] if faint is None else [data, faint]
    most = max((float(part[["predicted", "actual", "high"]].max().max()) for part in parts if len(part)), default=1)
    end = min(1.0, max(most, 1e-3) * 1.05)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, height or min(max(3.0, width * 0.62), 4.2), title, caption)
        strip = None
        if scores is not None and len(scores):
            axes.remove()
            axes, strip = figure.subplots(2, 1, height_ratios=[5, 1], sharex=True)
        axes.plot([0, end], [0, end], color=GREY, linewidth=0.9)
        if faint is not None and len(faint):
            axes.plot(faint["predicted"], faint["actual"], "o-", color=FAINT, linewidth=1.2, markersize=4.5)
        axes.vlines(data["predicted"], data["low"], data["high"], color=ACCENT, linewidth=2.2, alpha=0.45)
        axes.plot(data["predicted"], data["actual"], "o-", color=ACCENT, linewidth=1.6, markersize=6)
        _square(axes, strip, end, language)
        _names(axes, data, faint, end, language)
        if strip is not None:
            _spread(strip, scores, language)
    return figure


def deciles(
    frame: pd.DataFrame,
    *,
    title: str,
    caption: str,
    language: str,
    fmt: Format | str | None = "rate",
    accent: int = 1,
    width: float = WIDTHS["half"],
) -> Figure:
    """Share who did in each bin by score, the highest first: bars with intervals, how many times all, the average as a line.

    frame: as from prediction.metrics.deciles (columns n, actual, low, high, lift). The first `accent` bars carry the accent.
    """
    data, form = frame.reset_index(drop=True), formatter(fmt, language)
    sizes, lengths = data["n"].astype(float).to_numpy(), data["actual"].astype(float).to_numpy()
    places, average = np.arange(len(data)), float(sizes @ lengths / sizes.sum()) if sizes.sum() else np.nan
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, 0.26 * max(len(data), 1) + 0.4, title, caption)
        colors = [ACCENT if place < accent else BAR_GREY for place in places]
        axes.barh(places, lengths, height=0.68, color=colors)
        axes.hlines(places, data["low"].astype(float), data["high"].astype(float), color=INK, linewidth=1.0)
        ends = np.fmax(lengths, data["high"].astype(float).to_numpy())
        for place, end in enumerate(ends):
            lift = data["lift"].iloc[place]
            times = "" if np.isnan(lift) else i18n.sentence("scores.times", language, lift=f"{lift:.1f}")
            bold = {"weight": "bold", "color": ACCENT} if place < accent else {"color": INK}
            axes.annotate(
                f"{form(lengths[place])}  {times}", (end, place), (5, 0), va="center", bbox=_BOX, **_NOTE, **bold
            )
        axes.set_xlim(0, (np.max(ends, initial=0) or 1) * (width - 0.9) / (width - 2.2))
        axes.set_ylim(len(data) - 0.4, -1.1)
        if not np.isnan(average):
            axes.plot([average, average], [-0.5, len(data) - 0.5], color=INK, linewidth=1.0, linestyle=DASHES)
            text = i18n.sentence("scores.average", language, share=form(average))
            axes.annotate(text, (average, -0.5), (0, 2), ha="center", va="bottom", color=INK, **_NOTE)
        axes.set_yticks(places, _ranks(sizes, language), color=INK)
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        axes.axvline(0, color=GREY, linewidth=0.8)
    return figure


def _square(axes: Axes, strip: Axes | None, end: float, language: str) -> None:
    percent = formatter("rate", language)
    axes.set_xlim(0, end)
    axes.set_ylim(0, end)
    scale(axes.yaxis, percent, 5)
    below = axes if strip is None else strip
    scale(below.xaxis, percent, 5)
    axes.grid(True)
    if strip is not None:
        axes.tick_params(labelbottom=False, length=0)
    below.set_xlabel(i18n.word("scores.predicted", language))
    axes.set_ylabel(i18n.word("scores.happened", language))


def _names(axes: Axes, data: pd.DataFrame, faint: pd.DataFrame | None, end: float, language: str) -> None:
    """The diagonal, and before and after beside the dots that lie furthest apart."""
    text = i18n.word("scores.as_predicted", language)
    axes.annotate(text, (end, end), (0, 3), ha="right", va="bottom", color=GREY, fontsize=TEXT_SIZE - 0.5, **_NOTE)
    if faint is None or not len(faint) or not len(data):
        return
    off = (faint["actual"] - faint["predicted"]).to_numpy()
    row = int(np.argmax(np.abs(off) * (faint["predicted"].to_numpy() < 0.8 * end)))
    x, y = faint.iloc[row][["predicted", "actual"]]
    above = off[row] > 0
    side = {"ha": "right" if above else "left", "va": "bottom" if above else "top", "bbox": _BOX}
    step = (-6, 4) if above else (6, -4)
    axes.annotate(i18n.word("scores.before", language), (x, y), step, color=GREY, **side, **_NOTE)
    gap = np.abs(data["predicted"].to_numpy() - 0.55 * end)
    x, y = data.iloc[int(np.argmin(gap))][["predicted", "actual"]]
    side |= {"ha": "left" if above else "right", "va": "top" if above else "bottom"}
    step, bold = ((8, -5) if above else (-8, 5)), {"weight": "bold", "color": ACCENT}
    axes.annotate(i18n.word("scores.after", language), (x, y), step, **bold, **side, **_NOTE)


def _spread(strip: Axes, scores: pd.DataFrame, language: str) -> None:
    low, high = (scores[name].astype(float).to_numpy() for name in ("low", "high"))
    strip.bar(low, scores["customers"].astype(float), width=high - low, align="edge", color=BAR_GREY, edgecolor="white")
    strip.set_ylim(0)
    strip.set_yticks([])
    strip.grid(False)
    text, style = i18n.word("scores.customers", language), {"ha": "right", "va": "top", "fontsize": TEXT_SIZE - 1}
    strip.annotate(text, (1, 1), (0, -1), xycoords="axes fraction", color=GREY, **style, **_NOTE)


def _ranks(sizes: np.ndarray, language: str) -> list[str]:
    """Names of the bins by the share of customers before and in them: Top 10 %, 10–20 %, …, Last 10 %."""
    ends = np.round(np.append(0.0, np.cumsum(sizes)) / max(sizes.sum(), 1e-12) * 100).astype(int)
    names = []
    for place in range(len(sizes)):
        values = {"low": ends[place], "high": ends[place + 1]}
        if place == 0:
            names.append(i18n.sentence("scores.top", language, high=values["high"]))
        elif place == len(sizes) - 1:
            names.append(i18n.sentence("scores.last", language, low=100 - values["low"]))
        else:
            names.append(i18n.sentence("scores.between", language, **values))
    return names
