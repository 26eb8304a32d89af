"""What a rule of contact is worth: treating some, against treating everybody and nobody, from a randomised campaign.

The value of a rule is the mean outcome if everybody were treated as it says. Each person contributes a doubly robust estimate of
what contact does to them: the difference of the models' expectations, corrected by what the person really did over the chance
of the arm they were in. As arms were drawn at random that chance is known, so the estimate is right on average whatever the
models; good models only narrow it. Without models (the means of the arms) it is inverse probability weighting with a control
variate. Sources: Robins, Rotnitzky & Zhao (1994), J. Am. Stat. Assoc. 89, 846–866; Dudík, Langford & Li (2011), ICML.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from customerbase.intervals import Z


@dataclass(frozen=True)
class Estimate:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def sign(self) -> int:
        """1 or -1 where the interval leaves 0 out, else 0."""
        return int(self.low > 0) - int(self.high < 0)


def weighted(outcome: ArrayLike, treated: ArrayLike, share: float) -> np.ndarray:
    """Inverse probability weighted effect of each person: outcome / share if treated, −outcome / (1 − share) if not."""
    y, t = np.asarray(outcome, dtype=float), np.asarray(treated, dtype=float)
    return y * (t / share - (1 - t) / (1 - share))


def doubly_robust(
    outcome: ArrayLike, treated: ArrayLike, share: float, with_contact: ArrayLike, without: ArrayLike
) -> np.ndarray:
    """Doubly robust effect of each person; with_contact, without: expected outcomes, of models that did not see the person."""
    y, t = np.asarray(outcome, dtype=float), np.asarray(treated, dtype=float)
    one, zero = np.asarray(with_contact, dtype=float), np.asarray(without, dtype=float)
    return one - zero + (y - one) * t / share - (y - zero) * (1 - t) / (1 - share)


def by_means(outcome: ArrayLike, treated: ArrayLike, share: float) -> np.ndarray:
    """`doubly_robust` with the means of the arms for models: for amounts, which few models foresee."""
    y, t = np.asarray(outcome, dtype=float), np.asarray(treated, dtype=float)
    return doubly_robust(y, t, share, y[t == 1].mean(), y[t == 0].mean())


def mean(each: ArrayLike) -> Estimate:
    """Mean of independent contributions with its normal interval; NaN ends below two."""
    values = np.asarray(each, dtype=float)
    if not len(values):
        return Estimate(np.nan, np.nan, np.nan)
    half = Z * values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    return Estimate(float(values.mean()), float(values.mean() - half), float(values.mean() + half))


def chosen(ranks: Iterable[np.ndarray], share: float) -> np.ndarray:
    """How far each person is contacted when the top `share` by rank is, on average over several rankings; 0 to 1.

    The block of equal ranks at the edge is contacted in part, so that the share is met exactly.
    """
    return np.mean([_top(rank, share) for rank in ranks], axis=0)


def _top(rank: np.ndarray, share: float) -> np.ndarray:
    room = share * len(rank)
    levels, place, counts = np.unique(-rank, return_inverse=True, return_counts=True)
    before = np.cumsum(counts) - counts
    return np.clip((room - before) / counts, 0, 1)[place] if len(levels) else np.zeros(0)
