"""From the tables of a company to daily counts: how many waited until each day since a purchase, and how many bought on it.

All counting is done in SQL; what comes into Python has one row per thing, part of the customers and day.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase.engine import Engine, sql_text
from customerbase.features import HISTORY, keep, see
from customerbase.prediction import LifeTable

PARTS = 16


@dataclass(frozen=True)
class Counts:
    """Daily counts of one thing: one row per part of the customers, one column per day 1 … longest since a purchase."""

    thing: str
    events: np.ndarray
    at_risk: np.ndarray

    @property
    def table(self) -> LifeTable:
        """The life table of all customers together, one entry per day."""
        days = np.arange(1, self.events.shape[1] + 1, dtype=float)
        return LifeTable(days, self.at_risk.sum(axis=0), self.events.sum(axis=0))


def gather(db: Engine, *, as_of: date, level: str) -> None:
    """Hold clock_days: the days up to as_of on which each customer bought each thing.

    Reads orders, order_lines, products and identity_links through the views seen_… (an order that was cancelled up to
    as_of, a credit note and a refund are no purchase). Of optional tables an absent one is an empty one.
    """
    see(db, HISTORY, as_of + timedelta(days=1))
    keep(db, "clock_days", sql_text("clock_days"), level=level)


def things(db: Engine, *, gap: str, longest: int) -> pd.DataFrame:
    """All things bought: thing, customers, purchases, repeats; those with the most repeats first."""
    found = db.run("clock_things", gap=gap, longest=longest).df()
    return found.sort_values(["repeats", "customers", "thing"], ascending=[False, False, True], ignore_index=True)


def choose(db: Engine, chosen: list[str], shapes: list[float] | None = None) -> None:
    """Hold clock_chosen: the things looked at, and how alike their customers' paces are (clock_pace)."""
    frame = pd.DataFrame({"thing": pd.Series(chosen, dtype=str), "shape": pd.Series(shapes or [0.0] * len(chosen))})
    db.register("clock_chosen", frame.astype({"shape": float}))


def counts(db: Engine, *, as_of: date, gap: str, longest: int) -> dict[str, Counts]:
    """Daily counts of the things in clock_chosen, by thing."""
    rows = db.run("clock_gaps", as_of=as_of, gap=gap, longest=longest).df()
    rows = rows.sort_values(["thing", "customer_group", "days", "is_repeat"], ignore_index=True)
    return {str(thing): _counts(str(thing), part, longest) for thing, part in rows.groupby("thing", sort=True)}


def names(db: Engine, level: str, chosen: list[str]) -> dict[str, str]:
    """What people call the things: the names of products where there are any; a category is its own name."""
    if level != "product" or "name" not in db.query("select * from products limit 0").columns:
        return {thing: thing for thing in chosen} if level == "category" else {}
    rows = db.query(
        "select product_id, min(name) from products semi join clock_chosen on product_id = thing group by all"
    )
    return {str(thing): name for thing, name in rows.fetchall() if name}


def at_risk(leaving: np.ndarray) -> np.ndarray:
    """Those still waiting when each day 1, 2, … begins, from those whose waiting ended on days 0, 1, 2, … (last axis)."""
    return np.cumsum(leaving[..., ::-1], axis=-1)[..., ::-1][..., 1:]


def _counts(thing: str, rows: pd.DataFrame, longest: int) -> Counts:
    part = np.array([int(name, PARTS) for name in rows["customer_group"]])
    place = (part, rows["days"].to_numpy(dtype=int))
    leaving, events = np.zeros((PARTS, longest + 1)), np.zeros((PARTS, longest + 1))
    np.add.at(leaving, place, rows["gaps"].to_numpy(dtype=float))
    np.add.at(events, place, rows["gaps"].to_numpy(dtype=float) * rows["is_repeat"].to_numpy(dtype=bool))
    return Counts(thing, events[:, 1:], at_risk(leaving))
