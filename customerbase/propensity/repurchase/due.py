"""Who is due when: the window of each customer's next purchase of a thing, the day to contact them, and the days ahead.

Scored in batches, so that any number of customers fits into memory; what is kept are those likely enough to buy soon.
"""

from dataclasses import dataclass, field
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from customerbase.engine import Engine
from customerbase.propensity.repurchase.contact import BestDay, Contact, added
from customerbase.propensity.repurchase.pace import Course

WITHIN, AHEAD = 30, 35  # days: of the chance to buy, and of the calendar
WINDOW = (0.1, 0.5, 0.9)
BATCH = 250_000
MOST_AHEAD = 366  # days; a window that ends later has no end worth a date
NEVER = np.iinfo(np.int32).max
COLUMNS = {
    "customer_id": pa.string(), "thing": pa.string(), "as_of": pa.date32(), "last_day": pa.date32(),
    "days_since": pa.int32(), "purchases": pa.int32(), "pace": pa.float64(), "p_30d": pa.float64(),
    "window_from": pa.date32(), "window_mid": pa.date32(), "window_to": pa.date32(), "contact_day": pa.date32(),
    "contact_gain": pa.float64(),
}  # fmt: skip


@dataclass(frozen=True)
class Rhythm:
    """What is known of one thing: cumulated hazard at average pace, shape of the paces, the best day to contact.

    extra: the cumulated hazard, at average pace, that a contact adds, by its day N.
    """

    course: Course
    shape: float
    best: BestDay
    contact: Contact
    extra: np.ndarray

    @classmethod
    def of(cls, hazard: np.ndarray, shape: float, best: BestDay, contact: Contact) -> "Rhythm":
        """hazard: of somebody of average pace, to the horizon at least; best: of all customers together."""
        return cls(Course.of(hazard), shape, best, contact, added(hazard, contact))

    def contact_at(self, since: np.ndarray) -> np.ndarray:
        """Day N of the contact of those who bought `since` days ago: the best, or the next one as good; −1 if too late."""
        if self.best.day is None:
            return np.full(len(since), -1)
        return np.where(since < self.best.day, self.best.day, np.where(since < self.best.last, since + 1, -1))


@dataclass
class Ahead:
    """Sums over customers by day ahead 1 … AHEAD of one thing: contacts, those due on it, expected purchases."""

    contacts: np.ndarray = field(default_factory=lambda: np.zeros(AHEAD))
    due: np.ndarray = field(default_factory=lambda: np.zeros(AHEAD))
    expected: np.ndarray = field(default_factory=lambda: np.zeros(AHEAD))


def due(db: Engine, rhythms: dict[str, Rhythm], *, as_of: date, floor: float) -> tuple[pa.Table, pd.DataFrame]:
    """(repurchase_due, repurchase_calendar) from clock_paces: customers whose chance to buy within 30 days is `floor` or more.

    Expected purchases of the calendar are those of all customers, likely or not; contacts and due of the listed alone.
    """
    kept, ahead = [], {thing: Ahead() for thing in rhythms}
    rows = db.query("select * from clock_paces order by customer_id, thing")
    for batch in rows.to_arrow_reader(BATCH):
        frame = batch.to_pandas()
        parts = [
            _score(part, rhythms[str(thing)], ahead[str(thing)], as_of, floor)
            for thing, part in frame.groupby("thing", sort=True)
        ]
        if parts:
            kept.append(_table(pd.concat(parts).sort_index(), as_of))
    listed = pa.concat_tables(kept) if kept else pa.schema(list(COLUMNS.items())).empty_table()
    return listed, _calendar(ahead, as_of)


def _score(rows: pd.DataFrame, rhythm: Rhythm, ahead: Ahead, as_of: date, floor: float) -> pd.DataFrame:
    """The rows of one thing that are likely enough, with all that is foretold of them in days from as_of."""
    since, n = rows["days_since"].to_numpy(dtype=float), rows["repeats"].to_numpy(dtype=float)
    a, b = rhythm.shape + rows["due"].to_numpy(dtype=float) / 1_000_000, rhythm.shape + n
    start = rhythm.course.due_by(since)

    def unmoved(days: float | np.ndarray) -> np.ndarray:
        """Chance of no purchase in so many days from now."""
        return np.exp(-b * np.log1p((rhythm.course.due_by(since + days) - start) / a))

    left = np.array([unmoved(days).sum() for days in range(AHEAD + 1)])
    ahead.expected += left[:-1] - left[1:]
    soon = 1 - unmoved(WITHIN)
    scored = rows.assign(pace=b / a, p_30d=soon)
    for name, share in zip(("window_from", "window_mid", "window_to"), WINDOW, strict=True):
        needed = start + a * np.expm1(-np.log1p(-share) / b)
        scored[name] = np.minimum(np.maximum(np.ceil(rhythm.course.day_of(needed) - since - 1e-9), 1), NEVER)
    scored["contact"], scored["contact_gain"] = _contact(rhythm, since.astype(int), a, b, start)
    scored = scored[soon >= floor]
    for counted, column in ((ahead.contacts, "contact"), (ahead.due, "window_mid")):
        days = scored[column].to_numpy()
        counted += np.bincount(days[(days >= 1) & (days <= AHEAD)].astype(int), minlength=AHEAD + 1)[1:]
    return scored


def _contact(
    rhythm: Rhythm, since: np.ndarray, a: np.ndarray, b: np.ndarray, start: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Days from now to the contact, and the purchases it is expected to add; NaN where it is too late for one."""
    at = rhythm.contact_at(since)
    plain = np.maximum(rhythm.course.due_by(np.full(len(since), float(rhythm.contact.horizon))) - start, 0)
    with_contact = plain + rhythm.extra[np.maximum(at, 0)]
    gain = np.exp(-b * np.log1p(plain / a)) - np.exp(-b * np.log1p(with_contact / a))
    return np.where(at >= 0, at - since, np.nan), np.where(at >= 0, rhythm.contact.reach * gain, np.nan)


def _table(scored: pd.DataFrame, as_of: date) -> pa.Table:
    today = np.datetime64(as_of)

    def days(column: str, longest: float) -> pa.Array:
        ahead = scored[column].to_numpy(dtype=float)
        known = ahead <= longest
        return pa.array((today + np.where(known, ahead, 0).astype(int)).astype("datetime64[D]"), mask=~known)

    gain = scored["contact_gain"].to_numpy()
    columns = {
        "as_of": pa.array(np.full(len(scored), today)),
        **{name: days(name, MOST_AHEAD) for name in ("window_from", "window_mid", "window_to")},
        "contact_day": days("contact", np.inf),
        "contact_gain": pa.array(gain, mask=np.isnan(gain)),
    }
    return pa.table(
        {
            name: columns[name].cast(kind) if name in columns else pa.array(scored[name]).cast(kind)
            for name, kind in COLUMNS.items()
        }
    )


def _calendar(ahead: dict[str, Ahead], as_of: date) -> pd.DataFrame:
    days = np.arange(1, AHEAD + 1)
    dates = [date.fromordinal(as_of.toordinal() + int(day)) for day in days]
    parts = [
        pd.DataFrame(
            {
                "thing": thing,
                "day": dates,
                "days_ahead": days,
                "as_of": as_of,
                "contacts": one.contacts.astype(int),
                "due": one.due.astype(int),
                "expected_purchases": one.expected,
            }
        )
        for thing, one in ahead.items()
    ]
    names = ["thing", "day", "days_ahead", "as_of", "contacts", "due", "expected_purchases"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=names)
