"""Page 09 in pictures: scores by month and by group, who answers, what came after, what matters most."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import matplotlib as mpl
import numpy as np
import pandas as pd

import customerbase.satisfaction as study
import customerbase.satisfaction.drivers as drivers_of
import customerbase.satisfaction.links as links_of
import customerbase.satisfaction.listings as listings
import customerbase.satisfaction.looks as looks
import customerbase.satisfaction.names as names
import customerbase.satisfaction.titles as titles
from customerbase import i18n, segments
from customerbase.charts.axes import canvas, formatter, scale, time_axis
from customerbase.charts.captions import caption
from customerbase.charts.draw import dots
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, BAR_GREY, GREY, HOUSE, INK, TEXT_SIZE, WIDTHS, wrap
from customerbase.periods import month_range
from customerbase.satisfaction.products import PRODUCT

WIDE = 7.0
MOST = 24  # groups in one picture


def months(
    frame: pd.DataFrame, *, title: str, caption: str, language: str, fmt, width: float = WIDTHS["half"]
) -> Figure:
    """A dot with its interval for each month with answers, in time; a dashed line for the months before each.

    frame: columns month (date), value, low, high, before, clear, label. Clear months stand out in the accent colour, the
    last month is labelled.
    """
    data = frame.sort_values("month").reset_index(drop=True)
    spine = month_range(data["month"].iloc[0], data["month"].iloc[-1]) if len(data) else []
    place = np.array([spine.index(month) for month in data["month"]])
    value, low, high, before = (data[name].astype(float).to_numpy() for name in ("value", "low", "high", "before"))
    colors = [ACCENT if clear else INK for clear in data["clear"]]
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, max(2.0, width * 0.32), title, caption)
        if len(data):
            axes.vlines(place, low, high, color=colors, linewidth=5, alpha=0.25)
            axes.hlines(before, place - 0.45, place + 0.45, color=GREY, linewidth=1.0, linestyle=(0, (3, 2)))
            axes.scatter(place, value, s=36, color=colors, zorder=3)
            axes.annotate(
                data["label"].iloc[-1], (place[-1], value[-1]), (8, 0), textcoords="offset points", va="center",
                weight="bold", color=colors[-1], annotation_clip=False,
            )  # fmt: skip
            time_axis(axes, spine, language, width)
            axes.set_xlim(-0.7, max(len(spine), 3) - 0.3)
        scale(axes.yaxis, formatter(fmt, language), 4)
    return figure


def importance(
    frame: pd.DataFrame, *, title: str, caption: str, language: str, width: float = WIDTHS["half"]
) -> Figure:
    """Items by how they stand (across) and how much goes with them (up): what matters and is weak stands at the top left.

    frame: columns name, performance, share, low, high (of the share), clear. Lines: the means of the items.
    """
    data = frame.sort_values("share", ascending=False).reset_index(drop=True)
    x, y, low, high = (data[name].astype(float).to_numpy() for name in ("performance", "share", "low", "high"))
    colors = [ACCENT if clear else BAR_GREY for clear in data["clear"]]
    with mpl.rc_context(HOUSE):
        figure, axes = canvas(width, max(2.6, width * 0.45), title, caption)
        axes.axvline(x.mean(), color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.axhline(y.mean(), color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.vlines(x, low, high, color=colors, linewidth=2.2, alpha=0.45)
        axes.scatter(x, y, s=44, color=colors, zorder=3)
        room = max(np.ptp(x), 0.05)
        axes.set_xlim(max(x.min() - 0.25 * room, 0), x.max() + (0.55 if width > 4 else 0.9) * room)
        _name_items(axes, data["name"], x, y, colors, width)
        axes.set_ylim(-0.08 * np.nanmax(high), None)
        axes.set_xlabel(i18n.word("satisfaction.performance", language))
        axes.set_ylabel("\n".join(wrap(i18n.word("satisfaction.importance", language), 14)))
        scale(axes.xaxis, formatter("rate", language), 4)
        scale(axes.yaxis, formatter("rate", language), 4)
    return figure


def _name_items(axes, called, x: np.ndarray, y: np.ndarray, colors: list[str], width: float) -> None:
    """A name at the right of each dot, lifted until it stands on no other name."""
    left, right = axes.get_xlim()
    wide, high = width * 72 * 0.8, max(2.6, width * 0.45) * 72 * 0.75  # of the plot, in points
    most, placed = max(y.max(), 1e-9) * 1.2, []
    for place in np.argsort(y, kind="stable"):
        text = "\n".join(wrap(called[place], 13))
        lines = text.split("\n")
        start, long = (x[place] - left) / (right - left) * wide, max(map(i18n.half_widths, lines)) * TEXT_SIZE * 0.5
        level, tall = y[place] / most * high, len(lines) * TEXT_SIZE * 1.3
        lift = 0.0
        while any(start < b and start + long > a and abs(level + lift - c) < (tall + d) / 2 for a, b, c, d in placed):
            lift += 3
        placed.append((start, start + long, level + lift, tall))
        axes.annotate(
            text, (x[place], y[place]), (8, lift), textcoords="offset points", va="center", fontsize=TEXT_SIZE - 0.5,
            color=colors[place] if colors[place] == ACCENT else INK, annotation_clip=False,
        )  # fmt: skip


@dataclass(frozen=True)
class Pictures:
    """One month's study in pictures and tables, for one reader: language and the company's names of its questions."""

    result: study.Satisfaction
    language: str
    questions: Mapping = field(default_factory=dict)

    def remarks(self) -> list[str]:
        """What the scores rest on, the scores, and their newest month."""
        return looks.remarks(self.result, self.language)

    def said(self) -> list[str]:
        """Groups that differ."""
        return looks.group_lines(self._named(self.result.scores), self.language)

    def of_products(self) -> list[str]:
        """How many products are told of, and which differ."""
        return looks.product_lines(self._named(self.result.scores), self.language)

    def products(self) -> pd.DataFrame:
        """Scores of the products that are told of as a table, those with most answers first."""
        return listings.product_table(self._named(self.result.scores), self.language)

    def answered(self) -> list[str]:
        """Who answers, and the scores with and without weights."""
        rates, scores = self._named(self.result.rates), self.result.scores
        told = looks.response_lines(rates, scores, self.language, self.result.k_min)
        outside = self.result.response.outside
        if outside >= self.result.k_min:
            told.append(i18n.sentence("satisfaction.outside", self.language, n=f"{outside:,}"))
        return told

    def after(self) -> list[str]:
        """What came after the answers."""
        return looks.link_lines(self.result.links, self.language)

    def matters(self) -> list[str]:
        """What satisfaction goes with, and what to do."""
        found = (self._named(self.result.scores), self.result.trend, self.result.drivers)
        next_step = looks.todo(*found, self.language, self.result.k_min, self.questions)
        return [*looks.driver_lines(self.result.drivers, self.language, self.questions), next_step]

    def scores(self) -> pd.DataFrame:
        """All scores of the window as a table."""
        return listings.score_table(self.result.scores, self.language, self.result.k_min)

    def rates(self) -> pd.DataFrame:
        """Rates of response as a table."""
        return listings.rate_table(self._named(self.result.rates), self.language)

    def drivers_listed(self) -> pd.DataFrame:
        """All drivers as a table."""
        return listings.driver_table(self.result.drivers, self.language, self.questions)

    def trend(self, measure: str = "", width: float = WIDE) -> Figure | None:
        """Each month's score; None where it may not be shown, which the remarks say."""
        return _drawn(trend(self.result.trend, self.result.k_min, self.language, measure, width))

    def groups(self, measure: str = "", dimension: str = "segment", width: float = WIDE) -> Figure | None:
        """Scores by group; None where none may be shown."""
        table = self._named(self.result.scores)
        about = (self.result.as_of, self.result.months, self.result.product_days, self.language)
        return _drawn(groups(table, *about, measure, dimension, width))

    def links(self, width: float = WIDE) -> Figure | None:
        """Who bought again after the answer, by band; None where few did."""
        return _drawn(links(self.result.links, self.language, width))

    def drivers(self, outcome: str = drivers_of.OVERALL, width: float = WIDE) -> Figure | None:
        """Impact and performance of items, or the shares of facts of behaviour; None where answers are few."""
        return _drawn(drivers(self.result.drivers, self.language, outcome, self.questions, width))

    def _named(self, table: pd.DataFrame) -> pd.DataFrame:
        called = {code: segments.name(code, self.language) for code in segments.codes()}
        return names.by_name(table, called)


def trend(
    table: pd.DataFrame, k_min: int, language: str, measure: str = "", width: float = WIDE, bare: bool = False
) -> Figure | str:
    """Each month's score as a picture; words where there is none to show. bare: without title and caption."""
    code = measure or next((one for one in looks.MAIN if looks.newest(table, one, k_min)), "")
    row = looks.newest(table, code, k_min) if code else None
    if row is None:
        return i18n.sentence("satisfaction.few", language, k=k_min) if len(table) else _empty(language)
    own = table[(table["measure"] == code) & (table["scale"] == row["scale"])]
    own = own[[names.shown(one, k_min, "value") for one in own.to_dict("records")]]
    own = own.assign(
        month=[pd.Timestamp(month).date() for month in own["month"]], clear=own["verdict"].isin(looks.CLEAR),
        label=[names.number(code, value, language) for value in own["value"]],
    )  # fmt: skip
    words = names.trend_definition(code, row["scale"], language)
    day = pd.Timestamp(row["as_of"]).date()
    said = caption(study.satisfaction, "satisfaction_trend", day, int(own["n"].sum()), language, 0.95, definition=words)
    title = titles.trend_title(row, language)
    look = {"title": "", "caption": ""} if bare else {"title": title, "caption": said}
    return months(own, **look, language=language, fmt=lambda value: names.number(code, value, language), width=width)


def groups(
    table: pd.DataFrame, as_of, window: int, product_days: int, language: str, measure: str = "",
    dimension: str = "segment", width: float = WIDE,
) -> Figure | str:  # fmt: skip
    """Scores by group as dots with intervals beside the score of all; words where no group may be shown."""
    own = table[(table["method"] == "raw") & table["measure"].isin([measure] if measure else looks.MAIN)]
    own = own[(own["dimension"] == dimension) & own["score"].notna()]
    if not len(own):
        return i18n.word("satisfaction.group_few", language) if len(table) else _empty(language)
    first = own.iloc[0] if measure or dimension != PRODUCT else own.loc[_most_told(own)]
    code, own = first["measure"], own[(own["measure"] == first["measure"]) & (own["scale"] == first["scale"])]
    told, many = _clear_first(own), len(own)
    own = told.head(MOST)
    of_all = table[(table["dimension"] == "all") & (table["measure"] == code) & (table["scale"] == first["scale"])]
    called = names.measure(code, first["scale"], language)
    frame = own.assign(name=[names.value(dimension, one, language) for one in own["value"]])
    clear = frame[frame["verdict"].isin(looks.CLEAR)].sort_values(["q_value", "name"])
    words = names.groups_definition(dimension, first, window, product_days, language)
    if len(own) < many:
        shown = i18n.sentence("satisfaction.products_shown", language, n=f"{len(own)}", all=f"{many:,}")
        words = i18n.aside(words, shown, language)
    n = int(frame["n"].sum())
    return dots(
        frame, "name", "score", "low", "high", language=language, width=width, reference=float(of_all["score"].iloc[0]),
        title=titles.group_title(dimension, clear["name"].iloc[0] if len(clear) else "", called, language),
        caption=caption(study.satisfaction, "satisfaction_scores", as_of, n, language, 0.95, definition=words),
        accent=clear["name"].iloc[0] if len(clear) else "", fmt=lambda value: names.number(code, value, language),
    )  # fmt: skip


def _most_told(own: pd.DataFrame) -> object:
    """The first row of the measure and scale that tells of most groups."""
    often = own.groupby(["measure", "scale"], sort=False)["value"].transform("size")
    return often.idxmax()


def _clear_first(own: pd.DataFrame) -> pd.DataFrame:
    """Groups that clearly differ first, the surest of them on top, then those with most answers."""
    clear = own["verdict"].isin(looks.CLEAR)
    keys = pd.DataFrame({"clear": ~clear, "q": own["q_value"].where(clear, 1.0), "n": -own["n"].astype(float)})
    return own.loc[keys.assign(value=own["value"]).sort_values(["clear", "q", "n", "value"]).index]


def links(table: pd.DataFrame, language: str, width: float = WIDE, bare: bool = False) -> Figure | str:
    """Who bought again after the answer by band, as dots with intervals; words where few did."""
    own = looks.linked(table)
    own = own[own["repeat_rate"].notna()] if len(own) else own
    if len(own) < 2:
        days = int(table["days"].iloc[0]) if len(table) else links_of.DAYS
        return i18n.sentence("satisfaction.repeat_few", language, days=days)
    frame = own.assign(name=[names.band(row["band"], row["role"], language) for row in own.to_dict("records")])
    clear = looks.clear_bands(own)
    words = i18n.sentence("satisfaction.definition_links", language, days=int(own["days"].iloc[0]))
    day, n = pd.Timestamp(own["as_of"].iloc[0]).date(), int(own["n"].sum())
    said = caption(links_of.table, "satisfaction_links", day, n, language, 0.95, definition=words)
    look = {"title": "", "caption": ""} if bare else {"title": titles.link_title(own, language), "caption": said}
    accent = frame["name"].iloc[list(own["band"]).index(clear[0]["band"])] if clear else ""
    return dots(
        frame, "name", "repeat_rate", "low", "high", **look, language=language, width=width, fmt="rate", accent=accent,
        sort=False,
    )  # fmt: skip


def drivers(
    table: pd.DataFrame, language: str, outcome: str = drivers_of.OVERALL, questions: Mapping | None = None,
    width: float = WIDE, bare: bool = False,
) -> Figure | str:  # fmt: skip
    """Impact and performance of items, or the shares of facts of behaviour as dots; words where answers are few."""
    own = table[table["outcome"] == outcome]
    if not len(own):
        return i18n.word("satisfaction.driver_few", language)
    frame = own.assign(
        name=[names.driver(code, language, questions) for code in own["driver"]], low=own["share_low"],
        high=own["share_high"], clear=own["direction"] != drivers_of.UNCLEAR,
    )  # fmt: skip
    words, day = i18n.word("satisfaction.definition_drivers", language), pd.Timestamp(own["as_of"].iloc[0]).date()
    n = int(own["n"].iloc[0])
    said = caption(drivers_of.judge, "satisfaction_drivers", day, n, language, 0.95, definition=words)
    title = titles.driver_title(own, language, questions)
    look = {"title": "", "caption": ""} if bare else {"title": title, "caption": said}
    if (
        own["performance"].notna().all() and frame["clear"].any() and width > 4
    ):  # a map needs room, and something to find
        return importance(frame, **look, language=language, width=width)
    accent = frame["name"].iloc[0] if frame["clear"].iloc[0] else ""
    return dots(
        frame, "name", "share", "low", "high", **look, language=language, width=width, fmt="rate", accent=accent
    )


def _drawn(made: Figure | str) -> Figure | None:
    return None if isinstance(made, str) else made


def _empty(language: str) -> str:
    return i18n.word("satisfaction.empty", language)
