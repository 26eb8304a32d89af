"""Page 11 in pictures and tables: effects of campaigns with their intervals, and all of them against the global control."""

from dataclasses import dataclass, field
from datetime import date

import matplotlib as mpl
import numpy as np
import pandas as pd

import customerbase.campaigns as campaigns
import customerbase.campaigns.control as controls
import customerbase.campaigns.listing as listing
import customerbase.campaigns.looks as looks
from customerbase import i18n
from customerbase.campaigns.wording import PER, UNITS, Words
from customerbase.charts.axes import canvas, scale, short
from customerbase.charts.captions import caption
from customerbase.charts.draw import line
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, BAR_GREY, GREY, HOUSE, INK, TEXT_SIZE, WIDTHS, wrap

WIDE = 7.0


def campaign_effects(
    rows: pd.DataFrame, *, title: str, caption: str, language: str, currency: str = "JPY", width: float = WIDTHS["half"]
) -> Figure | None:
    """One row per campaign, the newest first: effect per 1,000 people with its interval; proven ones in the accent colour.

    rows: looks.picture_rows. Hollow dots were not compared with a random hold-out. None without a row.
    """
    if not len(rows):
        return None
    unit, words = UNITS[rows["outcome"].iloc[0]], Words(language, currency)
    values, low, high = (rows[name].astype(float).to_numpy() for name in ("value", "low", "high"))
    clear, weak = (rows[name].astype(bool).to_numpy() for name in ("clear", "weak"))
    places, colors = np.arange(len(rows)), [ACCENT if one else BAR_GREY for one in clear]

    def form(value: float) -> str:
        return i18n.number(round(value), unit, language, currency=currency, signed=True)

    with mpl.rc_context(HOUSE):
        names = [_label(name, width) for name in rows["name"]]
        tall = 0.38 if any("\n" in name for name in names) else 0.3
        figure, axes = canvas(width, tall * len(rows) + 0.45, title, caption)
        axes.axvline(0, color=GREY, linewidth=0.8, linestyle=(0, (4, 3)))
        axes.hlines(places, low, high, color=colors, linewidth=2.4, alpha=0.5)
        faces = ["white" if one else color for one, color in zip(weak, colors, strict=True)]
        axes.scatter(values, places, s=38, facecolor=faces, edgecolor=colors, linewidth=1.4, zorder=4)
        axes.set_yticks(places, names, color=INK)
        axes.set_ylim(len(rows) - 0.4, -0.7)
        room = max(high.max(), 0) - min(low.min(), 0)
        axes.set_xlim(min(low.min(), 0) - room * 0.03, max(high.max(), 0) + room * (0.22 if width > 4 else 0.4))
        scale(axes.xaxis, form, 2 if width < 5 else 5)
        for place in np.flatnonzero(clear):
            text = words.per_thousand(values[place] / PER, rows["outcome"].iloc[0])
            style = {
                "textcoords": "offset points",
                "va": "center",
                "color": ACCENT,
                "weight": "bold",
                "fontsize": TEXT_SIZE - 0.5,
            }
            axes.annotate(text, (high[place], place), (7, 0), annotation_clip=False, **style)
    return figure


def cumulated(
    rows: pd.DataFrame, *, title: str, caption: str, language: str, currency: str = "JPY", width: float = WIDTHS["half"]
) -> Figure:
    """Revenue of all campaigns together by quarter, cumulated, with its interval. rows: of global_control, since the group is kept."""
    form = {"low": "cumulated_low", "high": "cumulated_high", "zero": True, "fmt": Words(language, currency).money}
    return line(rows, "quarter", "cumulated", title=title, caption=caption, language=language, width=width, **form)


def control_caption(rows: pd.DataFrame, as_of: date, language: str) -> str:
    """Definition, customers of the last quarter, interval and as-of date of that picture."""
    n = int(rows["n_others"].iloc[-1] + rows["n_control"].iloc[-1])
    words = i18n.word("effects.definition_control", language)
    return caption(controls.control, "global_control", as_of, n, language, 0.95, definition=words)


def _label(name: str, width: float) -> str:
    """A campaign's name; on a phone in at most two lines of what fits beside the plot."""
    if width >= WIDTHS["half"]:
        return short(name, width)
    lines = wrap(name, width * 72 / TEXT_SIZE * 0.34)
    return "\n".join([lines[0], short(name[len(lines[0]) :].strip(), width)]) if len(lines) > 1 else name


@dataclass(frozen=True)
class Pictures:
    """Campaigns of one month in sentences, pictures and tables, for one reader: language, currency, groups too small to show."""

    result: campaigns.Campaigns
    language: str
    currency: str = "JPY"
    k_min: int = 10
    words: Words = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", Words(self.language, self.currency, self.k_min))

    def said(self) -> list[str]:
        """Results, money, what runs, faults, weaker evidence, the next campaign and the check of the method."""
        told = looks.lines(self.result.tables(), self.words, as_of=self.result.as_of)
        if not told:
            return [self.words.word("none")]
        return [f"{label}: {text}" for label, text in told]

    def effects(self, width: float = WIDE) -> Figure | str:
        """The newest campaigns by their effect."""
        rows = looks.picture_rows(self.result.results, self.words)
        if not len(rows):
            return self.words.word("no_picture" if len(self.result.results) else "none")
        title = looks.title(self.result.results, self.words, as_of=self.result.as_of)
        said = caption(
            campaigns.campaigns, "campaign_results", self.result.as_of, int(rows["people"].sum()), self.language, 0.95,
            definition=self.words.definition(rows),
        )  # fmt: skip
        look = {"language": self.language, "currency": self.currency, "width": width}
        return campaign_effects(rows, title=title, caption=said, **look)

    def table(self) -> pd.DataFrame:
        """All campaigns with their verdicts and money."""
        return listing.campaigns(self.result.results, self.words, most=len(self.result.results))

    def newest(self) -> pd.DataFrame:
        """Every outcome of the campaign that came to a result last, plain and adjusted."""
        code = listing.newest(self.result.results)
        return listing.outcomes(self.result.effects, self.words, code or "")

    def parts(self) -> pd.DataFrame:
        """The same campaign by what its people had done before."""
        return listing.parts(self.result.parts, self.words, listing.newest(self.result.results) or "")

    def funnel(self) -> pd.DataFrame:
        """How far the newest campaigns came."""
        return listing.funnel(self.result.funnel, self.result.results, self.words)

    def faults(self) -> pd.DataFrame:
        """Every fault of every campaign."""
        return listing.faults(self.result.faults, self.result.results, self.words)

    def looks(self) -> pd.DataFrame:
        """What runs or has just ended, look by look."""
        return listing.looks(self.result.looks, self.result.results, self.words)

    def plans(self) -> pd.DataFrame:
        """What the next campaign of each channel could show, by the share held out."""
        return listing.plans(self.result.plans, self.words)

    def trials(self) -> pd.DataFrame:
        """Draws of arms that were treated alike."""
        return listing.trials(self.result.trials, self.words)

    def control(self, width: float = WIDE) -> Figure | str:
        """All campaigns together against the global control group."""
        table = self.result.control
        rows = table[~table["before"].astype(bool)] if len(table) else table
        if not len(rows):
            return self.words.word("control_early" if len(table) else "control_none")
        if len(rows) < 2:  # a line needs two points
            return i18n.run_on(looks.control(table, self.words) or [self.words.word("control_early")], self.language)
        look = {"title": self.words.word("title_control"), "language": self.language, "currency": self.currency}
        return cumulated(rows, caption=control_caption(rows, self.result.as_of, self.language), width=width, **look)

    def quarters(self) -> pd.DataFrame:
        """Quarter by quarter."""
        return listing.control(self.result.control, self.words)
