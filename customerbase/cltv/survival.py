"""Staying from one renewal to the next: chances under beta-geometric and beta-discrete-Weibull leaving, and sums over them.

A customer who leaves with chance theta at every opportunity, theta ~ Beta(alpha, beta), is still there after t of them with
probability S(t) = B(alpha, beta + t^c) / B(alpha, beta), c = 1 (beta-geometric). Everything is computed from the logarithms of
retention, log S(t) / S(t - 1): they are sums of terms of one sign, and no two large numbers are subtracted.
"""

import numpy as np
from scipy.special import psi, zeta

from customerbase.cltv.horizon import YEAR, discount_per_week, legendre
from customerbase.errors import ConfigError

_FAR = 45.0  # e^-45 is nothing beside 1
_STEEP = 100.0  # beyond t^c = e^100 only the logarithm of t^c matters
_NARROW = 1e-3  # a step this small against where it stands is integrated instead of subtracted
DIRECT = 512  # terms of an endless sum that are added one by one


def log_rise(a: np.ndarray, z: np.ndarray) -> np.ndarray:
    """log of Gamma(z + a) / Gamma(z) for a, z > 0, to rounding also where both are large or a is tiny (Stirling's series)."""
    small = z < 16
    shift = sum(np.log1p(a / (z + step)) for step in range(16))
    z = np.where(small, z + 16, z)
    far = (z - 0.5) * np.log1p(a / z) + a * (np.log(z + a) - 1) + _remainder(z + a) - _remainder(z)
    return far - np.where(small, shift, 0.0)


def _remainder(z: np.ndarray) -> np.ndarray:
    w = 1 / (z * z)
    return (1 / 12 - w * (1 / 360 - w * (1 / 1260 - w / 1680))) / z


def rise_slope(a: np.ndarray, z: np.ndarray) -> np.ndarray:
    """psi(z + a) - psi(z): the slope of log_rise in z, without cancelling for large z."""
    near = np.minimum(z, 1e3)
    far = np.maximum(z, 1e3)
    series = np.log1p(a / far) + (1 / far - 1 / (far + a)) / 2 + (1 / far**2 - 1 / (far + a) ** 2) / 12
    return np.where(z < 1e3, psi(near + a) - psi(near), series)


def log_survival(params: tuple, log_t: np.ndarray) -> np.ndarray:
    """log S(t) of (alpha, beta) or (alpha, beta, c) for real t > 0, given as its logarithm."""
    a, b, *shape = params
    level = log_t * shape[0] if shape else log_t
    grown = b + np.exp(np.minimum(level, _STEEP))
    return log_rise(a, b) - log_rise(a, grown) - a * np.maximum(level - _STEEP, 0.0)


def log_retention(params: tuple, t: np.ndarray) -> np.ndarray:
    """log S(t) / S(t - 1), the log of the chance to renew at opportunity t = 1, 2, …; params may broadcast against t."""
    a, b, *shape = params
    if not shape:
        return -np.log1p(a / (b + t - 1))
    low, high, width, narrow = _ends(b, shape[0], t)
    jump = log_rise(a, low[0]) - log_rise(a, high[0]) - a * (high[1] - low[1])
    inside, weights = legendre(4)
    slow = sum(w * rise_slope(a, low[0] + u * width) for u, w in zip(inside, weights, strict=True)) * width
    return np.where(narrow, -slow, np.minimum(jump, 0.0))


def log_retention_slopes(params: tuple, t: np.ndarray) -> list[np.ndarray]:
    """Derivatives of log_retention in each of the parameters."""
    a, b, *shape = params
    if not shape:
        return [-1 / (a + b + t - 1), a / ((b + t - 1) * (a + b + t - 1))]
    low, high, width, narrow = _ends(b, shape[0], t)
    inside, weights = legendre(4)
    places = [(low[0] + u * width, w * width) for u, w in zip(inside, weights, strict=True)]
    by_a = psi(low[0] + a) - psi(high[0] + a) + low[1] - high[1]
    by_b = rise_slope(a, low[0]) - rise_slope(a, high[0])
    slow_a = -sum(w * zeta(2, z + a) for z, w in places)
    slow_b = sum(w * (zeta(2, z) - zeta(2, z + a)) for z, w in places)
    before = np.log(np.maximum(t - 1, 1))
    by_c = (low[0] - b) * rise_slope(a, low[0]) * before - (high[0] - b) * rise_slope(a, high[0]) * np.log(t)
    return [np.where(narrow, slow_a, by_a), np.where(narrow, slow_b, by_b), by_c]


def _ends(b, c, t) -> tuple[tuple, tuple, np.ndarray, np.ndarray]:
    """beta + (t - 1)^c and beta + t^c, each with what its logarithm has above _STEEP; their distance; whether it is narrow."""
    last = np.maximum(t - 1, 1)
    levels = c * np.log(last), c * np.log(t)
    before = np.where(t > 1, np.exp(np.minimum(levels[0], _STEEP)), 0.0)
    after = np.exp(np.minimum(levels[1], _STEEP))
    growth = np.minimum(c * np.log1p(1 / last), _STEEP)
    width = np.where(t > 1, before * np.expm1(growth), 1.0)
    narrow = (width < _NARROW * (b + before)) & (levels[1] < _STEEP)
    low = b + before, np.where(t > 1, np.maximum(levels[0] - _STEEP, 0.0), 0.0)
    return low, (b + after, np.maximum(levels[1] - _STEEP, 0.0)), np.where(narrow, width, 0.0), narrow


def discounted_sums(params: tuple, ages: np.ndarray, discount: float, periods: int) -> np.ndarray:
    """Sums over k = 1 to m of S(age + k) / S(age) exp(-discount k), for every m up to `periods`.

    ages: whole numbers of opportunities passed. Shape (len(ages), periods + 1); column m, the first one 0.
    """
    ahead = np.arange(1, periods + 1)
    steps = log_retention(params, ages[:, None] + ahead[None, :].astype(float)) - discount
    terms = np.exp(np.cumsum(steps, axis=1))
    return np.concatenate([np.zeros((len(ages), 1)), np.cumsum(terms, axis=1)], axis=1)


def endless_sums(params: tuple, ages: np.ndarray, discount: float) -> np.ndarray:
    """The same for ever: the first DIRECT terms added, the rest by the Euler-Maclaurin formula; shape (len(ages),).

    Infinite where there is no discount and alpha c <= 1: the mean lifetime has no bound then.
    """
    ahead = np.arange(1, DIRECT + 1, dtype=float)
    logs = np.cumsum(log_retention(params, ages[:, None] + ahead) - discount, axis=1)
    rest = _tail(params, ages + float(DIRECT), discount)
    with np.errstate(invalid="ignore"):
        return np.exp(logs).sum(axis=1) + np.where(np.exp(logs[:, -1]) > 0, np.exp(logs[:, -1]) * rest, 0.0)


def _tail(params: tuple, start: np.ndarray, discount: float) -> np.ndarray:
    """Sum over k >= 1 of S(start + k) / S(start) exp(-discount k), start large: an integral in u = log(t / start), corrected."""
    log_start = np.log(start)
    base = log_survival(params, log_start)

    def exponent(u: np.ndarray) -> np.ndarray:  # concave in u, 0 at 0: once far below, always
        gone = discount * start * np.expm1(np.minimum(u, 700.0)) if discount else 0.0
        return u - gone + log_survival(params, log_start + u) - base

    tried = 1e-7 * 2.0 ** np.arange(60)
    below = exponent(tried[:, None]) < -_FAR
    reach = np.where(below.any(axis=0), tried[below.argmax(axis=0)], np.inf)
    panels, (inside, weights) = 48, legendre(16)
    share = ((np.arange(panels)[:, None] + inside) / panels).ravel()
    counts = np.tile(weights / panels, panels)
    bounded = np.where(np.isfinite(reach), reach, 0.0)
    area = counts @ np.exp(exponent(share[:, None] * bounded)) * bounded * start
    slope = log_retention(params, start + 0.5) - discount  # of the log of a term, here
    found = area - 0.5 - slope / 12
    most = 1 / np.expm1(discount) if discount > 0 else np.inf
    return np.where(np.isfinite(reach), np.clip(found, 0.0, most), np.inf)


def discount_per_period(annual: float, periods_a_year: float) -> float:
    """The continuous rate per period that an annual discount rate means: ln(1 + annual) / periods a year.

    Raises ConfigError unless both are numbers in reach (see horizon.discount_per_week).
    """
    if not np.isfinite(periods_a_year) or periods_a_year <= 0:
        raise ConfigError(f"periods_a_year is {periods_a_year!r}; expected a number above 0, such as 12 for months.")
    return discount_per_week(annual) * YEAR / periods_a_year
