"""Contracts month by month: who ran at the end of each, what was known of them then, and whether they ended in the next."""

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pandas as pd

import customerbase.features.snapshots as snapshots
from customerbase.cltv.contract_models import months_before
from customerbase.cltv.contracts import due
from customerbase.engine import Engine, identifier, sql_text
from customerbase.errors import InputError
from customerbase.features import keep

MONTHS_KEPT = 36  # of training: how people leave changes over the years
MOST_ROWS = 100_000  # contract-months a model is trained on; more gave nothing
BEHAVIOUR_DAYS = 90
TENURE = "tenure"
CELLS = ("renewal", TENURE)  # of the plain rate, the widest first
OPTIONAL = {
    "orders": "source_system VARCHAR, source_customer_id VARCHAR, channel VARCHAR, order_at TIMESTAMP, status VARCHAR, cancelled_at TIMESTAMP",
    "inquiries": "source_system VARCHAR, source_customer_id VARCHAR, opened_at TIMESTAMP",
}


@dataclass(frozen=True)
class Book:
    """All contracts begun by as_of, one row each in the order of `contract`; attributes: one row a customer."""

    as_of: date
    rows: pd.DataFrame
    attributes: pd.DataFrame

    @cached_property
    def started(self) -> np.ndarray:
        """First days."""
        return self.rows["started_at"].to_numpy().astype("datetime64[D]")

    @cached_property
    def ended_on(self) -> np.ndarray:
        """Days on which they ended; NaT while they run."""
        return self.rows["ended_at"].to_numpy().astype("datetime64[D]")

    @property
    def ended(self) -> np.ndarray:
        """Whether each has ended."""
        return ~np.isnat(self.ended_on)

    @cached_property
    def life(self) -> np.ndarray:
        """Months begun of those that ended, months completed of those that run."""
        until = np.where(self.ended, self.ended_on - np.timedelta64(1, "D"), np.datetime64(self.as_of, "D"))
        return due(self.started, np.ones(len(self.rows), dtype=int), until) + self.ended

    def cohort(self) -> pd.Series:
        """Quarter of the first day; the year where there would be more than twelve quarters."""
        begun = pd.PeriodIndex(self.rows["started_at"], freq="Q")
        years = begun.year.astype(str)
        quarters = pd.Series(years + "-Q" + begun.quarter.astype(str))
        return quarters if quarters.nunique() <= 12 else pd.Series(years)

    def groups(self) -> dict[str, pd.Series]:
        """Dimensions to compare: plan, channel, cohort, and the attributes."""
        made = {"plan": self.rows["plan"], "channel": self.rows["channel"], "cohort": self.cohort()}
        joined = self.attributes.reindex(self.rows["customer_id"]).reset_index(drop=True)
        return made | {str(name): joined[name] for name in joined}


def book(db: Engine, *, as_of: date, attributes: pd.DataFrame | None = None) -> Book:
    """The contracts of known people begun by as_of. Reads subscriptions, identity_links and, where it is there, orders.

    Raises InputError when there is no contract at all, or where attributes lack customer_id or name a customer twice.
    """
    for table, columns in OPTIONAL.items():
        if not snapshots.exists(db, table):
            typed = ", ".join("cast(null as {1}) as {0}".format(*one.split()) for one in columns.split(", "))
            db.execute(f"create view {identifier(table)} as select {typed} where false")
    keep(db, "subscription_contracts", sql_text("subscription_contracts"), as_of=as_of)
    keep(db, "churn_contracts", sql_text("churn_contracts"), as_of=as_of)
    rows = db.query("select * from churn_contracts order by contract").df()
    if rows.empty:
        raise InputError(
            f"the table subscriptions holds no contract of a known customer begun by {as_of}; expected one row per contract"
            " with its first day and, once it has ended, its last. Customers without a contract leave silently: see"
            " churn.definition."
        )
    return Book(as_of, rows, _attributes(attributes))


def _attributes(given: pd.DataFrame | None) -> pd.DataFrame:
    if given is None:
        return pd.DataFrame()
    if "customer_id" not in given:
        raise InputError(f"attributes have the columns {', '.join(map(str, given))}; expected customer_id among them.")
    if given["customer_id"].duplicated().any():
        twice = given.loc[given["customer_id"].duplicated(), "customer_id"].iloc[0]
        raise InputError(f"attributes hold customer {twice} more than once; expected one row a customer.")
    return given.set_index("customer_id")


@dataclass(frozen=True)
class Months:
    """Rows for models: one per contract and month end (cutoff). frame: columns known at the cutoff; left: ended within a month."""

    known: Book
    place: np.ndarray
    cutoff: np.ndarray
    next_cutoff: np.ndarray
    frame: pd.DataFrame

    @property
    def left(self) -> np.ndarray:
        """Whether the contract ended by the next cutoff."""
        return self.left_by(self.next_cutoff)

    def left_by(self, day: np.ndarray) -> np.ndarray:
        """Whether the contract ended by a later day."""
        ended = self.known.ended_on[self.place]
        return ~np.isnat(ended) & (ended <= day)

    def take(self, keep_: np.ndarray) -> "Months":
        """Only some of the rows."""
        columns = (column[keep_] for column in (self.place, self.cutoff, self.next_cutoff))
        return Months(self.known, *columns, self.frame[keep_].reset_index(drop=True))

    def ended_by(self, day: date) -> "Months":
        """Rows whose month had ended by a day: what could be learnt from then."""
        return self.take(self.next_cutoff <= np.datetime64(day, "D"))

    def at(self, day: date) -> "Months":
        """Rows of one cutoff."""
        return self.take(self.cutoff == np.datetime64(day, "D"))

    def ahead(self, months: int, day: date) -> pd.DataFrame:
        """The frame of one cutoff as it will be so many months later: older, with the renewals of that month; all else as now."""
        here, following = months_before(day, -months), months_before(day, -months - 1)
        return self.frame.assign(**_calendar(self.known, self.place, here, following))


def months(db: Engine, known: Book, *, back: int = MONTHS_KEPT) -> Months:
    """Contracts at as_of and at the month ends before it, with what was known at each. Reads what `book` does, and inquiries.

    Plan and price are those of the latest delivery: where a file overwrites them, past months show today's.
    """
    cutoffs = pd.DataFrame([_cutoff(known.as_of, step) for step in range(back + 1)])
    running = sum(
        int(((known.started <= day) & ~(known.ended_on <= day)).sum())
        for day in cutoffs["cutoff"].to_numpy().astype("datetime64[D]")
    )
    cutoffs["every"] = np.where(cutoffs["cutoff"] == known.as_of, 1, max(1, -(-running // MOST_ROWS)))
    table = cutoffs.astype(dict.fromkeys(("cutoff", "next_cutoff", "since"), "datetime64[us]"))
    db.register("churn_given", table)
    typed = ", ".join(f"cast({name} as date) as {name}" for name in ("cutoff", "next_cutoff", "since"))
    keep(db, "churn_cutoffs", f"select {typed}, every from churn_given")
    rows = db.run("churn_contract_months", as_of=known.as_of).df()
    place = pd.Index(known.rows["contract"]).get_indexer(rows["contract"])
    cutoff = rows["cutoff"].to_numpy().astype("datetime64[D]")
    days = cutoffs.sort_values("cutoff")[["cutoff", "next_cutoff"]].to_numpy().astype("datetime64[D]")
    next_cutoff = days[np.searchsorted(days[:, 0], cutoff), 1]
    frame = known.rows.iloc[place][["plan", "channel", "source_system", "price", "earlier"]].reset_index(drop=True)
    frame = frame.astype({"plan": object, "channel": object, "source_system": object, "price": float, "earlier": float})
    frame = frame.assign(orders=rows["orders"].astype(float), inquiries=rows["inquiries"].astype(float))
    joined = known.attributes.reindex(known.rows["customer_id"].iloc[place]).reset_index(drop=True)
    frame = pd.concat([pd.DataFrame(_calendar(known, place, cutoff, next_cutoff)), frame, _read(joined)], axis=1)
    return Months(known, place, cutoff, next_cutoff, frame)


def _read(joined: pd.DataFrame) -> pd.DataFrame:
    from customerbase.churn.contracts.design import read

    return read(joined) if joined.shape[1] else joined


def _cutoff(as_of: date, step: int) -> dict[str, object]:
    day = months_before(as_of, step)
    return {
        "cutoff": day,
        "next_cutoff": months_before(as_of, step - 1),
        "since": day - timedelta(days=BEHAVIOUR_DAYS - 1),
    }


def _calendar(known: Book, place: np.ndarray, day: np.ndarray | date, following: np.ndarray | date) -> dict:
    """Months completed by a day, and whether the contract comes up for renewal in the month after it."""
    started, period = known.started[place], known.rows["period_months"].to_numpy(dtype=int)[place]
    is_due = due(started, period, following) > due(started, period, day)
    periods, which = np.unique(period, return_inverse=True)
    words = [f"{one} {state}" for one in periods.tolist() for state in ("not_due", "due")]
    renewal = np.array(words, dtype=object)[2 * which + is_due]
    return {TENURE: due(started, np.ones(len(place), dtype=int), day).astype(float), "renewal": renewal}
