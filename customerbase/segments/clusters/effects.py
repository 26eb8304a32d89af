"""What is above and below the base in a group: Cliff's delta against everybody else, with its interval."""

from dataclasses import dataclass

import numpy as np

from customerbase.intervals import Z

SMALL, MEDIUM, LARGE = 0.147, 0.33, 0.474


@dataclass(frozen=True)
class Effect:
    """Cliff's delta with its 95 % interval, and the numbers of customers it compares."""

    delta: float
    low: float
    high: float
    inside: int
    outside: int

    @property
    def size(self) -> str:
        """none (below 0.147, or the interval holds 0), small, medium or large."""
        if np.isnan(self.delta) or self.low <= 0 <= self.high:
            return "none"
        reached = [name for name, least in _SIZES.items() if abs(self.delta) >= least]
        return reached[-1] if reached else "none"


_SIZES = {"small": SMALL, "medium": MEDIUM, "large": LARGE}  # after Romano et al. (2006)


def cliff(inside: np.ndarray, outside: np.ndarray) -> Effect:
    """Cliff's delta: P(a member has more) − P(a member has less) than a customer outside, −1 to 1; missing values left out.

    The interval is DeLong's for the probability of superiority (delta + 1) / 2, on the scale of Fisher's z so that it
    stays within −1 and 1. Needs no form of distribution. Sources: Cliff (1993), Psychological Bulletin 114, 494–509;
    DeLong, DeLong & Clarke-Pearson (1988), Biometrics 44, 837–845.
    """
    from scipy.stats import rankdata  # imported here: slow to load, and whoever only shows groups needs none of it

    a, b = inside[np.isfinite(inside)], outside[np.isfinite(outside)]
    m, n = len(a), len(b)
    if m < 2 or n < 2:
        return Effect(float("nan"), float("nan"), float("nan"), m, n)
    ranks = rankdata(np.concatenate([a, b]))
    over_b = (ranks[:m] - rankdata(a)) / n  # for each member: share of those outside with less, half of the equal
    under_a = 1 - (ranks[m:] - rankdata(b)) / m
    delta = 2 * float(over_b.mean()) - 1
    error = 2 * np.sqrt(over_b.var(ddof=1) / m + under_a.var(ddof=1) / n)
    return Effect(delta, *_ends(delta, error), m, n)


def _ends(delta: float, error: float) -> tuple[float, float]:
    room = 1 - delta * delta
    if room < 1e-9:
        return delta, delta
    half = Z * error / room
    return float(np.tanh(np.arctanh(delta) - half)), float(np.tanh(np.arctanh(delta) + half))
