"""Gamma-Gamma: how much a customer spends at a purchase, from the mean of the purchases seen so far.

Fader & Hardie (2013), The gamma-gamma model of monetary value (note 025); Colombo & Jiang (1999). A purchase is
Gamma(p, rate nu), nu ~ Gamma(q, rate gamma) over customers; independent of how often somebody buys.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln, psi

from customerbase.cltv.counts import Distinct, dot
from customerbase.cltv.estimator import Estimator
from customerbase.errors import InputError


@dataclass(frozen=True)
class Spends:
    """Purchases counted for each customer and their mean amount, in units of `unit`; customers with a positive mean only."""

    x: np.ndarray
    mean: np.ndarray
    unit: float
    of_x: Distinct

    def __len__(self) -> int:
        return len(self.x)


class GammaGamma(Estimator):
    """Gamma-Gamma model of spend per purchase."""

    family, title, names = "gamma_gamma", "Gamma-Gamma", ("p", "q", "gamma")

    left_out_: int

    def fit(self, frequency: ArrayLike, monetary_value: ArrayLike) -> Self:
        """Maximum likelihood on the number of purchases (from 1 up) and their mean amount, one of each a customer.

        Customers without a purchase or without a positive mean are left out and counted in left_out_. Amounts may be of
        any size: they are scaled inside. Raises InputError when nobody is left, or an amount is not finite.
        """
        x, mean = amounts(frequency, monetary_value)
        keep = (x > 0) & (mean > 0)
        if not keep.any():
            raise InputError("nobody has a purchase with a positive amount; expected at least one to fit spend on.")
        unit = float(np.median(mean[keep]))
        data = Spends(x[keep], mean[keep] / unit, unit, Distinct.of(x[keep]))
        self.left_out_ = int((~keep).sum())
        made = self._fit(data, float(keep.sum()))
        p, q, gamma = self.values
        # back to the amounts as given: gamma scales with them, the density of a mean with 1 / unit
        shift = keep.sum() * np.log(unit)
        self._take(
            (p, q, gamma * unit), self.log_likelihood_ - shift, self.customers_, self._covariance, self.converged_
        )
        return made

    def _start(self, data: Spends) -> np.ndarray:
        return np.array([2.0, 3.0, 3.0])

    def _target(self, data: Spends):
        xs = data.of_x.values
        by_x = np.bincount(data.of_x.place)
        log_mean, log_x = np.log(data.mean), dot(by_x, xs * np.log(xs))
        total, weighted = data.x * data.mean, dot(data.x, log_mean)
        constant = -float(log_mean.sum())

        def target(theta: np.ndarray) -> tuple[float, np.ndarray]:
            p, q, gamma = np.exp(theta)
            reach = total + gamma
            log_reach = np.log(reach)
            logs_by_x = np.bincount(data.of_x.place, log_reach)
            value = dot(by_x, gammaln(p * xs + q) - gammaln(p * xs) - gammaln(q)) + len(total) * q * np.log(gamma)
            value += constant + p * (weighted + log_x) - dot(logs_by_x, p * xs + q)
            both, own = psi(p * xs + q), psi(p * xs)
            slope_p = dot(by_x, xs * (both - own)) + weighted + log_x - dot(logs_by_x, xs)
            slope_q = dot(by_x, both - psi(q)) + len(total) * np.log(gamma) - log_reach.sum()
            over = np.bincount(data.of_x.place, 1 / reach)
            slope_gamma = len(total) * q / gamma - dot(over, p * xs + q)
            return value, np.array([slope_p * p, slope_q * q, slope_gamma * gamma])

        return target

    def _value(self, theta: np.ndarray, data: Spends) -> float:
        return float(self._values(theta[None, :], data)[0])

    def _values(self, thetas: np.ndarray, data: Spends) -> np.ndarray:
        by_x, xs, rows = np.bincount(data.of_x.place), data.of_x.values, len(data)
        fixed = dot(data.x, np.log(data.mean)) + dot(by_x, xs * np.log(xs))
        made = np.full(len(thetas), -float(np.log(data.mean).sum()) - rows * np.log(data.unit))
        for place, (p, q, gamma) in enumerate(np.exp(thetas) / np.array([1.0, 1.0, data.unit])):
            log_reach = np.log(data.x * data.mean + gamma)
            made[place] += dot(by_x, gammaln(p * xs + q) - gammaln(p * xs) - gammaln(q)) + rows * q * np.log(gamma)
            made[place] += p * fixed - p * dot(data.x, log_reach) - q * float(log_reach.sum())
        return made

    def at_bound(self) -> list[str]:
        """p and q at the edge of what is searched; gamma is an amount, and any is possible."""
        return [name for name in super().at_bound() if name != "gamma"]

    @property
    def population_mean(self) -> float:
        """Expected spend a purchase of somebody about whom nothing is known: gamma p / (q - 1); infinite for q <= 1."""
        p, q, gamma = self.values
        return float(gamma * p / (q - 1)) if q > 1 else np.inf

    def expected_spend(self, frequency: ArrayLike, monetary_value: ArrayLike) -> np.ndarray:
        """Expected spend of the next purchase: (gamma + x mean) p / (p x + q - 1), own mean drawn to everybody's.

        Who has no purchase (frequency 0, or no amount) gets the population's mean, a mean of 0 or less counts as 0.
        Raises InputError when q <= 1: the population has no mean then, and one-time buyers no expectation.
        """
        p, q, gamma = self.values
        if q <= 1:
            raise InputError(
                f"q is {q:.3g}; with q of 1 or less the mean spend of the population is infinite. Cap the amounts."
            )
        x, mean = amounts(frequency, monetary_value)
        return (gamma + x * np.maximum(mean, 0)) * p / (p * x + q - 1)


def amounts(frequency: ArrayLike, monetary_value: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of purchases and their means as arrays; no amount (empty) makes the number 0 too.

    Raises InputError for an infinite amount or for columns of different length.
    """
    x, mean = (
        np.atleast_1d(
            np.asarray(one.to_numpy(dtype=float, na_value=np.nan) if hasattr(one, "to_numpy") else one, dtype=float)
        )
        for one in (frequency, monetary_value)
    )
    if len(x) != len(mean):
        raise InputError(f"{len(x):,} frequencies and {len(mean):,} amounts; expected one of each a customer.")
    if np.isinf(mean).any():
        row = int(np.flatnonzero(np.isinf(mean))[0])
        raise InputError(f"row {row} has the amount {mean[row]}; expected a finite number, or an empty cell.")
    known = np.isfinite(mean) & (x > 0)
    return np.where(known, x, 0.0), np.where(known, mean, 0.0)
