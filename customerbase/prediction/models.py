"""The rungs of the ladder: from a rule on three numbers to boosted trees, each giving the log odds of an event.

All are fitted on a matrix as `design.values` makes it, with 0 or 1 and a weight per row. A column that is constant or
never defined in the rows of the fit is left out. Same rows, same scores, bit for bit: linear algebra runs in one thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from scipy.special import logit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from customerbase.prediction import design

RULE, WIDE, BOOSTING, MEAN, RHYTHM = "rule", "wide", "boosting", "mean", "rhythm"
LEARNT = (WIDE, BOOSTING, MEAN)
LADDER = (RHYTHM, RULE, *LEARNT)  # from the plainest up
RFM = ("days_since_last_purchase", "purchase_days_365", "spend_365")
# Small trees, many rows a leaf: the defaults of the library lose to a logit on customers (docs/predictions.md)
CLASSES = 100  # of a column, for the trees
TREES = {
    "learning_rate": 0.1,
    "max_iter": 60,
    "max_leaf_nodes": 8,
    "min_samples_leaf": 60,
    "l2_regularization": 5.0,
    "early_stopping": False,
    "random_state": 0,
}


class Model(Protocol):
    """A fitted rung."""

    def log_odds(self, x: np.ndarray) -> np.ndarray:
        """Log odds of the event, one a row of x."""
        ...


def usable(x: np.ndarray) -> np.ndarray:
    """Columns that are defined somewhere and take more than one value there."""
    known = np.isfinite(x)
    low = np.where(known, x, np.inf).min(axis=0, initial=np.inf)
    high = np.where(known, x, -np.inf).max(axis=0, initial=-np.inf)
    return np.flatnonzero(known.any(axis=0) & (high > low))


@dataclass(frozen=True)
class Logit:
    """Logistic regression on standardised columns, logarithms where declared, a further column where some are missing.

    A missing value is the median, and that it is missing is told. Ridge penalty: C is the prior variance of a coefficient.
    """

    columns: np.ndarray
    missing: np.ndarray  # of those columns, the ones with missing values
    fill: np.ndarray
    centre: np.ndarray
    scale: np.ndarray
    weights: np.ndarray
    intercept: float
    log: np.ndarray  # of those columns, whether the logarithm is taken

    @classmethod
    def fit(
        cls,
        x: np.ndarray,
        y: np.ndarray,
        w: np.ndarray,
        *,
        c: float,
        only: tuple[str, ...] = (),
        names: Sequence[str] | None = None,
        log: np.ndarray | None = None,
    ) -> "Logit":
        """On the columns `only`, or on all that are usable. names, log: of the columns of x; those of `design` by default."""
        names = design.names() if names is None else names
        columns = np.array([place for place in usable(x) if not only or names[place] in only], dtype=int)
        log = (design.logarithmic() if log is None else log)[columns]
        z = _logarithms(x, columns, log)
        gaps = np.isnan(z)
        missing = np.flatnonzero(gaps.any(axis=0))
        fill = np.array([np.median(z[~gaps[:, place], place]) for place in range(z.shape[1])])
        z = _filled(z, fill, missing)
        total = w.sum()
        centre = (w @ z) / total
        scale = np.sqrt(np.maximum((w @ (z - centre) ** 2) / total, 1e-12))
        with threadpool_limits(1, user_api="blas"):
            found = LogisticRegression(C=c, max_iter=1000, tol=1e-4).fit((z - centre) / scale, y, sample_weight=w)
        return cls(columns, missing, fill, centre, scale, found.coef_[0], float(found.intercept_[0]), log)

    def log_odds(self, x: np.ndarray) -> np.ndarray:
        """Log odds of the event, one a row of x."""
        with threadpool_limits(1, user_api="blas"):
            return self._standard(x) @ self.weights + self.intercept

    def contributions(self, x: np.ndarray) -> np.ndarray:
        """What each column of x adds to the log odds against the average customer of the fit; shape of x, exact.

        Log odds less the intercept are the sum over columns; that a value is missing counts with its column.
        """
        parts = self._standard(x) * self.weights
        made = np.zeros(x.shape)
        made[:, self.columns] = parts[:, : len(self.columns)]
        made[:, self.columns[self.missing]] += parts[:, len(self.columns) :]
        return made

    def _standard(self, x: np.ndarray) -> np.ndarray:
        z = _logarithms(x, self.columns, self.log)
        return (_filled(z, self.fill, self.missing) - self.centre) / self.scale


def _logarithms(x: np.ndarray, columns: np.ndarray, log: np.ndarray) -> np.ndarray:
    z = x[:, columns]
    z[:, log] = np.sign(z[:, log]) * np.log1p(np.abs(z[:, log]))
    return z


def _filled(z: np.ndarray, fill: np.ndarray, missing: np.ndarray) -> np.ndarray:
    gaps = np.isnan(z)
    return np.hstack([np.where(gaps, fill, z), gaps[:, missing].astype(float)])


@dataclass(frozen=True)
class Boosting:
    """Gradient boosting of small trees on quantile classes of the columns; missing values go the way that fits best.

    Classes are made here and not by the library, whose weighted quantiles cost ten times the fit itself.
    """

    columns: np.ndarray
    edges: tuple[np.ndarray, ...]
    trees: HistGradientBoostingClassifier

    @classmethod
    def fit(cls, x: np.ndarray, y: np.ndarray, w: np.ndarray) -> "Boosting":
        """On all usable columns."""
        columns = usable(x)
        edges = tuple(_edges(x[:, place]) for place in columns)
        trees = HistGradientBoostingClassifier(**TREES).fit(_classes(x, columns, edges), y, sample_weight=w)
        return cls(columns, edges, trees)

    def log_odds(self, x: np.ndarray) -> np.ndarray:
        """Log odds of the event, one a row of x."""
        return self.trees.decision_function(self.classes(x))

    def classes(self, x: np.ndarray) -> np.ndarray:
        """What the trees see: the class of each usable value, NaN where it is missing."""
        return _classes(x, self.columns, self.edges)


def _edges(values: np.ndarray) -> np.ndarray:
    """Upper ends of at most CLASSES classes of equal count, without the last."""
    known = values[np.isfinite(values)]
    found = np.unique(np.quantile(known, np.linspace(0, 1, CLASSES + 1)[1:-1], method="lower"))
    return found[found < known.max()]


def _classes(x: np.ndarray, columns: np.ndarray, edges: tuple[np.ndarray, ...]) -> np.ndarray:
    """The class of each value, NaN where it is missing; shape (rows, columns)."""
    made = np.zeros((len(x), len(columns)))
    for place, (column, ends) in enumerate(zip(columns, edges, strict=True)):
        values = np.ascontiguousarray(x[:, column])
        made[:, place] = np.where(np.isnan(values), np.nan, np.searchsorted(ends, values, side="left"))
    return made


@dataclass(frozen=True)
class Mean:
    """The mean of the log odds of other rungs."""

    parts: tuple[Model, ...]

    def log_odds(self, x: np.ndarray) -> np.ndarray:
        """Log odds of the event, one a row of x."""
        return np.mean([part.log_odds(x) for part in self.parts], axis=0)


@dataclass(frozen=True)
class Silence:
    """No fit at all: the chance of no purchase is exp(-E), E the purchases expected from the rhythm of the snapshot.

    leaving: whether the event is the silence or the purchase.
    """

    leaving: bool
    place: int = field(default_factory=lambda: design.names().index(design.EXPECTED))

    def log_odds(self, x: np.ndarray) -> np.ndarray:
        """Log odds of the event, one a row of x."""
        expected = np.clip(x[:, self.place], 1e-9, 50.0)
        buying = np.log(np.expm1(expected))
        return -buying if self.leaving else buying


def fit_ladder(x: np.ndarray, y: np.ndarray, w: np.ndarray, *, leaving: bool) -> dict[str, Model]:
    """Every rung on the same rows, in the order of LADDER; only RHYTHM where the rows hold one class or no usable column."""
    made: dict[str, Model] = {RHYTHM: Silence(leaving)}
    if not 0 < y.sum() < len(y) or not len(usable(x)):
        return made
    w = w / w.mean()
    made[RULE] = Logit.fit(x, y, w, c=1.0, only=RFM)
    made[WIDE] = Logit.fit(x, y, w, c=0.003)
    made[BOOSTING] = Boosting.fit(x, y, w)
    made[MEAN] = Mean((made[WIDE], made[BOOSTING]))
    return made


def base_rate(y: np.ndarray, w: np.ndarray) -> float:
    """Log odds of the mean, one event and one other added so that it is finite."""
    return float(logit(((w * y).sum() + 1) / (w.sum() + 2)))
