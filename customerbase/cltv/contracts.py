"""Contracts as of a day: how often each was renewed, whether it runs, when the next renewals fall due."""

from dataclasses import dataclass
from datetime import date
from functools import cached_property

import numpy as np

from customerbase.cltv.horizon import WEEK
from customerbase.cltv.renewals import Renewals
from customerbase.engine import Engine


@dataclass(frozen=True)
class Contracts:
    """One entry a contract, sorted by customer: whose, first day, price of a period, its months, renewals made, ended or not, number.

    A contract of 31 January that is renewed monthly falls due on 28 February, 31 March, …. It ended before the first due
    day that is not before its last day. Nothing after as_of is seen.
    """

    as_of: date
    customer: np.ndarray
    started: np.ndarray
    price: np.ndarray
    months: np.ndarray
    renewals: np.ndarray
    ended: np.ndarray
    number: np.ndarray
    currencies: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.customer)

    @cached_property
    def cohort(self) -> np.ndarray:
        """The month each contract began in."""
        return self.started.astype("datetime64[M]")

    def take(self, keep: np.ndarray) -> "Contracts":
        """Only some of the contracts."""
        columns = (self.customer, self.started, self.price, self.months, self.renewals, self.ended, self.number)
        return Contracts(self.as_of, *(column[keep] for column in columns), self.currencies)

    def counts(self) -> Renewals:
        """How many were renewed and ended at each opportunity."""
        return Renewals.counted(self.renewals, self.ended)

    def due_by(self, day: date) -> np.ndarray:
        """Renewals falling due after as_of and up to a later day."""
        return due(self.started, self.months, day) - due(self.started, self.months, self.as_of)

    def next_due(self) -> np.ndarray:
        """Weeks from as_of to the next due day."""
        ahead = due_day(self.started, (due(self.started, self.months, self.as_of) + 1) * self.months)
        return (ahead - np.datetime64(self.as_of, "D")).astype(float) / WEEK


def contracts(db: Engine, *, as_of: date) -> Contracts:
    """The contracts of known people that had begun by as_of. Reads subscriptions and identity_links."""
    rows = db.run("subscription_contracts", as_of=as_of).df()
    started = rows["started_at"].to_numpy().astype("datetime64[D]")
    last = rows["ended_at"].to_numpy().astype("datetime64[D]")
    ended, months = ~np.isnat(last), rows["period_months"].to_numpy(dtype=int)
    until = np.where(ended, last - np.timedelta64(1, "D"), np.datetime64(as_of, "D"))
    currencies = tuple(sorted(rows["currency"].dropna().unique()))
    price = rows["price"].to_numpy(dtype=float, na_value=np.nan)
    made = due(started, months, until)
    number = (rows["source_system"] + ":" + rows["subscription_id"]).to_numpy()
    return Contracts(as_of, rows["customer_id"].to_numpy(), started, price, months, made, ended, number, currencies)


def due(started: np.ndarray, months: np.ndarray, until: date | np.ndarray) -> np.ndarray:
    """How many due days lie after the first day and not after `until`; 0 for an earlier one."""
    until = np.broadcast_to(np.asarray(until, dtype="datetime64[D]"), started.shape)
    passed = (until.astype("datetime64[M]") - started.astype("datetime64[M]")).astype(int)
    passed = passed - (until < due_day(started, passed))
    return np.maximum(passed, 0) // months


def due_day(started: np.ndarray, months: np.ndarray) -> np.ndarray:
    """The day so many months after the first: the same of the month, or the month's last where it has none."""
    month = started.astype("datetime64[M]")
    day = started - month.astype("datetime64[D]")
    there = month + months.astype("timedelta64[M]")
    last = (there + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    return np.minimum(there.astype("datetime64[D]") + day, last)


def last_payment(found: Contracts) -> np.ndarray:
    """The last due day on which each contract was renewed, or its first day."""
    return due_day(found.started, found.renewals * found.months)
