"""What a model of purchases without labels says: BG/NBD on the histories of a snapshot, and from it the chance to buy.

A purchase within the horizon has the chance 1 - exp(-E), E the expected purchases: not P(alive), by which everybody who
bought once is a customer for ever. It needs no label, hence serves a young shop, and every learnt model as a feature.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from customerbase import cltv
from customerbase.cltv.counts import Counts, compress, of
from customerbase.engine import Engine

WEEK = 7.0


@dataclass(frozen=True)
class Rhythm:
    """BG/NBD of one cutoff's customers."""

    model: cltv.BetaGeometricNBD

    @classmethod
    def fit(cls, histories: pd.DataFrame) -> "Rhythm":
        """From rows of repeats, recency_days, tenure_days and customers (prediction_histories.sql)."""
        return cls(cltv.BetaGeometricNBD().fit(_counts(histories, histories["customers"])))

    def expected(self, repeats: np.ndarray, recency_days: np.ndarray, tenure_days: np.ndarray, days: int) -> np.ndarray:
        """E: purchases expected of each history within the next `days`."""
        counts, place = compress(repeats, _recency(repeats, recency_days), np.asarray(tenure_days, float) / WEEK)
        return self.model.predict_purchases(days / WEEK, counts)[place]


def rhythms(db: Engine, last: date) -> dict[date, Rhythm]:
    """One for each cutoff of the table snapshots up to `last`."""
    histories = db.run("prediction_histories", last=last).df()
    histories = histories.sort_values(["cutoff", "repeats", "recency_days", "tenure_days"], kind="stable")
    return {pd.Timestamp(cutoff).date(): Rhythm.fit(rows) for cutoff, rows in histories.groupby("cutoff")}


def _counts(rows: pd.DataFrame, n: pd.Series) -> Counts:
    repeats = rows["repeats"].to_numpy(float)
    recency = _recency(repeats, rows["recency_days"].to_numpy(float))
    return of(repeats, recency, rows["tenure_days"].to_numpy(float) / WEEK, n.to_numpy(float))


def _recency(repeats: np.ndarray, days: np.ndarray) -> np.ndarray:
    return np.where(np.asarray(repeats) > 0, np.asarray(days, dtype=float), 0.0) / WEEK
