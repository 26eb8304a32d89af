"""BG/NBD and MBG/NBD: purchases at a Poisson rate, and after each one a chance to leave.

BG/NBD: Fader, Hardie & Lee (2005), "Counting your customers" the easy way, Marketing Science 24(2), 275-284.
MBG/NBD: Batislam, Denizel & Filiztekin (2007), Int. J. Research in Marketing 24(3), 201-209: one may leave after the first
purchase too. lambda ~ Gamma(r, rate alpha) a week, p ~ Beta(a, b) a purchase.
"""

import numpy as np
from scipy.special import gammaln, psi

from customerbase.cltv.betagamma import beta_gamma_rate
from customerbase.cltv.buying import BuyTillYouDie
from customerbase.cltv.counts import Counts, dot


class BetaGeometricNBD(BuyTillYouDie):
    """BG/NBD: after every repeat purchase a customer may leave; somebody who bought once is alive by construction."""

    family, title, names = "bg_nbd", "BG/NBD", ("r", "alpha", "a", "b")
    leaves_at_once = False
    _chances = 0  # to leave, beside one after each repeat purchase

    def _start(self, data: Counts) -> np.ndarray:
        return np.array([*rate_start(data), 0.8, 2.0])

    def _target(self, data: Counts):
        x, ages = data.of_x.values, data.of_T.values
        by_x = np.bincount(data.of_x.place, data.n, len(x))
        more = self._chances
        can_leave = (data.x + more > 0).astype(float)

        def target(theta: np.ndarray) -> tuple[float, np.ndarray]:
            r, alpha, a, b = np.exp(theta)
            parts = self._parts((r, alpha, a, b), data)
            total, stay = _logaddexp(parts[1], parts[2])
            go = (1.0 - stay) * can_leave
            value = dot(by_x, parts[0]) + dot(data.n, total)
            n_stay, n_go = data.n * stay, data.n * go
            go_by_x = np.bincount(data.of_x.place, n_go, len(x))
            by_age = np.bincount(data.of_T.place, n_stay, len(ages))
            by_last = np.bincount(data.of_t_x.place, n_go, len(data.of_t_x.values))
            x_age = np.bincount(data.of_T.place, n_stay * data.x, len(ages))
            x_last = np.bincount(data.of_t_x.place, n_go * data.x, len(data.of_t_x.values))
            log_age, log_last = np.log1p(ages / alpha), np.log1p(data.of_t_x.values / alpha)
            slope_r = dot(by_x, psi(r + x) - psi(r)) - dot(by_age, log_age) - dot(by_last, log_last)
            # r log alpha - (r + x) log(alpha + t), in alpha: (r t / alpha - x) / (alpha + t)
            slope_alpha = dot(r * ages / alpha * by_age - x_age, 1 / (alpha + ages))
            last = data.of_t_x.values
            slope_alpha += dot(r * last / alpha * by_last - x_last, 1 / (alpha + last))
            end = psi(a + b) - psi(a + b + x + more)
            slope_a = dot(by_x, end) + go_by_x.sum() / a
            slope_b = dot(by_x, psi(b + x + more) - psi(b) + end)
            leaving = go_by_x > 0
            slope_b -= dot(go_by_x[leaving], 1 / (b + x[leaving] - 1 + more))
            return value, np.array([slope_r * r, slope_alpha * alpha, slope_a * a, slope_b * b])

        return target

    def _parts(self, params: tuple, data: Counts) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Per distinct x: what both ways share; per row: log weight of having stayed, of having left after t_x."""
        r, alpha, a, b = params
        x, more = data.of_x.values, self._chances
        shared = (
            gammaln(r + x)
            - gammaln(r)
            + gammaln(b + x + more)
            - gammaln(b)
            + gammaln(a + b)
            - gammaln(a + b + x + more)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            leave = np.where(x + more > 0, np.log(a) - np.log(b + x - 1 + more), -np.inf)
        stay = [_log_silence(r, alpha, one.values) for one in (data.of_T, data.of_t_x)]
        until_now = data.of_T.spread(stay[0][0]) - data.x * data.of_T.spread(stay[0][1])
        until_last = data.of_t_x.spread(stay[1][0]) - data.x * data.of_t_x.spread(stay[1][1])
        return shared, until_now, data.of_x.spread(leave) + until_last

    def _row_values(self, params, counts):
        shared, stay, leave = self._parts(params, counts)
        return counts.of_x.spread(shared) + np.logaddexp(stay, leave)

    def _gone_log_odds(self, params, x, t_x, T):
        r, alpha, a, b = params
        count = x + self._chances
        with np.errstate(divide="ignore", invalid="ignore"):
            odds = np.log(a) - np.log(b + count - 1) + (r + x) * np.log1p((T - t_x) / (alpha + t_x))
        return np.where(count > 0, odds, -np.inf)

    def _rate(self, params, u, x, T):
        r, alpha, a, b = params
        return beta_gamma_rate(u, r, x, alpha + T, a, b + self._chances)

    def _new_rate(self, params, u):
        r, alpha, a, b = params
        stayed = b / (a + b) if self._chances else 1.0  # right after the first purchase
        return stayed * beta_gamma_rate(u, r, 0.0, alpha, a, b + self._chances)

    def _scale(self) -> float:
        r, alpha, a, b = self.values
        # the rate falls by (r + x + 1) / (alpha + T) * a / (a + b + x) a week at first, whoever the customer is at most so
        return alpha / max(1.0, a, a * (r + 1) / (a + b))

    def _outcomes(self, rng, params, x, T, weeks):
        r, alpha, a, b = params
        shape = np.broadcast_shapes(x.shape, np.shape(r))
        rate = rng.gamma(np.broadcast_to(r + x, shape)) / (alpha + T)
        leave = rng.beta(np.broadcast_to(a, shape), np.broadcast_to(b + x + self._chances, shape))
        wanted = rng.poisson(rate * weeks).astype(float)
        # the purchase after which they leave: geometric, by inversion so that tiny chances cannot overflow
        with np.errstate(divide="ignore", over="ignore", invalid="ignore"):
            last = np.ceil(rng.standard_exponential(shape) / -np.log1p(-leave))
        return np.minimum(wanted, np.where(leave < 1, np.maximum(np.nan_to_num(last, nan=np.inf), 1), 1))


class ModifiedBetaGeometricNBD(BetaGeometricNBD):
    """MBG/NBD: as BG/NBD, and the first purchase too is followed by a chance to leave."""

    family, title = "mbg_nbd", "MBG/NBD"
    leaves_at_once = True
    _chances = 1


def rate_start(data: Counts) -> tuple[float, float]:
    """r and alpha to begin with: a rate spread like an exponential around the mean purchases a week."""
    weeks = dot(data.n, data.T)
    mean = dot(data.n, data.x) / weeks if weeks > 0 else 0.0
    return 0.5, float(np.clip(0.5 / mean if mean > 0 else 1e4, 1e-2, 1e5))


def _log_silence(r: float, alpha: float, t: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """r log alpha - (r + x) log(alpha + t) as (constant, coefficient of -x), without cancelling for large alpha."""
    return -r * np.log1p(t / alpha), np.log(alpha + t)


def _logaddexp(stay: np.ndarray, leave: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """log(e^stay + e^leave), and the share of the first."""
    total = np.logaddexp(stay, leave)
    return total, np.exp(stay - total)
