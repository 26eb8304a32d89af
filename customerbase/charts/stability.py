"""Does a model stay as good as it was: a measure by snapshot beside the simple rule, drift by feature, customers by band."""

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from customerbase import i18n
from customerbase.charts.axes import Format, canvas, formatter, scale, short, time_axis
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, AGAINST, BAR_GREY, GREY, HOUSE, INK, TEXT_SIZE, WIDTHS, wrap

DASHES = (0, (4, 3))
STRIP = ("#0A4D9E", "#2E6CB5", "#9FC1E8", "#DCE8F6", "#EEF1F5")  # the bands of a strip, the riskiest first
_NOTE = {"textcoords": "offset points", "annotation_clip": False}


def snapshots(
    frame: pd.DataFrame,
    x: str,
    value: str,
    low: str,
    high: str,
    *,
    title: str,
    caption: str,
    language: str,
    rule: str | None = None,
    rule_low: str | None = None,
    rule_high: str | None = None,
    rule_name: str | None = None,
    chance: float | None = None,
    fmt: Format | str | None = "{:.2f}",
    width: float = WIDTHS["half"],
    height: float | None = None,
) -> Figure:
    """A measure by snapshot: dots with intervals for the model, hollow diamonds beside them for the simple rule.

    x: a column of days. rule, rule_low and rule_high: the same measure of the simple rule. chance: the value of a score
    that knows nothing (0.5 of an AUC), a grey line.
    """
    data, form = frame.sort_values(x, ignore_index=True), formatter(fmt, language)
    places, aside = np.arange(len(data)), 0.1 if rule else 0.0
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, height or max(2.1, width * 0.36), title, caption)
        figure.get_layout_engine().set(w_pad=0.07)  # the last label keeps off the edge at any resolution
        if chance is not None:
            axes.axhline(chance, color=GREY, linewidth=0.8, linestyle=DASHES)
            text = i18n.word("scores.random", language)
            axes.annotate(text, (0, chance), (2, 3), xycoords=("axes fraction", "data"), color=GREY, **_NOTE)
        ends = [data[name].astype(float) for name in (low, high)]
        axes.vlines(places - aside, *ends, color=ACCENT, linewidth=2.2, alpha=0.5)
        axes.plot(places - aside, data[value].astype(float), "o-", color=ACCENT, linewidth=1.0, markersize=6)
        if rule:
            if rule_low and rule_high:
                ends = [data[name].astype(float) for name in (rule_low, rule_high)]
                axes.vlines(places + aside, *ends, color=AGAINST, linewidth=1.8, alpha=0.4)
            look = {"color": AGAINST, "linewidth": 1.0, "linestyle": (0, (4, 2)), "markerfacecolor": "white"}
            axes.plot(places + aside, data[rule].astype(float), "D", markersize=5.5, **look)
        scale(axes.yaxis, form, 4)
        if len(data):
            time_axis(axes, list(data[x]), language, width)
            _ends(axes, data, value, rule, rule_name, form, language)
    return figure


def drift(
    frame: pd.DataFrame,
    feature: str,
    psi: str,
    *,
    title: str,
    caption: str,
    language: str,
    bound: str | None = None,
    verdict: str | None = None,
    some: float = 0.1,
    strong: float = 0.25,
    most: int = 12,
    width: float = WIDTHS["half"],
) -> Figure:
    """Population stability index of each feature, the largest first, against where some and strong change begin.

    frame: as from prediction.drift.stability, the features in words. Features whose column `verdict` reads some or strong
    (default: by the index) carry the accent; bound: column of what chance alone may reach, drawn as a tick. At most
    `most` rows.
    """
    data = frame.dropna(subset=[psi]).sort_values([psi, feature], ascending=[False, True], kind="stable").head(most)
    lengths, places = data[psi].astype(float).to_numpy(), np.arange(len(data))
    moved = data[verdict].isin(["some", "strong"]) if verdict else data[psi] >= some
    limit = max(np.max(lengths, initial=0) * (1 + 0.9 / width), strong * 1.25)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, 0.26 * max(len(data), 1) + 0.45 + (0.2 if bound else 0), title, caption)
        axes.barh(places, lengths, height=0.66, color=[ACCENT if one else BAR_GREY for one in moved])
        edge = len(data) - 0.5
        for level, key in ((some, "some"), (strong, "strong")):
            axes.plot([level, level], [-0.5, edge], color=INK, linewidth=0.9, linestyle=DASHES)
            text = f"{i18n.word(f'scores.{key}', language)}\n{level:g}"
            axes.annotate(
                text,
                (level, -0.5),
                (14 * (key == "some"), 2),
                ha="right" if key == "some" else "center",
                va="bottom",
                fontsize=TEXT_SIZE - 1,
                **_NOTE,
            )
        ticks = data[bound].astype(float).to_numpy() if bound else np.full(len(data), np.nan)
        _reach(axes, lengths, ticks, limit, width)
        if bound:
            text = i18n.word("scores.noise", language)
            axes.plot([0.012 * limit] * 2, [edge + 0.15, edge + 0.75], color=AGAINST, linewidth=1.8)
            style = {"va": "center", "color": AGAINST, "fontsize": TEXT_SIZE - 1}
            axes.annotate(text, (0.012 * limit, edge + 0.45), (5, 0), **style, **_NOTE)
        axes.set_yticks(places, [short(str(name), width) for name in data[feature]], color=INK)
        axes.set_ylim(edge + (0.9 if bound else 0.1), -1.7)
        axes.set_xlim(0, limit)
        axes.xaxis.set_visible(False)
        axes.spines["bottom"].set_visible(False)
        axes.plot([0, 0], [-0.5, edge], color=GREY, linewidth=0.8)
    return figure


def bands(
    frame: pd.DataFrame,
    name: str,
    rows: Mapping[str, str],
    *,
    title: str,
    caption: str,
    language: str,
    width: float = WIDTHS["half"],
) -> Figure:
    """Strips of one length cut into bands, the riskiest first: how many customers, how much value each band holds.

    name: the column with the band in words, in its order; rows: what a strip is of -> the column with its amounts. At most
    five bands; the share is written where it fits.
    """
    data = frame.head(len(STRIP)).reset_index(drop=True)
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, 0.52 * max(len(rows), 1) + 0.3 * _lines(data[name], width), title, caption)
        for place, (said, column) in enumerate(rows.items()):
            axes.annotate(said, (0, place - 0.3), (0, 2), va="bottom", color=INK, **_NOTE)
            shares = data[column].astype(float).to_numpy()
            shares = shares / shares.sum() if shares.sum() else np.zeros(len(shares))
            starts = np.append(0.0, np.cumsum(shares))
            for band, share in enumerate(shares):
                axes.barh(
                    place, share, left=starts[band], height=0.6, color=STRIP[band], edgecolor="white", linewidth=1.2
                )
                if share * width > 0.4:
                    text = i18n.number(round(share, 2), "rate", language).replace(".0", "")
                    ink = {"color": "white" if band < 2 else INK, "weight": "bold" if band == 0 else "normal"}
                    axes.text(starts[band] + share / 2, place, text, ha="center", va="center", **ink)
        axes.set_ylim(len(rows) - 0.65, -0.75)
        axes.set_xlim(0, 1)
        axes.axis("off")
        _key(axes, [str(one) for one in data[name]], _lines(data[name], width))
    return figure


def _reach(axes: Axes, lengths: np.ndarray, ticks: np.ndarray, limit: float, width: float) -> None:
    """The number beside each bar, and a tick where chance alone ends; a tick close to the bar stands before the number."""
    box = {"facecolor": "white", "edgecolor": "none", "pad": 0.5, "alpha": 0.85}
    for place, (length, tick) in enumerate(zip(lengths, ticks, strict=True)):
        if tick <= limit:
            axes.plot([tick, tick], [place - 0.33, place + 0.33], color=AGAINST, linewidth=1.8)
        near = length < tick < min(length + limit * 0.6 / width, limit)
        axes.annotate(f"{length:.2f}", (tick if near else length, place), (5, 0), va="center", bbox=box, **_NOTE)


def _ends(
    axes: Axes, data: pd.DataFrame, value: str, rule: str | None, rule_name: str | None, form: Format, language: str
) -> None:
    """Names and last values beside the last snapshot, apart from each other."""
    named = [(float(data[value].iloc[-1]), i18n.word("scores.model", language), ACCENT)]
    if rule:
        named.append((float(data[rule].iloc[-1]), rule_name or i18n.word("scores.rule", language), AGAINST))
    named = [one for one in named if not np.isnan(one[0])]
    bottom, top = axes.get_ylim()
    near = len(named) == 2 and abs(named[0][0] - named[1][0]) < 0.17 * (top - bottom)
    for number, (level, text, color) in enumerate(named):
        upper = level == max(one[0] for one in named) if level != named[0][0] or number == 0 else number == 0
        step = (13 if upper else -13) * near
        said = f"{text}\n{form(level)}"
        style = {"xycoords": ("axes fraction", "data"), "va": "center", "weight": "bold", "linespacing": 1.2}
        axes.annotate(said, (1, level), (2, step), color=color, **style, **_NOTE)


def _lines(names: pd.Series, width: float) -> int:
    """How many rows the names of the bands need."""
    return 1 if len(wrap("".join(f"{name}    " for name in names), width * 72 / TEXT_SIZE)) < 2 else 2


def _key(axes: Axes, names: list[str], lines: int) -> None:
    """The bands above the strips, each with a patch of its colour, in one row or two."""
    patches = [mpl.patches.Patch(facecolor=color, edgecolor=GREY, linewidth=0.5) for color in STRIP[: len(names)]]
    place = {
        "loc": "lower left",
        "bbox_to_anchor": (0, 1),
        "ncols": max(-(-len(names) // lines), 1),
        "borderaxespad": 0.1,
    }
    gaps = {"handlelength": 1.0, "handleheight": 1.0, "handletextpad": 0.4, "columnspacing": 1.2, "borderpad": 0.1}
    axes.legend(patches, names, frameon=False, fontsize=TEXT_SIZE, labelcolor=INK, **place, **gaps)
