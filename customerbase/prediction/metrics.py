"""How good scores are: ranking, calibration and order in time, exact with ties and weights, each in O(n log n).

Everywhere a weight counts like so many rows. What cannot be said is NaN, never an exception: the AUC of one class, any
measure of no rows or of weights that are all 0. An input that is itself undefined is refused with InputError.
"""

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from customerbase.errors import InputError, near_miss
from customerbase.intervals import wilson
from customerbase.prediction.concordance import c_index, order_in_time
from customerbase.prediction.inputs import finite, outcomes, probabilities, weights
from customerbase.prediction.ranked import Ranked, binned, captured, ratio

__all__ = [
    "LOSSES", "MEASURES", "SHARES", "Measure", "auc", "average_precision", "brier", "c_index", "calibration_gaps",
    "deciles", "ece", "gain_curve", "gains", "lift", "log_loss", "order_in_time", "prepared",
]  # fmt: skip

Measure = Callable[[np.ndarray], float]  # a measure whose rows are sorted already: of weights alone, in O(n)
SHARES = np.linspace(0, 1, 101)  # of customers, where gains are drawn
LOSSES = ("brier", "log_loss", "ece")  # of probabilities, the smaller the better; of all others the larger
_EPS = np.finfo(float).eps


def auc(actual: ArrayLike, score: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Chance that a customer who did has a higher score than one who did not; equal scores count half.

    actual: 0 or 1; score: any numbers, higher for likelier. NaN unless both outcomes occur.
    Source: Hanley & McNeil (1982), Radiology 143, 29-36.
    """
    return _of("auc", actual, score, weight)


def average_precision(actual: ArrayLike, score: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Mean precision over those who did, each at the list that ends with its own score; equal scores enter together.

    Sum over the distinct scores of the gain in recall times precision. NaN when nobody did.
    """
    return _of("average_precision", actual, score, weight)


def brier(actual: ArrayLike, probability: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Mean squared distance of probability and outcome. Source: Brier (1950), Mon. Weather Rev. 78, 1-3."""
    return _of("brier", actual, probability, weight)


def log_loss(actual: ArrayLike, probability: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Mean of minus the log of the probability given to what happened; certainties are clipped by 2.2e-16."""
    return _of("log_loss", actual, probability, weight)


def ece(actual: ArrayLike, probability: ArrayLike, weight: ArrayLike | None = None, *, bins: int = 10) -> float:
    """Expected calibration error: mean over customers of |mean probability − share who did| of their bin.

    Bins hold equally many customers, as `deciles` cuts them. Calibrated scores have an ECE above 0 too: about
    0.8·sqrt(p(1 − p)·bins/n) by chance alone.
    Source: Naeini, Cooper & Hauskrecht (2015), AAAI 29, 2901-2907, here with bins of equal count.
    """
    return _of("ece", actual, probability, weight, bins=bins)


def lift(actual: ArrayLike, score: ArrayLike, weight: ArrayLike | None = None, *, share: float = 0.1) -> float:
    """Share who did among the top `share` of customers by score, over the share among all.

    Equal scores at the edge are shared fairly: the expectation over all orders of the tied. NaN when nobody did.
    """
    return _of("lift", actual, score, weight, share=share)


def deciles(actual: ArrayLike, probability: ArrayLike, bins: int = 10, weight: ArrayLike | None = None) -> pd.DataFrame:
    """Customers in bins of equal count by probability, the highest first: predicted and actual shares side by side.

    Columns: bin (from 1), n, predicted (mean probability), actual (share who did) with low and high (Wilson, 95 %),
    lift (actual over the share of all) and captured (cumulative share of all who did). Equal probabilities stay
    together: they go where the middle of their ranks falls, so a bin may be larger, smaller or missing.
    """
    ranked = Ranked.of(actual, probabilities(probability))
    w = weights(weight, len(ranked.order))
    place, total, positive = binned(ranked, w, bins)
    n, did, foretold = (np.bincount(place, values, bins) for values in (total, positive, total * ranked.score))
    n, did, foretold, number = n[n > 0], did[n > 0], foretold[n > 0], np.flatnonzero(n > 0) + 1
    low, high = wilson(did, n)
    base = ratio(did.sum(), n.sum())
    return pd.DataFrame(
        {
            "bin": number, "n": n.astype(int) if weight is None else n, "predicted": foretold / n, "actual": did / n,
            "low": low, "high": high, "lift": ratio(did / n, base), "captured": ratio(did.cumsum(), did.sum()),
        }
    )  # fmt: skip


def gains(
    actual: ArrayLike, score: ArrayLike, value: ArrayLike | None = None, weight: ArrayLike | None = None
) -> pd.DataFrame:
    """Share of all who did (of their value) that is captured by the top customers, at each percent from 0 to 100.

    Columns: share (of customers), captured (by score, ties shared fairly), random (the same as share) and best
    (could one see ahead). value: of each customer, such as the CLTV; NaN where it adds up to nothing.
    """
    w = weights(weight, np.size(actual))
    did = outcomes(actual, "actual") * (1.0 if value is None else finite(value, "value", len(w)))
    curves = {
        "captured": gain_curve(actual, score, value)(w),
        "random": SHARES,
        "best": gain_curve(actual, did, value)(w),
    }
    return pd.DataFrame({"share": SHARES, **curves})


def gain_curve(
    actual: ArrayLike, score: ArrayLike, value: ArrayLike | None = None
) -> Callable[[np.ndarray], np.ndarray]:
    """The share captured at SHARES, of weights alone; for resampling."""
    ranked = Ranked.of(actual, score)
    n = len(ranked.order)
    worth = ranked.actual if value is None else ranked.actual * finite(value, "value", n)[ranked.order]
    return lambda w: captured(SHARES, *ranked.cumulated(w, worth))


def prepared(name: str, actual: ArrayLike, score: ArrayLike, **options: float) -> Measure:
    """A measure by name as a function of weights alone, its rows checked and sorted once; for resampling.

    Options: bins of ece, share of lift. Raises InputError for a name not in MEASURES.
    """
    if name not in MEASURES:
        raise InputError(f"measure is {name!r}; expected one of {', '.join(MEASURES)}.{near_miss(name, MEASURES)}")
    score = probabilities(score) if name in LOSSES else score
    return MEASURES[name](Ranked.of(actual, score), **options)


def _of(name: str, actual: ArrayLike, score: ArrayLike, weight: ArrayLike | None, **options: float) -> float:
    return prepared(name, actual, score, **options)(weights(weight, np.size(actual)))


def _auc(ranked: Ranked) -> Measure:
    def measure(w: np.ndarray) -> float:
        total, did = ranked.grouped(w)
        other = total - did
        return ratio((other * (np.cumsum(did) - did / 2)).sum(), did.sum() * other.sum())

    return measure


def _average_precision(ranked: Ranked) -> Measure:
    def measure(w: np.ndarray) -> float:
        total, did = ranked.grouped(w)
        precision = ratio(np.cumsum(did), np.cumsum(total), 0.0)
        return ratio((did * precision).sum(), did.sum())

    return measure


def _mean(loss: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> Callable[[Ranked], Measure]:
    def prepare(ranked: Ranked) -> Measure:
        sizes = np.diff(np.append(ranked.starts, len(ranked.order)))
        lost = np.empty(len(ranked.order))
        lost[ranked.order] = loss(ranked.actual, np.repeat(ranked.score, sizes))
        return lambda w: ratio((w * lost).sum(), w.sum())

    return prepare


def _logarithmic(actual: np.ndarray, probability: np.ndarray) -> np.ndarray:
    return -np.log(np.clip(np.where(actual > 0, probability, 1 - probability), _EPS, 1 - _EPS))


def calibration_gaps(actual: ArrayLike, probability: ArrayLike, bins: int = 10) -> Callable[[np.ndarray], np.ndarray]:
    """What each bin adds to the calibration error, with its sign (predicted − actual), of weights alone."""
    return _gaps(Ranked.of(actual, probabilities(probability)), bins)


def _gaps(ranked: Ranked, bins: int) -> Callable[[np.ndarray], np.ndarray]:
    def measure(w: np.ndarray) -> np.ndarray:
        place, total, did = binned(ranked, w, bins)
        return ratio(np.bincount(place, total * ranked.score - did, bins), total.sum())

    return measure


def _ece(ranked: Ranked, bins: int = 10) -> Measure:
    gaps = _gaps(ranked, bins)
    return lambda w: float(np.abs(gaps(w)).sum())


def _lift(ranked: Ranked, share: float = 0.1) -> Measure:
    if not 0 < share <= 1:
        raise InputError(f"share is {share!r}; expected more than 0 and at most 1: 0.1 for the top tenth.")
    return lambda w: float(captured(np.array([share]), *ranked.cumulated(w))[0] / share)


MEASURES: dict[str, Callable[..., Measure]] = {
    "auc": _auc,
    "average_precision": _average_precision,
    "brier": _mean(lambda actual, probability: (probability - actual) ** 2),
    "log_loss": _mean(_logarithmic),
    "ece": _ece,
    "lift": _lift,
}
