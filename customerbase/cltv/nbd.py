"""NBD: purchases at a Poisson rate for ever; nobody leaves. The yardstick against which leaving must show itself.

Ehrenberg (1959), The pattern of consumer purchases, Applied Statistics 8(1), 26-41. lambda ~ Gamma(r, rate alpha) a week.
"""

import numpy as np
from scipy.special import gammaln, psi

from customerbase.cltv.betageometric import rate_start
from customerbase.cltv.buying import BuyTillYouDie
from customerbase.cltv.counts import Counts, dot


class NBD(BuyTillYouDie):
    """NBD: every customer buys for ever, each at a rate of their own."""

    family, title, names = "nbd", "NBD", ("r", "alpha")
    leaves_at_once = False

    def _start(self, data: Counts) -> np.ndarray:
        return np.array(rate_start(data))

    def _target(self, data: Counts):
        x, ages = data.of_x.values, data.of_T.values
        by_x = np.bincount(data.of_x.place, data.n, len(x))
        by_age = np.bincount(data.of_T.place, data.n, len(ages))
        x_age = np.bincount(data.of_T.place, data.n * data.x, len(ages))

        def target(theta: np.ndarray) -> tuple[float, np.ndarray]:
            r, alpha = np.exp(theta)
            log_age = np.log1p(ages / alpha)
            value = dot(by_x, gammaln(r + x) - gammaln(r)) - r * dot(by_age, log_age) - dot(x_age, np.log(alpha + ages))
            slope_r = dot(by_x, psi(r + x) - psi(r)) - dot(by_age, log_age)
            slope_alpha = dot(r * ages / alpha * by_age - x_age, 1 / (alpha + ages))
            return value, np.array([slope_r * r, slope_alpha * alpha])

        return target

    def _row_values(self, params, counts):
        r, alpha = params
        x, T = counts.x, counts.T
        return gammaln(r + x) - gammaln(r) - r * np.log1p(T / alpha) - x * np.log(alpha + T)

    def _gone_log_odds(self, params, x, t_x, T):
        return np.full(np.broadcast_shapes(np.shape(x), np.shape(params[0])), -np.inf)

    def _rate(self, params, u, x, T):
        r, alpha = params
        return (r + x) / (alpha + T)

    def _new_rate(self, params, u):
        return params[0] / params[1]

    def _scale(self) -> float:
        return 1e3  # the rate does not change; any number will do

    def _outcomes(self, rng, params, x, T, weeks):
        r, alpha = params
        shape = np.broadcast_shapes(x.shape, np.shape(r))
        return rng.poisson(rng.gamma(np.broadcast_to(r + x, shape)) / (alpha + T) * weeks).astype(float)
