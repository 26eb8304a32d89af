"""Many tests at once: p-values adjusted so that few of the findings are chance."""

import numpy as np
from numpy.typing import ArrayLike


def holm(p: ArrayLike) -> np.ndarray:
    """p-values adjusted so that the chance of any false finding among them stays below the level; NaN stays NaN.

    Source: Holm (1979), Scand. J. Stat. 6, 65–70.
    """
    return _adjusted(p, lambda ranked: np.maximum.accumulate(ranked * np.arange(len(ranked), 0, -1)))


def benjamini_hochberg(p: ArrayLike, tests: int | None = None) -> np.ndarray:
    """p-values adjusted so that the expected share of false findings stays below the level (q-values); NaN stays NaN.

    tests: how many hypotheses there are where those not given have a p-value of 1 (pairs that were never counted).
    Source: Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57, 289–300.
    """

    def step(ranked: np.ndarray) -> np.ndarray:
        found = ranked * max(tests or 0, len(ranked)) / np.arange(1, len(ranked) + 1)
        return np.minimum.accumulate(found[::-1])[::-1]

    return _adjusted(p, step)


def _adjusted(p: ArrayLike, step) -> np.ndarray:
    given = np.asarray(p, dtype=float)
    values = given.ravel()
    known = np.flatnonzero(np.isfinite(values))
    order = known[np.argsort(values[known], kind="stable")]
    made = np.full(values.shape, np.nan)
    made[order] = np.minimum(step(values[order]), 1.0)
    return made.reshape(given.shape)
