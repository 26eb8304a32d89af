"""What was known of customers early, and whether it holds: the people of the study and its drivers."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase.engine import Engine
from customerbase.segments.mix.people import regions

PERSON, FIRST, EARLY = "person", "first_order", "early"  # in order of time: what a later one rests on comes earlier
STAGES = (PERSON, FIRST, EARLY)
UNSEEN_DAYS = 90  # first orders so soon after the data begin may not be first, where no registration tells
FEWEST = 0.05  # of the customers must have a value (a channel, a category) for it to be a driver


@dataclass(frozen=True)
class Driver:
    """Something that was known early and either held or not: its code, when it was known, and what it belongs to.

    group: drivers of one group say much the same (two channels, two ages) and are not held constant for each other.
    value: of the data, for the name; "" where the code is its own name.
    """

    code: str
    stage: str
    group: str
    value: str = ""


@dataclass(frozen=True)
class People:
    """Customers whose early days and the time after are over: frame of good_early.sql, drivers, what holds.

    holds: one column a driver, True or False; shape (customers, drivers). good: the top share by later value.
    """

    frame: pd.DataFrame
    drivers: tuple[Driver, ...]
    holds: np.ndarray
    good: np.ndarray

    def __len__(self) -> int:
        return len(self.frame)


def gather(
    db: Engine, *, as_of: date, early_days: int = 90, after_days: int = 365, top: float = 0.1
) -> tuple[People, int]:
    """The people of the study, and how many were left out since their first order lies before the data.

    Good: net spend in the after_days days after the early ones at or above that of the top share, and above 0. Reads
    customer_orders (up to as_of), orders, order_lines, products, profile, identity_links, campaign_contacts, web_events,
    inquiries, loyalty_points, survey_answers and reviews.
    """
    until = as_of + timedelta(days=1)
    frame = db.run("good_early", until=until, early_days=early_days, after_days=after_days).df()
    start = db.query("select cast(min(order_at) as date) from customer_orders where is_order = 1").fetchall()[0][0]
    known = _first_seen(frame, pd.Timestamp(start or as_of))
    return people(frame[known].reset_index(drop=True), top=top), int((~known).sum())


def _first_seen(frame: pd.DataFrame, start: pd.Timestamp) -> np.ndarray:
    registered = pd.to_datetime(frame["registered_on"])
    late = pd.to_datetime(frame["first_day"]) >= start + pd.Timedelta(days=UNSEEN_DAYS)
    return np.where(registered.isna(), late, registered >= start).astype(bool)


def people(frame: pd.DataFrame, *, top: float = 0.1) -> People:
    """The people of a frame of good_early.sql with their drivers; those that hold for everybody or nobody are left out."""
    found = [(driver, np.asarray(holds, dtype=bool)) for driver, holds in _all(frame)]
    found = [(driver, holds) for driver, holds in found if 0 < holds.sum() < len(frame)]
    holds = np.column_stack([one for _, one in found]) if found else np.zeros((len(frame), 0), dtype=bool)
    value = frame["value"].to_numpy(dtype=float)
    bound = np.quantile(value, 1 - top, method="higher") if len(value) else 0.0
    return People(frame, tuple(driver for driver, _ in found), holds, (value >= bound) & (value > 0))


def _all(frame: pd.DataFrame):
    yield from _values(frame, "gender", PERSON)
    yield from _values(frame, "age_band", PERSON)
    region = frame.assign(region=[regions().get(name, name) for name in frame["prefecture"]])
    yield from _values(region, "region", PERSON)
    yield from _values(frame, "channel", FIRST)
    yield from _values(frame, "store", FIRST, skip=("none",))
    yield from _values(frame, "category", FIRST)
    for code, (stage, group, rule) in PLAIN.items():
        yield Driver(code, stage, group), rule(frame)


def _values(frame: pd.DataFrame, column: str, stage: str, skip: tuple[str, ...] = ()):
    """One driver for each value that enough customers have; where there are two, one says it all."""
    shares = frame[column].value_counts(normalize=True)
    often = sorted(value for value in shares.index[shares >= FEWEST] if value not in ("unknown", *skip))
    kept = often[:1] if len(shares) == 2 and len(often) == 2 else often if len(shares) > 1 else []
    for value in kept:
        yield Driver(f"{column}:{value}", stage, column, value), frame[column] == value


def _above(name: str) -> Callable[[pd.DataFrame], np.ndarray]:
    """Above two thirds of the others."""
    return lambda frame: frame[name] > frame[name].quantile(2 / 3) if frame[name].notna().any() else frame[name].notna()


def _some(name: str, least: int = 1) -> Callable[[pd.DataFrame], np.ndarray]:
    return lambda frame: frame[name].fillna(0) >= least


PLAIN: dict[str, tuple[str, str, Callable[[pd.DataFrame], np.ndarray]]] = {
    "large_basket": (FIRST, "basket", _above("basket")),
    "many_items": (FIRST, "items", _some("items", 3)),
    "several_categories": (FIRST, "categories", _some("categories", 2)),
    "discount": (FIRST, "discount", lambda frame: frame["discount"].fillna(0) > 0),
    "points_used": (FIRST, "points", lambda frame: frame["points_used"].fillna(0) != 0),
    "second_purchase": (EARLY, "orders", _some("more_orders")),
    "second_channel": (EARLY, "channels", _some("channels", 2)),
    "mail_opened": (EARLY, "mail", _some("mails_opened")),
    "visited": (EARLY, "web", _some("visit_days")),
    "cart": (EARLY, "web", _some("carts")),
    "inquiry": (EARLY, "inquiry", _some("inquiries")),
    "opinion": (EARLY, "opinion", _some("opinions")),
}
