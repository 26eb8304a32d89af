"""A customer's own rate of purchases from three numbers (how many days, when first, when last), without any label."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from customerbase.cltv import ModifiedBetaGeometricNBD
from customerbase.cltv.horizon import WEEK
from customerbase.prediction.timing_rows import person_intervals

FEW_REPEATERS = 20
_NEVER = 1e-9  # a rate a day that is as good as none; its logarithm is finite


@dataclass(frozen=True)
class Rates:
    """Purchase rate a day of each customer: MBG/NBD where repeat purchases allow it, else one rate for all.

    model: fitted on one snapshot; None: nothing is known of differences, and `common` is everybody's rate a day.
    """

    model: ModifiedBetaGeometricNBD | None
    common: float
    repeaters: int = field(default=0)

    @classmethod
    def of(cls, snapshot: pd.DataFrame) -> "Rates":
        """From the snapshot of one cutoff (purchase_days, days_since_first_purchase, days_since_last_purchase)."""
        x, recency, age = _summary(snapshot)
        known = np.isfinite(age) & (age > 0)
        repeaters, days = int((x[known] > 0).sum()), float(age[known].sum()) * WEEK
        common = max(float(x[known].sum()) / days, _NEVER) if days else _NEVER
        if repeaters < FEW_REPEATERS:
            return cls(None, common, repeaters)
        summary = {"frequency": x[known], "recency": recency[known], "T": age[known]}
        return cls(ModifiedBetaGeometricNBD().fit(summary), common, repeaters)

    def log_rates(self, snapshot: pd.DataFrame) -> np.ndarray:
        """Logarithm of purchases expected a day at the cutoff: (r + x) / (alpha + T) x P(alive), each row by itself.

        Source: Batislam, Denizel & Filiztekin (2007), Int. J. Research in Marketing 24(3), 201-209 (MBG/NBD).
        """
        x, recency, age = _summary(snapshot)
        made = np.full(len(x), np.log(self.common))
        known = np.isfinite(age) & (age > 0)
        if self.model is None or not known.any():
            return made
        alive = self.model.probability_alive({"frequency": x[known], "recency": recency[known], "T": age[known]})
        rate = (self.model.r_ + x[known]) / (self.model.alpha_ + age[known]) * alive / WEEK
        made[known] = np.log(np.maximum(rate, _NEVER))
        return made


@dataclass(frozen=True)
class RateHazards:
    """Hazards where nothing can be learnt from features: a customer's own rate, brought to the level of the life table.

    factors: (K,), what rates are multiplied by in each interval; 1 where no window was watched.
    """

    ends: tuple[int, ...]
    rates: Rates
    factors: np.ndarray

    @classmethod
    def of(cls, rows: pd.DataFrame, weight: np.ndarray, ends: tuple[int, ...], rates: Rates) -> "RateHazards":
        """From rows of `watched`, which may be none: in each interval as many purchases are expected as were seen."""
        widths, factors = np.diff((0, *ends)), np.ones(len(ends))
        if len(rows):
            days, seen = (rows[name].to_numpy(dtype=float) for name in ("days", "watched"))
            row, interval, event = person_intervals(days, seen, ends)
            expected = np.exp(rates.log_rates(rows))
            for place, width in enumerate(widths):
                here = interval == place
                known = row[here]
                if len(known):
                    factors[place] = _factor(expected[known] * width, event[here], weight[known])
                elif place:
                    factors[place] = factors[place - 1]
        return cls(ends, rates, factors)

    def predict(self, snapshot: pd.DataFrame, intervals: int | None = None) -> np.ndarray:
        """Chance of the purchase in each interval of those who had none before it; shape (rows, intervals)."""
        count = len(self.ends) if intervals is None else intervals
        pace = (np.diff((0, *self.ends)) * self.factors)[:count]
        return -np.expm1(-np.exp(self.rates.log_rates(snapshot))[:, None] * pace)


def _factor(expected: np.ndarray, event: np.ndarray, weight: np.ndarray) -> float:
    """What expected purchases are multiplied by so that 1 - exp(-them) adds up to the events; half an event is added.

    By bisection on the logarithm: the sum rises with the factor, from no event to all.
    """
    total = weight.sum()
    wanted = ((weight * event).sum() + 0.5) / (total + 1) * total
    low, high = -30.0, 30.0
    for _ in range(60):
        middle = (low + high) / 2
        if -(weight * np.expm1(-expected * np.exp(middle))).sum() < wanted:
            low = middle
        else:
            high = middle
    return float(np.exp(middle))


def _summary(snapshot: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Repeat purchase days, recency and age in weeks; rows that cannot be (no purchase, last before first) as NaN."""
    named = ("purchase_days", "days_since_first_purchase", "days_since_last_purchase")
    count, first, last = (
        pd.to_numeric(snapshot[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan) for name in named
    )
    x, recency = count - 1, (first - last) / WEEK
    wrong = ~((x >= 0) & (recency >= 0) & ((x > 0) == (recency > 0)))
    return np.where(wrong, 0.0, x), np.where(wrong, 0.0, recency), np.where(wrong, np.nan, first / WEEK)
