"""What depends on frequency and age, at many ages: computed at a few, interpolated between them, and checked."""

from collections.abc import Callable

import numpy as np

from customerbase.cltv.horizon import lagrange, legendre, nodes_for

_LOOSE = 1e-11  # relative; a frequency whose interpolation is further off than this is computed at every age
_WORTH = 2.0  # times as many ages as places to compute, below which all ages are

Compute = Callable[[np.ndarray, np.ndarray], np.ndarray]


def over_ages(compute: Compute, x: np.ndarray, T: np.ndarray, bend: float) -> np.ndarray:
    """compute(x, T) -> (rows, J) for many pairs, which is smooth in log(bend + T), positive, and costly.

    x, T: pairs, none twice. Where a frequency has many ages, a polynomial through a few stands for them, and three ages
    computed as well show that it does.
    """
    ages, age = np.unique(T, return_inverse=True)
    low, high = np.log(bend + ages[0]), np.log(bend + ages[-1])
    size = nodes_for(high - low)
    xs, kind, many = np.unique(x, return_inverse=True, return_counts=True)
    smooth = np.flatnonzero(many > _WORTH * (size + 3))
    if not len(smooth):
        return compute(x, T)
    unit, _ = legendre(size)
    basis = lagrange(unit, (np.log(bend + ages) - low) / (high - low))
    control = np.array([len(ages) // 7, len(ages) // 2, -1])
    places = np.concatenate([np.exp(low + unit * (high - low)) - bend, ages[control]])
    made = compute(np.repeat(xs[smooth], len(places)), np.tile(places, len(smooth)))
    made = made.reshape(len(smooth), len(places), -1)
    values, right = made[:, :size], made[:, size:]
    wrong = np.abs(np.einsum("ck,xkj->xcj", basis[control], values) - right) > _LOOSE * right
    smooth, values = smooth[~wrong.any(axis=(1, 2))], values[~wrong.any(axis=(1, 2))]
    found = np.empty((len(x), made.shape[2]))
    direct = ~np.isin(kind, smooth)
    if direct.any():
        found[direct] = compute(x[direct], T[direct])
    order = np.argsort(kind, kind="stable")
    ends = np.cumsum(many)
    for one, value in zip(smooth, values, strict=True):
        rows = order[ends[one] - many[one] : ends[one]]
        found[rows] = np.maximum(np.einsum("tk,kj->tj", basis[age[rows]], value), 0.0)
    return found
