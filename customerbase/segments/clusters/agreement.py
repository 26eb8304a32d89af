"""How far two ways of grouping the same customers agree."""

import numpy as np


def crossing(one: np.ndarray, other: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Customers by group of the one (rows) and of the other (columns) grouping; groups are numbered from 0."""
    counts = np.bincount(np.asarray(one) * columns + np.asarray(other), minlength=rows * columns)
    return counts.reshape(rows, columns)


def adjusted_rand(one: np.ndarray, other: np.ndarray) -> float:
    """Adjusted Rand index: share of pairs of customers on which two groupings agree, beyond chance; 1 is the same, 0 chance.

    Source: Hubert & Arabie (1985), J. of Classification 2, 193–218.
    """
    _, one = np.unique(one, return_inverse=True)
    _, other = np.unique(other, return_inverse=True)
    table = crossing(one, other, one.max(initial=0) + 1, other.max(initial=0) + 1)
    together, rows, columns = (_pairs(part) for part in (table.ravel(), table.sum(axis=1), table.sum(axis=0)))
    everything = _pairs(np.array([len(one)]))
    if everything == 0:
        return 1.0
    chance, most = rows * columns / everything, (rows + columns) / 2
    return 1.0 if most == chance else float((together - chance) / (most - chance))


def _pairs(counts: np.ndarray) -> float:
    counts = counts.astype(float)
    return float((counts * (counts - 1) / 2).sum())


def jaccard(one: np.ndarray, other: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Jaccard index of every group of the one with every group of the other: shared customers over those in either."""
    shared = crossing(one, other, rows, columns)
    either = shared.sum(axis=1)[:, None] + shared.sum(axis=0)[None, :] - shared
    return np.divide(shared, either, out=np.zeros(shared.shape), where=either > 0)


def recovered(reference: np.ndarray, again: np.ndarray, groups: int) -> np.ndarray:
    """For each group of the reference the largest Jaccard index with any group of another grouping of `groups`.

    Its mean over bootstrap samples says how stable a group is: below 0.5 it dissolves, from 0.75 on it holds.
    Source: Hennig (2007), Computational Statistics & Data Analysis 52, 258–271.
    """
    return jaccard(reference, again, groups, groups).max(axis=1, initial=0.0)
