"""Pareto/NBD: purchases at a Poisson rate, a lifetime of exponential length, both differing between customers.

Schmittlein, Morrison & Colombo (1987), Counting your customers, Management Science 33(1), 1-24. lambda ~ Gamma(r, rate alpha) and
mu ~ Gamma(s, rate beta), a week. The likelihood's integral over the moment of leaving is computed as such, by quadrature on
positive numbers, instead of by a difference of hypergeometric functions, which cancels or overflows for heavy buyers
(Fader & Hardie (2005), A note on deriving the Pareto/NBD model, has the integral).
"""

import numpy as np
from scipy.special import gammaln, psi

from customerbase.cltv.betageometric import rate_start
from customerbase.cltv.buying import BuyTillYouDie, blocks, in_blocks
from customerbase.cltv.counts import Counts, dot
from customerbase.cltv.horizon import legendre

NODES = (8, 12, 16, 24)
_FALLS = (3.0, 9.0, 18.0)  # what there is to follow, up to which each but the last number of nodes is exact to 1e-11
_DROP = 42.0  # where the integrand has fallen by e^-42 the rest is below rounding


class ParetoNBD(BuyTillYouDie):
    """Pareto/NBD: each customer buys at a rate and leaves at a rate of their own, at any moment."""

    family, title, names = "pareto_nbd", "Pareto/NBD", ("r", "alpha", "s", "beta")

    def _start(self, data: Counts) -> np.ndarray:
        r, alpha = rate_start(data)
        return np.array([r, alpha, 0.6, max(float(np.median(data.T)) / 2, 1e-2)])

    def _target(self, data: Counts):
        x, ages = data.of_x.values, data.of_T.values
        by_x = np.bincount(data.of_x.place, data.n, len(x))

        def target(theta: np.ndarray) -> tuple[float, np.ndarray]:
            r, alpha, s, beta = np.exp(theta)
            left, moments = _leaving((r, alpha, s, beta), data.x, data.t_x, data.T, slopes=True)
            log_age, log_life = (np.log1p(ages / one) for one in (alpha, beta))
            stay = data.of_T.spread(-r * log_age - s * log_life) - data.x * data.of_T.spread(np.log(alpha + ages))
            total = np.logaddexp(stay, left)
            value = dot(by_x, gammaln(r + x) - gammaln(r)) + dot(data.n, total)
            go = data.n * np.exp(left - total)
            here = data.n - go
            by_age = np.bincount(data.of_T.place, here, len(ages))
            x_age = np.bincount(data.of_T.place, here * data.x, len(ages))
            slopes = np.array([dot(go, moment) for moment in moments])
            slopes[0] += dot(by_x, psi(r + x) - psi(r)) - dot(by_age, log_age)
            slopes[1] += dot(r * ages / alpha * by_age - x_age, 1 / (alpha + ages))
            slopes[2] -= dot(by_age, log_life)
            slopes[3] += dot(s * ages / beta * by_age, 1 / (beta + ages))
            return value, slopes * np.exp(theta)

        return target

    def _row_values(self, params, counts):
        stay, left = _both(params, counts.x, counts.t_x, counts.T)
        bought = gammaln(params[0] + counts.of_x.values) - gammaln(params[0])
        return counts.of_x.spread(bought) + np.logaddexp(stay, left)

    def _gone_log_odds(self, params, x, t_x, T):
        stay, left = _both(params, x, t_x, T)
        return left - stay

    def _rate(self, params, u, x, T):
        r, alpha, s, beta = params
        return (r + x) / (alpha + T) * np.exp(-s * np.log1p(u / (beta + T)))

    def _new_rate(self, params, u):
        r, alpha, s, beta = params
        return r / alpha * np.exp(-s * np.log1p(u / beta))

    def _scale(self) -> float:
        _, _, s, beta = self.values
        return beta / max(1.0, s)

    def _bend(self) -> float:
        return float(min(self.values[1], self.values[3]))

    def _outcomes(self, rng, params, x, T, weeks):
        r, alpha, s, beta = params
        shape = np.broadcast_shapes(x.shape, np.shape(r))
        rate = rng.gamma(np.broadcast_to(r + x, shape)) / (alpha + T)
        leaving = rng.gamma(np.broadcast_to(s, shape)) / (beta + T)
        with np.errstate(divide="ignore", over="ignore"):
            life = rng.exponential(size=shape) / leaving
        return rng.poisson(rate * np.minimum(life, weeks)).astype(float)


def _both(params: tuple, x, t_x, T) -> tuple[np.ndarray, np.ndarray]:
    """_stay and _leaving for parameters and customers that broadcast."""
    if any(np.ndim(one) for one in params):
        shape = np.broadcast_shapes(np.shape(x), np.shape(params[0]))
        flat = [np.broadcast_to(one, shape).ravel() for one in (*params, x, t_x, T)]
        stay, left = _both_flat(tuple(flat[:4]), *flat[4:])
        return stay.reshape(shape), left.reshape(shape)
    return _both_flat(params, x, t_x, T)


def _both_flat(params: tuple, x, t_x, T) -> tuple[np.ndarray, np.ndarray]:
    return _stay(params, x, T), _leaving(params, x, t_x, T)[0]


def _stay(params: tuple, x: np.ndarray, T: np.ndarray) -> np.ndarray:
    """log of alpha^r beta^s (alpha + T)^-(r + x) (beta + T)^-s: x purchases and still a customer at T."""
    r, alpha, s, beta = params
    return -r * np.log1p(T / alpha) - x * np.log(alpha + T) - s * np.log1p(T / beta)


def _leaving(params: tuple, x, t_x, T, slopes: bool = False) -> tuple[np.ndarray, tuple]:
    """log of alpha^r beta^s times the integral over y from t_x to T of s (alpha + y)^-(r + x) (beta + y)^-(s + 1).

    The chance of x purchases and of having left between the last one and T. Gauss-Legendre in log(min(alpha, beta) + y),
    where the integrand is smooth, as far as it matters, with fewer nodes where it falls less. With slopes: also the
    derivatives of this log in the parameters.
    """
    made, moments = np.empty(len(x)), tuple(np.empty(len(x)) for _ in range(4 if slopes else 0))
    reach, fall = np.empty(len(x)), np.empty(len(x))

    def look(block: slice) -> None:
        reach[block], fall[block] = _reach(_cut(params, block), x[block], t_x[block], T[block])

    def fill(part: tuple[np.ndarray, int]) -> None:
        rows, nodes = part
        found = _integral(_cut(params, rows), x[rows], t_x[rows], reach[rows], nodes, slopes)
        made[rows] = found[0]
        for place, moment in enumerate(moments):
            moment[rows] = found[1][place]

    in_blocks(look, blocks(len(x), NODES[-1], 400_000))
    kind = np.searchsorted(_FALLS, fall)
    parts = []
    for place, nodes in enumerate(NODES):
        rows = np.flatnonzero(kind == place)
        parts += [(rows[block], nodes) for block in blocks(len(rows), nodes, 100_000)]
    in_blocks(fill, parts)
    return made, moments


def _cut(params: tuple, rows) -> tuple:
    return tuple(one[rows] if np.ndim(one) else one for one in params)


def _powers(params: tuple, x, t_x) -> tuple:
    """The integrand's two factors, that of the smaller rate first: whether this is alpha's, its power and base, the other's."""
    r, alpha, s, beta = params
    first, n = alpha <= beta, r + x
    low, high = np.minimum(alpha, beta) + t_x, np.maximum(alpha, beta) + t_x
    return first, np.where(first, n, s + 1), low, np.where(first, s + 1, n), high


def _integral(params: tuple, x, t_x, reach, nodes: int, slopes: bool) -> tuple[np.ndarray, tuple]:
    r, alpha, s, beta = params
    first, power_low, low, power_high, high = _powers(params, x, t_x)
    unit, weights = legendre(nodes)
    w = np.multiply.outer(unit, reach)
    grown = np.exp(w)  # (low + y) / (low + t_x)
    log_high = np.log1p((grown - 1.0) * (low / high))
    # the integrand relative to its value at t_x, with the measure of w
    terms = np.exp((1.0 - power_low) * w - power_high * log_high) * weights[:, None]
    area = terms.sum(axis=0)
    with np.errstate(divide="ignore"):
        scale = np.log(reach * low) + np.log(s) - np.log(beta + t_x)
        result = scale + _stay(params, x, t_x) + np.log(area)
    if not slopes:
        return result, ()
    mean_low, mean_high = (terms * w).sum(axis=0) / area, (terms * log_high).sum(axis=0) / area
    over_low = (terms / grown).sum(axis=0) / area / low
    over_high = (terms / (high + (grown - 1.0) * low)).sum(axis=0) / area
    mean_a, mean_b = np.where(first, mean_low, mean_high), np.where(first, mean_high, mean_low)
    over_a, over_b = np.where(first, over_low, over_high), np.where(first, over_high, over_low)
    n = r + x
    slope_r, slope_s = -np.log1p(t_x / alpha) - mean_a, 1 / s - np.log1p(t_x / beta) - mean_b
    return result, (slope_r, r / alpha - n * over_a, slope_s, s / beta - (s + 1) * over_b)


def _reach(params: tuple, x, t_x, T) -> tuple[np.ndarray, np.ndarray]:
    """How far in w = log((low + y) / (low + t_x)) the integrand matters, and how much there is to follow until there.

    It falls ever faster, so that Newton steps from the whole length are safe. To follow: its fall in logs, and the length,
    weighted as trials against 64 nodes had it.
    """
    _, power_low, low, power_high, high = _powers(params, x, t_x)
    reach = np.log1p(np.maximum(T - t_x, 0.0) / low)
    growth = np.log1p(low * np.expm1(reach) / high)
    far = np.flatnonzero((power_low - 1) * reach + power_high * growth > _DROP)
    if len(far):
        cut = tuple(one[far] for one in np.broadcast_arrays(power_low, low, power_high, high))
        reach[far] = _newton(reach[far], *cut)
        growth[far] = np.log1p(cut[1] * np.expm1(reach[far]) / cut[3])
    return reach, np.abs(power_low - 1) * reach + power_high * growth + 3.0 * reach


def _newton(reach, power_low, low, power_high, high) -> np.ndarray:
    for _ in range(4):
        growth = low * np.expm1(reach)
        drop = (power_low - 1) * reach + power_high * np.log1p(growth / high)
        slope = power_low - 1 + power_high * (growth + low) / (high + growth)
        step = (drop - _DROP) / np.where(slope > 0, slope, 1.0)
        reach = np.where((drop > _DROP) & (slope > 0), np.maximum(reach - step, 0.0), reach)
    return reach
