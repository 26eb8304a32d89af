"""Whether two sets of answers differ by more than chance."""

import numpy as np

from customerbase.intervals import two_sided

CLEAR_UP, CLEAR_DOWN, NO_CLEAR_CHANGE, FEW, FIRST = "clear_up", "clear_down", "no_clear_change", "few", "first"
LEVEL = 0.05


def p_values(value, variance, n, other, other_variance, other_n) -> np.ndarray:
    """Probability of so large a difference of two means by chance, both of answers that vary as all of them together.

    variance: of one answer, around its own mean; n: (effective) answers. Pooled under equality, so that it means something
    where all answers of one side are alike; 1 where all of both are. NaN where one side has none. The normal tail is read
    at Student's, since the variance was estimated.
    """
    from scipy.special import stdtr

    a, b, n, m = (np.asarray(one, dtype=float) for one in (value, other, n, other_n))
    total = n + m
    with np.errstate(invalid="ignore", divide="ignore"):
        middle = (n * a + m * b) / total
        pooled = (n * (variance + (a - middle) ** 2) + m * (other_variance + (b - middle) ** 2)) / (total - 1)
        z = (a - b) / np.sqrt(pooled * (1 / n + 1 / m))
        found = np.where(total > 3, 2 * stdtr(np.maximum(total - 2, 1), -np.abs(z)), two_sided(0 * z))
    alike = (pooled <= 1e-12) & (n > 0) & (m > 0)
    return np.where(alike, 1.0, np.where((n > 0) & (m > 0), found, np.nan))


def verdicts(difference: np.ndarray, adjusted: np.ndarray, level: float = LEVEL) -> np.ndarray:
    """clear_up, clear_down or no_clear_change by adjusted p-values; first where there is nothing to compare with."""
    clear = np.where(difference > 0, CLEAR_UP, CLEAR_DOWN)
    found = np.where(adjusted < level, clear, NO_CLEAR_CHANGE)
    return np.where(np.isnan(adjusted), FIRST, found).astype(object)
