"""Invented snapshots whose customers' true chance of leaving is known: three numbers and the month decide it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd
from scipy.special import expit

import customerbase.features.monthly as monthly
from customerbase.engine import Engine
from customerbase.periods import add_months
from customerbase.prediction.rhythm import Rhythm

FIRST = date(2022, 1, 1)
SLOPES = (1.1, -0.9, -0.2)  # of the logarithms of recency, purchase days and spend


@dataclass(frozen=True)
class Company:
    """Snapshots of consecutive months, labels of all but the newest of them, and the truth, one row a customer and cutoff."""

    snapshots: pd.DataFrame
    labels: pd.DataFrame
    truth: pd.DataFrame  # customer_id, cutoff, leaves (its probability), left (what happened, of the newest month too)
    cutoff: date

    def engine(self, snapshots: pd.DataFrame | None = None, labels: pd.DataFrame | None = None) -> Engine:
        """An Engine with the two tables, or with others in their place."""
        db = Engine()
        monthly._empty_tables(db)
        given = (self.snapshots if snapshots is None else snapshots, self.labels if labels is None else labels)
        for table, rows in zip(("snapshots", "snapshot_labels"), given, strict=True):
            db.register("given", rows)
            db.execute(f"insert into {table} by name select * from given")
        return db

    def at(self, cutoff: date) -> pd.DataFrame:
        """The truth of one month, by customer."""
        return self.truth[self.truth["cutoff"] == cutoff].sort_values("customer_id", ignore_index=True)


def company(
    *,
    months: int = 10,
    customers: int = 500,
    horizon: int = 30,
    level: Callable[[date, int], float] = lambda cutoff, number: 0.0,
    noise: int = 0,
    slopes: tuple[float, float, float] = SLOPES,
    seed: int = 0,
) -> Company:
    """Customers drawn anew each month under the same ids.

    level: of the log odds of leaving, by cutoff and its number; noise: further features that say nothing.
    """
    rng = np.random.default_rng(seed)
    snapshots, labels, truth = [], [], []
    for number in range(months):
        cutoff = add_months(FIRST, number)
        rows = _rows(rng, customers, noise)
        log = np.log1p(rows[["days_since_last_purchase", "purchase_days_365", "spend_365"]]).to_numpy()
        leaves = expit(level(cutoff, number) + (log - [4.5, 1.2, 5.0]) @ np.array(slopes))
        left = rng.random(customers) < leaves
        key = {"customer_id": rows["customer_id"], "cutoff": cutoff}
        snapshots.append(rows.assign(cutoff=cutoff))
        truth.append(pd.DataFrame(key | {"leaves": leaves, "left": left}))
        if number < months - 1 or months == 1:
            days = np.where(left, horizon, rng.integers(0, horizon, customers))
            told = {"bought": ~left, "days_to_purchase": days, "is_censored": left, "net_spend": np.where(left, 0, 10)}
            labels.append(pd.DataFrame(key | {"horizon_days": horizon} | told))
    return Company(*map(pd.concat, (snapshots, labels, truth)), cutoff)


def _rows(rng: np.random.Generator, customers: int, noise: int) -> pd.DataFrame:
    tenure = 30 * rng.integers(1, 24, customers)  # of few lengths, so that the model of purchases is quick
    repeats = rng.poisson(rng.gamma(0.6, 1 / 60, customers) * tenure)
    last = np.where(repeats > 0, tenure * rng.beta(1, 1 + repeats * rng.beta(0.8, 1.2, customers)), tenure)
    last = np.where(repeats > 0, np.clip(last, 1, 365), 30 * rng.integers(1, 13, customers)).astype(int)
    tenure = np.where(repeats > 0, 30 * np.ceil((last + repeats) / 30), last).astype(int)
    days = 1 + repeats
    made = {
        "customer_id": [f"K{number:06}" for number in range(customers)],
        "days_since_first_purchase": tenure,
        "days_since_last_purchase": last,
        "purchase_days": days,
        "purchase_days_365": np.minimum(days, 1 + rng.poisson(days * 365 / (tenure + 365))),
        "spend_365": np.round(rng.lognormal(5, 1, customers), 2),
    }
    quiet = [name for name in monthly.features() if name not in made and monthly.features()[name].type == "DOUBLE"]
    made |= {name: rng.normal(size=customers) for name in quiet[:noise]}
    return pd.DataFrame(made)


def ended(cutoff: date, horizon: int = 30) -> date:
    """The day after the window of a cutoff."""
    return cutoff + timedelta(days=horizon)


def quick_rhythm(patch) -> None:
    """A plain rate in place of the model of purchases, where it is not what a test is about."""
    patch.setattr(Rhythm, "fit", classmethod(lambda cls, histories: cls(None)))
    patch.setattr(
        Rhythm, "expected", lambda self, repeats, recency, tenure, days: days * (repeats + 0.5) / (tenure + 60)
    )
