"""BG/BB: purchases at set occasions (a yearly appeal, a monthly market), and before each one a chance to leave.

Fader, Hardie & Shang (2010), Customer-base analysis in a discrete-time noncontractual setting, Marketing Science 29(6),
1086-1108. A customer who is alive buys in a period with chance p ~ Beta(alpha, beta), and leaves before each period with
chance theta ~ Beta(gamma, delta). Time is counted in periods, however long they are.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import gammaln

from customerbase.cltv.estimator import Estimator
from customerbase.cltv.survival import discount_per_period, discounted_sums, endless_sums
from customerbase.errors import ConfigError, InputError, near_miss

COLUMNS = ("frequency", "recency", "periods")
_MOST_PERIODS = 5_000


@dataclass(frozen=True)
class DiscreteCounts:
    """Distinct histories: x purchases, the last in period t_x, in n periods, and how many customers share each.

    The first purchase, with which a customer begins, is not counted. `place`: the row of Counts of each given row.
    """

    x: np.ndarray
    t_x: np.ndarray
    n: np.ndarray
    customers: np.ndarray
    place: np.ndarray

    def __len__(self) -> int:
        return len(self.x)

    @staticmethod
    def of(data: object) -> "DiscreteCounts":
        """Counts of anything with columns frequency, recency, periods, and customers if a row stands for several.

        Raises InputError for a missing column (with the near miss), and naming the first row that cannot be.
        """
        names = list(data.columns if hasattr(data, "columns") else data.keys())
        for name in COLUMNS:
            if name not in names:
                raise InputError(
                    f"the summary has no column {name!r}; expected {', '.join(COLUMNS)}.{near_miss(name, names)}"
                )
        x, t_x, n = (np.atleast_1d(np.asarray(data[name], dtype=float)) for name in COLUMNS)
        many = np.asarray(data["customers"], dtype=float) if "customers" in names else np.ones(len(x))
        _check(x, t_x, n, many)
        found, place = np.unique(np.stack([x, t_x, n]).astype(int), axis=1, return_inverse=True)
        place = place.ravel()
        return DiscreteCounts(*found, np.bincount(place, many, found.shape[1]), place)


def _check(x: np.ndarray, t_x: np.ndarray, n: np.ndarray, many: np.ndarray) -> None:
    if not len(x):
        raise InputError("there is no customer to fit or predict; expected at least one row of frequency and recency.")
    whole = np.all([np.isfinite(one) & (one == np.floor(one)) & (one >= 0) for one in (x, t_x, n)], axis=0)
    faults = {
        "frequency, recency and periods must be whole numbers from 0 up": ~whole,
        f"periods must be at most {_MOST_PERIODS:,}": n > _MOST_PERIODS,
        "frequency must be at most recency, and recency at most periods": ~((x <= t_x) & (t_x <= n)),
        "a purchase needs a recency above 0, and a recency above 0 a purchase": (x > 0) != (t_x > 0),
        "the number of customers must be finite and above 0": ~((many > 0) & np.isfinite(many)),
    }
    for rule, wrong in faults.items():
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            values = f"frequency {x[row]:g}, recency {t_x[row]:g}, periods {n[row]:g}"
            raise InputError(f"row {row} has {values}; {rule} ({int(wrong.sum()):,} rows are not so).")


@dataclass(frozen=True)
class _Ways:
    """Every way a history can have come about: the customer was alive for the first `alive` periods, then left (or has not).

    row: the history; starts: where the ways of each history begin (they stand together, the last one: still alive).
    """

    row: np.ndarray
    alive: np.ndarray
    gone: np.ndarray
    starts: np.ndarray

    @staticmethod
    def of(data: DiscreteCounts) -> "_Ways":
        count = data.n - data.t_x + 1
        starts = np.concatenate([[0], np.cumsum(count)[:-1]])
        row = np.repeat(np.arange(len(count)), count)
        step = np.arange(len(row)) - starts[row]
        return _Ways(row, data.t_x[row] + step, step < count[row] - 1, starts)


class _Rising:
    """log a (a + 1) … (a + k - 1) and its slope in a, for k = 0 to `most`: sums of few terms instead of gamma functions."""

    def __init__(self, a: float, most: int):
        steps = a + np.arange(most)
        self.log = np.concatenate([[0.0], np.cumsum(np.log(steps))])
        self.slope = np.concatenate([[0.0], np.cumsum(1 / steps)])


class BetaGeometricBetaBinomial(Estimator):
    """BG/BB: a customer buys or not in each period, and may leave before any of them."""

    family, title, names = "bg_bb", "BG/BB", ("alpha", "beta", "gamma", "delta")
    unit = "period"

    def fit(self, data: object) -> Self:
        """Maximum likelihood on rows of frequency, recency, periods (and customers); see DiscreteCounts.of."""
        counts = DiscreteCounts.of(data)
        return self._fit(counts, float(counts.customers.sum()))

    def log_likelihood(self, data: object) -> float:
        """Log-likelihood of the histories under the fitted parameters."""
        return self._value(np.log(self.values), DiscreteCounts.of(data))

    def probability_alive(self, data: object = None) -> np.ndarray:
        """P(alive): the chance that a customer is still one in the next period; one a row of `data`."""
        counts = self._counts(data)
        _, _, gamma, delta = self.values
        return (self._stayed(counts) * (delta + counts.n) / (gamma + delta + counts.n))[counts.place]

    def predict_purchases(self, n_periods: int, data: object = None) -> np.ndarray:
        """Expected purchases in the next n_periods, given the history; one a row of `data`, never negative."""
        return self._ahead(_whole(n_periods), 0.0, self._counts(data))

    def discounted_purchases(
        self, n_periods: int | None, annual_discount: float, *, periods_a_year: float, data: object = None
    ) -> np.ndarray:
        """Expected purchases ahead, each worth less the later its period ends; n_periods None: for ever (DERT).

        annual_discount: 0.1 for 10 %. Raises ConfigError for ever without a discount above 0.
        """
        rate = discount_per_period(annual_discount, periods_a_year)
        if n_periods is None and rate <= 0:
            raise ConfigError(
                "an infinite horizon needs an annual discount rate above 0: without one there is no bound."
            )
        return self._ahead(None if n_periods is None else _whole(n_periods), rate, self._counts(data))

    def lifetime_value(
        self,
        spend: ArrayLike,
        *,
        n_periods: int | None,
        periods_a_year: float,
        annual_discount: float = 0.1,
        margin: float = 1.0,
        data: object = None,
    ) -> np.ndarray:
        """Customer lifetime value: expected discounted purchases ahead x expected spend a purchase x margin."""
        bought = self.discounted_purchases(n_periods, annual_discount, periods_a_year=periods_a_year, data=data)
        return bought * np.asarray(spend, dtype=float) * margin

    def expected_purchases(self, n_periods: ArrayLike) -> np.ndarray:
        """Expected purchases of a new customer in the n periods after the first purchase; may be an array."""
        asked = np.atleast_1d(np.asarray(n_periods))
        alpha, beta, gamma, delta = self.values
        alive = discounted_sums((gamma, delta), np.zeros(1), 0.0, max(_whole(one, least=0) for one in asked))[0]
        return alpha / (alpha + beta) * alive[asked.astype(int)]

    def expected_frequencies(self, data: object = None) -> np.ndarray:
        """How many customers with 0, 1, 2, … purchases the model expects among those of `data`; shape (most periods + 1,).

        Beside the actual counts it shows the fit: no customer's own history is used but the number of periods.
        """
        counts = self._counts(data)
        made = np.zeros(int(counts.n.max()) + 1)
        for n, customers in zip(*_added(counts.n, counts.customers), strict=True):
            made[: n + 1] += customers * self.frequency_probabilities(int(n))
        return made

    def frequency_probabilities(self, n_periods: int) -> np.ndarray:
        """P(X = 0), …, P(X = n): purchases of a new customer within n periods; they sum to 1."""
        n = _whole(n_periods, least=0)
        alpha, beta, _, _ = self.values
        buy, pause, either = (_Rising(one, n).log for one in (alpha, beta, alpha + beta))
        leave = self._leaving(n)
        alive, x = np.meshgrid(np.arange(n + 1), np.arange(n + 1), indexing="ij")
        rest = np.maximum(alive - x, 0)
        ways = gammaln(alive + 1) - gammaln(x + 1) - gammaln(rest + 1)
        logs = ways + buy[x] + pause[rest] - either[alive] + leave[:, None]
        return np.where(x <= alive, np.exp(logs), 0.0).sum(axis=0)

    def _leaving(self, n: int) -> np.ndarray:
        """log of the chance to be alive for exactly 0, …, n - 1 periods, and for at least n."""
        _, _, gamma, delta = self.values
        stay, all_ = _Rising(delta, n + 1).log, _Rising(gamma + delta, n + 1).log
        return np.append(np.log(gamma) + stay[:n] - all_[1 : n + 1], stay[n] - all_[n])

    def _ahead(self, periods: int | None, rate: float, counts: DiscreteCounts) -> np.ndarray:
        alpha, beta, gamma, delta = self.values
        ages, place = np.unique(counts.n, return_inverse=True)
        if periods is None:
            alive = endless_sums((gamma, delta), ages.astype(float), rate)
        else:
            alive = discounted_sums((gamma, delta), ages.astype(float), rate, periods)[:, -1]
        buying = (alpha + counts.x) / (alpha + beta + counts.n)
        return (self._stayed(counts) * buying * alive[place])[counts.place]

    def _stayed(self, counts: DiscreteCounts) -> np.ndarray:
        """The chance to have been alive in period n, given the history; one a row of counts."""
        ways = _Ways.of(counts)
        logs = self._logs(self.values, counts, ways)
        return np.exp(logs[_last(ways, len(logs))] - np.logaddexp.reduceat(logs, ways.starts))

    def _counts(self, data: object) -> DiscreteCounts:
        if data is not None:
            return DiscreteCounts.of(data)
        if not hasattr(self, "_fitted_on"):
            raise InputError(f"{self.title} carries no customers (read from a file?); expected a summary as `data`.")
        return self._fitted_on

    # --- likelihood -------------------------------------------------------------------------------------------------

    def _start(self, data: DiscreteCounts) -> np.ndarray:
        bought = float(data.customers @ data.x)
        share = bought / max(float(data.customers @ np.maximum(data.n, 1)), 1.0)
        return np.array([np.clip(share, 0.05, 0.95), 1 - np.clip(share, 0.05, 0.95), 0.5, 2.0])

    @staticmethod
    def _logs(params: np.ndarray, data: DiscreteCounts, ways: _Ways) -> np.ndarray:
        """log of the joint chance of a history and of each way it can have come about."""
        return next(_tables(params, int(data.n.max())))(data.x[ways.row], ways.alive, ways.gone)

    def _value(self, theta: np.ndarray, data: DiscreteCounts) -> float:
        ways = _Ways.of(data)
        logs = self._logs(np.exp(theta), data, ways)
        return float(data.customers @ np.logaddexp.reduceat(logs, ways.starts))

    def _target(self, data: DiscreteCounts):
        ways, most = _Ways.of(data), int(data.n.max())
        x, many = data.x[ways.row], data.customers[ways.row]

        def target(theta: np.ndarray) -> tuple[float, np.ndarray]:
            params = np.exp(theta)
            made, *slopes = _tables(params, most)
            logs = made(x, ways.alive, ways.gone)
            total = np.logaddexp.reduceat(logs, ways.starts)
            share = many * np.exp(logs - total[ways.row])
            gradient = np.array([share @ slope(x, ways.alive, ways.gone) for slope in slopes])
            return float(data.customers @ total), gradient * params

        return target


def _tables(params: np.ndarray, most: int) -> Iterator:
    """Functions of (purchases, periods alive, whether gone then): the log of a way's chance, and its slope in each parameter."""
    alpha, beta, gamma, delta = params
    buy, pause, either = (_Rising(one, most) for one in (alpha, beta, alpha + beta))
    stay, every = _Rising(delta, most + 1), _Rising(gamma + delta, most + 1)
    log_gamma = np.log(gamma)
    yield (
        lambda x, m, gone: (
            buy.log[x] + pause.log[m - x] - either.log[m] + stay.log[m] - every.log[m + gone] + gone * log_gamma
        )
    )
    yield lambda x, m, gone: buy.slope[x] - either.slope[m]
    yield lambda x, m, gone: pause.slope[m - x] - either.slope[m]
    yield lambda x, m, gone: gone / gamma - every.slope[m + gone]
    yield lambda x, m, gone: stay.slope[m] - every.slope[m + gone]


def _last(ways: _Ways, size: int) -> np.ndarray:
    """The place of each history's last way: still alive."""
    return np.append(ways.starts[1:], size) - 1


def _added(keys: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    found, place = np.unique(keys, return_inverse=True)
    return found, np.bincount(place, values, len(found))


def _whole(periods: object, least: int = 1) -> int:
    number = float(periods)
    if not np.isfinite(number) or number != int(number) or not least <= number <= _MOST_PERIODS:
        raise ConfigError(f"periods is {periods!r}; expected a whole number from {least} to {_MOST_PERIODS:,}.")
    return int(number)
