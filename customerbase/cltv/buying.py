"""What every non-contractual model of repeat buying offers, once its likelihood, chance of being alive and rate are known.

Time is in weeks. A customer of `frequency` x, `recency` t_x and `T` has made x repeat purchases, the last t_x weeks after
the first, and is T weeks old. All of the future follows from one function: the rate of purchases u weeks from now, given
that the customer is still one. It is a mixture of falling exponentials, hence positive and smooth, and its integrals (no
difference of large numbers anywhere) are purchases, discounted purchases and lifetime value alike.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import ClassVar, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

from customerbase.cltv.counts import Counts, compress, dot
from customerbase.cltv.estimator import Estimator
from customerbase.cltv.horizon import Grid, discount_per_week, endless, grid, month_edges
from customerbase.cltv.smooth import over_ages
from customerbase.errors import ConfigError, InputError, near_miss

COLUMNS = ("frequency", "recency", "T")
ROUGH_ROWS = 5_000
_MANY_PARTS = 12  # below them threads cost more than they bring
T = TypeVar("T")


class BuyTillYouDie(Estimator):
    """A model of purchases by customers who leave without saying so.

    `leaves_at_once`: whether somebody who bought once can have left (else P(alive) of one-time buyers is 1 by
    construction, and is not shown to anybody).
    """

    leaves_at_once: ClassVar[bool] = True

    # --- what a model says of itself; parameters may be arrays that broadcast against the customers ------------------

    def _row_values(self, params: tuple, counts: Counts) -> np.ndarray:
        """Log-likelihood of one customer of each row of Counts; params of shape (D, 1): under each draw of them."""
        raise NotImplementedError

    def _gone_log_odds(self, params: tuple, x: np.ndarray, t_x: np.ndarray, T: np.ndarray) -> np.ndarray:
        """log of P(gone by T) / P(alive at T) given the history."""
        raise NotImplementedError

    def _rate(self, params: tuple, u: np.ndarray, x: np.ndarray, T: np.ndarray) -> np.ndarray:
        """Expected purchases a week, u weeks from now, of a customer who is alive now; of x and T alone."""
        raise NotImplementedError

    def _new_rate(self, params: tuple, u: np.ndarray) -> np.ndarray:
        """Expected repeat purchases a week, u weeks after a first purchase."""
        raise NotImplementedError

    def _scale(self) -> float:
        """Weeks within which the rate of any customer changes by its own size."""
        raise NotImplementedError

    def _bend(self) -> float:
        """Weeks to add to T so that the rate is smooth in the logarithm of both."""
        return float(self.values[1])

    def _outcomes(self, rng, params: tuple, x, T, weeks: np.ndarray) -> np.ndarray:
        """Purchases drawn for customers alive now; shape of the broadcast of x and the parameters."""
        raise NotImplementedError

    # --- estimator --------------------------------------------------------------------------------------------------

    def fit(self, data: object, *, near: Self | None = None) -> Self:
        """Maximum likelihood on a summary (frequency, recency and T in weeks) or on Counts.

        near: a model of the same family fitted to nearly the same customers, where the search begins; it saves time.
        """
        counts, self._fitted_place = rows_of(data)
        return self._fit(counts, counts.customers, near)

    def log_likelihood(self, data: object) -> float:
        """Log-likelihood of customers under the fitted parameters (of their purchase times, given the first one)."""
        return self._value(np.log(self.values), rows_of(data)[0])

    def log_likelihoods(self, data: object) -> np.ndarray:
        """Log-likelihood of each customer under the fitted parameters; one a row of `data`."""
        counts, place = rows_of(data)
        return self._row_values(tuple(self.values), counts)[place]

    def _rough(self, data: Counts) -> Iterable[tuple[Counts, float]]:
        """Every so-manieth row of very many: the last steps on all of them then are few."""
        if len(data) > 4 * ROUGH_ROWS:
            part = data.take(np.arange(0, len(data), len(data) // ROUGH_ROWS))
            yield part, part.customers / data.customers

    def _value(self, theta: np.ndarray, data: Counts) -> float:
        return dot(data.n, self._row_values(tuple(np.exp(theta)), data))

    def _values(self, thetas: np.ndarray, data: Counts) -> np.ndarray:
        made = np.empty(len(thetas))
        for block in blocks(len(thetas), len(data), 50_000):
            values = self._row_values(tuple(np.exp(thetas[block]).T[:, :, None]), data)
            made[block] = (data.n * values).sum(axis=1)
        return made

    def probability_alive(self, data: object = None) -> np.ndarray:
        """P(alive): the chance that a customer is still one at T, given the history; one a row of `data`."""
        counts, place = self._rows(data)
        return expit(-self._gone_log_odds(tuple(self.values), counts.x, counts.t_x, counts.T))[place]

    def predict_purchases(self, t: float, data: object = None) -> np.ndarray:
        """Expected purchases in the t weeks after T, given the history; one a row of `data`, never negative.

        data: a summary, or Counts; None: the customers of the fit. Raises ConfigError for a t that is not above 0.
        """
        counts, place = self._rows(data)
        return self.integrals(grid(np.array([0.0, positive_weeks(t)]), self._scale()), counts)[:, 0][place]

    def discounted_purchases(self, t: float | None, annual_discount: float, data: object = None) -> np.ndarray:
        """Expected purchases in the next t weeks, each worth less the later it comes; t None: for ever (DERT).

        Source: Fader, Hardie & Lee (2005), discounted expected residual transactions. annual_discount: 0.1 for 10 %.
        """
        counts, place = self._rows(data)
        rate, scale = discount_per_week(annual_discount), self._scale()
        over = endless(scale, rate) if t is None else grid(np.array([0.0, positive_weeks(t)]), scale, rate)
        return self.integrals(over, counts)[:, 0][place]

    def expected_purchases(self, t: ArrayLike) -> np.ndarray:
        """Expected repeat purchases of a new customer within t weeks of the first purchase; t may be an array."""
        times = np.atleast_1d(np.asarray(t, dtype=float))
        if not (np.isfinite(times) & (times >= 0)).all():
            raise ConfigError(f"t is {t!r}; expected weeks from 0 up.")
        edges, place = np.unique(np.concatenate([[0.0], times]), return_inverse=True)
        if len(edges) == 1:
            return np.zeros(len(times))
        return self.curve(grid(edges, self._scale()))[place[1:]]

    def curve(self, over: Grid) -> np.ndarray:
        """Expected repeat purchases of a new customer by each edge of a grid that begins at 0; the first is 0."""
        return self.curves(over, self.values[None, :])[0]

    def curves(self, over: Grid, draws: np.ndarray) -> np.ndarray:
        """The curve under each row of draws, parameters of shape (D, number of parameters); shape (D, edges)."""
        rates = np.broadcast_to(self._new_rate(tuple(draws.T[:, :, None]), over.times), (len(draws), len(over.times)))
        steps = np.einsum("dk,kj->dj", rates, over.weights)
        return np.hstack([np.zeros((len(draws), 1)), np.cumsum(steps, axis=1)])

    def lifetime_value(
        self,
        spend: ArrayLike,
        *,
        months: int | None,
        as_of,
        annual_discount: float = 0.1,
        margin: float = 1.0,
        data: object = None,
    ) -> np.ndarray:
        """Customer lifetime value: expected discounted purchases ahead x expected spend a purchase x margin.

        spend: expected net spend of one purchase, one a row of `data` (GammaGamma.expected_spend) or one for all.
        months: calendar months after as_of, None for ever. margin: gross margin as a share. Undiscounted
        (annual_discount 0), with margin 1, it is expected purchases x expected spend.
        """
        t = None if months is None else float(month_edges(as_of, months)[-1])
        return self.discounted_purchases(t, annual_discount, data) * np.asarray(spend, dtype=float) * margin

    def integrals(self, over: Grid, counts: Counts) -> np.ndarray:
        """Integrals of the expected rate of purchases over the intervals of a grid; shape (rows of counts, intervals)."""
        params, (x, T) = tuple(self.values), counts.rates
        made = over_ages(lambda *pairs: self._alive_integrals(over, *pairs), x, T, self._bend())[counts.of_rate.place]
        made *= expit(-self._gone_log_odds(params, counts.x, counts.t_x, counts.T))[:, None]
        return made

    def _alive_integrals(self, over: Grid, x: np.ndarray, T: np.ndarray) -> np.ndarray:
        """The same for customers alive now, of x and T alone."""
        params, made = tuple(self.values), np.empty((len(x), over.weights.shape[1]))

        def fill(block: slice) -> None:
            shape = (len(x[block]), len(over.times))
            rates = np.broadcast_to(self._rate(params, over.times, x[block, None], T[block, None]), shape)
            made[block] = np.maximum(np.einsum("ik,kj->ij", rates, over.weights), 0.0)

        in_blocks(fill, blocks(len(x), len(over.times), 100_000))
        return made

    def simulate_alive(self, rng: np.random.Generator, draws: np.ndarray, counts: Counts, weeks: float) -> np.ndarray:
        """Purchases in the weeks ahead of somebody alive now, by every pair of counts.of_rate, the fewest first; (pairs, D)."""
        x, T = counts.rates
        made = np.empty((len(x), len(draws)))
        for block in blocks(len(x), len(draws), 400_000):
            here = x[block, None], T[block, None], np.full((len(x[block]), 1), weeks)
            made[block] = np.sort(self._outcomes(rng, tuple(draws.T[:, None, :]), *here), axis=1)
        return made

    def gone(self, draws: np.ndarray, counts: Counts) -> np.ndarray:
        """Chance of being gone by T, the mean over draws of the parameters; one a row of counts."""
        made = np.zeros(len(counts))
        for values in draws:
            made += expit(self._gone_log_odds(tuple(values), counts.x, counts.t_x, counts.T))
        return made / len(draws)

    def simulate(self, rng: np.random.Generator, draws: np.ndarray, counts: Counts, weeks: ArrayLike) -> np.ndarray:
        """Purchases in the weeks ahead, one outcome for every row of counts and every row of draws.

        draws: parameters, shape (D, number of parameters). weeks: how long, one for all or one a row of counts.
        Shape (rows of counts, D).
        """
        params = tuple(draws.T[:, None, :])
        x, t_x, T = (column[:, None] for column in (counts.x, counts.t_x, counts.T))
        gone = expit(self._gone_log_odds(params, x, t_x, T))
        row, draw = np.nonzero(rng.random(gone.shape) >= gone)
        length = np.broadcast_to(np.asarray(weeks, dtype=float).ravel(), len(counts))
        bought = np.zeros(gone.shape)
        here = counts.x[row], counts.T[row], length[row]
        bought[row, draw] = self._outcomes(rng, tuple(draws.T[:, draw]), *here)
        return bought

    def _rows(self, data: object) -> tuple[Counts, np.ndarray | slice]:
        if data is not None:
            return rows_of(data)
        if not hasattr(self, "_fitted_on"):
            raise InputError(f"{self.title} carries no customers (read from a file?); expected a summary as `data`.")
        return self._fitted_on, self._fitted_place


def rows_of(data: object) -> tuple[Counts, np.ndarray | slice]:
    """Distinct rows of a summary and each customer's row among them; Counts stand for themselves.

    data: Counts, or anything with columns frequency, recency and T (pandas, Arrow, a mapping of arrays).
    Raises InputError with the near miss for a missing column.
    """
    if isinstance(data, Counts):
        return data, slice(None)
    found = next((getattr(data, name) for name in ("column_names", "columns", "keys") if hasattr(data, name)), None)
    if found is None:
        raise InputError(f"the summary is a {type(data).__name__}; expected a table with {', '.join(COLUMNS)}.")
    names = list(found() if callable(found) else found)
    for name in COLUMNS:
        if name not in names:
            raise InputError(
                f"the summary has no column {name!r}; expected {', '.join(COLUMNS)}.{near_miss(name, names)}"
            )
    return compress(*(data[name] for name in COLUMNS))


def positive_weeks(t: float) -> float:
    """The number of weeks itself. Raises ConfigError unless it is finite and above 0."""
    if not np.isfinite(t) or t <= 0:
        raise ConfigError(f"t is {t!r}; expected a number of weeks above 0.")
    return float(t)


def blocks(rows: int, width: int, cells: int = 4_000_000) -> list[slice]:
    """Slices of the rows, each of at most `cells` numbers of that width: memory stays flat."""
    size = max(1, cells // max(width, 1))
    return [slice(start, min(start + size, rows)) for start in range(0, rows, size)]


def in_blocks(work: Callable[[T], None], parts: Sequence[T]) -> None:
    """Work on disjoint parts, side by side where there are many: NumPy lets go of the lock, results are the same."""
    if len(parts) < _MANY_PARTS:
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(min(os.cpu_count() or 1, 8)) as pool:
        list(pool.map(work, parts))
