"""Pages 06 and 07 in pictures: how a study was judged, for one reader; charts.leaving and charts.buying add their own."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

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

WIDE = 7.0
EVENT = 0.95  # intervals of what was observed
TOPS = (0.1, 0.2)


@dataclass(frozen=True)
class Judged:
    """The tables of a study: models, curves, drivers, drift, outcomes.

    topic: the prefix of their names; names: what bands are called; k_min: groups of fewer people are not shown.
    """

    models: pd.DataFrame
    curves: pd.DataFrame
    drivers_table: pd.DataFrame
    drift_table: pd.DataFrame
    outcomes_table: pd.DataFrame
    topic: str
    leaving: bool
    as_of: date
    language: str
    names: Callable[[str], str]
    k_min: int = 10

    def ladder(self) -> pd.DataFrame:
        """The rungs side by side."""
        return looks.ladder(self.models, self.language)

    def ladder_title(self) -> str:
        """Which rung is used, and how well it ranked."""
        return looks.ladder_title(self.models, self.language)

    def leak(self, test: LeakTest) -> str:
        """The result of the leak test in words."""
        return looks.leak(test, self.language)

    def reliability(self) -> Figure | str:
        """Predicted against actual shares, before and after calibration; a sentence without a test."""
        rows = looks.reliability(self.curves)
        if not len(rows):
            return self._none()
        look = self._look(
            looks.reliability_title(self.curves, self.language), looks.reliability, "curves", self._tested()
        )
        return reliability(rows, before=looks.reliability(self.curves, "raw"), width=WIDE * 0.8, **look)

    def deciles(self) -> Figure | str:
        """The share to whom it happened by decile of the score, and how many times that of all."""
        rows = looks.reliability(self.curves)
        if not len(rows):
            return self._none()
        title = looks.deciles_title(self.curves, self.leaving, self.language)
        look = self._look(title, looks.reliability, "curves", self._tested())
        return deciles(rows, width=WIDE * 0.8, **look)

    def gain(self) -> Figure | str:
        """The share of events among the first customers, against the rule and chance."""
        rows = looks.gain(self.curves)
        if not len(rows):
            return self._none()
        title = looks.gain_title(self.curves, self.leaving, self.language)
        look = self._look(title, looks.gain, "curves", self._tested(), interval=None)
        return gains(rows, rule="rule", tops=TOPS, width=WIDE * 0.8, **look)

    def stability(self) -> Figure | str:
        """AUC by test window, the rule beside it."""
        rows = looks.stability(self.models)
        if not len(rows):
            return self._none()
        look = self._look(looks.stability_title(self.models, self.language), looks.stability, "model", self._tested())
        ends = {"rule": "rule", "rule_low": "rule_low", "rule_high": "rule_high"}
        return snapshots(rows, "cutoff", "auc", "auc_low", "auc_high", width=WIDE, **ends, **look)

    def drivers(self) -> Figure | str:
        """The topics that move the score most."""
        rows = looks.drivers(self.drivers_table, self.language)
        if not len(rows):
            return i18n.word("prediction.title.drivers_none", self.language)
        title = looks.drivers_title(self.drivers_table, self.language)
        look = self._look(title, looks.drivers, "drivers", None, interval=None)
        return bars(rows, "share", "topic", fmt="rate", width=WIDE, **look)

    def drift(self) -> Figure | str:
        """The features whose distribution moved most."""
        rows = looks.drift(self.drift_table, self.language)
        if not len(rows):
            return self._none()
        n = int(rows["today"].max())
        look = self._look(looks.drift_title(self.drift_table, self.language), looks.drift, "drift", n, interval=None)
        return drift(rows, "name", "psi", bound="bound", verdict="verdict", width=WIDE, **look)

    def outcomes(self) -> Figure | str:
        """The newest list whose window is over: predicted and actual share by band; a sentence where few would show."""
        rows = looks.outcomes(self.outcomes_table, self.k_min)
        if not len(rows):
            return i18n.word(f"prediction.outcome.{'few' if len(self.outcomes_table) else 'none'}", self.language)
        rows = rows.assign(name=[self.names(code) for code in rows["band"]])
        n = int(rows["customers"].iloc[0])
        look = self._look(looks.outcome_title(rows, self.language), looks.outcomes, "outcomes", n)
        columns = ("name", "actual", "actual_low", "actual_high", "predicted")
        label = i18n.word("scores.happened", self.language)
        return calibration(rows, *columns, n="customers", fmt="rate", xlabel=label, width=WIDE, **look)

    def _tested(self) -> int:
        """Customers of all test windows together."""
        return int(self.models.loc[self.models["is_chosen"], "customers"].sum())

    def _none(self) -> str:
        return i18n.word("prediction.title.ladder_none", self.language)

    def _look(self, title: str, function: Callable, table: str, n: int | None, interval: float | None = EVENT) -> dict:
        words = i18n.word_or(f"prediction.{function.__name__}", self.language, "") or None
        said = caption(function, f"{self.topic}_{table}", self.as_of, n, self.language, interval, definition=words)
        return {"title": title, "caption": said, "language": self.language}
