"""Which inquiries can be followed: the first of a customer after a quiet time, with a purchase before and time enough after."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase.engine import Engine
from customerbase.satisfaction.inquiries.alike import YEAR, Purchases

HORIZON = 90  # days after the index day in which a purchase counts
STUDY = 365  # days of inquiries
QUIET = 180  # days without an inquiry before
FAST = 24  # hours within which an inquiry is solved fast
MOST = 20_000  # inquiries compared; more make no interval narrower that anybody reads
GROUPS = ("fast", "slow", "content", "discontent", "reopened")


@dataclass(frozen=True)
class Study:
    """Inquiries that can be followed for `horizon` days: purchase days, the row and gap of each, how it went.

    last: newest index day; days: of inquiries before it; quiet: without an inquiry before; fast: hours of a fast solution.

    went: columns fast, slow, content, discontent, reopened of True or False, one row an inquiry. left_out: reason -> inquiries.
    """

    bought: Purchases
    rows: np.ndarray
    gap: np.ndarray
    went: pd.DataFrame
    last: int
    horizon: int
    days: int
    quiet: int
    fast: int
    left_out: dict[str, int]

    def __len__(self) -> int:
        return len(self.rows)


def gather(
    db: Engine, *, as_of: date, horizon: int = HORIZON, study: int = STUDY, quiet: int = QUIET, fast: int = FAST
) -> Study:
    """Purchase days and inquiries up to as_of; reads the views inquiry_facts and customer_orders."""
    db.execute("""
        create or replace temp table inquiry_buyers as
        select customer_id, row_number() over (order by customer_id) - 1 as customer
        from (select distinct customer_id from customer_orders where customer_id is not null and is_order = 1) as found""")
    days = db.run("inquiry_purchase_days", until=as_of + timedelta(days=1)).df()
    asked = db.query("""
        select customer, date_diff('day', date '1970-01-01', cast(opened_at as date)) as day, solution_seconds,
            solution_watched, knows_closing, csat, is_reopened
        from inquiry_facts left join inquiry_buyers on inquiry_facts.customer_id = inquiry_buyers.customer_id
        where inquiry_facts.customer_id is not null and copy = 1 order by customer, opened_at, inquiry_id""").df()
    inquiries = asked[asked["customer"].notna()].astype({"customer": "int64"})
    last = (as_of - date(1970, 1, 1)).days - horizon
    made = follow(days, inquiries, last=last, horizon=horizon, study=study, quiet=quiet, fast=fast)
    if lost := len(asked) - len(inquiries):
        made.left_out["never_bought"] = made.left_out.get("never_bought", 0) + lost
    return made


def follow(
    days: pd.DataFrame,
    inquiries: pd.DataFrame,
    *,
    last: int,
    horizon: int = HORIZON,
    study: int = STUDY,
    quiet: int = QUIET,
    fast: int = FAST,
) -> Study:
    """The study of given purchase days and inquiries (customer, day, and how they went); last: newest index day.

    One inquiry a customer: the first of the study's days with none in the `quiet` days before and a purchase in the year before.
    """
    bought = Purchases.of(days, inquiries)
    inquiries = inquiries.reset_index(drop=True)
    customer, day = (inquiries[name].to_numpy(dtype=np.int64) for name in ("customer", "day"))
    place, left = bought.at_or_before(customer, day), {}
    earlier = np.full(len(day), -(10**9))
    if len(day):
        same = np.append(False, customer[1:] == customer[:-1])
        earlier = np.where(same, np.append(0, day[:-1]), earlier)
    keep = (day <= last) & (day > last - study)
    for reason, fits in {
        "never_bought": place >= 0,
        "silent": day - bought.day[np.maximum(place, 0)] <= YEAR if len(bought.day) else keep,
        "asked_before": day - earlier > quiet,
    }.items():
        left[reason], keep = int((keep & ~fits).sum()), keep & fits
    keep &= ~pd.Series(np.where(keep, customer, -1 - np.arange(len(customer)))).duplicated().to_numpy()
    chosen = np.flatnonzero(keep)
    chosen = chosen[:: -(-len(chosen) // MOST)] if len(chosen) > MOST else chosen
    lost = {reason: count for reason, count in left.items() if count}
    went, rows = _went(inquiries.iloc[chosen], fast), place[chosen]
    return Study(bought, rows, day[chosen] - bought.day[rows], went, last, horizon, study, quiet, fast, lost)


def _went(rows: pd.DataFrame, fast: int) -> pd.DataFrame:
    knows, csat = rows["knows_closing"] == 1, rows["csat"].astype(float)
    seconds, watched = rows["solution_seconds"].astype(float), rows["solution_watched"].astype(float)
    soon = seconds <= fast * 3600
    return pd.DataFrame({
        "fast": knows & soon, "slow": knows & ~soon & (watched > fast * 3600),
        "content": csat >= 4, "discontent": csat <= 2, "reopened": rows["is_reopened"] == 1,
    }).reset_index(drop=True)  # fmt: skip
