"""Groups keep their number from month to month: new ones are matched to those of the month before by the customers they share."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from customerbase.segments.clusters.agreement import crossing, jaccard

OVERLAP = 0.5  # of the customers of the smaller of two groups must be shared for the new one to be the old one
FIRST, KEPT, NEW, RETIRED = "first", "kept", "new", "retired"


@dataclass(frozen=True)
class Matched:
    """ids: the id of every new group, in its order; overlap: Jaccard index with its former self (NaN: new); retired: ids gone.

    way: members, centres, or first (there was no month before).
    """

    ids: np.ndarray
    overlap: np.ndarray
    retired: tuple[int, ...]
    way: str


def first(k: int) -> Matched:
    """Ids 1 to k: no month before."""
    return Matched(np.arange(1, k + 1), np.full(k, np.nan), (), "first")


def renumbered(k: int, used: Iterable[int]) -> Matched:
    """Ids that were never given: earlier months had groups, but the month before had none."""
    start = max(map(int, used), default=0) + 1
    return Matched(np.arange(start, start + k), np.full(k, np.nan), (), "first")


def by_members(new: np.ndarray, k: int, old: np.ndarray, used: Iterable[int]) -> Matched | None:
    """Matched by the customers of both months; None without any.

    new, old: group (from 0) and former id of each of them; used: all ids ever given. The assignment with the largest sum
    of Jaccard indices (Hungarian method); a pair counts only if more than half of the smaller of both is shared.
    """
    if not len(old):
        return None
    known, place = np.unique(old, return_inverse=True)
    overlap = jaccard(new, place, k, len(known))
    shared = crossing(new, place, k, len(known))
    smaller = np.minimum(shared.sum(axis=1)[:, None], shared.sum(axis=0)[None, :])
    possible = shared > OVERLAP * smaller
    return _assigned(np.where(possible, overlap, 0.0), known, overlap, used, "members")


def by_centres(new: np.ndarray, old: pd.DataFrame, used: Iterable[int]) -> Matched:
    """Matched by their centres: for a month that shares no customers with the one before.

    new: centres by feature, scaled, shape (k, features); old: the same of the month before, its ids as index. A pair
    counts only if it is nearer than half the way between the two nearest new centres. overlap is NaN throughout.
    """
    apart = np.sqrt(((new[:, None, :] - old.to_numpy()[None, :, :]) ** 2).mean(axis=2))
    between = np.sqrt(((new[:, None, :] - new[None, :, :]) ** 2).mean(axis=2))
    np.fill_diagonal(between, np.inf)
    near = between.min(initial=np.inf) / 2
    gain = np.where(apart < near, 1 / (1 + apart), 0.0)
    return _assigned(gain, old.index.to_numpy(), np.full(apart.shape, np.nan), used, "centres")


def _assigned(gain: np.ndarray, known: np.ndarray, overlap: np.ndarray, used: Iterable[int], way: str) -> Matched:
    from scipy.optimize import (
        linear_sum_assignment,
    )  # imported here: slow to load, and whoever only shows groups needs none of it

    rows, columns = linear_sum_assignment(-gain)
    taken = {int(row): int(column) for row, column in zip(rows, columns, strict=True) if gain[row, column] > 0}
    next_id = max([*map(int, used), *map(int, known)], default=0) + 1
    ids, kept = np.empty(len(gain), dtype=int), np.full(len(gain), np.nan)
    for group in range(len(gain)):
        if group in taken:
            ids[group], kept[group] = known[taken[group]], overlap[group, taken[group]]
        else:
            ids[group], next_id = next_id, next_id + 1
    gone = tuple(sorted(set(map(int, known)) - set(map(int, ids))))
    return Matched(ids, kept, gone, way)


def earlier(customers: np.ndarray, groups: pd.DataFrame) -> Mapping[str, np.ndarray]:
    """Of the customers (ids) those with a group in the month before: their place, and that group."""
    before = pd.Series(groups["group_id"].to_numpy(dtype=int), index=groups["customer_id"].to_numpy())
    found = before.reindex(customers)
    place = np.flatnonzero(found.notna().to_numpy())
    return {"place": place, "group": found.to_numpy()[place].astype(int)}
