"""Customers by score, sorted once: what any ranking measure asks of them for any weights, in O(n).

Sums of products are written out: BLAS splits long vectors among threads, and waits for busy ones.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from customerbase.errors import InputError
from customerbase.prediction.inputs import defined, outcomes


@dataclass(frozen=True)
class Ranked:
    """Customers by score, the highest first, sorted once; equal scores form one group.

    order: rows by score; starts: where each group begins; score: of each group; actual: 0.0 or 1.0 in that order.
    """

    order: np.ndarray
    starts: np.ndarray
    score: np.ndarray
    actual: np.ndarray

    @classmethod
    def of(cls, actual: ArrayLike, score: ArrayLike) -> "Ranked":
        """Raises InputError for undefined scores, outcomes other than 0 and 1, and lengths that differ."""
        y = outcomes(actual, "actual")
        return cls.by(defined(score, "score", len(y)), y)

    @classmethod
    def by(cls, score: np.ndarray, actual: np.ndarray | None = None) -> "Ranked":
        """The same of columns that are known to be sound; without outcomes nobody did."""
        order = np.argsort(-score, kind="stable")
        ranked = score[order]
        starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]][: len(score)])
        return cls(order, starts, ranked[starts], np.zeros(len(score)) if actual is None else actual[order])

    @cached_property
    def untied(self) -> bool:
        """No two scores are equal."""
        return len(self.starts) == len(self.order)

    def grouped(self, weight: np.ndarray, worth: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """Total weight, and weight times worth (of each row in order; default: who did), of each group."""
        w = weight[self.order]
        did = w * (self.actual if worth is None else worth)
        if self.untied:
            return w, did
        return np.add.reduceat(w, self.starts), np.add.reduceat(did, self.starts)

    def cumulated(self, weight: np.ndarray, worth: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The same added up from the highest score."""
        total, did = self.grouped(weight, worth)
        return np.cumsum(total), np.cumsum(did)


def binned(ranked: Ranked, w: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The bin (from 0) of each group of equal scores by the middle of its ranks, with its weight and who did."""
    if bins < 1:
        raise InputError(f"bins is {bins!r}; expected 1 or more.")
    total, did = ranked.grouped(w)
    middle = ratio(bins * (2 * np.cumsum(total) - total), 2 * total.sum(), 0.0)
    return np.minimum(middle.astype(int), bins - 1), total, did


def captured(share: np.ndarray, total: np.ndarray, did: np.ndarray) -> np.ndarray:
    """Share of `did` among the top shares of `total`, within a group in proportion."""
    if not len(total) or not did[-1] > 0:
        return np.full(len(share), np.nan)
    return np.interp(share * total[-1], np.append(0.0, total), np.append(0.0, did)) / did[-1]


def ratio(top, bottom, empty: float = np.nan):
    """top / bottom, `empty` where the bottom is 0; a float of floats."""
    found = np.divide(top, bottom, out=np.full(np.broadcast(top, bottom).shape, empty), where=np.not_equal(bottom, 0))
    return found if found.shape else float(found)
