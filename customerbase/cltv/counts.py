"""Sufficient statistics: the distinct (frequency, recency, T) and how many customers share each."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from customerbase.cltv.horizon import WEEK
from customerbase.errors import InputError

_LARGEST_KEY = 2**62
_MOST_DAYS = 4_000_000


def dot(a: np.ndarray, b: np.ndarray) -> float:
    """Sum of products, always in the same order: BLAS splits long vectors among threads, and waits for busy ones."""
    return float((a * b).sum())


@dataclass(frozen=True)
class Counts:
    """Distinct combinations of frequency x, recency t_x and T (weeks), with the customers n of each; arrays of one length.

    Made by `of` or `compress`; likelihoods are sums over these rows. Values that repeat within a column are looked up:
    a logarithm or gamma function is computed once a distinct value.
    """

    x: np.ndarray
    t_x: np.ndarray
    T: np.ndarray
    n: np.ndarray

    def __len__(self) -> int:
        return len(self.x)

    @property
    def customers(self) -> float:
        """All customers."""
        return float(self.n.sum())

    @property
    def repeaters(self) -> float:
        """Customers with at least one repeat purchase."""
        return float(self.n[self.x > 0].sum())

    @cached_property
    def of_x(self) -> "Distinct":
        """The distinct frequencies."""
        return Distinct.of(self.x)

    @cached_property
    def of_t_x(self) -> "Distinct":
        """The distinct recencies."""
        return Distinct.of(self.t_x)

    @cached_property
    def of_T(self) -> "Distinct":
        """The distinct ages."""
        return Distinct.of(self.T)

    @cached_property
    def of_rate(self) -> "Distinct":
        """The distinct pairs of frequency and age, as keys: while somebody is a customer, nothing else tells the rate."""
        return Distinct.of(self.of_T.place * float(len(self.of_x.values)) + self.of_x.place)

    @property
    def rates(self) -> tuple[np.ndarray, np.ndarray]:
        """Frequency and age of each pair of of_rate."""
        age, x = np.divmod(self.of_rate.values.astype(np.int64), len(self.of_x.values))
        return self.of_x.values[x], self.of_T.values[age]

    def take(self, keep: np.ndarray) -> "Counts":
        """Only some of the rows."""
        return Counts(self.x[keep], self.t_x[keep], self.T[keep], self.n[keep])


@dataclass(frozen=True)
class Distinct:
    """The distinct values of a column, and the place of every row's value among them."""

    values: np.ndarray
    place: np.ndarray

    @staticmethod
    def of(column: np.ndarray) -> "Distinct":
        """Distinct values in ascending order. Whole numbers, and weeks that are whole days, are counted instead of sorted."""
        days = np.rint(column * WEEK)
        if not len(days) or not 0 <= days.min() <= days.max() < _MOST_DAYS or not np.array_equal(days / WEEK, column):
            return Distinct(*np.unique(column, return_inverse=True))
        days = days.astype(np.int32)
        there = np.bincount(days) > 0
        return Distinct(np.flatnonzero(there) / WEEK, (np.cumsum(there) - 1)[days])

    def spread(self, results: np.ndarray) -> np.ndarray:
        """One result a row from one a distinct value (along the last axis)."""
        return results[..., self.place]


def of(x: ArrayLike, t_x: ArrayLike, T: ArrayLike, n: ArrayLike | None = None) -> Counts:
    """Counts of given rows, checked; n defaults to one customer a row.

    Raises InputError naming the first row that cannot be: not finite, negative, t_x beyond T, or t_x > 0 without a
    repeat purchase (and the reverse).
    """
    arrays = [_column(name, values) for name, values in (("frequency", x), ("recency", t_x), ("T", T))]
    weights = np.ones(len(arrays[0])) if n is None else _column("customers", n)
    if len({len(array) for array in (*arrays, weights)}) > 1:
        raise InputError(f"columns of different length: {[len(array) for array in (*arrays, weights)]}.")
    if not len(weights):
        raise InputError("there is no customer to fit or predict; expected at least one row of frequency, recency, T.")
    found = Counts(*arrays, weights)
    _check(found)
    return found


def compress(x: ArrayLike, t_x: ArrayLike, T: ArrayLike) -> tuple[Counts, np.ndarray]:
    """Counts of one row a customer, and the row of Counts that each customer is in."""
    single = of(x, t_x, T)
    key, size = np.zeros(len(single), dtype=np.int64), 1
    for one in map(Distinct.of, (single.T, single.t_x, single.x)):
        if size * len(one.values) > _LARGEST_KEY:
            size, key = len(single), np.unique(key, return_inverse=True)[1]
        size, key = size * len(one.values), key * len(one.values) + one.place
    first, place, n = _same(key, size)
    return Counts(single.x[first], single.t_x[first], single.T[first], n.astype(float)), place


def _same(key: np.ndarray, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Equal keys (from 0 up to below `size`) in ascending order: the first row of each, each row's place, how many rows."""
    rows = len(key)
    if size * rows >= _LARGEST_KEY:
        return np.unique(key, return_index=True, return_inverse=True, return_counts=True)[1:]
    # key and row in one number: sorting numbers is several times faster than finding the order of numbers
    packed = key * rows
    packed += np.arange(rows)
    packed.sort()
    row = packed % rows
    packed //= rows
    new = np.concatenate([[True], packed[1:] != packed[:-1]])
    place = np.empty(rows, dtype=np.int64)
    place[row] = np.cumsum(new) - 1
    starts = np.flatnonzero(new)
    return row[starts], place, np.diff(starts, append=rows)


def _column(name: str, values: ArrayLike) -> np.ndarray:
    """One column as floats; empty cells of a data frame or an Arrow table become NaN, which the check names."""
    if hasattr(values, "to_pandas"):
        values = values.to_pandas()
    try:
        if hasattr(values, "to_numpy"):
            values = values.to_numpy(dtype=float, na_value=np.nan)
        return np.atleast_1d(np.asarray(values, dtype=float))
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} holds what is no number ({error!s:.60}); expected numbers.") from error


def _check(found: Counts) -> None:
    faults = {
        "frequency must be a whole number from 0 up": ~((found.x >= 0) & (found.x == np.floor(found.x))),
        "recency must be from 0 to T": ~((found.t_x >= 0) & (found.t_x <= found.T)),
        "T must be a finite number of weeks": ~np.isfinite(found.T),
        "a repeat purchase needs a recency above 0, and a recency above 0 a repeat purchase": (
            (found.x > 0) != (found.t_x > 0)
        ),
        "the number of customers must be above 0": ~(found.n > 0),
    }
    for rule, wrong in faults.items():
        if wrong.any():
            row = int(np.flatnonzero(wrong)[0])
            values = f"frequency {found.x[row]:g}, recency {found.t_x[row]:g}, T {found.T[row]:g}"
            raise InputError(f"row {row} has {values}; {rule} ({int(wrong.sum()):,} rows are not so).")
