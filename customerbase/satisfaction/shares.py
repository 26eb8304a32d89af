"""How much of what an outcome varies goes with each driver: Shapley shares of R², exact over all subsets of up to 12 drivers.

R² of a linear model of the outcome on a subset of the drivers follows from their correlations alone, so that all subsets of up
to a dozen drivers cost milliseconds. Averaged over all sequences in which drivers may enter, each gets its share; they add
up to R² of the whole model. The same numbers are called general dominance, LMG and Shapley value regression. Sources:
Shapley (1953); Lindeman, Merenda & Gold (1980), §4; Budescu (1993), Psychol. Bull. 114, 542-551; Grömping (2007), Am. Stat. 61, 139-147.
Of more drivers some of the sequences are averaged: Castro, Gómez & Tejada (2009), Comput. Oper. Res. 36, 1726-1730.
"""

from itertools import combinations
from math import comb

import numpy as np

MOST = 12  # drivers whose 4,096 subsets are all compared
SEQUENCES = 512  # of more drivers, half of them the others backwards; the same ones every time
_RIDGE = 1e-9  # a driver that repeats another shares with it


def shapley_r2(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Each column's share of R² of y on x, shape (columns,); they add up to R² and none is below 0.

    weight: of the rows (how often a bootstrap drew them). A column without variance gets 0.
    """
    if x.shape[1] > MOST:
        return _sampled(*_correlations(x, y, weight))
    return _shares(subset_r2(x, y, weight), x.shape[1])


def subset_r2(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """R² of y on each subset of the columns: entry s is of the columns whose bits are set in s; entry 0 is 0."""
    inner, outer = _correlations(x, y, weight)
    drivers = len(outer)
    found = np.zeros(2**drivers)
    for size in range(1, drivers + 1):
        chosen = np.array(list(combinations(range(drivers), size)))
        r = outer[chosen]
        solved = np.linalg.solve(inner[chosen[:, :, None], chosen[:, None, :]], r[:, :, None])[:, :, 0]
        found[(1 << chosen).sum(axis=1)] = np.einsum("ij,ij->i", r, solved)
    return np.clip(found, 0, 1)


def _correlations(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Correlations of the columns with each other, and with y."""
    w = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=float)
    z = np.column_stack([x, y]).astype(float)
    z = z - (w @ z) / w.sum()
    spread = np.sqrt((w @ z**2) / w.sum())
    z = z / np.where(spread > 1e-12, spread, np.inf)
    correlation = (z * w[:, None]).T @ z / w.sum()
    return correlation[:-1, :-1] + _RIDGE * np.eye(x.shape[1]), correlation[:-1, -1]


def _sampled(inner: np.ndarray, outer: np.ndarray) -> np.ndarray:
    """Mean gain of each driver over random sequences: the squares of the outcome's coordinates in the order of entering."""
    random = np.random.default_rng(20_261)
    some = np.array([random.permutation(len(outer)) for _ in range(SEQUENCES // 2)])
    order = np.concatenate([some, some[:, ::-1]])
    # without variance a column correlates with nothing, itself included: 1 keeps the root, and its gain is 0
    inner = np.where(np.eye(len(outer), dtype=bool) & (inner < 0.5), 1.0, inner)
    root = np.linalg.cholesky(inner[order[:, :, None], order[:, None, :]])
    gains = np.linalg.solve(root, outer[order][:, :, None])[:, :, 0] ** 2
    return np.bincount(order.ravel(), gains.ravel(), len(outer)) / len(order)


def _shares(r2: np.ndarray, drivers: int) -> np.ndarray:
    subsets = np.arange(len(r2))
    sizes = np.array([subset.bit_count() for subset in range(len(r2))])
    made = np.zeros(drivers)
    for driver in range(drivers):
        without = subsets[(subsets >> driver) & 1 == 0]
        often = np.array([1 / (drivers * comb(drivers - 1, size)) for size in sizes[without]])
        made[driver] = often @ (r2[without | (1 << driver)] - r2[without])
    return np.maximum(made, 0)
