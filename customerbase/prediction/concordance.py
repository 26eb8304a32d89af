"""Harrell's C: do higher scores come first in time, with censoring, ties and weights, in O(n log n)."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike

from customerbase.prediction.inputs import defined, outcomes, weights
from customerbase.prediction.ranked import ratio


def c_index(time: ArrayLike, observed: ArrayLike, score: ArrayLike, weight: ArrayLike | None = None) -> float:
    """Harrell's C: of the pairs whose order in time is known, the share in which the higher score came first.

    observed: true where the event came at `time`, false where watching ended there. A pair is known when the earlier
    one's event was seen; of equal times, an event comes before a censoring, and two events have no order. Equal scores
    count half; NaN without a known pair. Source: Harrell et al. (1982), J. Am. Med. Assoc. 247, 2543-2546.
    """
    return order_in_time(time, observed, score)(weights(weight, np.size(time)))


def order_in_time(time: ArrayLike, observed: ArrayLike, score: ArrayLike) -> Callable[[np.ndarray], float]:
    """`c_index` as a function of weights alone: pairs are counted level by level of a merge sort that is done once."""
    t = defined(time, "time", np.size(time))
    seen, s = outcomes(observed, "observed", len(t)), defined(score, "score", len(t))
    order = np.lexsort((s, -seen, t))  # events before censorings, and events of one time by rising score: no inversion
    t, seen, s = t[order], seen[order], s[order]
    same = np.r_[True, (t[1:] != t[:-1]) | (seen[1:] != seen[:-1])][: len(t)]  # begins a run of equal time and kind
    after = np.append(np.flatnonzero(same), len(t))[np.cumsum(same)] if len(t) else order
    by_score = np.lexsort((np.arange(len(s)), s))
    levels = list(_levels(by_score))
    tied = _runs(s[by_score])
    tied_too = _runs(s[by_score], np.cumsum(same)[by_score])

    def measure(weight: np.ndarray) -> float:
        w = weight[order]
        event = w * seen
        rest = w.sum() - np.append(0.0, np.cumsum(w))
        known = (event * rest[after]).sum()
        right = sum(_inverted(event, w, *level) for level in levels)
        ties = _later(event[by_score], w[by_score], tied) - _later(event[by_score], w[by_score], tied_too)
        return ratio(right + ties / 2, known)

    return measure


def _levels(by_score: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Rows in blocks of time, each by score: halved from level to level, so that every pair meets in one of them.

    Of each level the rows, which of them belong to the later half of their block, and where the blocks begin.
    """
    order, n = by_score, len(by_score)
    for bit in reversed(range(max(n - 1, 0).bit_length())):
        block, later = order >> (bit + 1), (order >> bit & 1).astype(bool)
        yield order.astype(np.int32), later, np.arange(0, n, 2 << bit)
        halved = np.empty_like(order)
        halved[np.where(later, np.cumsum(later), np.cumsum(~later)) - 1 + (block + later << bit)] = order
        order = halved


def _inverted(event: np.ndarray, w: np.ndarray, order: np.ndarray, later: np.ndarray, starts: np.ndarray) -> float:
    """Weight of pairs within blocks whose earlier row is an event with the higher score."""
    lower = np.cumsum(np.where(later, w[order], 0.0))
    first = np.where(later, 0.0, event[order])
    before = np.append(0.0, lower)[starts]
    return float((first * lower).sum() - (before * np.add.reduceat(first, starts)).sum())


def _runs(*keys: np.ndarray) -> np.ndarray:
    """Where each run of rows with equal keys begins."""
    fresh = np.zeros(max(len(keys[0]) - 1, 0), dtype=bool)
    for key in keys:
        fresh |= key[1:] != key[:-1]
    return np.flatnonzero(np.r_[True, fresh][: len(keys[0])])


def _later(event: np.ndarray, w: np.ndarray, starts: np.ndarray) -> float:
    """Weight of pairs within runs whose earlier row is an event."""
    if not len(w):
        return 0.0
    upto = np.cumsum(w)
    ends = np.append(starts[1:], len(w)) - 1
    return float((upto[ends] * np.add.reduceat(event, starts)).sum() - (event * upto).sum())
