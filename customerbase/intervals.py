"""Intervals of counts, shares, means and changes: closed forms on sums, so they cost nothing at any number of rows."""

import numpy as np
from numpy.typing import ArrayLike

Z = 1.959963984540054  # the 97.5 % point of the normal distribution: every interval in the house is a 95 % one

ENDS = 0.5  # answers that are added at either end of a scale, to judge how much they vary

Bounds = tuple[np.ndarray, np.ndarray]


def wilson(successes: ArrayLike, trials: ArrayLike, z: ArrayLike = Z) -> Bounds:
    """Wilson's score interval of a share: (low, high), within [0, 1]; NaN where there are no trials.

    Source: Wilson (1927), J. Am. Stat. Assoc. 22, 209–212.
    """
    k, n = np.asarray(successes, dtype=float), np.asarray(trials, dtype=float)
    n = np.where(n > 0, n, np.nan)
    share = k / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # at 0 and at n successes the bound is 0 or 1 exactly; rounding must not say otherwise
    return np.where(k <= 0, 0.0 * n, centre - half), np.where(k >= n, 1.0 + 0.0 * n, centre + half)


def two_sided(z: ArrayLike) -> np.ndarray:
    """p-value of a normal deviate, both tails: 2·Φ(−|z|)."""
    from scipy.special import (
        ndtr,  # a tenth of a second of imports that whoever only wants an interval need not wait for
    )

    return 2 * ndtr(-np.abs(np.asarray(z, dtype=float)))


def poisson(counts: ArrayLike, z: float = Z) -> Bounds:
    """Score interval of the rate behind a count: x + z²/2 ± z·sqrt(x + z²/4); never below 0, and above 0 for x = 0."""
    x = np.asarray(counts, dtype=float)
    half = z * np.sqrt(x + z * z / 4)
    return np.maximum(x + z * z / 2 - half, 0), x + z * z / 2 + half


def compound(totals: ArrayLike, squares: ArrayLike, z: float = Z) -> Bounds:
    """Interval of a total of a random number of independent amounts: total ± z·sqrt(sum of squared amounts).

    The variance of a compound Poisson sum is estimated by the sum of squares; needs no number of rows.
    """
    total, half = np.asarray(totals, dtype=float), z * np.sqrt(np.asarray(squares, dtype=float))
    return total - half, total + half


def mean(totals: ArrayLike, squares: ArrayLike, counts: ArrayLike, z: float = Z) -> Bounds:
    """Normal interval of a mean from the total, the sum of squares and n; NaN below two observations."""
    n = np.asarray(counts, dtype=float)
    n = np.where(n > 1, n, np.nan)
    average = np.asarray(totals, dtype=float) / n
    variance = np.maximum(np.asarray(squares, dtype=float) - n * average * average, 0) / (n - 1)
    half = z * np.sqrt(variance / n)
    return average - half, average + half


def ratio(
    tops: ArrayLike,
    bottoms: ArrayLike,
    tops2: ArrayLike,
    bottoms2: ArrayLike,
    products: ArrayLike,
    counts: ArrayLike,
    z: float = Z,
) -> Bounds:
    """Interval of a ratio of two totals over n independent customers (linearised), whose own orders may hang together.

    tops2, bottoms2 and products are the sums over customers of top², bottom² and top·bottom. NaN below two customers
    or where the bottom is 0. Source: Cochran, Sampling Techniques (1977), §6.4.
    """
    n, bottom = np.asarray(counts, dtype=float), np.asarray(bottoms, dtype=float)
    n, bottom = np.where(n > 1, n, np.nan), np.where(bottom != 0, bottom, np.nan)
    value = np.asarray(tops, dtype=float) / bottom
    residuals = (
        np.asarray(tops2, dtype=float)
        - 2 * value * np.asarray(products, dtype=float)
        + value * value * np.asarray(bottoms2, dtype=float)
    )
    half = z * np.sqrt(np.maximum(residuals, 0) * n / (n - 1)) / np.abs(bottom)
    return value - half, value + half


def difference(
    value: ArrayLike,
    low: ArrayLike,
    high: ArrayLike,
    before: ArrayLike,
    before_low: ArrayLike,
    before_high: ArrayLike,
) -> Bounds:
    """Interval of value − before, from the two intervals alone; NaN where one of them is.

    Source: Newcombe (1998), Stat. Med. 17, 873–890 (for two shares); Zou & Donner (2008), Stat. Med. 27, 1693–1702.
    """
    now, then = np.asarray(value, dtype=float), np.asarray(before, dtype=float)
    down = np.hypot(now - np.asarray(low, dtype=float), np.asarray(before_high, dtype=float) - then)
    up = np.hypot(np.asarray(high, dtype=float) - now, then - np.asarray(before_low, dtype=float))
    return now - then - down, now - then + up


def balance(plus: ArrayLike, minus: ArrayLike, trials: ArrayLike, z: float = Z) -> Bounds:
    """Score interval of the share of one answer less that of its opposite (NPS / 100): (low, high), within [-1, 1].

    plus, minus: how many (or their weights) of the trials; NaN where there are no trials. Wide where all answers are alike.
    Source: Tango (1998), Stat. Med. 17, 891–908: the same problem as the difference of two paired shares.
    """
    b, c, n = np.broadcast_arrays(*(np.asarray(one, dtype=float) for one in (plus, minus, trials)))
    n = np.where(n > 0, n, np.nan)
    value = (b - c) / n
    low, high = (_balance_end(b, c, n, value, edge, z) for edge in (-1.0, 1.0))
    return np.where(c >= n, -1.0 + 0.0 * n, low), np.where(b >= n, 1.0 + 0.0 * n, high)


def _balance_end(b: np.ndarray, c: np.ndarray, n: np.ndarray, value: np.ndarray, edge: float, z: float) -> np.ndarray:
    """The end between the value and an edge, by halving: where the score test just lets the difference pass."""
    inside, outside = value.copy(), edge + 0.0 * n
    for _ in range(40):
        middle = (inside + outside) / 2
        passes = np.abs(b - c - n * middle) <= z * np.sqrt(np.maximum(_balance_variance(b, c, n, middle), 0))
        inside, outside = np.where(passes, middle, inside), np.where(passes, outside, middle)
    return (inside + outside) / 2


def _balance_variance(b: np.ndarray, c: np.ndarray, n: np.ndarray, difference: np.ndarray) -> np.ndarray:
    """Variance of plus − minus at a given difference of their shares, the rest as likely as may be."""
    middle = (2 * n - b + c) * difference - b - c
    ends = np.sqrt(np.maximum(middle**2 + 8 * n * c * difference * (1 - difference), 0))
    return n * ((ends - middle) / (2 * n) + difference * (1 - difference))


def bounded_mean(value: ArrayLike, variance: ArrayLike, trials: ArrayLike, z: float = Z) -> Bounds:
    """Interval of a mean of answers between 0 and 1: (low, high), within [0, 1]; NaN where there are no trials.

    variance: of the answers, divided by n. Wilson's interval of as many trials as a share of equal mean would need to vary
    as little; the variance is that of the answers with half an answer more at either end, so that the interval has a
    width where all are alike, and is Wilson's where all stand at an end: a first answer at the other may yet come.
    Student's t stands for the normal deviate as far as the variance was estimated.
    """
    from scipy.special import stdtrit

    m, s2, n = np.broadcast_arrays(*(np.asarray(one, dtype=float) for one in (value, variance, trials)))
    n = np.where(n > 0, n, np.nan)
    middle = (n * m + ENDS) / (n + 2 * ENDS)
    variance = (n * (s2 + m * m) + ENDS) / (n + 2 * ENDS) - middle * middle
    spread = np.clip(variance / (middle * (1 - middle)), 0, 1)
    student = stdtrit(n + 2 * ENDS, 0.975) / Z * z
    return wilson(m * n / spread, n / spread, z + (student - z) * (1 - spread))


def effective(
    weights: ArrayLike, spread: ArrayLike, residuals: ArrayLike, squares: ArrayLike, n: ArrayLike
) -> np.ndarray:
    """Independent answers of equal weight that would tell as much of a mean as n weighted ones of fewer people.

    weights: sum of w; spread: of w·(y − mean)²; residuals: over people, of the square of their sum of w·(y − mean);
    squares: over people, of the square of their sum of w. Never more than n; where nothing varies, the effective number of
    people. Sources: Kish (1965), Survey Sampling, §8.2; linearisation as in Cochran (1977), §6.4.
    """
    w, s, r, q = (np.asarray(one, dtype=float) for one in (weights, spread, residuals, squares))
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where(s > 1e-9 * w, s * w / np.maximum(r, 1e-12 * w), w * w / q)
    return np.minimum(found, np.asarray(n, dtype=float))
