"""Clusters: links between records become groups of one person each, guarded against merging too much."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from customerbase.errors import InputError
from customerbase.identity.constraints import Constraints, Unions, as_pairs, components, numbered, refuse_contradictions
from customerbase.identity.guard import (
    Guard,
    Links,
    ScorePairs,
    cut_oversized,
    examine,
    linked_parts,
    scored,
    suspicious,
    thin,
)

# what became of a link: inside a group; too weak to join; cut by the guard, by a rule, by a decision of people
KEPT, BELOW, CUT_GUARD, CUT_CONFLICT, CUT_DECISION = range(5)
MOST = 1e9  # bits: an infinite weight counts as this


@dataclass(frozen=True)
class Partition:
    """Which records are one person.

    label: int64 per record, groups numbered 0, 1, 2 … by smallest member.
    edge_state: int8 per given link: KEPT, BELOW (the threshold), CUT_GUARD, CUT_CONFLICT or CUT_DECISION.
    suspicious: labels, ascending, of groups that are too large or too thinly linked to be trusted.
    """

    label: np.ndarray
    edge_state: np.ndarray
    suspicious: np.ndarray


def partition(
    count: int,
    a: ArrayLike,
    b: ArrayLike,
    weight: ArrayLike,
    *,
    threshold: float,
    constraints: Constraints = Constraints(),  # noqa: B008 frozen
    must: ArrayLike = (),
    guard: Guard | None = Guard(),  # noqa: B008 frozen
    score_pairs: ScorePairs | None = None,
    names: Sequence[str] | None = None,
) -> Partition:
    """Groups of the records 0 … count-1: what links of at least `threshold` and must links connect, less what is cut.

    a, b, weight: links and their weight in bits, in any order; links below the threshold join nothing, but are heard
    where the guard weighs a component. must: pairs (k, 2) that people declared the same; stronger than every rule of
    `constraints`. guard: None switches it off. score_pairs(a, b): the weight of any pairs (a < b), asked once, for
    pairs without a link in examined components; NaN = unknown. names: what to call records in messages.

    A group that breaks a constraint is built anew from its strongest link down (ties by record numbers), leaving out
    each link that would bring two conflicting records together: the weakest link between them gives way. The result
    depends on the set of links only, not on their order. Raises InputError for malformed input and for decisions of
    people that contradict each other.
    """
    a, b, weight = _checked(count, a, b, weight)
    must, constraints = as_pairs(must, count, "must"), constraints.checked(count)
    group = components(count, *must.T)
    refuse_contradictions(must, constraints.cannot, group, names)
    links = _distinct(count, a, b, weight)
    strong = links.where(links.weight >= threshold)
    label = components(count, np.r_[strong.a, must[:, 0]], np.r_[strong.b, must[:, 1]])
    oversized = np.zeros(count, dtype=bool)
    if guard is not None:
        label, oversized = cut_oversized(guard, label, strong, must)
    constraints = constraints.taught(group, label)
    spared = np.zeros(count, dtype=bool) if guard is None else thin(guard, label, strong)
    label = _without_conflicts(label, spared, strong, must, constraints)
    if guard is not None:
        examined = thin(guard, label, strong)
        if score_pairs is not None:
            links = scored(guard, label, examined, links, score_pairs)
            strong = links.where(links.weight >= threshold)
            examined &= thin(guard, label, strong) | constraints.violated(label)
        # all must links are inside a group of `parts`: what is cut here is what only links below the threshold held
        parts = examine(guard, label, examined, links, constraints, group)
        label = linked_parts(parts, examined[label], strong, must)
    odd = np.empty(0, dtype=np.int64) if guard is None else suspicious(guard, label, links, group, oversized)
    return Partition(label, _states(label, a, b, weight >= threshold, constraints), odd)


def _checked(count: int, a: ArrayLike, b: ArrayLike, weight: ArrayLike) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The links as arrays with a < b."""
    a, b, weight = np.asarray(a, dtype=np.int64), np.asarray(b, dtype=np.int64), np.asarray(weight, dtype=float)
    if not a.shape == b.shape == weight.shape == (len(a),):
        raise InputError(
            f"Links of shapes a {a.shape}, b {b.shape}, weight {weight.shape}; expected three of one length."
        )
    low, high = np.minimum(a, b), np.maximum(a, b)
    if len(a) and (low.min() < 0 or high.max() >= count):
        raise InputError(
            f"A link names record {low.min() if low.min() < 0 else high.max()}; expected 0 to {count - 1}."
        )
    if (low == high).any():
        raise InputError(f"A link joins record {low[low == high][0]} with itself; expected links between two records.")
    if np.isnan(weight).any():
        where = int(np.isnan(weight).argmax())
        raise InputError(
            f"The link of records {low[where]} and {high[where]} has no weight; expected a number of bits."
        )
    return low, high, np.clip(weight, -MOST, MOST)


def _distinct(count: int, a: np.ndarray, b: np.ndarray, weight: np.ndarray) -> Links:
    """The links in the order of (a, b); of several between the same two records the strongest."""
    key = a * count + b
    order = np.argsort(key)
    if (np.diff(key[order]) == 0).any():
        order = np.lexsort((-weight, key))
        order = order[np.diff(key[order], prepend=-1) != 0]
    return Links(a[order], b[order], weight[order])


def _without_conflicts(
    label: np.ndarray, spared: np.ndarray, strong: Links, must: np.ndarray, constraints: Constraints
) -> np.ndarray:
    """The groups that break a constraint built anew from the strongest link down; `spared` groups (bool) left alone."""
    broken = constraints.violated(label)
    broken &= ~spared[: len(broken)]
    if not broken.any():
        return label
    members = np.flatnonzero(broken[label])
    unions = Unions(constraints, members)
    for one, other in must[broken[label[must[:, 0]]]].tolist():
        unions.join(one, other, force=True)
    links = strong.where(broken[label[strong.a]] & (label[strong.a] == label[strong.b]))
    order = np.lexsort((links.b, links.a, -links.weight))
    for one, other in zip(links.a[order].tolist(), links.b[order].tolist(), strict=True):
        unions.join(one, other)
    label = label.copy()
    label[members] = len(label) + np.array([unions.find(record) for record in members.tolist()])
    return numbered(label)


def _states(
    label: np.ndarray, a: np.ndarray, b: np.ndarray, linked: np.ndarray, constraints: Constraints
) -> np.ndarray:
    """What became of each link; a cut one was cut by a rule or decision exactly if that keeps the two groups apart."""
    state = np.full(len(a), BELOW, dtype=np.int8)
    state[linked] = KEPT
    cut = np.flatnonzero(linked & (label[a] != label[b]))
    ruled, decided = constraints.apart(label, label[a[cut]], label[b[cut]])
    state[cut] = np.select([decided, ruled], [CUT_DECISION, CUT_CONFLICT], CUT_GUARD)
    return state
