"""sBG and BdW: subscriptions that end where everybody can see it, one renewal opportunity after the other.

sBG, shifted beta-geometric: Fader & Hardie (2007), How to project customer retention, J. of Interactive Marketing 21(1),
76-90. Each customer has one chance theta ~ Beta(alpha, beta) to leave at every opportunity; retention of a cohort can only rise.
BdW, beta-discrete-Weibull: Fader, Hardie, Liu, Davin & Steenburgh (2018), "How to project customer retention" revisited,
J. of Interactive Marketing 43, 1-16: the chance itself grows (c > 1) or falls (c < 1) with tenure. c = 1 is sBG.
DERL: Fader & Hardie (2010), Customer-base valuation in a contractual setting, Marketing Science 29(1), 85-93.
"""

from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc

from customerbase.cltv.estimator import Estimator
from customerbase.cltv.notes import Note
from customerbase.cltv.renewals import Renewals, whole_numbers
from customerbase.cltv.survival import (
    discount_per_period,
    discounted_sums,
    endless_sums,
    log_retention,
    log_retention_slopes,
)
from customerbase.errors import ConfigError

LEVEL = 0.01  # of the likelihood ratio test by which BdW replaces sBG
_CLIFF = 1e9  # where a chance is e^-1e9 its logarithm need not be known better


class Contract(Estimator):
    """A model of renewals: after t renewals, the chance to make the next one. Time is counted in periods of the contract."""

    unit = "period"

    # --- estimator --------------------------------------------------------------------------------------------------

    def fit(self, data: object) -> Self:
        """Maximum likelihood on Renewals, or on rows of renewals made, ended or not (and customers); see Renewals.of."""
        found = Renewals.of(data)
        self._fit(found, found.customers)
        self.notes_ = tuple(self._remarks(found))
        return self

    def log_likelihood(self, data: object) -> float:
        """Log-likelihood of renewals and endings under the fitted parameters."""
        return self._value(np.log(self.values), Renewals.of(data))

    def _start(self, data: Renewals) -> np.ndarray:
        lost = float(np.clip(data.lost.sum() / max(data.at_risk.sum(), 1.0), 1e-3, 0.999))
        tried = [np.array([lost, 1 - lost]) * size for size in (0.5, 2.0, 10.0)]
        values = [self._value(np.log(self._shaped(one)), data) for one in tried]
        return self._shaped(tried[int(np.argmax(values))])

    def _shaped(self, ends: np.ndarray) -> np.ndarray:
        return ends

    def _target(self, data: Renewals):
        t = np.arange(1, len(data.renewed) + 1, dtype=float)

        def target(theta: np.ndarray) -> tuple[float, np.ndarray]:
            params = tuple(np.exp(theta))
            kept = log_retention(params, t)
            # d log(1 - e^kept) = -1 / (e^-kept - 1)
            with np.errstate(divide="ignore", over="ignore"):
                leaving = np.minimum(1 / np.expm1(-kept), _CLIFF)
            weight = data.renewed * (kept > -_CLIFF) - data.lost * leaving
            slopes = np.array([weight @ slope for slope in log_retention_slopes(params, t)])
            return _total(kept, data), slopes * np.exp(theta)

        return target

    def _value(self, theta: np.ndarray, data: Renewals) -> float:
        t = np.arange(1, len(data.renewed) + 1, dtype=float)
        return _total(log_retention(tuple(np.exp(theta)), t), data)

    def _remarks(self, data: Renewals) -> list[Note]:
        if not data.lost.sum():
            return [Note("nobody_ended", {"customers": f"{data.customers:,.0f}"})]
        if not data.renewed.sum():
            return [Note("nobody_renewed", {"customers": f"{data.customers:,.0f}"})]
        edge = self.at_bound()
        return [Note("alike_customers", {"names": ", ".join(edge)})] if edge else []

    # --- what follows from it; t: renewals made so far, a whole number or an array of them ---------------------------

    def retention(self, t: ArrayLike) -> np.ndarray:
        """Chance that a customer who has made t renewals makes the next one."""
        return np.exp(log_retention(tuple(self.values), whole_numbers("t", t) + 1.0))

    def survival(self, t: ArrayLike) -> np.ndarray:
        """S(t): share of new customers who make at least t renewals; S(0) = 1."""
        asked = whole_numbers("t", t)
        logs = log_retention(tuple(self.values), np.arange(1.0, asked.max() + 1))
        return np.exp(np.concatenate([[0.0], np.cumsum(logs)]))[asked]

    def probability_ended(self, t: ArrayLike) -> np.ndarray:
        """Share of new customers who end after exactly t renewals: S(t) - S(t + 1), without subtracting."""
        return self.survival(t) * -np.expm1(log_retention(tuple(self.values), whole_numbers("t", t) + 1.0))

    def probability_alive(self, data: object) -> np.ndarray:
        """1 for a subscription that runs, 0 for one that ended: in a contract this is observed, not estimated.

        data: rows with a column `ended`; one result a row.
        """
        return np.where(np.asarray(data["ended"], dtype=bool), 0.0, 1.0)

    def expected_renewals(self, t: ArrayLike, periods: int) -> np.ndarray:
        """Expected renewals at the next `periods` opportunities of customers who run after t renewals."""
        return self.discounted_residual_lifetime(t, 0.0, periods=periods, wait=1.0)

    def expected_residual_lifetime(self, t: ArrayLike) -> np.ndarray:
        """Expected renewals still to come, for ever; infinite where the mean does not exist (alpha c <= 1).

        sBG: (beta + t) / (alpha - 1).
        """
        ages = whole_numbers("t", t)
        found, place = np.unique(ages, return_inverse=True)
        return endless_sums(tuple(self.values), found.astype(float), 0.0)[place]

    def discounted_residual_lifetime(
        self, t: ArrayLike, discount: float, *, periods: int | None = None, wait: float = 0.0
    ) -> np.ndarray:
        """DERL: expected renewals to come of customers who run after t renewals, each worth less the later it is.

        discount: per period, as a share (0.01 for 1 %; see per_period). periods: opportunities ahead, None for ever. wait:
        periods until the next opportunity, from 0 (it is now: Fader & Hardie 2010, for sBG (beta + t) / (alpha + beta + t)
        2F1(1, beta + t + 1; alpha + beta + t + 1; 1 / (1 + discount))) to 1 (the last one was just now).
        Raises ConfigError for ever without a discount above 0.
        """
        ages, rate = whole_numbers("t", t), _rate(discount)
        found, place = np.unique(ages, return_inverse=True)
        params = tuple(self.values)
        if periods is not None:
            ahead = int(whole_numbers("periods", periods)[0])
            sums = discounted_sums(params, found.astype(float), rate, ahead)[:, -1]
        elif rate > 0:
            sums = endless_sums(params, found.astype(float), rate)
        else:
            raise ConfigError("an infinite horizon needs a discount above 0: without one the value has no bound.")
        return sums[place] * np.exp(rate * (1.0 - np.asarray(wait, dtype=float)))


class ShiftedBetaGeometric(Contract):
    """sBG: every customer has a chance to leave of their own, the same at each renewal."""

    family, title, names = "sbg", "sBG", ("alpha", "beta")


class BetaDiscreteWeibull(Contract):
    """BdW: as sBG, and the chance to leave grows or falls with the renewals made."""

    family, title, names = "bdw", "BdW", ("alpha", "beta", "c")

    def _start(self, data: Renewals) -> np.ndarray:
        simple = ShiftedBetaGeometric().fit(data).values
        tried = [np.append(np.clip(simple, 1e-3, 1e3), c) for c in (0.6, 1.0, 1.6)]
        values = [self._value(np.log(one), data) for one in tried]
        return tried[int(np.argmax(values))]


def choose(data: object) -> tuple[Contract, tuple[Note, ...]]:
    """sBG, or BdW where retention does not rise as sBG demands (likelihood ratio test at LEVEL); and why, as notes."""
    found = Renewals.of(data)
    simple = ShiftedBetaGeometric().fit(found)
    if not (found.lost.sum() and found.renewed.sum() and np.count_nonzero(found.at_risk) > 2):
        return simple, simple.notes_
    wider = BetaDiscreteWeibull().fit(found)
    ratio = 2 * (wider.log_likelihood_ - simple.log_likelihood_)
    chance = float(chdtrc(1, max(ratio, 0.0)))
    if chance >= LEVEL:
        return simple, simple.notes_
    said = {
        "ratio": f"{ratio:.1f}",
        "p": "<0.001" if chance < 0.001 else f"{chance:.3f}",
        "c": f"{wider.values[2]:.2f}",
    }
    return wider, (*wider.notes_, Note("retention_not_rising", said))


def per_period(annual_discount: float, periods_a_year: float) -> float:
    """The discount per period, as a share, that an annual rate means: (1 + annual)^(1 / periods a year) - 1."""
    return float(np.expm1(discount_per_period(annual_discount, periods_a_year)))


def _total(kept: np.ndarray, data: Renewals) -> float:
    """Log-likelihood: renewals made, and endings."""
    with np.errstate(divide="ignore"):
        gone = np.maximum(np.log(-np.expm1(kept)), -_CLIFF)
    return float(data.renewed @ np.maximum(kept, -_CLIFF) + data.lost @ gone)


def _rate(discount: float) -> float:
    if isinstance(discount, bool) or not np.isfinite(discount) or not 0 <= discount <= 10:
        raise ConfigError(f"discount is {discount!r} a period; expected a share from 0 to 10, such as 0.01 for 1 %.")
    return float(np.log1p(discount))
