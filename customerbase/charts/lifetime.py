"""The pictures of page 05: lifetime value drawn from its tables, each with its finding as title and its caption."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pandas as pd

import customerbase.cltv.looks as looks
import customerbase.cltv.worth as worth
from customerbase import cltv, i18n, segments
from customerbase.charts.calibration import calibration
from customerbase.charts.captions import caption
from customerbase.charts.draw import bars, dots, heatmap
from customerbase.charts.histogram import histogram
from customerbase.charts.lorenz import lorenz
from customerbase.charts.output import Figure
from customerbase.charts.tracking import tracking

AGE, AHEAD = 104, 52  # weeks: of the customers in the matrices, and looked ahead there
COHORTS, MONTHS = 12, 36
WIDE = 7.0
VALUE, ACTUAL = 0.8, 0.95  # intervals: of what may happen, and of a mean that was observed


@dataclass(frozen=True)
class Pictures:
    """Lifetime value of one month in pictures, for one reader: language, currency, and groups that are too small to show."""

    result: cltv.Result
    as_of: date
    language: str
    currency: str = "JPY"
    k_min: int = 10

    def models(self) -> pd.DataFrame:
        """The candidates side by side."""
        return looks.candidates(self.result.models, self.language)

    def models_title(self) -> str:
        """Which model, and why."""
        return looks.candidates_title(self.result.models, self.language)

    def tracking(self) -> Figure | str:
        """Repeat purchases by month, actual against the model, and the months ahead; a sentence for contracts."""
        table = self.result.tracking
        if not len(table):
            return i18n.word("cltv.by_contract", self.language)
        named = {"low": "low", "high": "high", "ahead": "ahead", "width": WIDE}
        look = self._look(looks.tracking_title(table, self.language), looks.tracking, "cltv_tracking", VALUE)
        return tracking(looks.tracking(table, MONTHS), "month", "actual", "expected", fmt="{:,.0f}", **named, **look)

    def cumulative(self) -> Figure | str:
        """The same, added up from the beginning."""
        table = self.result.tracking
        if not len(table):
            return ""
        look = self._look(looks.ahead_title(table, self.language), looks.tracking, "cltv_tracking")
        columns = ("month", "cumulative_actual", "cumulative_expected")
        return tracking(looks.tracking(table, MONTHS), *columns, ahead="ahead", fmt="{:,.0f}", width=WIDE, **look)

    def calibration(self) -> Figure | str:
        """Purchases in the hold-out by class of frequency, actual against the model; a sentence without a hold-out."""
        table, model = self.result.calibration, self.result.model.family
        if not len(table):
            return i18n.word("cltv.no_holdout", self.language)
        title = looks.calibration_title(table, model, self.k_min, self.language)
        people = int(self.result.held.counts.customers) if self.result.held else None
        definition = "" if self.result.held else i18n.word("cltv.renewal_rates", self.language)
        look = self._look(title, looks.calibration, "cltv_calibration", ACTUAL, people, definition=definition or None)
        columns = ("name", "actual", "actual_low", "actual_high", "predicted")
        label = i18n.word("cltv.holdout_purchases" if self.result.held else "cltv.renewal_rate", self.language)
        shown = looks.calibration(table, model, self.k_min, self.language)
        form = "{:.1f}" if self.result.held else "rate"
        return calibration(shown, *columns, n="customers", fmt=form, xlabel=label, width=WIDE, **look)

    def alive(self) -> Figure | str:
        """P(alive) by purchases so far and silence; a sentence where the data show nobody leaving, or the end is seen."""
        if self.result.money is None:
            return i18n.word("cltv.end_is_seen", self.language)
        if self.result.alive is None:
            return i18n.word("cltv.nobody_leaves", self.language)
        matrix = looks.alive_matrix(self.result.alive, AGE, self.language)
        return self._matrix(matrix, "alive", looks.alive_matrix, lambda value: f"{value * 100:.0f}", (AGE,))

    def purchases(self) -> Figure | str:
        """Purchases expected in the next year by purchases so far and silence."""
        if self.result.money is None:
            return ""
        matrix = looks.purchases_matrix(self.result.model, AGE, AHEAD, self.language)
        return self._matrix(matrix, "purchases", looks.purchases_matrix, "{:.1f}", (AGE, AHEAD))

    def distribution(self) -> Figure:
        """How value is spread over customers."""
        values = self._values()
        title = worth.distribution_title(values, self.language, self.currency)
        look = self._look(title, worth.distribution, "cltv")
        label = i18n.word("cltv.customers", self.language)
        marks = worth.distribution_marks(values, self.language)
        shown = worth.distribution(values, self.k_min)
        columns = ("low", "high", "customers")
        return histogram(
            shown, *columns, withheld="withheld", marks=marks, fmt=self._form(), ylabel=label, width=WIDE, **look
        )

    def concentration(self) -> Figure:
        """The share of all value that the top customers hold."""
        table = self.result.concentration
        look = self._look(
            worth.concentration_title(table, self.k_min, self.language), worth.concentration, "cltv_concentration"
        )
        labels = {
            "xlabel": i18n.word("cltv.top_customers", self.language),
            "ylabel": i18n.word("cltv.share_of_value", self.language),
        }
        return lorenz(worth.concentration(table, self.k_min), "top_share", "value_share", **labels, **look)

    def groups(self, dimension: str) -> Figure:
        """Value of each group (segment, channel), all members together, with the interval."""
        table, measure = self.result.groups, worth.measure_of(self.result.groups)
        title = worth.groups_title(table, dimension, self.k_min, self.language, self._names(dimension))
        look = self._look(title, worth.by, "cltv_groups", VALUE)
        ends = {"low": f"{measure}_low", "high": f"{measure}_high"}
        shown = worth.by(table, dimension, self.k_min)
        if dimension == "channel":
            shown = shown.assign(value=[self._names(dimension)(code) for code in shown["value"]])
        return bars(shown, measure, "value", fmt=self._form(), width=WIDE, **ends, **look)

    def cohorts(self) -> Figure:
        """Value a customer by month of the first purchase, the newest twelve."""
        title = worth.groups_title(self.result.groups, "cohort", self.k_min, self.language)
        look = self._look(title, worth.by, "cltv_groups", VALUE)
        shown = worth.by(self.result.groups, "cohort", self.k_min).sort_values("value").tail(COHORTS)
        return dots(shown, "value", "each", "each_low", "each_high", sort=False, fmt=self._form(), width=WIDE, **look)

    def at_stake(self) -> str:
        """The value at stake, in words."""
        return worth.at_stake_title(
            self.result.groups, self.k_min, self.language, self._names("segment"), self.currency
        )

    def changes(self) -> str:
        """What happened to value since the month before, in words."""
        return worth.changes_title(self.result.customers, self.k_min, self.language, self.currency)

    def change_classes(self) -> pd.DataFrame:
        """Customers and their value now and before, by how much it changed; small groups withheld."""
        rows, words = worth.changes(self.result.customers, self.k_min), {}
        words[i18n.word("cltv.column.group", self.language)] = [
            i18n.word(f"cltv.change.{code}", self.language) for code in rows["group"]
        ]
        words[i18n.word("cltv.customers", self.language)] = [f"{int(n):,}" for n in rows["customers"]]
        for column in ("before", "now", "change"):
            words[i18n.word(f"cltv.column.{column}", self.language)] = [self._form()(one) for one in rows[column]]
        return pd.DataFrame(words)

    def falls(self) -> pd.DataFrame:
        """The customers, by id, whose value fell most since the month before; for a page opened by hand, never published."""
        return worth.largest_falls(self.result.customers, self.language, 10, self.currency)

    def _values(self) -> pd.Series:
        return self.result.customers["cltv" if self.result.has_money else "purchases_12m"]

    def _matrix(self, matrix: pd.DataFrame, kind: str, function: Callable, form, weeks: tuple) -> Figure:
        title = looks.matrix_title(matrix, kind, self.language)
        definition = looks.matrix_definition(weeks[0], self.language, *weeks[1:])
        look = self._look(title, function, "cltv_models", definition=definition)
        labels = {
            "xlabel": i18n.word("cltv.silence", self.language),
            "ylabel": i18n.word("cltv.classes", self.language),
        }
        return heatmap(matrix, fmt=form, width=WIDE, **labels, **look)

    def _look(
        self, title: str, function: Callable, table: str, interval: float | None = None, n: int | None = None, **more
    ) -> dict:
        people = len(self.result.customers) if n is None else n
        said = caption(function, table, self.as_of, people, self.language, interval, **more)
        return {"title": title, "caption": said, "language": self.language}

    def _form(self) -> Callable[[float], str]:
        if not self.result.has_money:
            return lambda value: f"{value:,.1f}"
        return lambda value: i18n.number(value, "money", self.language, currency=self.currency)

    def _names(self, dimension: str) -> Callable[[str], str]:
        if dimension == "segment":
            return lambda code: segments.name(code, self.language)
        return lambda code: i18n.word_or(f"value.{code}", self.language, str(code))
