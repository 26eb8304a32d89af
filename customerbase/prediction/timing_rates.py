"""A customer's own rate of purchases from three numbers (how many days, when first, when last), without any label."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from customerbase.cltv import ModifiedBetaGeometricNBD
from customerbase.cltv.horizon import WEEK

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


def _summary(snapshot: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Repeat purchase days, recency and age in weeks; rows that cannot be (no purchase, last before first) as NaN."""
    named = ("purchase_days", "days_since_first_purchase", "days_since_last_purchase")
    count, first, last = (
        pd.to_numeric(snapshot[name], errors="coerce").to_numpy(dtype=float, na_value=np.nan) for name in named
    )
    x, recency = count - 1, (first - last) / WEEK
    wrong = ~((x >= 0) & (recency >= 0) & ((x > 0) == (recency > 0)))
    return np.where(wrong, 0.0, x), np.where(wrong, 0.0, recency), np.where(wrong, np.nan, first / WEEK)
