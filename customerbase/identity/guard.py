"""The guard against over-merging: in thinly linked components, groups join only while their pairs speak for it.

One wrong link chains two people together, and a chain of links says nothing about the records at its ends. So in every
component where few of the pairs are linked, all pairs are weighed: starting from single records, the two groups whose
pairs weigh most on average are joined, as long as that average is not below a floor (average linkage). A dense group
stays whole at any size, a weak bridge between two dense groups does not hold, and a lone wrong link is outvoted.

The floor is one standard error below even odds: weights of pairs of one person spread by about ten bits, so the mean
of n of them may lie 10 / sqrt(n) below zero. A few doubtful pairs do not part three records; a hundred part two groups.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from customerbase.errors import InputError
from customerbase.identity.constraints import Constraints, components, numbered

ScorePairs = Callable[[np.ndarray, np.ndarray], np.ndarray]

NEVER = 1e12  # bits: outweighs the average of any group; for pairs that must not, or (negated) that must be joined
BATCH = 32  # groups up to this size are contracted many at a time
CELLS = 2_000_000  # most weights held at a time for groups of one size


@dataclass(frozen=True)
class Guard:
    """When a component is examined, and what its groups must have to stay together. Weights in bits."""

    density: float = 2 / 3  # components with a larger share of their pairs linked are left as they are
    slack: float = 10.0  # groups are two people when their n pairs weigh less than -slack / sqrt(n) on average
    unknown: float = -4.5  # what a pair without a weight counts: nothing proposed it, so it looks unlike
    least: float = -30.0  # what one pair can say against a join at most …
    most: float = 10.0  # … and for it: one very strong pair must not outvote many
    largest: int = 2_000  # a component with more records is first cut at higher and higher thresholds
    step: float = 2.0  # how much higher each time
    pairs: int = 5_000_000  # most pairs handed to score_pairs; the largest components go without
    review: int = 100  # a cluster with more records is suspicious, however well linked


class Links(NamedTuple):
    """Weighed pairs of records: a < b, no pair twice."""

    a: np.ndarray
    b: np.ndarray
    weight: np.ndarray

    def where(self, mask: np.ndarray) -> "Links":
        """Those links for which `mask` holds."""
        return Links(self.a[mask], self.b[mask], self.weight[mask])


def linked_parts(label: np.ndarray, active: np.ndarray, links: Links, must: np.ndarray) -> np.ndarray:
    """The groups of the active records cut into what is connected by links inside them and by must links."""
    inside = links.where(active[links.a] & (label[links.a] == label[links.b]))
    within = must[active[must[:, 0]]]
    place = np.cumsum(active) - 1
    a, b = np.r_[inside.a, within[:, 0]], np.r_[inside.b, within[:, 1]]
    label = label.copy()
    label[active] = len(label) + components(int(active.sum()), place[a], place[b])
    return numbered(label)


def cut_oversized(guard: Guard, label: np.ndarray, strong: Links, must: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Components of more than `largest` records cut by ever higher thresholds, each part only as far as it needs.

    Returns the new labels and, per record, whether it stood in such a component. Bounded: at most 20 levels.
    """
    oversized = np.bincount(label)[label] > guard.largest
    if not oversized.any() or not len(strong.a):
        return label, oversized
    level, top = strong.weight.min(), strong.weight.max()
    step = max(guard.step, (top - level) / 19)
    left = strong
    while len(left.a):
        active = np.bincount(label)[label] > guard.largest
        level += step
        left = left.where(active[left.a] & (left.weight >= level))
        label = linked_parts(label, active, left, must)
    return label, oversized


def thin(guard: Guard, label: np.ndarray, strong: Links) -> np.ndarray:
    """Per component, whether so few of its pairs are linked that the guard examines it."""
    size = np.bincount(label)
    inside = label[strong.a] == label[strong.b]
    linked = np.bincount(label[strong.a[inside]], minlength=len(size))
    return (size > 2) & (size <= guard.largest) & (linked <= guard.density * size * (size - 1) / 2)


def scored(guard: Guard, label: np.ndarray, examined: np.ndarray, links: Links, score_pairs: ScorePairs) -> Links:
    """The links and the weights of all other pairs of the examined components: of the smallest, within the budget."""
    layout = Layout(label, examined)
    rows = int(np.searchsorted(np.cumsum(_pairs_of(layout.size)), guard.pairs, side="right"))
    found = [np.empty((2, 0), dtype=np.int64)]
    for _, _, members in layout.batches(rows):
        i, j = np.triu_indices(members.shape[1], 1)
        found.append(np.stack([members[:, i].ravel(), members[:, j].ravel()]))
    a, b = np.concatenate(found, axis=1)
    count = len(layout.row)
    new = ~np.isin(a * count + b, links.a * count + links.b)
    a, b = a[new], b[new]
    if not len(a):
        return links
    weight = np.asarray(score_pairs(a, b), dtype=float)
    if weight.shape != a.shape:
        raise InputError(f"score_pairs gave weights of shape {weight.shape}; expected one per pair, shape {a.shape}.")
    told = ~np.isnan(weight)
    return Links(np.r_[links.a, a[told]], np.r_[links.b, b[told]], np.r_[links.weight, weight[told]])


def examine(
    guard: Guard,
    label: np.ndarray,
    examined: np.ndarray,
    links: Links,
    constraints: Constraints,
    group: np.ndarray,
) -> np.ndarray:
    """New labels: the examined components cut into groups of which every join is borne by its pairs.

    examined: per component, whether to examine it. group: what people joined; it stays together.
    """
    layout = Layout(label, examined)
    inside = links.where((layout.row[links.a] >= 0) & (layout.row[links.a] == layout.row[links.b]))
    order = np.argsort(layout.row[inside.a], kind="stable")
    inside = Links(inside.a[order], inside.b[order], inside.weight[order])
    forbidden = constraints.cannot[layout.row[constraints.cannot[:, 0]] == layout.row[constraints.cannot[:, 1]]]
    label = label.copy()
    for start, stop, members in layout.batches():
        weight = np.full((*members.shape, members.shape[1]), float(guard.unknown))
        own = slice(*np.searchsorted(layout.row[inside.a], (start, stop)))
        _set(weight, layout, start, inside.a[own], inside.b[own], np.clip(inside.weight[own], guard.least, guard.most))
        weight[constraints.conflicts(members)] = -NEVER
        there = (layout.row[forbidden[:, 0]] >= start) & (layout.row[forbidden[:, 0]] < stop)
        _set(weight, layout, start, *forbidden[there].T, -NEVER)
        same = group[members]
        weight[same[:, :, None] == same[:, None, :]] = NEVER
        label[members] = len(label) + np.take_along_axis(members, contract(weight, guard.slack), axis=1)
    return numbered(label)


def contract(weight: np.ndarray, slack: float) -> np.ndarray:
    """Groups of one size cut by average linkage: weights (groups, size, size) -> place of each part's first member.

    Joins, again and again, the two parts whose mean weight stands highest above -slack / sqrt(number of pairs), as long
    as it is not below.
    """
    if weight.shape[1] > BATCH:
        return np.array([_contract_one(one, slack) for one in weight])
    groups, size, _ = weight.shape
    mean, count = weight.copy(), np.ones((groups, size))
    mean[:, np.arange(size), np.arange(size)] = -np.inf
    first = np.tile(np.arange(size), (groups, 1))
    at = np.arange(groups)
    for _ in range(size - 1):
        score = mean[at] + slack / np.sqrt(count[at][:, :, None] * count[at][:, None, :])
        best = score.reshape(len(at), -1).argmax(axis=1)
        going = np.take_along_axis(score.reshape(len(at), -1), best[:, None], axis=1)[:, 0] >= 0
        at, (i, j) = at[going], np.divmod(best[going], size)
        if not len(at):
            break
        share = (count[at, i] / (count[at, i] + count[at, j]))[:, None]
        row = share * mean[at, i] + (1 - share) * mean[at, j]
        mean[at, i], mean[at, :, i] = row, row
        mean[at, j], mean[at, :, j] = -np.inf, -np.inf
        count[at, i] += count[at, j]
        first[at] = np.where(first[at] == j[:, None], i[:, None], first[at])
    return first


def suspicious(guard: Guard, label: np.ndarray, known: Links, group: np.ndarray, oversized: np.ndarray) -> np.ndarray:
    """Labels a person should look at: more than `review` records, what is left of an oversized component (two records
    or more), or three and more records whose pairs on the whole speak against one person.
    """
    size = np.bincount(label)
    weighed = known.where((label[known.a] == label[known.b]) & (group[known.a] != group[known.b]))
    total = np.bincount(label[weighed.a], np.clip(weighed.weight, guard.least, guard.most), minlength=len(size))
    pairs = size * (size - 1) / 2
    _, holder = np.unique(group, return_index=True)
    decided = np.bincount(label[holder], _pairs_of(np.bincount(group)), minlength=len(size))
    unknown = pairs - decided - np.bincount(label[weighed.a], minlength=len(size))
    against = total + guard.most * decided + guard.unknown * unknown < 0
    rest = np.bincount(label, oversized, minlength=len(size)) > 0
    return np.flatnonzero((size > guard.review) | ((size > 1) & rest) | ((size > 2) & against))


class Layout:
    """The records of the examined components in rows: one row per component, in the order of size."""

    def __init__(self, label: np.ndarray, examined: np.ndarray):
        size = np.bincount(label)
        records = np.flatnonzero(examined[label])
        order = np.lexsort((records, label[records], size[label[records]]))
        self.records = records[order]
        begins = np.diff(label[self.records], prepend=-1) != 0
        self.start = np.flatnonzero(begins)
        self.size = np.diff(np.r_[self.start, len(records)])
        self.row, self.place = np.full(len(label), -1), np.full(len(label), -1)
        self.row[self.records] = np.cumsum(begins) - 1
        self.place[self.records] = np.arange(len(records)) - self.start[self.row[self.records]]

    def batches(self, rows: int | None = None) -> Iterator[tuple[int, int, np.ndarray]]:
        """(first row, row after the last, their records (rows, size)) of the first `rows` rows, one size at a time."""
        sizes, first = np.unique(self.size[:rows], return_index=True)
        ends = np.r_[first, len(self.size[:rows])][1:]
        for size, start, end in zip(sizes, first, ends, strict=True):
            step = max(1, CELLS // size**2)
            for at in range(start, end, step):
                stop = min(at + step, end)
                records = self.records[self.start[at] : self.start[at] + (stop - at) * size]
                yield at, stop, records.reshape(-1, size)


def _contract_one(weight: np.ndarray, slack: float) -> np.ndarray:
    """The same for one large group; remembers the best partner of each part instead of looking at all pairs."""
    mean, count, first = weight.copy(), np.ones(len(weight)), np.arange(len(weight))
    np.fill_diagonal(mean, -np.inf)
    score = mean + slack
    best = score.argmax(axis=1)
    top = score[first, best]
    while top.max() >= 0:
        i = int(top.argmax())
        i, j = sorted((i, int(best[i])))
        share = count[i] / (count[i] + count[j])
        mean[i] = mean[:, i] = share * mean[i] + (1 - share) * mean[j]
        mean[j] = mean[:, j] = score[j] = score[:, j] = top[j] = -np.inf
        count[i] += count[j]
        first[first == j] = i
        row = mean[i] + slack / np.sqrt(count[i] * count)
        score[i] = score[:, i] = row
        stale = np.flatnonzero((first == np.arange(len(first))) & ((best == i) | (best == j) | (row > top)))
        best[stale] = score[stale].argmax(axis=1)
        top[stale] = score[stale, best[stale]]
    return first


def _set(
    weight: np.ndarray, layout: Layout, start: int, a: np.ndarray, b: np.ndarray, value: np.ndarray | float
) -> None:
    row, i, j = layout.row[a] - start, layout.place[a], layout.place[b]
    weight[row, i, j], weight[row, j, i] = value, value


def _pairs_of(size: np.ndarray) -> np.ndarray:
    return size * (size - 1) // 2
