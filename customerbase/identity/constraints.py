"""Constraints: which records can never be one person, and the cut of groups that would bring such records together."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from customerbase.errors import InputError


def components(count: int, a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """The connected component of each of `count` nodes under the edges (a, b), numbered by smallest member."""
    ones = np.ones(len(a), dtype=np.int8)
    _, found = connected_components(coo_matrix((ones, (a, b)), shape=(count, count)), directed=False)
    return numbered(found)


def numbered(label: np.ndarray) -> np.ndarray:
    """The same groups numbered 0, 1, 2 … in the order of their smallest member."""
    records = np.arange(len(label))
    first = np.empty(int(label.max(initial=-1)) + 1, dtype=np.int64)
    first[label[::-1]] = records[::-1]  # of several writes to one place the last stays
    smallest = first[label]
    return (np.cumsum(smallest == records) - 1)[smallest]


def spread(values: np.ndarray, label: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest known value (>= 0) of each group; (-1, -1) where none is known."""
    known = values >= 0
    groups = int(label.max(initial=-1)) + 1
    low, high = np.full(groups, np.iinfo(np.int64).max), np.full(groups, -1, dtype=np.int64)
    np.minimum.at(low, label[known], values[known])
    np.maximum.at(high, label[known], values[known])
    return np.where(high < 0, -1, low), high


def both_known(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """x and y with -1 in both wherever one of them is unknown."""
    known = (x >= 0) & (y >= 0)
    return np.where(known, x, -1), np.where(known, y, -1)


@dataclass(frozen=True)
class Constraints:
    """What keeps two records apart, whatever their links say. Arrays hold one int per record; negative = unknown.

    cannot: pairs (k, 2) of records that people declared different.
    differ: two known, different values conflict (a member number).
    differ_both: two records conflict when they differ, known, in both arrays (birth date and sex).
    at_most_one: two records with the same label conflict (accounts of a system that has one per person).
    """

    cannot: ArrayLike = ()
    differ: Sequence[np.ndarray] = ()
    differ_both: Sequence[tuple[np.ndarray, np.ndarray]] = ()
    at_most_one: Sequence[np.ndarray] = ()

    def checked(self, count: int) -> "Constraints":
        """The same constraints as int64 arrays; raises InputError for a wrong length or an unknown record."""
        return Constraints(
            as_pairs(self.cannot, count, "cannot"),
            tuple(_values(one, count, "differ") for one in self.differ),
            tuple(
                both_known(_values(x, count, "differ_both"), _values(y, count, "differ_both"))
                for x, y in self.differ_both
            ),
            tuple(_values(one, count, "at_most_one") for one in self.at_most_one),
        )

    def taught(self, group: np.ndarray, label: np.ndarray) -> "Constraints":
        """The constraints after people joined records (`group`) whose values differ: those values are one person's.

        Within the component (`label`) of such a group they no longer conflict; all other values do as before.
        """
        differ = tuple(_equated(one, np.not_equal(*spread(one, group)), group, label) for one in self.differ)
        both = []
        for x, y in self.differ_both:
            mixed = np.not_equal(*spread(x, group)) & np.not_equal(*spread(y, group))
            both.append((_equated(x, mixed, group, label), _equated(y, mixed, group, label)))
        return replace(self, differ=differ, differ_both=tuple(both))

    def violated(self, label: np.ndarray) -> np.ndarray:
        """Per group, whether it holds two records that conflict."""
        groups = int(label.max(initial=-1)) + 1
        found = np.zeros(groups, dtype=bool)
        for one in self.differ:
            found |= np.not_equal(*spread(one, label))
        for x, y in self.differ_both:
            # pairwise free of conflict = all agree in x or all agree in y: three points cannot share a side otherwise
            found |= np.not_equal(*spread(x, label)) & np.not_equal(*spread(y, label))
        for one in self.at_most_one:
            held, times = np.unique(_held(one, label), return_counts=True)
            found[held[times > 1] // _width(one)] = True
        left, right = label[self.cannot.T]
        found[left[left == right]] = True
        return found

    def apart(self, label: np.ndarray, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Per pair of groups (left, right): (whether values forbid to join them, whether a decision of people does)."""
        ruled = np.zeros(len(left), dtype=bool)
        for one in self.differ:
            low, high = _joint(one, label, left, right)
            ruled |= low != high
        for x, y in self.differ_both:
            ruled |= np.not_equal(*_joint(x, label, left, right)) & np.not_equal(*_joint(y, label, left, right))
        for one in self.at_most_one:
            ruled |= _share(_held(one, label), _width(one), left, right)
        groups = int(label.max(initial=-1)) + 1
        decided = np.sort(label[self.cannot], axis=1) @ (groups, 1)
        return ruled, np.isin(np.minimum(left, right) * groups + np.maximum(left, right), decided)

    def conflicts(self, members: np.ndarray) -> np.ndarray:
        """Which records conflict, by values, inside groups of one size: (groups, size) -> bool (groups, size, size)."""
        found = np.zeros((*members.shape, members.shape[1]), dtype=bool)
        for one in self.differ:
            found |= _differ(one[members])
        for x, y in self.differ_both:
            found |= _differ(x[members]) & _differ(y[members])
        for one in self.at_most_one:
            label = one[members]
            found |= (label[:, :, None] == label[:, None, :]) & (label >= 0)[:, :, None]
        return found


class Unions:
    """Groups that grow by joining, and refuse a join that would bring two conflicting records together."""

    def __init__(self, constraints: Constraints, members: np.ndarray):
        rows = members.tolist()
        self.parent = dict(zip(rows, rows, strict=True))
        self.values = [dict(zip(rows, one[members].tolist(), strict=True)) for one in constraints.differ]
        self.corners = [
            {at: {(p, q)} if p >= 0 else set() for at, p, q in zip(rows, x[members], y[members], strict=True)}
            for x, y in constraints.differ_both
        ]
        self.labels = [{at: {one[at]} - {-1} for at in rows} for one in constraints.at_most_one]
        self.enemies: dict[int, set[int]] = {at: set() for at in rows}
        for a, b in constraints.cannot.tolist():
            if a in self.parent and b in self.parent:
                self.enemies[a].add(b)
                self.enemies[b].add(a)

    def find(self, record: int) -> int:
        """The record that stands for the group of `record`."""
        while self.parent[record] != record:
            self.parent[record] = record = self.parent[self.parent[record]]
        return record

    def join(self, a: int, b: int, *, force: bool = False) -> bool:
        """Join the groups of a and b unless they conflict; whether they are one group now."""
        a, b = self.find(a), self.find(b)
        if a == b:
            return True
        if not force and self._conflict(a, b):
            return False
        self.parent[b] = a
        for values in self.values:
            values[a] = max(values[a], values[b])
        for sets in (*self.corners, *self.labels, self.enemies):
            few, many = sorted((sets[a], sets.pop(b)), key=len)
            sets[a] = many
            many |= few
        return True

    def _conflict(self, a: int, b: int) -> bool:
        few, other = (a, b) if len(self.enemies[a]) <= len(self.enemies[b]) else (b, a)
        return (
            any(min(one[a], one[b]) >= 0 and one[a] != one[b] for one in self.values)
            or any(p[0] != q[0] and p[1] != q[1] for one in self.corners for p in one[a] for q in one[b])
            or any(not one[a].isdisjoint(one[b]) for one in self.labels)
            or any(self.find(enemy) == other for enemy in self.enemies[few])
        )


def as_pairs(pairs: ArrayLike, count: int, name: str) -> np.ndarray:
    """Pairs of record numbers as int64 (k, 2); raises InputError for another shape or a record that does not exist."""
    found = np.asarray(pairs if np.size(pairs) else np.empty((0, 2)), dtype=np.int64)
    if found.ndim != 2 or found.shape[1] != 2:
        raise InputError(f"{name}: an array of shape {found.shape}; expected pairs, shape (k, 2).")
    if found.size and (found.min() < 0 or found.max() >= count):
        raise InputError(
            f"{name}: record {found.min() if found.min() < 0 else found.max()}; expected 0 to {count - 1}."
        )
    return found


def refuse_contradictions(
    must: np.ndarray, cannot: np.ndarray, group: np.ndarray, names: Sequence[str] | None = None
) -> None:
    """Raise InputError when records that people declared different are the same by other decisions (`group` of must).

    names: what to call the records in the message, by record number; their numbers when not given.
    """
    wrong = cannot[group[cannot[:, 0]] == group[cannot[:, 1]]]
    if len(wrong):
        a, b = wrong[0].tolist()
        chain = [names[at] if names is not None else f"record {at}" for at in _chain(must, a, b)]
        raise InputError(
            f"Decisions contradict each other: {chain[0]} and {chain[-1]} are declared not the same, and the same by"
            f" {' = '.join(chain)}{' (the same record)' if a == b else ''}. Take one of these decisions back."
        )


def _chain(must: np.ndarray, start: int, end: int) -> list[int]:
    """The shortest chain of must links from start to end."""
    near: dict[int, list[int]] = {}
    for a, b in sorted(must.tolist()):
        near.setdefault(a, []).append(b)
        near.setdefault(b, []).append(a)
    came, queue = {start: start}, deque([start])
    while queue and end not in came:
        at = queue.popleft()
        for other in near.get(at, ()):
            if other not in came:
                came[other] = at
                queue.append(other)
    path = [end]
    while path[-1] != start:
        path.append(came[path[-1]])
    return path[::-1]


def _values(values: ArrayLike, count: int, name: str) -> np.ndarray:
    found = np.asarray(values, dtype=np.int64)
    if found.shape != (count,):
        raise InputError(f"{name}: an array of shape {found.shape}; expected one value per record, shape ({count},).")
    found = np.maximum(found, -1)
    if found.max(initial=-1) < 2**31:
        return found
    return np.unique(np.r_[-1, found], return_inverse=True)[1][1:] - 1  # small codes: (group, value) must fit an int64


def _equated(values: np.ndarray, mixed: np.ndarray, group: np.ndarray, label: np.ndarray) -> np.ndarray:
    """Values renamed so that those of one `mixed` group are the same value within its component."""
    touched = np.unique(label[mixed[group]])
    rows = np.flatnonzero((values >= 0) & np.isin(label, touched))
    if not len(rows):
        return values
    keys, place = np.unique(_held(values[rows], label[rows]), return_inverse=True)
    taught = mixed[group[rows]]
    renamed = components(len(keys) + len(mixed), place[taught], len(keys) + group[rows[taught]])
    found = values.copy()
    found[rows] = renamed[place]
    return found


def _width(values: np.ndarray) -> int:
    return int(values.max(initial=0)) + 1


def _held(values: np.ndarray, label: np.ndarray) -> np.ndarray:
    """The pairs (group, value) of every record with a value, each pair as one number: group * width + value."""
    known = values >= 0
    return label[known] * _width(values) + values[known]


def _joint(values: np.ndarray, label: np.ndarray, left: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and largest known value of each left and right group together."""
    low, high = spread(values, label)
    first, second = low[left], low[right]
    lowest = np.where(first < 0, second, np.where(second < 0, first, np.minimum(first, second)))
    return lowest, np.maximum(high[left], high[right])


def _share(held: np.ndarray, width: int, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Per pair of groups, whether both hold one same value."""
    held = np.unique(held)
    start, stop = np.searchsorted(held, left * width), np.searchsorted(held, (left + 1) * width)
    pair = np.repeat(np.arange(len(left)), stop - start)
    offset = np.arange(len(pair)) - np.repeat(np.cumsum(stop - start) - (stop - start), stop - start)
    value = held[start[pair] + offset] % width
    found = np.zeros(len(left), dtype=bool)
    found[pair[np.isin(right[pair] * width + value, held)]] = True
    return found


def _differ(values: np.ndarray) -> np.ndarray:
    known = values >= 0
    return (values[:, :, None] != values[:, None, :]) & known[:, :, None] & known[:, None, :]
