"""How much of what an outcome varies goes with each driver: Shapley shares of R², exact over all subsets.

R² of a linear model of the outcome on a subset of the drivers follows from their correlations alone, so that all subsets of up
to a dozen drivers cost milliseconds. Averaged over all sequences in which drivers may enter, each gets its share; they add
up to R² of the whole model. The same numbers are called general dominance, LMG and Shapley value regression. Sources:
Shapley (1953); Lindeman, Merenda & Gold (1980), §4; Budescu (1993), Psychol. Bull. 114, 542-551; Grömping (2007), Am. Stat. 61, 139-147.
"""

from itertools import combinations
from math import comb

import numpy as np

from customerbase.errors import InputError

MOST = 12  # drivers: 4,096 subsets


def shapley_r2(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Each column's share of R² of y on x, shape (columns,); they add up to R² and none is below 0.

    weight: of the rows (how often a bootstrap drew them). A column without variance gets 0. Raises InputError for more
    than MOST columns.
    """
    drivers = x.shape[1]
    if drivers > MOST:
        raise InputError(f"{drivers} drivers; expected at most {MOST}, as all their subsets are compared.")
    return _shares(subset_r2(x, y, weight), drivers)


def subset_r2(x: np.ndarray, y: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """R² of y on each subset of the columns: entry s is of the columns whose bits are set in s; entry 0 is 0."""
    w = np.ones(len(y)) if weight is None else np.asarray(weight, dtype=float)
    z = np.column_stack([x, y]).astype(float)
    z = z - (w @ z) / w.sum()
    spread = np.sqrt((w @ z**2) / w.sum())
    z = z / np.where(spread > 1e-12, spread, np.inf)
    correlation = (z * w[:, None]).T @ z / w.sum()
    inner, outer, drivers = correlation[:-1, :-1], correlation[:-1, -1], x.shape[1]
    inner = inner + 1e-9 * np.eye(drivers)  # a driver that repeats another shares with it
    found = np.zeros(2**drivers)
    for size in range(1, drivers + 1):
        chosen = np.array(list(combinations(range(drivers), size)))
        r = outer[chosen]
        solved = np.linalg.solve(inner[chosen[:, :, None], chosen[:, None, :]], r[:, :, None])[:, :, 0]
        found[(1 << chosen).sum(axis=1)] = np.einsum("ij,ij->i", r, solved)
    return np.clip(found, 0, 1)


def _shares(r2: np.ndarray, drivers: int) -> np.ndarray:
    subsets = np.arange(len(r2))
    sizes = np.array([subset.bit_count() for subset in range(len(r2))])
    made = np.zeros(drivers)
    for driver in range(drivers):
        without = subsets[(subsets >> driver) & 1 == 0]
        often = np.array([1 / (drivers * comb(drivers - 1, size)) for size in sizes[without]])
        made[driver] = often @ (r2[without | (1 << driver)] - r2[without])
    return np.maximum(made, 0)
