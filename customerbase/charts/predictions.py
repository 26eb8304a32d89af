"""Pages 06 and 07 in pictures: how a study was judged, for one reader; charts.leaving and charts.buying add their own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import pandas as pd

import customerbase.prediction.looks as looks
from customerbase import i18n
from customerbase.charts.calibration import calibration
from customerbase.charts.captions import caption
from customerbase.charts.draw import bars
from customerbase.charts.gains import gains
from customerbase.charts.output import Figure
from customerbase.charts.scores import deciles, reliability
from customerbase.charts.stability import drift, snapshots
from customerbase.features import LeakTest
from customerbase.prediction import reasons
from customerbase.prediction.lists import Listing

WIDE = 7.0
EVENT = 0.95  # intervals of what was observed
TOPS = (0.1, 0.2)


@dataclass(frozen=True)
class Judged:
    """A month's list of scored customers in pictures, for one reader: language, currency, and groups too small to show."""

    words: ClassVar[str]  # where bands and columns have their names
    leaving: ClassVar[bool]

    result: Listing
    as_of: date
    language: str
    currency: str = "JPY"
    k_min: int = 10

    def ladder(self) -> pd.DataFrame:
        """The rungs side by side."""
        return looks.ladder(self.result.models, self.language)

    def ladder_title(self) -> str:
        """Which rung is used, and how well it ranked."""
        return looks.ladder_title(self.result.models, self.language)

    def leak(self, test: LeakTest) -> str:
        """The result of the leak test in words."""
        return looks.leak(test, self.language)

    def reliability(self) -> Figure | str:
        """Predicted against actual shares, before and after calibration; a sentence without a test."""
        rows = looks.reliability(self.result.curves)
        if not len(rows):
            return self._none()
        look = self._look(
            looks.reliability_title(self.result.curves, self.language), looks.reliability, "curves", self._tested()
        )
        return reliability(rows, before=looks.reliability(self.result.curves, "raw"), width=WIDE * 0.8, **look)

    def deciles(self) -> Figure | str:
        """The share to whom it happened by decile of the score, and how many times that of all."""
        rows = looks.reliability(self.result.curves)
        if not len(rows):
            return self._none()
        title = looks.deciles_title(self.result.curves, self.leaving, self.language)
        look = self._look(title, looks.reliability, "curves", self._tested())
        return deciles(rows, width=WIDE * 0.8, **look)

    def gain(self) -> Figure | str:
        """The share of events among the first customers, against the rule and chance."""
        rows = looks.gain(self.result.curves)
        if not len(rows):
            return self._none()
        title = looks.gain_title(self.result.curves, self.leaving, self.language)
        look = self._look(title, looks.gain, "curves", self._tested(), interval=None)
        return gains(rows, rule="rule", tops=TOPS, width=WIDE * 0.8, **look)

    def stability(self) -> Figure | str:
        """AUC by test window, the rule beside it."""
        rows = looks.stability(self.result.models)
        if not len(rows):
            return self._none()
        look = self._look(
            looks.stability_title(self.result.models, self.language), looks.stability, "model", self._tested()
        )
        ends = {"rule": "rule", "rule_low": "rule_low", "rule_high": "rule_high"}
        return snapshots(rows, "cutoff", "auc", "auc_low", "auc_high", width=WIDE, **ends, **look)

    def drivers(self) -> Figure | str:
        """The topics that move the score most."""
        rows = looks.drivers(self.result.drivers, self.language)
        if not len(rows):
            return i18n.word("prediction.title.drivers_none", self.language)
        title = looks.drivers_title(self.result.drivers, self.language)
        look = self._look(title, looks.drivers, "drivers", None, interval=None)
        return bars(rows, "share", "topic", fmt="rate", width=WIDE, **look)

    def drift(self) -> Figure | str:
        """The features whose distribution moved most."""
        rows = looks.drift(self.result.drift, self.language)
        if not len(rows):
            return self._none()
        n = int(rows["today"].max())
        look = self._look(looks.drift_title(self.result.drift, self.language), looks.drift, "drift", n, interval=None)
        return drift(rows, "name", "psi", bound="bound", verdict="verdict", width=WIDE, **look)

    def outcomes(self) -> Figure | str:
        """The newest list whose window is over: predicted and actual share by band; a sentence where few would show."""
        rows = looks.outcomes(self.result.outcomes, self.k_min)
        if not len(rows):
            return i18n.word(f"prediction.outcome.{'few' if len(self.result.outcomes) else 'none'}", self.language)
        rows = rows.assign(name=[self.names(code) for code in rows["band"]])
        n = int(rows["customers"].iloc[0])
        look = self._look(looks.outcome_title(rows, self.language), looks.outcomes, "outcomes", n)
        columns = ("name", "actual", "actual_low", "actual_high", "predicted")
        label = i18n.word("scores.happened", self.language)
        return calibration(rows, *columns, n="customers", fmt="rate", xlabel=label, width=WIDE, **look)

    def names(self, code: str) -> str:
        """A band by name."""
        return i18n.word(f"{self.words}.band.{code}", self.language)

    def _tested(self) -> int:
        """Customers of all test windows together."""
        return int(self.result.models.loc[self.result.models["is_chosen"], "customers"].sum())

    def _none(self) -> str:
        return i18n.word("prediction.title.ladder_none", self.language)

    def _look(self, title: str, function: Callable, table: str, n: int | None, interval: float | None = EVENT) -> dict:
        words = i18n.word_or(f"prediction.{function.__name__}", self.language, "") or None
        said = caption(
            function, f"{self.result.topic}_{table}", self.as_of, n, self.language, interval, definition=words
        )
        return {"title": title, "caption": said, "language": self.language}

    def _said(self, title: str, function: Callable, table: str, interval: float | None, words: str) -> dict:
        """Title and caption of a picture of all customers."""
        people = len(self.result.customers)
        said = caption(function, table, self.as_of, people, self.language, interval, definition=words)
        return {"title": title, "caption": said, "language": self.language}

    def _few(self) -> str:
        return i18n.word("prediction.title.few", self.language)

    def _money(self, value: float) -> str:
        return i18n.number(value, "money", self.language, currency=self.currency)

    def _why(self, rows: pd.DataFrame) -> list[str]:
        """The reasons of each of these customers, in words."""
        side = reasons.LEAVING if self.leaving else reasons.BUYING
        known = self.result.reasons[self.result.reasons["customer_id"].isin(rows["customer_id"])].sort_values("rank")
        told: dict[str, list[str]] = {}
        for one in known.itertuples():
            values = (one.value_a, one.value_b)
            said = reasons.sentence(one.reason, side, values, self.language, self.currency)
            told.setdefault(one.customer_id, []).append(said)
        return ["; ".join(told.get(customer, [])) for customer in rows["customer_id"]]
