"""How much of what customers then brought an ordering would have reached: the gain curve, and one capacity on it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from customerbase import i18n
from customerbase.errors import InputError
from customerbase.prediction import bootstrap, metrics
from customerbase.prediction.ranked import Ranked

POINTS = 100  # of the curve
ROUNDS = 500  # of the bootstrap


@dataclass(frozen=True)
class Captured:
    """The share of all margin that the first `capacity` of `customers` brought, with its 95 % interval.

    more, more_low, more_high: by how much it is more than that of the ordering it was compared with (NaN without one).
    """

    share: float
    low: float
    high: float
    capacity: int
    customers: int
    other: float = float("nan")
    more: float = float("nan")
    more_low: float = float("nan")
    more_high: float = float("nan")


def gain_curve(actual_margin: ArrayLike, scores: Mapping[str, ArrayLike], points: int = POINTS) -> pd.DataFrame:
    """Gain curve: the share of all margin brought by the first share of customers, in the order of each score.

    Columns: share (of customers, 0 to 1) and one for each score. Customers of one score are taken in no order: the curve
    is straight among them, so that a score of one value gives the diagonal, which is what chance would reach.
    Raises InputError for arrays of different lengths or NaN.
    """
    margin = _numbers(actual_margin, "actual_margin")
    shares = np.linspace(0, 1, points + 1)
    reached = {name: _reached(margin, _numbers(score, name, len(margin)), shares) for name, score in scores.items()}
    weight = np.ones(len(margin))
    return pd.DataFrame({"share": shares, **{name: measure(weight) for name, measure in reached.items()}})


def captured(
    actual_margin: ArrayLike,
    score: ArrayLike,
    capacity: int,
    *,
    against: ArrayLike | None = None,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Captured:
    """Share of all margin that the customers of highest score brought, as many of them as can be contacted.

    actual_margin: what each customer brought in the period that followed; score: as it stood before. against: another
    score, whose share is subtracted in the same bootstrap samples. Interval: the middle 95 % of `rounds` samples of the
    customers with replacement, the capacity staying the same share of them. Customers of one score count by their mean.
    Raises InputError for arrays of different lengths, NaN, or a capacity outside 1 to the number of customers.
    """
    margin = _numbers(actual_margin, "actual_margin")
    if not 1 <= capacity <= len(margin):
        raise InputError(f"capacity is {capacity}; expected 1 to {len(margin)}, the number of customers.")
    given = [_numbers(one, "a score", len(margin)) for one in (score, against) if one is not None]
    share = np.array([capacity / len(margin)])
    measures = dict(enumerate(_reached(margin, one, share) for one in given))
    now, drawn = bootstrap.resample(measures, len(margin), draws=max(rounds, 2), seed=seed)
    value, samples = [float(now[one][0]) for one in measures], [drawn[one][:, 0] for one in measures]
    found = Captured(value[0], *bootstrap.percentile(samples[0]), int(capacity), len(margin))
    if against is None:
        return found
    less, more = bootstrap.percentile(samples[0] - samples[1])
    return replace(found, other=value[1], more=value[0] - value[1], more_low=less, more_high=more)


captured.definition_ja = "スコア上位の顧客（対応できる人数まで）がもたらした粗利の、全体に占める割合"


def captured_title(found: Captured, other: str, language: str) -> str:
    """What the first so many customers of the list brought, and whether that is clearly more than by another ordering.

    other: what the ordering compared with is called (RFM).
    """
    told = {"share": i18n.number(found.share, "rate", language), "other": other}
    told["top"] = i18n.number(found.capacity / found.customers, "rate", language).replace(".0", "")
    told["customers"] = i18n.number(found.capacity, "people", language)
    if i18n.missing(found.more):
        return i18n.sentence("priority.finding.captured", language, share=told["share"], customers=told["customers"])
    clear = "more" if found.more_low > 0 else "less" if found.more_high < 0 else "same"
    told["by"] = i18n.points(abs(found.more), language, signed=False)
    used = ("share", "customers", "other") if clear == "same" else ("share", "customers", "other", "by")
    return i18n.sentence(f"priority.finding.captured_{clear}", language, **{name: told[name] for name in used})


def _numbers(values: ArrayLike, what: str, count: int | None = None) -> np.ndarray:
    numbers = np.asarray(values, dtype=float)
    if numbers.ndim != 1 or np.isnan(numbers).any() or not len(numbers):
        raise InputError(f"{what}: expected one number for each customer, at least one customer and none missing.")
    if count is not None and len(numbers) != count:
        raise InputError(f"{what} has {len(numbers)} values; expected {count}, as many as customers.")
    return numbers


def _reached(margin: np.ndarray, score: np.ndarray, shares: np.ndarray) -> metrics.Measure:
    """Share of the margin that the first `shares` of the customers by score bring, each counting as often as its weight."""
    ranked = Ranked.by(score)
    worth = margin[ranked.order]

    def measure(weight: np.ndarray) -> np.ndarray:
        people, brought = (np.append(0.0, one) for one in ranked.cumulated(weight, worth))
        if not brought[-1]:
            return np.full(len(shares), np.nan)
        return np.interp(shares * people[-1], people, brought) / brought[-1]

    return measure
