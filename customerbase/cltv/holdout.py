"""Which model to believe: each is fitted on what was known some months ago and judged by what has happened since."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd

from customerbase import intervals
from customerbase.cltv.buying import BuyTillYouDie, blocks
from customerbase.cltv.counts import Counts, dot
from customerbase.cltv.families import FALLBACK, FAMILIES, spread
from customerbase.cltv.horizon import WEEK

CLASSES = 7  # frequencies 0 to 6 by themselves, 7 and more together
DRAWS = 60  # outcomes of each frequency and age; thousands of customers share what chance is left in them
LEVELS = (0.1, 0.9)
_CLEAR = 2.0  # standard errors by which a log-likelihood is clearly worse


@dataclass(frozen=True)
class Scores:
    """How one model, fitted before the hold-out, foresaw it; as in expectations/cltv_models.yaml.

    log_likelihoods: log predictive density of each row of the hold-out; the likelihood of a whole history over that of
    its first part, so that it is the density of the very days on which a customer bought.
    """

    model: BuyTillYouDie
    predicted: np.ndarray
    log_likelihoods: np.ndarray
    actual_purchases: float
    predicted_purchases: float
    mae: float
    rmse: float
    correlation: float
    calibration_error: float
    coverage: float
    coverage_expected: float

    @property
    def bias(self) -> float:
        """Predicted over actual purchases, minus 1; NaN when nobody bought."""
        return self.predicted_purchases / self.actual_purchases - 1 if self.actual_purchases else np.nan

    @property
    def log_error(self) -> float:
        """log of predicted over actual purchases; 0 where there are none of either."""
        both = self.predicted_purchases > 0 and self.actual_purchases > 0
        return float(np.log(self.predicted_purchases / self.actual_purchases)) if both else 0.0


@dataclass(frozen=True)
class HoldOut:
    """The hold-out of one log: customers known at `cut`, what they bought until `until`, and how each model did."""

    cut: date
    until: date
    counts: Counts
    later: np.ndarray
    scores: Mapping[str, Scores] = field(default_factory=dict)

    @property
    def weeks(self) -> float:
        """Length of the hold-out."""
        return (self.until - self.cut).days / WEEK


def judge(
    models: Mapping[str, BuyTillYouDie], cut: date, until: date, known: Counts, later: np.ndarray, last: np.ndarray
) -> HoldOut:
    """Scores of models fitted at `cut` on the customers `known` then.

    later: purchases of each row after the cut until `until`; last: weeks from a row's first to its last purchase of all.
    """
    held = HoldOut(cut, until, known, later)
    last = np.where(later > 0, last, known.t_x)
    whole = Counts(known.x + later, last, np.maximum(known.T + held.weeks, last), known.n)
    return HoldOut(cut, until, known, later, {name: _score(one, held, whole) for name, one in models.items()})


def _score(model: BuyTillYouDie, held: HoldOut, whole: Counts) -> Scores:
    known, later, n = held.counts, held.later, held.counts.n
    predicted = model.predict_purchases(held.weeks, known)
    inside, expected = coverage(model, held)
    classes = calibration_of(predicted, held)
    return Scores(
        model=model,
        predicted=predicted,
        log_likelihoods=model.log_likelihoods(whole) - model.log_likelihoods(known),
        actual_purchases=dot(n, later),
        predicted_purchases=dot(n, predicted),
        mae=dot(n, np.abs(predicted - later)) / n.sum(),
        rmse=float(np.sqrt(dot(n, (predicted - later) ** 2) / n.sum())),
        correlation=_correlation(predicted, later, n),
        calibration_error=float(classes["customers"] @ (classes["predicted"] - classes["actual"]).abs()) / n.sum(),
        coverage=inside,
        coverage_expected=expected,
    )


def coverage(model: BuyTillYouDie, held: HoldOut, seed: int = 0) -> tuple[float, float]:
    """Share of customers whose purchases fell into their 10-90 % interval, and the share the model itself expects there.

    At the fitted parameters: of a single customer chance leaves more open than they do, by far.
    """
    counts, draws = held.counts, np.broadcast_to(model.values, (DRAWS, len(model.names)))
    bought = model.simulate_alive(np.random.default_rng(seed), draws, counts, held.weeks)
    gone = model.gone(draws[:1], counts)
    inside, expected, place = 0.0, 0.0, counts.of_rate.place
    for block in blocks(len(counts), DRAWS):
        made, away, n = bought[place[block]], gone[block], counts.n[block]
        low, high = (_quantile(made, away, level) for level in LEVELS)
        inside += dot(n, (held.later[block] >= low) & (held.later[block] <= high))
        within = ((made >= low[:, None]) & (made <= high[:, None])).mean(axis=1)
        expected += dot(n, np.where(low == 0, away, 0.0) + (1 - away) * within)
    return float(inside) / counts.customers, float(expected) / counts.customers


def _quantile(made: np.ndarray, away: np.ndarray, level: float) -> np.ndarray:
    """Quantile of purchases: 0 with the chance `away`, else one of the sorted outcomes of each row."""
    left = np.divide(level - away, 1 - away, out=np.zeros(len(away)), where=away < level)
    which = np.clip(np.ceil(left * made.shape[1] - 1e-9).astype(int) - 1, 0, made.shape[1] - 1)
    return np.where(away < level, made[np.arange(len(made)), which], 0.0)


def calibration_of(predicted: np.ndarray, held: HoldOut) -> pd.DataFrame:
    """Actual and predicted mean purchases by class of frequency before the hold-out, with the actual's 95 % interval."""
    counts, later = held.counts, held.later
    place = np.minimum(counts.x, CLASSES).astype(int)
    customers, bought, squares, foreseen = (
        np.bincount(place, counts.n * one, CLASSES + 1) for one in (1.0, later, later**2, predicted)
    )
    there = customers > 0
    low, high = intervals.mean(bought[there], squares[there], customers[there])
    names = np.array([*map(str, range(CLASSES)), f"{CLASSES}+"])
    return pd.DataFrame(
        {
            "frequency_class": names[there],
            "customers": customers[there].astype("int64"),
            "actual": bought[there] / customers[there],
            "actual_low": np.maximum(low, 0),
            "actual_high": high,
            "predicted": foreseen[there] / customers[there],
        }
    )


def calibration(held: HoldOut | None) -> pd.DataFrame:
    """The calibration of all models, as in expectations/cltv_calibration.yaml; without rows when there is no hold-out."""
    scores = held.scores if held is not None else {}
    parts = [calibration_of(one.predicted, held).assign(model=name) for name, one in scores.items()]
    columns = ["model", "frequency_class", "customers", "actual", "actual_low", "actual_high", "predicted"]
    return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)


def choose(held: HoldOut | None) -> str:
    """The family to use: of those not clearly worse in log-likelihood, first over bias, MAE and calibration; else MBG/NBD.

    Clearly worse: by more than two standard errors of the difference over customers from the best. First: smallest sum of
    the ranks by absolute bias, mean absolute error and calibration error. Without a hold-out the fallback, MBG/NBD.
    """
    if held is None or not held.scores:
        return FALLBACK
    n = held.counts.n
    totals = {name: dot(n, one.log_likelihoods) for name, one in held.scores.items()}
    best = max(totals, key=lambda name: (totals[name], name == FALLBACK))
    as_good = [name for name in held.scores if totals[best] - totals[name] <= _CLEAR * _error(held, best, name)]
    preferred = [FALLBACK, *FAMILIES]
    return min(as_good, key=lambda name: (_ranks(held, as_good, name), preferred.index(name)))


def _ranks(held: HoldOut, names: list[str], name: str) -> int:
    """Sum over three measures of how many of the names do better."""
    measures = (lambda one: abs(one.bias), lambda one: one.mae, lambda one: one.calibration_error)
    return sum(sum(measure(held.scores[other]) < measure(held.scores[name]) for other in names) for measure in measures)


def _error(held: HoldOut, one: str, other: str) -> float:
    """Standard error of the difference of two total log-likelihoods."""
    apart = held.scores[one].log_likelihoods - held.scores[other].log_likelihoods
    return spread(apart, held.counts.n) * float(np.sqrt(held.counts.customers))


def _correlation(a: np.ndarray, b: np.ndarray, n: np.ndarray) -> float:
    da, db = a - dot(n, a) / n.sum(), b - dot(n, b) / n.sum()
    scale = np.sqrt(dot(n, da**2) * dot(n, db**2))
    return float(dot(n, da * db) / scale) if scale > 0 else np.nan
