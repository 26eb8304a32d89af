"""Sufficient statistics of contracts: at each renewal opportunity, how many customers renewed and how many ended."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from customerbase.errors import ConfigError, InputError, near_miss

COLUMNS = ("renewals", "ended")
MOST = 20_000  # opportunities of one contract: daily ones for half a century


@dataclass(frozen=True)
class Renewals:
    """At opportunity 1, 2, …: customers who renewed, and who ended there. Those whose contract runs are seen no further.

    Right-censored data need no more than these counts, whatever their cohorts. customers: how many began.
    """

    renewed: np.ndarray
    lost: np.ndarray
    customers: float

    def __len__(self) -> int:
        return len(self.renewed)

    @property
    def at_risk(self) -> np.ndarray:
        """Customers who came to each opportunity and whose decision is known."""
        return self.renewed + self.lost

    @staticmethod
    def of(data: object) -> "Renewals":
        """Counts of rows with columns renewals (made so far), ended (true or false), and customers if one stands for several.

        A contract that ended after t renewals was not renewed at opportunity t + 1. Raises InputError for a missing column
        (with the near miss), and naming the first row that cannot be.
        """
        if isinstance(data, Renewals):
            return data
        names = list(data.columns if hasattr(data, "columns") else data.keys())
        for name in COLUMNS:
            if name not in names:
                raise InputError(
                    f"the rows have no column {name!r}; expected {', '.join(COLUMNS)}.{near_miss(name, names)}"
                )
        many = data["customers"] if "customers" in names else None
        return Renewals.counted(data["renewals"], data["ended"], many)

    @staticmethod
    def counted(renewals: ArrayLike, ended: ArrayLike, customers: ArrayLike | None = None) -> "Renewals":
        """Counts of arrays, one entry a row; see `of`."""
        made = _numbers("renewals", renewals)
        gone = _numbers("ended", ended)
        many = np.ones(len(made)) if customers is None else _numbers("customers", customers)
        if len({len(made), len(gone), len(many)}) > 1:
            raise InputError(f"columns of different length: {[len(made), len(gone), len(many)]}.")
        if not len(made):
            raise InputError("there is no contract to fit; expected at least one row of renewals and ended.")
        faults = {
            f"renewals must be a whole number from 0 to {MOST:,}": ~(
                (made >= 0) & (made <= MOST) & (made == np.floor(made))
            ),
            "ended must be true or false": ~((gone == 0) | (gone == 1)),
            "the number of customers must be finite and above 0": ~((many > 0) & np.isfinite(many)),
        }
        for rule, wrong in faults.items():
            if wrong.any():
                row = int(np.flatnonzero(wrong)[0])
                values = f"renewals {made[row]:g}, ended {gone[row]:g}, customers {many[row]:g}"
                raise InputError(f"row {row} has {values}; {rule} ({int(wrong.sum()):,} rows are not so).")
        return _counts(made.astype(int), gone.astype(bool), many)

    @staticmethod
    def of_survivors(counts: ArrayLike) -> "Renewals":
        """Counts of one cohort as papers print it: how many there were at first, and after 1, 2, … opportunities."""
        left = _numbers("survivors", counts)
        if len(left) < 2 or not np.isfinite(left).all() or (np.diff(left) > 0).any() or left[-1] < 0 or left[0] <= 0:
            raise InputError(f"survivors are {counts!r:.80}; expected at least two numbers from 0 up that never rise.")
        return Renewals(left[1:], -np.diff(left), float(left[0]))


def _counts(made: np.ndarray, gone: np.ndarray, many: np.ndarray) -> Renewals:
    length = int((made + gone).max())
    size = max(length, 1)
    stayed = np.bincount(made, many, size + 1)
    renewed = np.cumsum(stayed[::-1])[::-1][1 : size + 1]  # t or more renewals: renewed at opportunity t
    lost = np.bincount(made[gone], many[gone], size)[:size]
    return Renewals(renewed, lost, float(many.sum()))


def whole_numbers(name: str, values: ArrayLike) -> np.ndarray:
    """Whole numbers from 0 to MOST as an array of one dimension. Raises ConfigError naming the first that is none."""
    try:
        given = np.atleast_1d(np.asarray(values, dtype=float))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{name} is {values!r:.60}; expected whole numbers.") from error
    wrong = ~(np.isfinite(given) & (given == np.floor(given)) & (given >= 0) & (given <= MOST))
    if wrong.any():
        raise ConfigError(f"{name} is {given[wrong][0]:g}; expected a whole number from 0 to {MOST:,}.")
    return given.astype(int)


def _numbers(name: str, values: ArrayLike) -> np.ndarray:
    """One column as floats; nullable columns become NaN, which the check names."""
    if hasattr(values, "to_numpy"):
        values = values.to_numpy(dtype=float, na_value=np.nan)
    try:
        return np.atleast_1d(np.asarray(values, dtype=float))
    except (TypeError, ValueError) as error:
        raise InputError(f"{name} holds {values!r:.60}; expected numbers.") from error
