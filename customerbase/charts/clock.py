"""The pictures of the repurchase clock: hazards by day, peaks and best days side by side, the five weeks ahead."""

from collections.abc import Callable
from dataclasses import dataclass

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes

import customerbase.propensity.repurchase.looks as looks
from customerbase import i18n, propensity
from customerbase.charts.axes import canvas, short, value_axis
from customerbase.charts.best_days import best_days
from customerbase.charts.captions import caption
from customerbase.charts.draw import heatmap
from customerbase.charts.output import Figure
from customerbase.charts.style import ACCENT, AGAINST, BAR_GREY, GREY, HEAT, HOUSE, INK, TEXT_SIZE
from customerbase.errors import ConfigError, near_miss

WIDE = 7.2
BEYOND = 1.35  # of the horizon: how far a curve is shown
ROWS = 12  # things side by side at most
WEEKS = 5


@dataclass(frozen=True)
class Pictures:
    """The repurchase clock of one month in pictures, for one reader: language, and groups that are too small to show."""

    clock: propensity.Clock
    language: str
    k_min: int = 10

    def title(self) -> str:
        """How many things have a peak, and when."""
        return looks.things_title(self._shown(), self.language)

    def table(self) -> pd.DataFrame:
        """The things side by side in words."""
        return looks.things_table(self.clock.things, self.k_min, self.language)

    def things(self) -> Figure | str:
        """Peak and best day to contact of each thing, the earliest peak first; a sentence when there is no curve yet."""
        rows = self._shown()
        rows = rows[rows["best_day"].notna()].head(ROWS)
        if not len(rows):
            return self.title()
        rows = rows.sort_values(["peak_day", "best_day", "thing"], na_position="last", kind="stable")
        look = self._look("repurchase_things", propensity.clock, "things", int(rows["purchases"].sum()))
        rows = rows.assign(name=[looks.name_of(row, self.language) for _, row in rows.iterrows()])
        title = looks.best_title(rows, self.language)
        return best_days(rows, title=title, caption=look, language=self.language, width=WIDE)

    def hazard(self, thing: str) -> Figure | str:
        """The chance of the next purchase by day, with its band, the peak and the best day to contact."""
        row = self._row(thing)
        title = looks.thing_title(row, self.language)
        if i18n.missing(row["best_day"]) and row["verdict"] == "few":
            return title
        look = self._look("repurchase_clock", propensity.clock, "hazard", int(row["purchases"]))
        with mpl.rc_context(HOUSE):
            figure, axes = canvas(WIDE, 2.6, title, look)
            self._curve(axes, row, marks=True)
            axes.set_xlabel(i18n.word(f"clock.xlabel{'_second' * (row['gap'] == 'second')}", self.language))
        return figure

    def multiples(self, most: int = 6) -> Figure | str:
        """The same curves small, side by side: those with a peak first, then those with the most repeat purchases."""
        rows = self._shown()
        rows = rows[rows["verdict"] != "few"].assign(_last=rows["verdict"] != "peak")
        rows = rows.sort_values("_last", kind="stable").head(most)
        if not len(rows):
            return self.title()
        across = min(3, len(rows))
        down = -(-len(rows) // across)
        look = self._look("repurchase_clock", propensity.clock, "hazard", int(rows["purchases"].sum()))
        with mpl.rc_context(HOUSE):
            figure, whole = canvas(WIDE, 1.75 * down, self.title(), look)
            whole.remove()
            for place, (_, row) in enumerate(rows.iterrows()):
                axes = figure.add_subplot(down, across, place + 1)
                self._curve(axes, row, marks=False)
                name = short(looks.name_of(row, self.language), WIDE * 0.7)
                axes.set_title(name, loc="left", fontsize=TEXT_SIZE, color=INK, weight="bold", pad=14)
        return figure

    def calendar(self, measure: str = "contacts") -> Figure | str:
        """The five weeks ahead, a strip of days for each thing: contacts, due, or expected_purchases; weeks where days hold few."""
        rows = self.clock.calendar[self.clock.calendar["thing"].isin(self._shown()["thing"])]
        title = looks.calendar_title(rows, measure, self.k_min, self.language)
        matrix = looks.calendar(rows, measure, self.k_min, ROWS) if len(rows) else rows
        if not len(matrix):
            return title
        look = {"title": title, "caption": self._look("repurchase_calendar", propensity.clock, measure, None)}
        names = {row["thing"]: looks.name_of(row, self.language) for _, row in self.clock.things.iterrows()}
        matrix = matrix.set_axis([names[one] for one in matrix.index])
        dates = rows.drop_duplicates("days_ahead").set_index("days_ahead")["day"]
        if len(matrix.columns) <= WEEKS:
            return self._weeks(matrix, dates, look)
        return self._strips(matrix, dates, look, measure)

    def _shown(self) -> pd.DataFrame:
        return looks.shown(self.clock.things, self.k_min)

    def _row(self, thing: str) -> pd.Series:
        rows = self.clock.things[self.clock.things["thing"] == thing]
        if not len(rows):
            known = [str(one) for one in self.clock.things["thing"]]
            raise ConfigError(f"no thing {thing!r} in repurchase_things.{near_miss(thing, known)}")
        return rows.iloc[0]

    def _look(self, table: str, function: Callable, definition: str, n: int | None) -> str:
        said = i18n.word(f"clock.definition.{definition}", self.language)
        interval = 0.95 if table != "repurchase_calendar" else None
        return caption(function, table, self.clock.as_of, n, self.language, interval, definition=said)

    def _curve(self, axes: Axes, row: pd.Series, *, marks: bool) -> None:
        """One thing's daily chances as dots, their trend with its band, the peak and the best day."""
        days = self.clock.days[self.clock.days["thing"] == row["thing"]]
        end = max(self.clock.options.contact.horizon, 0 if i18n.missing(row["peak_high"]) else row["peak_high"])
        days = days[days["day"] <= BEYOND * end]
        dots = axes.scatter(days["day"], days["hazard"], s=7 if marks else 3, color=BAR_GREY, alpha=0.6, lw=0, zorder=1)
        band = axes.fill_between(days["day"], days["trend_low"], days["trend_high"], color=ACCENT, alpha=0.18, lw=0)
        size = {"linewidth": 2.2 if marks else 1.6, "solid_capstyle": "round"}
        (line,) = axes.plot(days["day"], days["trend"], color=ACCENT, **size)
        if marks:
            _key(axes, dots, line, band, self.language)
        top = max(float(days["trend_high"].max()) * 1.15, float(days["hazard"].quantile(0.97)))
        axes.set_ylim(0, top * (1.2 if marks else 1.05))
        axes.set_xlim(0, float(days["day"].max()) + 1)
        _marks(axes, row, top, self.language, marks)
        value_axis(axes, lambda value: i18n.number(value, "rate", self.language), True)
        axes.set_ylim(0, top * (1.2 if marks else 1.05))
        axes.xaxis.set_major_locator(mpl.ticker.MultipleLocator(14 if marks else 28))

    def _weeks(self, matrix: pd.DataFrame, dates: pd.Series, look: dict) -> Figure:
        """Numbers by week, shaded."""
        named = matrix.set_axis([_day(dates[first], self.language) for first in matrix.columns], axis=1)
        fmt = {"fmt": "{:,.0f}", "blank": "·", "language": self.language}
        note = i18n.word("clock.weeks", self.language)
        if named.isna().any(axis=None):
            note += "   " + i18n.sentence("clock.withheld", self.language, k=self.k_min)
        return heatmap(named, width=WIDE, xlabel=note, **fmt, **look)

    def _strips(self, matrix: pd.DataFrame, dates: pd.Series, look: dict, measure: str) -> Figure:
        """A strip of shaded days for each thing, with its sum where nothing of it is withheld."""
        with mpl.rc_context(HOUSE):
            figure, axes = canvas(WIDE, 0.27 * len(matrix) + 0.6, look["title"], look["caption"])
            colors = mpl.colors.LinearSegmentedColormap.from_list("house", HEAT)
            values = matrix.to_numpy()
            depth = np.sqrt(
                np.nan_to_num(values) / (np.nanmax(values, initial=0) or 1)
            )  # the first day dwarfs the others
            axes.pcolormesh(depth, cmap=colors, vmin=0, vmax=1, edgecolors="white", linewidth=1)
            for place, day in zip(*np.where(np.isnan(values)), strict=True):
                axes.text(day + 0.5, place + 0.5, "·", ha="center", va="center", color=GREY)
            for week in range(7, values.shape[1], 7):
                axes.axvline(week, color="white", linewidth=3.5)
            axes.set_yticks(np.arange(len(matrix)) + 0.5, [short(name, WIDE) for name in matrix.index], color=INK)
            starts = range(0, values.shape[1], 7)
            axes.set_xticks(
                [place + 0.1 for place in starts], [_day(dates[place + 1], self.language) for place in starts]
            )
            for label in axes.get_xticklabels():
                label.set_ha("left")
            axes.xaxis.tick_top()
            if np.isnan(values).any():
                note = i18n.sentence("clock.withheld", self.language, k=self.k_min)
                axes.set_xlabel(note, loc="left", fontsize=TEXT_SIZE - 1)
            elif measure != "due":
                _sums(axes, values)
            axes.invert_yaxis()
            axes.spines["bottom"].set_visible(False)
            axes.tick_params(length=0)
        return figure


def _sums(axes: Axes, values: np.ndarray) -> None:
    """The sum of each strip at its end."""
    for place, total in enumerate(values.sum(axis=1)):
        spot = {"textcoords": "offset points", "va": "center", "color": INK, "annotation_clip": False}
        axes.annotate(f"{total:,.0f}", (values.shape[1], place + 0.5), (5, 0), **spot)


def _marks(axes: Axes, row: pd.Series, top: float, language: str, named: bool) -> None:
    """The days as good to contact as a ground, the best of them and the peak as lines, each with its day."""
    if not i18n.missing(row["best_day"]):
        axes.axvspan(row["good_from"], row["good_to"], color=AGAINST, alpha=0.1, lw=0, zorder=-2)
        axes.axvline(row["best_day"], color=AGAINST, linewidth=1.4, zorder=0)
        _mark(axes, "best", row["best_day"], (row["good_from"], row["good_to"]), top * 1.13, AGAINST, language, named)
    if not i18n.missing(row["peak_day"]):
        axes.plot([row["peak_day"]] * 2, [0, row["peak_hazard"]], color=ACCENT, linewidth=1.0, linestyle=(0, (3, 2)))
        axes.plot([row["peak_day"]], [row["peak_hazard"]], "D", color=ACCENT, markersize=5.5 if named else 4)
        _mark(axes, "peak", row["peak_day"], (row["peak_low"], row["peak_high"]), top, ACCENT, language, named)


def _mark(
    axes: Axes, which: str, day: int, ends: tuple[int, int], height: float, color: str, language: str, named: bool
) -> None:
    """The day in words: beside its line with the interval, or (small) above the plot."""
    style = {"textcoords": "offset points", "color": color, "weight": "bold"}
    if not named:
        text = i18n.sentence(f"clock.mark.{which}_small", language, day=day)
        place = 0 if which == "best" else 0.52
        axes.annotate(text, (place, 1), (0, 3), xycoords="axes fraction", fontsize=TEXT_SIZE - 1, **style)
        return
    between = i18n.sentence("clock.days", language, low=ends[0], high=ends[1])
    text = i18n.sentence(f"clock.mark.{which}", language, day=day, interval=between)
    left = which == "best" and day > axes.get_xlim()[1] * 0.4
    axes.annotate(text, (day, height), (-5 if left else 7, 0), va="center", ha="right" if left else "left", **style)


def _key(axes: Axes, dots, line, band, language: str) -> None:
    """What dots, line and band are, in one row above the plot."""
    axes.legend(
        [dots, line, band],
        [i18n.word(f"clock.mark.{key}", language) for key in ("daily", "trend", "band")],
        loc="lower left", bbox_to_anchor=(0, 1), ncols=3, frameon=False, fontsize=TEXT_SIZE, handletextpad=0.5,
        columnspacing=1.4, borderaxespad=0.1, borderpad=0.1, labelcolor=[GREY, ACCENT, ACCENT], handlelength=1.6,
        scatterpoints=3,
    )  # fmt: skip


def _day(when: object, language: str) -> str:
    day = pd.Timestamp(when)
    return f"{day.month}/{day.day}" if language == "ja" else f"{day.day} {i18n.MONTHS[day.month - 1]}"
