"""The rate of purchases of somebody who may leave after each: E[lambda exp(-lambda p u)] over Gamma and Beta, anywhere.

SciPy's hypergeometric function is exact for the parameters that customers usually have; far out (nearly everybody alike, chances
of leaving nearly the same) it overflows or cancels to any number, and the expectation is integrated instead.
"""

import numpy as np
from scipy.special import betaln, hyp2f1

_TRUSTED = {"r": 20.0, "a": 30.0}  # up to where hyp2f1 was measured right to 1e-8 (any b), or plainly out of range
_POINTS, _LOOKS = 160, 48  # of the trapezoids, and of each look for where they are needed
_DROP = 40.0  # where the integrand has fallen by e^-40 the rest is below rounding


def beta_gamma_rate(u, r, x, rate, a, b) -> np.ndarray:
    """E[lambda exp(-lambda p u)] for lambda ~ Gamma(r + x, rate) and p ~ Beta(a, b + x); arguments broadcast.

    = (r + x) / rate * 2F1(r + x + 1, a; a + b + x; -u / rate); by Pfaff's transformation every term stays in range, also for
    tens of thousands of purchases: (1 - z)^a 2F1(a, a + b - r - 1; a + b + x; z) with z = u / (rate + u).
    """
    k, rate, second, b_x, w, z, a, trusted = np.broadcast_arrays(
        r + x + 1.0,
        rate,
        a + b - r - 1,
        b + x,
        u / rate,
        u / (rate + u),
        a,
        (r <= _TRUSTED["r"]) & (a <= _TRUSTED["a"]),
    )
    found = np.full(k.shape, np.nan)
    if trusted.any():
        here = ... if trusted.all() else trusted
        powers = np.exp(a[here] * np.log1p(-z[here]))
        found[here] = powers * hyp2f1(a[here], second[here], a[here] + b_x[here], z[here])
    lost = ~((found >= 0) & (found <= 1 + 1e-9))
    if lost.any():
        found[lost] = _integrated(k[lost], a[lost], b_x[lost], w[lost])
    return (k - 1.0) / rate * found


def _integrated(k: np.ndarray, a: np.ndarray, b: np.ndarray, w: np.ndarray) -> np.ndarray:
    """E[(1 + w p)^-k] for p ~ Beta(a, b); of one model, age and frequency alone tell histories apart: far fewer are distinct."""
    if np.ptp(a) or np.ptp(np.round(k - b, 9)):
        return _mean_power(k, a, b, w)
    _, first, place = np.unique(k + 1j * w, return_index=True, return_inverse=True)
    return _mean_power(k[first], a[first], b[first], w[first])[place]


def _mean_power(k: np.ndarray, a: np.ndarray, b: np.ndarray, w: np.ndarray) -> np.ndarray:
    """E[(1 + w p)^-k] for p ~ Beta(a, b): trapezoids in the log odds of p, with both exponential tails to infinity."""
    total = a + b + k * w
    far_low, far_high = np.log(1e-17 / total), np.log(total / 1e-17)
    low, high, steps = far_low, far_high, np.linspace(0, 1, _LOOKS)[:, None]
    for _ in range(4):
        logs = _log_density(low + (high - low) * steps, k, a, b, w)
        kept = logs > logs.max(axis=0) - _DROP
        gap = (high - low) / (_LOOKS - 1)
        first, last = kept.argmax(axis=0), _LOOKS - 1 - kept[::-1].argmax(axis=0)
        low, high = (
            np.where(first > 0, low + gap * (first - 1), low),
            np.where(last < _LOOKS - 1, low + gap * (last + 1), high),
        )
    logs = _log_density(low + (high - low) * np.linspace(0, 1, _POINTS)[:, None], k, a, b, w)
    top = logs.max(axis=0)
    values, gap = np.exp(logs - top), (high - low) / (_POINTS - 1)
    area = values.sum(axis=0)
    # beyond the window the integrand is an exponential: the trapezoids out there are a geometric series
    area += np.where(low <= far_low, values[0] / np.expm1(np.minimum(a * gap, 700.0)), 0.0)
    area += np.where(high >= far_high, values[-1] / np.expm1(np.minimum(b * gap, 700.0)), 0.0)
    return np.minimum(np.exp(np.log(gap * area) + top - betaln(a, b)), 1.0)


def _log_density(s: np.ndarray, k, a, b, w) -> np.ndarray:
    """log of p^a (1 - p)^b (1 + w p)^-k at p = 1 / (1 + e^-s), the density of s without its constant."""
    odds = np.exp(-s)
    less = np.log1p(odds)
    return -a * less - b * (s + less) - k * np.log1p(w / (1 + odds))
