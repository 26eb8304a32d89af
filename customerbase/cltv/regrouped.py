"""Lifetime value when purchases are grouped into people otherwise: what a threshold of identity does to it."""

from collections.abc import Callable
from datetime import date

import numpy as np
import pandas as pd

from customerbase.cltv.ahead import Calendar, expect
from customerbase.cltv.betageometric import ModifiedBetaGeometricNBD
from customerbase.cltv.counts import compress
from customerbase.cltv.horizon import WEEK
from customerbase.cltv.spending import spending

Value = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], float | None]


def value_of_grouping(as_of: date, *, months: int = 12, annual_discount: float = 0.1) -> Value:
    """A function of purchases and whose they are: mean lifetime value a customer, by MBG/NBD and Gamma-Gamma.

    The function takes four arrays, one entry a day of somebody: person (any whole numbers), day (datetime64), whether
    something was ordered, and the net amount; people may have several entries for a day. It answers None when nobody
    ordered, or there are no amounts. One fixed model, so that groupings are compared and not models.
    """

    def value(person: np.ndarray, day: np.ndarray, ordered: np.ndarray, amount: np.ndarray) -> float | None:
        summary = _summary(person, day, ordered, amount, np.datetime64(as_of, "D"))
        if not len(summary):
            return None
        counts, place = compress(summary["frequency"], summary["recency"], summary["T"])
        money = spending(summary)
        if money.model is None:
            return None
        model = ModifiedBetaGeometricNBD().fit(counts)
        ahead = expect(model, counts, Calendar.of(as_of, months, annual_discount), infinite=False).discounted
        return float((ahead[place] * money.expected).mean())

    return value


def _summary(person, day, ordered, amount, as_of: np.datetime64) -> pd.DataFrame:
    """Frequency, recency, T, purchases and spend of every person with an order."""
    _, who = np.unique(person, return_inverse=True)
    spend = np.bincount(who, np.asarray(amount, dtype=float))
    days = np.unique(np.stack([who, day.astype("datetime64[D]").astype(np.int64)])[:, np.asarray(ordered) > 0], axis=1)
    if not days.shape[1]:
        return pd.DataFrame()
    buyers, first, purchases = np.unique(days[0], return_index=True, return_counts=True)
    begun, last = days[1][first], days[1][first + purchases - 1]  # a person's days stand together, in order
    return pd.DataFrame(
        {
            "frequency": purchases - 1,
            "recency": (last - begun) / WEEK,
            "T": (as_of.astype("datetime64[D]").astype(np.int64) - begun) / WEEK,
            "purchases": purchases,
            "spend": spend[buyers],
        }
    )
