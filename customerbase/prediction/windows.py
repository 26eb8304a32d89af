"""The rows that models learn from and are judged on: one window for each cutoff whose labels are complete."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pyarrow as pa

import customerbase.prediction.design as design
from customerbase.engine import Engine
from customerbase.holdout import bound
from customerbase.prediction.rhythm import Rhythm

MOST_ROWS = 150_000  # more rows gave nothing (docs/predictions.md)
YOUNG_DAYS = 180  # a snapshot taken so soon after the first purchase of all knows too little of anybody's habits
# of customer and cutoff, by which a share of customers is drawn (in SQL files it is written out)
DIGEST = "substring(md5(concat(customer_id, cast(cutoff as varchar))), 1, 16)"
_DIGITS = 12  # hexadecimal ones that a share of customers is drawn by


@dataclass(frozen=True)
class Window:
    """The customers of a cutoff: matrix, whether they bought, what they spent, when; `customers` all eligible ones."""

    cutoff: date
    ends: date
    x: np.ndarray
    bought: np.ndarray
    spend: np.ndarray
    days: np.ndarray
    who: np.ndarray
    customers: int

    def event(self, leaving: bool) -> np.ndarray:
        """1.0 where the event happened: the silence, or the purchase."""
        return 1.0 - self.bought if leaving else self.bought

    def __len__(self) -> int:
        return len(self.bought)


def completed(
    db: Engine, rhythms: Mapping[date, Rhythm], *, horizon_days: int, until: date, most: int = MOST_ROWS
) -> list[Window]:
    """Windows of the tables snapshots and snapshot_labels that end by `until`, the oldest first.

    Together at most about `most` rows: the same share of each window's customers, drawn by a digest of customer and
    cutoff. Windows within YOUNG_DAYS of the first purchase are left out while eight others remain.
    """
    last = until - timedelta(days=horizon_days)
    counts = grown(_counts(db, horizon_days, last), db)
    below = digest(most / max(sum(counts.values()), 1))
    rows = db.run("prediction_rows", horizon_days=horizon_days, last=last, until_digest=below).to_arrow_table()
    cutoffs = rows.column("cutoff").to_numpy().astype("datetime64[D]")
    made = []
    for cutoff, customers in counts.items():
        mine = rows.filter(pa.array(cutoffs == np.datetime64(cutoff)))
        if mine.num_rows:
            mine = mine.sort_by("customer_id")
            made.append(_window(mine, cutoff, rhythms[cutoff], horizon_days, customers))
    return made


def _window(rows: pa.Table, cutoff: date, rhythm: Rhythm, horizon_days: int, customers: int) -> Window:
    return Window(
        cutoff,
        cutoff + timedelta(days=horizon_days),
        design.values(rows, rhythm, horizon_days),
        design.column(rows, "label_bought"),
        design.column(rows, "label_net_spend"),
        design.column(rows, "label_days"),
        rows.column("customer_id").to_numpy(zero_copy_only=False),
        customers,
    )


def _counts(db: Engine, horizon_days: int, last: date) -> dict[date, int]:
    found = db.query(
        """select cutoff, count(*) from snapshot_labels
        where horizon_days = $horizon_days and cutoff <= $last group by cutoff order by cutoff""",
        horizon_days=horizon_days,
        last=last,
    )
    return dict(found.fetchall())


def grown(counts: dict[date, int], db: Engine) -> dict[date, int]:
    """The cutoffs that know enough of habits: those within YOUNG_DAYS of the first purchase go while eight others remain."""
    first = None
    if counts:
        [(first,)] = db.query(
            """select min(date_diff('day', date '1970-01-01', cutoff) - days_since_first_purchase)
            from snapshots where cutoff <= $last""",
            last=max(counts),
        ).fetchall()
    if first is None:
        return counts
    from_day = date(1970, 1, 1) + timedelta(days=int(first) + YOUNG_DAYS)
    grown = {cutoff: n for cutoff, n in counts.items() if cutoff >= from_day}
    return grown if len(grown) >= 8 else counts


def digest(share: float) -> str:
    """The digest of customer and cutoff below which this share of customers lies; 'g' is above all."""
    return bound(min(share, 1))[:_DIGITS]
