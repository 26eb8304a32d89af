"""Discrete-time hazards of the next purchase: a wide logit and small boosting on person-interval rows, and their mean."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy.special import expit

from customerbase.features import matrix
from customerbase.prediction.timing_rates import Rates
from customerbase.prediction.timing_rows import person_intervals
from customerbase.threads import one_thread

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

TREES, LEAVES, RATE, MIN_LEAF, SHRINK, COLUMNS = 60, 8, 0.1, 100, 5.0, 0.3
PENALTY = 0.01  # C of the logit: columns are standardised, and many say nearly the same
_BINS = 255
_FREE = 10.0  # the levels of the intervals are hardly drawn to one another: in a small shop a bias of all chances
_EDGE = 5.0  # standard deviations at which a column is cut: one huge customer is not to tilt a line
# what tells the first week from the third month: these act differently in every interval
_PACED = (
    "days_since_last_purchase", "purchase_days_365", "purchase_days_decayed", "median_gap", "silence_ratio",
    "days_until_due", "days_since_first_purchase", "purchase_days_30",
)  # fmt: skip


@dataclass(frozen=True)
class Design:
    """Columns of the logit: features in logs, standardised, 0 where missing; flags of missing; the rate's logarithm.

    kept: names of features that differ among the training rows; flagged: places among them that are missing for some.
    """

    kept: tuple[str, ...]
    mean: np.ndarray
    deviation: np.ndarray
    flagged: np.ndarray

    @classmethod
    def of(cls, wide: pd.DataFrame, rate: np.ndarray) -> "Design":
        """From the training rows: features in log form (matrix with log=True) and their log rates."""
        values = wide.to_numpy()
        low, high = (np.where(np.isnan(values), fill, values) for fill in (np.inf, -np.inf))
        kept = np.flatnonzero(high.max(axis=0) > low.min(axis=0))
        chosen = np.column_stack([values[:, kept], rate])
        there = ~np.isnan(chosen)
        count = there.sum(axis=0)
        mean = np.where(there, chosen, 0.0).sum(axis=0) / count
        deviation = np.sqrt((np.where(there, chosen - mean, 0.0) ** 2).sum(axis=0) / count)
        share = there[:, :-1].mean(axis=0)
        names = tuple(wide.columns[kept])
        return cls(names, mean, np.where(deviation > 0, deviation, 1.0), np.flatnonzero(share < 1))

    def columns(self, wide: pd.DataFrame, rate: np.ndarray) -> np.ndarray:
        """The standardised columns of any rows; shape (rows, features + 1 + flags)."""
        values = np.column_stack([wide[list(self.kept)].to_numpy(), rate])
        flags = np.isnan(values[:, self.flagged])
        scaled = np.clip((values - self.mean) / self.deviation, -_EDGE, _EDGE)
        return np.hstack([np.where(np.isnan(scaled), 0.0, scaled), flags])

    @property
    def paced(self) -> list[int]:
        """Places of the columns whose effect differs by interval; the rate is always among them."""
        return [self.kept.index(name) for name in _PACED if name in self.kept] + [len(self.kept)]


@dataclass(frozen=True)
class Hazards:
    """The fitted models. intercepts: (K,) of the logit; slopes: (K, columns), one row an interval; boosting None: logit alone."""

    ends: tuple[int, ...]
    rates: Rates
    design: Design
    intercepts: np.ndarray
    slopes: np.ndarray
    boosting: "HistGradientBoostingClassifier | None"

    def predict(self, snapshot: pd.DataFrame, intervals: int | None = None) -> np.ndarray:
        """Chance of the purchase in each interval of those who had none before it; shape (rows, intervals)."""
        count = len(self.ends) if intervals is None else intervals
        if not len(snapshot):
            return np.empty((0, count))
        logit = self.logit(snapshot, count)
        return logit if self.boosting is None else (logit + self.boosted(snapshot, count)) / 2

    def logit(self, snapshot: pd.DataFrame, count: int) -> np.ndarray:
        """Hazards by the logit; sums run column by column, so that a row's bits do not depend on its neighbours."""
        columns = self.design.columns(matrix(snapshot, log=True), self.rates.log_rates(snapshot)).T
        paced = set(self.design.paced)
        shared = np.zeros(len(snapshot))
        for place, column in enumerate(columns):
            if place not in paced:
                shared += column * self.slopes[0, place]
        made = np.empty((len(snapshot), count))
        for interval in range(count):
            total = shared + self.intercepts[interval]
            for place in self.design.paced:
                total += columns[place] * self.slopes[interval, place]
            made[:, interval] = expit(total)
        return made

    def boosted(self, snapshot: pd.DataFrame, count: int) -> np.ndarray:
        """Hazards by boosting: numeric columns as they are, the interval the first of them."""
        columns = np.column_stack([np.zeros(len(snapshot)), matrix(snapshot)[list(self.design.kept)].to_numpy()])
        made = np.empty((len(snapshot), count))
        for interval in range(count):
            columns[:, 0] = interval
            made[:, interval] = self.boosting.predict_proba(columns)[:, 1]
        return made


def fit_hazards(
    rows: pd.DataFrame, weight: np.ndarray, ends: tuple[int, ...], rates: Rates, *, boost: bool = True, seed: int = 0
) -> Hazards:
    """Both models on rows of `watched`, with one weight a customer and cutoff; without `boost` the logit alone.

    Sums are taken by one thread: the same data then give the same bits on any machine, busy or not.
    """
    days, seen = (rows[name].to_numpy(dtype=float) for name in ("days", "watched"))
    row, interval, event = person_intervals(days, seen, ends)
    wide, rate = matrix(rows, log=True), rates.log_rates(rows)
    design = Design.of(wide, rate)
    boosting = None
    with one_thread():
        if boost:
            numeric = nearest(matrix(rows)[list(design.kept)].to_numpy())
            boosting = _boost(numeric, row, interval, event, weight[row], seed)
        intercepts, slopes = _logit(design, design.columns(wide, rate), row, interval, event, weight[row], len(ends))
    return Hazards(ends, rates, design, intercepts, slopes, boosting)


def nearest(values: np.ndarray) -> np.ndarray:
    """Columns rounded to the nearest of at most 255 of their own quantiles.

    Trees split between two of them, where raw values part too, so that scoring needs no rounding. (Finding the bins of
    weighted rows takes scikit-learn ten times as long as growing the trees; of so few values it takes nothing.)
    """
    made = values.copy()
    for column in made.T:
        there = ~np.isnan(column)
        some = np.unique(column[there])
        if len(some) > _BINS:
            some = np.unique(np.quantile(column[there], np.linspace(0, 1, _BINS), method="nearest"))
            column[there] = some[np.searchsorted((some[1:] + some[:-1]) / 2, column[there])]
    return made


def _boost(values, row, interval, event, weight, seed: int) -> "HistGradientBoostingClassifier":
    from sklearn.ensemble import HistGradientBoostingClassifier  # imported here: a second or two that only a fit needs

    model = HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=LEAVES, learning_rate=RATE, min_samples_leaf=MIN_LEAF,
        l2_regularization=SHRINK, max_features=COLUMNS, early_stopping=False, random_state=seed,
    )  # fmt: skip
    return model.fit(np.column_stack([interval.astype(float), values[row]]), event, sample_weight=weight)


def _logit(design: Design, columns, row, interval, event, weight, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Intercept and slopes of each interval: common ones, and for the paced columns a departure from the first interval."""
    step = np.eye(count)[interval]
    base, paced = columns[row], design.paced
    moved = (step[:, 1:, None] * base[:, None, paced]).reshape(len(row), -1)
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=PENALTY, max_iter=200, tol=1e-3)
    model.fit(np.hstack([base, _FREE * step, moved]), event, sample_weight=weight)
    found, width = model.coef_[0], columns.shape[1]
    slopes = np.tile(found[:width], (count, 1))
    slopes[1:, paced] += found[width + count :].reshape(count - 1, len(paced))
    return model.intercept_[0] + _FREE * found[width : width + count], slopes
