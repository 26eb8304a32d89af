"""What a measure takes: one defined number a row, outcomes of 0 and 1, probabilities, weights; refused in words."""

import numpy as np
from numpy.typing import ArrayLike

from customerbase.errors import InputError


def finite(values: ArrayLike, name: str, n: int) -> np.ndarray:
    """The n values as finite numbers. Raises InputError with the first that is none."""
    found = defined(values, name, n)
    if not np.all(np.isfinite(found)):
        raise InputError(f"{name} is {found[~np.isfinite(found)][0]} in a row; expected a finite number everywhere.")
    return found


def defined(values: ArrayLike, name: str, n: int) -> np.ndarray:
    """The n values as numbers, infinite ones allowed. Raises InputError where one is missing or they are not n."""
    try:
        found = np.asarray(values, dtype=float)
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} holds something that is no number ({error}); expected one number a row.") from error
    if found.shape != (n,):
        raise InputError(f"{name} has the shape {found.shape}; expected {n} values, one a row.")
    if np.isnan(found).any():
        row = int(np.flatnonzero(np.isnan(found))[0])
        raise InputError(
            f"{name} is missing in {int(np.isnan(found).sum())} rows (first: row {row}); drop or fill them."
        )
    return found


def outcomes(values: ArrayLike, name: str, n: int | None = None) -> np.ndarray:
    """Outcomes as 0.0 and 1.0. Raises InputError for anything else."""
    found = defined(values, name, np.size(values) if n is None else n)
    odd = (found != 0) & (found != 1)
    if odd.any():
        raise InputError(f"{name} is {found[odd][0]:g} in row {int(np.flatnonzero(odd)[0])}; expected 0 or 1.")
    return found


def probabilities(values: ArrayLike) -> np.ndarray:
    """The values as probabilities. Raises InputError for one outside of [0, 1]."""
    found = defined(values, "probability", np.size(values))
    odd = (found < 0) | (found > 1)
    if odd.any():
        row = int(np.flatnonzero(odd)[0])
        raise InputError(f"probability is {found[odd][0]:g} in row {row}; expected 0 to 1. Calibrate the score first.")
    return found


def weights(values: ArrayLike | None, n: int) -> np.ndarray:
    """The n weights, 1 each where None is given. Raises InputError for one that is negative or not finite."""
    if values is None:
        return np.ones(n)
    found = finite(values, "weight", n)
    if (found < 0).any():
        raise InputError(f"weight is {found[found < 0][0]:g} in a row; expected 0 or more.")
    return found
