"""The rungs of the ladder: from a rule on three numbers to boosted trees, each giving the log odds of an event.

All are fitted on a matrix as `design.values` makes it, with 0 or 1 and a weight per row. A column that is constant or
never defined in the rows of the fit is left out. Same rows, same scores, bit for bit: fits run in one thread.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
from scipy.special import logit
from threadpoolctl import threadpool_limits

import customerbase.prediction.design as design
from customerbase.prediction.trees import LEAVES, Forest
from customerbase.threads import one_thread

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingClassifier

RULE, WIDE, BOOSTING, MEAN, RHYTHM = "rule", "wide", "boosting", "mean", "rhythm"
LEARNT = (WIDE, BOOSTING, MEAN)
LADDER = (RHYTHM, RULE, *LEARNT)  # from the plainest up
RFM = ("days_since_last_purchase", "purchase_days_365", "spend_365")
# Small trees, many rows a leaf: the defaults of the library lose to a logit on customers (docs/predictions.md)
CLASSES = 100  # of a column, for the trees
TREES = {
    "learning_rate": 0.1,
    "max_iter": 60,
    "max_leaf_nodes": LEAVES,
    "min_samples_leaf": 60,
    "l2_regularization": 5.0,
    "early_stopping": False,
    "random_state": 0,
}
_TRIED = 2_000  # rows of a fit on which our scoring of the trees must equal the library's


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

    A missing value is the median, and that it is missing is told; a value beyond those of the fit is the nearest of them.
    Ridge penalty: C is the prior variance of a coefficient. One entry per column in all arrays; slope: of the log odds;
    given, missing: what is added where the value is there, and where it is not.
    """

    columns: np.ndarray
    logarithmic: np.ndarray
    fill: np.ndarray
    low: np.ndarray
    high: np.ndarray
    centre: np.ndarray
    slope: np.ndarray
    given: np.ndarray
    missing: np.ndarray
    intercept: float

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
        """On the columns `only`, or on all that are usable; without any, the base rate.

        names, log: of the columns of x, and whether their logarithms are taken; those of `design` by default.
        """
        names = design.names() if names is None else names
        columns = np.array([place for place in usable(x) if not only or names[place] in only], dtype=int)
        logarithmic = (design.logarithmic() if log is None else log)[columns]
        z = np.empty((len(x), len(columns)))
        for k, place in enumerate(columns):
            z[:, k] = _scaled(x[:, place], logarithmic[k])
        gaps = np.isnan(z)
        told = np.flatnonzero(gaps.any(axis=0))
        fill = np.array([np.median(z[~gaps[:, k], k]) for k in range(len(columns))])
        z = np.hstack([np.where(gaps, fill, z), gaps[:, told]])
        low, high = z[:, : len(columns)].min(axis=0), z[:, : len(columns)].max(axis=0)
        with threadpool_limits(1, user_api="blas"):
            centre = (w @ z) / w.sum()
            scale = np.sqrt(np.maximum((w @ (z - centre) ** 2) / w.sum(), 1e-12))
            weights, intercept = _regression((z - centre) / scale, y, w, c)
        slope = weights / scale
        given, missing = np.zeros(len(columns)), np.zeros(len(columns))
        given[told] = -(centre * slope)[len(columns) :]
        missing[told] = ((1 - centre) * slope)[len(columns) :]
        own = slice(len(columns))
        return cls(columns, logarithmic, fill, low, high, centre[own], slope[own], given, missing, intercept)

    def log_odds(self, x: np.ndarray) -> np.ndarray:
        """Log odds of the event, one a row of x."""
        made = np.full(len(x), self.intercept)
        for _, part in self._parts(x):
            made += part
        return made

    def contributions(self, x: np.ndarray) -> np.ndarray:
        """What each column of x adds to the log odds against the average customer of the fit; shape of x, exact.

        Log odds less the intercept are the sum over columns; that a value is missing counts with its column.
        """
        made = np.zeros(x.shape, order="F")
        for place, part in self._parts(x):
            made[:, place] = part
        return made

    def _parts(self, x: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
        """Column by column, so that a customer's score does not depend on who else is in the batch."""
        for k, place in enumerate(self.columns):
            z = _scaled(x[:, place], self.logarithmic[k])
            gaps = np.isnan(z)
            z[gaps] = self.fill[k]
            part = (np.clip(z, self.low[k], self.high[k]) - self.centre[k]) * self.slope[k]
            yield int(place), part + np.where(gaps, self.missing[k], self.given[k])


def _scaled(values: np.ndarray, logarithmic: bool) -> np.ndarray:
    """A copy, as sign(x) * ln(1 + |x|) if so declared."""
    made = np.array(values)  # contiguous: elsewhere numpy may take a logarithm of other bits
    return np.copysign(np.log1p(np.abs(made)), made) if logarithmic else made


def _regression(z: np.ndarray, y: np.ndarray, w: np.ndarray, c: float) -> tuple[np.ndarray, float]:
    if not z.shape[1]:
        return np.empty(0), float(logit(((w * y).sum() + 1) / (w.sum() + 2)))
    from sklearn.linear_model import LogisticRegression  # imported here: a second or two that only a fit needs

    found = LogisticRegression(C=c, max_iter=1000, tol=1e-4).fit(z, y, sample_weight=w)
    return found.coef_[0], float(found.intercept_[0])


@dataclass(frozen=True)
class Boosting:
    """Gradient boosting of small trees on quantile classes of the columns; missing values go the way that fits best.

    Classes are made here and not by the library, whose weighted quantiles cost ten times the fit itself.
    """

    columns: np.ndarray
    edges: tuple[np.ndarray, ...]
    trees: "HistGradientBoostingClassifier"
    forest: Forest | None  # None: the library's own scoring, should its trees ever look otherwise

    @classmethod
    def fit(cls, x: np.ndarray, y: np.ndarray, w: np.ndarray) -> "Boosting":
        """On all usable columns."""
        from sklearn.ensemble import HistGradientBoostingClassifier

        columns = usable(x)
        edges = tuple(_edges(x[:, place]) for place in columns)
        classes = _classes(x, columns, edges)
        with one_thread():
            trees = HistGradientBoostingClassifier(**TREES).fit(classes, y, sample_weight=w)
            forest = Forest.of(trees, columns, edges)
            same = np.array_equal(forest.log_odds(x[:_TRIED]), trees.decision_function(classes[:_TRIED]))
        return cls(columns, edges, trees, forest if same else None)

    def log_odds(self, x: np.ndarray) -> np.ndarray:
        """Log odds of the event, one a row of x."""
        return self.trees.decision_function(self.classes(x)) if self.forest is None else self.forest.log_odds(x)

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
    made = np.empty((len(x), len(columns)))
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
        return sum(part.log_odds(x) for part in self.parts) / len(self.parts)


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
