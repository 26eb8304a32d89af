"""How long something lasts: steps of Kaplan-Meier curves with those at risk, and silences with those who came back."""

from datetime import date

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from customerbase import i18n
from customerbase.charts.axes import canvas, scale, short
from customerbase.charts.captions import caption
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, AGAINST, BAR_GREY, GREY, HOUSE, INK, TEXT_SIZE, WIDTHS
from customerbase.churn import Contractual, Definition, SingleSnapshot
from customerbase.churn import contractual as contractual_churn
from customerbase.churn import definition as churn_definition
from customerbase.churn.contracts.curves import ALL
from customerbase.churn.contracts.looks import definition_title, extremes, group_name, shown, survival_title

TICKS = (1, 2, 3, 6, 12, 24, 60)
ROW = 12  # points from one row of numbers at risk to the next


def survival(
    found: Contractual | SingleSnapshot,
    dimension: str,
    *,
    as_of: date,
    language: str,
    k_min: int = 10,
    width: float = WIDTHS["half"],
) -> Figure:
    """How long contracts of each group last, the largest groups; a curve ends where fewer than k_min are watched."""
    title = survival_title(found.groups, dimension, k_min, language)
    groups = shown(found.groups, dimension, k_min)
    said = caption(
        contractual_churn, "churn_survival", as_of, int(groups["contracts"].sum()), language, 0.95,
        definition=i18n.word("survival.look.definition", language),
    )  # fmt: skip
    rows = found.survival[found.survival["dimension"] == dimension]
    names = {
        value: i18n.word("survival.look.all", language) if dimension == ALL else group_name(value, language)
        for value in sorted(groups["value"])
    }
    lines = {}
    for value, name in names.items():
        curve = rows[(rows["value"] == value) & (rows["at_risk"] >= k_min)].sort_values("months")
        lines[name] = curve[["months", "at_risk", "survival", "low", "high"]].reset_index(drop=True)
    apart = extremes(found.groups, dimension, k_min)
    accent, against = (names[apart[2]["value"]], names[apart[1]["value"]]) if apart else (None, None)
    look = {"title": title, "caption": said, "language": language, "k_min": k_min, "width": width}
    return steps(lines, accent=accent, against=against, **look)


def steps(
    lines: dict[str, pd.DataFrame],
    *,
    accent: str | None = None,
    against: str | None = None,
    title: str,
    caption: str,
    language: str,
    k_min: int = 10,
    width: float = WIDTHS["half"],
) -> Figure:
    """One step curve with its band a group, named at its end; below, how many were still watched.

    lines: name -> rows of months, at_risk, survival, low, high, ascending. accent, against: the two names that the title is
    about; all others are grey. A single curve has the accent.
    """
    data = {name: rows for name, rows in lines.items() if len(rows)}
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, max(2.3, width * 0.4) + len(data) * ROW / 72, title, caption)
        figure.get_layout_engine().set(
            w_pad=0.1
        )  # names beside the plot are a little wider when drawn than when measured
        last = max((int(rows["months"].iloc[-1]) for rows in data.values()), default=1) or 1
        accent = next(iter(data)) if len(data) == 1 else accent
        colors = {name: ACCENT if name == accent else AGAINST if name == against else GREY for name in data}
        for name, rows in sorted(data.items(), key=lambda item: colors[item[0]] != GREY):
            x = np.append(rows["months"], rows["months"].iloc[-1])
            band = [np.append(rows[end], rows[end].iloc[-1]) for end in ("low", "high")]
            axes.fill_between(x, *band, step="post", color=colors[name], alpha=0.13, lw=0)
            axes.step(rows["months"], rows["survival"], where="post", color=colors[name], linewidth=2.0)
        axes.set_xlim(0, last)
        axes.set_ylim(0, 1.03)
        scale(axes.yaxis, lambda share: i18n.number(share, "rate", language), 4)
        ticks = _ticks(data, last, width)
        axes.set_xticks(ticks)
        axes.set_xlabel(i18n.word("survival.look.months", language), loc="right", fontsize=TEXT_SIZE - 0.5)
        _ends(axes, data, colors, figure.get_figheight(), width)
        _at_risk(axes, data, colors, ticks, k_min, language, width)
    return figure


def _ticks(data: dict[str, pd.DataFrame], last: int, width: float) -> np.ndarray:
    """Months at which the numbers at risk stand, as many as can be read beside the names."""
    names = max((len(short(name, width)) for name in data), default=0)
    longest = max((len(f"{int(rows['at_risk'].iloc[0]):,}") for rows in data.values()), default=1)
    room = max(width - 0.085 * names - 0.8, 1.0) / (0.075 * longest + 0.12)
    return np.arange(0, last + 1, next((one for one in TICKS if last / one <= room), TICKS[-1]))


def _ends(axes: Axes, data: dict, colors: dict, height: float, width: float) -> None:
    """The name of each curve to the right of the plot, names kept apart."""
    order = sorted(data, key=lambda name: data[name]["survival"].iloc[-1])
    least, places = 0.17 / max(height * 0.5, 1.0), []
    for name in order:
        wanted = float(data[name]["survival"].iloc[-1])
        places.append(max(wanted, places[-1] + least) if places else wanted)
    over = max((places[-1] if places else 0) - 1.0, 0.0)
    style = {"textcoords": "offset points", "va": "center", "annotation_clip": False, "fontsize": TEXT_SIZE}
    for name, place in zip(order, places, strict=True):
        weight = "normal" if colors[name] == GREY else "bold"
        text = short(name, width)
        axes.annotate(text, (axes.get_xlim()[1], place - over), (8, 0), color=colors[name], weight=weight, **style)


def _at_risk(axes: Axes, data: dict, colors: dict, ticks: np.ndarray, k_min: int, language: str, width: float) -> None:
    """How many were watched at each tick, one row a group in its colour; below k_min it reads so."""
    style = {
        "xycoords": ("data", "axes fraction"),
        "textcoords": "offset points",
        "annotation_clip": False,
        "va": "top",
    }
    small = {"fontsize": TEXT_SIZE - 1.5}
    axes.annotate(
        i18n.word("survival.look.at_risk", language), (0, 0), (0, -30), color=GREY, ha="left", **style, **small
    )
    for row, (name, rows) in enumerate(data.items()):
        down = -30 - ROW * (row + 1)
        for tick in ticks:
            later = rows[rows["months"] >= tick]
            text = f"{int(later['at_risk'].iloc[0]):,}" if len(later) else f"<{k_min}"
            axes.annotate(text, (tick, 0), (0, down), color=colors[name], ha="center", **style, **small)
        if len(data) > 1:
            beside = style | {"xycoords": "axes fraction"}
            axes.annotate(short(name, width), (1, 0), (24, down), color=colors[name], ha="left", **beside, **small)


# --- silences -------------------------------------------------------------------------------------------------------------


def silences(found: Definition, *, language: str, k_min: int = 10, width: float = WIDTHS["wide"]) -> Figure:
    """How soon a purchase follows a purchase, and how many come back after so many silent days, with 95 % intervals.

    Two panels, side by side where there is room. The days suggested have the accent, the setting is named.
    """
    wide, height = width >= 7, 2.5
    table = found.table[(found.table["after"] == "any") & (found.table["silences"] >= k_min)].dropna(
        subset=["came_back"]
    )
    said = caption(
        churn_definition, "churn_definition", found.as_of, int(found.table["purchases"].max()), language, 0.95,
        definition=i18n.word("survival.look.gaps_definition", language),
    )  # fmt: skip
    with mpl.rc_context(HOUSE):
        tall = height + 0.35 if wide else 2 * height + 0.6
        figure, left = canvas(width, tall, definition_title(found, language), said)
        left.remove()
        figure.get_layout_engine().set(w_pad=0.08, hspace=0.08)
        left, right = figure.subplots(1, 2) if wide else figure.subplots(2, 1)
        _gaps(left, found, k_min, language)
        _returns(right, table, found, language)
    return figure


def _gaps(axes: Axes, found: Definition, k_min: int, language: str) -> None:
    """The share of silences that have ended by each day, after any purchase and after the first."""
    most = int(found.table["days"].max())
    for after, color in (("first", GREY), ("any", ACCENT)):
        rows = found.curve[(found.curve["after"] == after) & (found.curve["at_risk"] >= k_min)]
        rows = rows[rows["days"] <= most]
        if rows.empty:
            continue
        axes.step(
            [0, *rows["days"]],
            [0, *rows["ended"]],
            where="post",
            color=color,
            linewidth=2.0 if color == ACCENT else 1.4,
        )
        axes.annotate(
            i18n.word(f"survival.look.{after}", language), (rows["days"].iloc[-1], rows["ended"].iloc[-1]), (0, 5 if after == "any" else -18),
            textcoords="offset points", ha="right", va="bottom" if after == "any" else "top", color=color,
            weight="bold" if color == ACCENT else "normal",
        )  # fmt: skip
    axes.set_ylim(0, 1.08)
    axes.set_xlim(0, most)
    axes.set_xticks([one for one in (30, 90, 180, 365) if one <= most])
    _shares(axes.yaxis, language)
    _heading(axes, i18n.word("survival.look.bought_again", language))
    axes.set_xlabel(i18n.word("survival.look.gap_days", language))


def _returns(axes: Axes, table: pd.DataFrame, found: Definition, language: str) -> None:
    """One row a number of silent days: the share that came back, with its interval and how many silences it rests on."""
    places = np.arange(len(table))
    colors = [ACCENT if one == found.suggested else BAR_GREY for one in table["days"]]
    axes.hlines(places, table["came_back_low"], table["came_back_high"], color=colors, linewidth=2.4, alpha=0.55)
    axes.scatter(table["came_back"], places, s=34, color=colors, zorder=3)
    axes.axvline(found.most_returning, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
    for place, share, high in zip(places, table["came_back"], table["came_back_high"], strict=True):
        text = i18n.number(share, "rate", language)
        axes.annotate(text, (high, place), (5, 0), textcoords="offset points", va="center", fontsize=TEXT_SIZE - 0.5)
    axes.set_yticks(places, [_days(row, found, language) for _, row in table.iterrows()], color=INK)
    axes.set_ylim(len(table) - 0.4, -0.6)
    axes.set_xlim(0, 1.12)
    axes.set_xticks([0, 0.5, 1.0] if axes.figure.get_figwidth() < 5 else [0, 0.25, 0.5, 0.75, 1.0])
    axes.xaxis.set_major_formatter(lambda share, _: i18n.number(share, "rate", language).replace(".0", ""))
    axes.grid(True, axis="x")
    window = int(table["window_days"].max()) if len(table) else found.return_days
    _heading(axes, i18n.sentence("survival.look.came_back", language, window=window))


def _days(row: pd.Series, found: Definition, language: str) -> str:
    """A number of days, marked where it is the setting or what is suggested."""
    marks = [key for key in ("suggested", "setting") if row[f"is_{key}"]]
    words = i18n.join([i18n.word(f"survival.look.{key}", language) for key in marks], language)
    days = i18n.sentence("survival.look.days", language, days=int(row["days"]))
    short_ = f"* {int(row['window_days'])}" if row["window_days"] != found.return_days else ""
    return " ".join(part for part in (days, f"({words})" if words else "", short_) if part)


def _heading(axes: Axes, text: str) -> None:
    """What a panel shows, in grey above it, from the left edge of its labels on."""
    narrow = axes.figure.get_figwidth() < 5
    axes.set_title(text, loc="right" if narrow else "left", fontsize=TEXT_SIZE, color=GREY)


def _shares(axis, language: str) -> None:
    scale(axis, lambda share: i18n.number(share, "rate", language), 4)
