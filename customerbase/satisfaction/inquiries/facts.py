"""Inquiries as they were known at as_of, one row each, with what is missing or cannot be: named and counted, never guessed."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase.engine import Engine
from customerbase.features import customer_orders
from customerbase.periods import parse_month

# facts that a page must say; `lacks_…`: no system delivers the column, `partly_…`: some do not
MISSING = ("reply", "closing", "reopening", "agent_group", "agent")
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Facts:
    """The desk at as_of: inquiries (frame of inquiry_facts.sql without copies), orders per month, and what must be said.

    faults: name -> number of inquiries, those with none left out. orders: first day of month -> completed orders.
    """

    as_of: date
    frame: pd.DataFrame
    orders: pd.Series
    faults: dict[str, int]

    def knows(self, what: str) -> bool:
        """Whether any system delivers reply, closing, reopening, agent_group or agent."""
        return f"lacks_{what}" not in self.faults


def gather(db: Engine, *, as_of: date) -> Facts:
    """Inquiries up to as_of, copies of one inquiry once; registers the view inquiry_facts.

    Reads inquiries, identity_links, rfm, orders and refunds.
    """
    until = as_of + timedelta(days=1)
    db.register("inquiry_facts", db.run("inquiry_facts", until=until).to_arrow_table())
    frame = db.query("select * from inquiry_facts where copy = 1 order by source_system, inquiry_id").df()
    customer_orders(db, as_of=as_of)
    months = db.query("""
        select cast(date_trunc('month', order_at) as date) as month, count(*) as orders
        from customer_orders where is_order = 1 group by all order by all""").df()
    orders = pd.Series(
        months["orders"].to_numpy(), [parse_month(day.date()) for day in pd.to_datetime(months["month"])]
    )
    later = db.query("select count(*) from inquiries where opened_at >= $until", until=until).fetchall()[0][0]
    return Facts(as_of, _typed(frame), orders, _faults(db, frame, later))


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    seconds = ("reply_seconds", "solution_seconds", "reply_watched", "solution_watched")
    months = {name: pd.to_datetime(frame[name]) for name in ("month", "closed_month")}
    return frame.assign(**{name: frame[name].astype(float) for name in seconds}, **months)


def _faults(db: Engine, frame: pd.DataFrame, later: int) -> dict[str, int]:
    copies = db.query("select count(*) from inquiry_facts where copy > 1").fetchall()[0][0]
    replied = frame["reply_seconds"].notna()
    silent = (frame["knows_reply"] == 1) & (frame["is_closed"] == 1) & ~replied & (frame["replied_before_opened"] == 0)
    whole_days = bool(len(frame)) and bool(
        (pd.to_datetime(frame["opened_at"]).dt.normalize() == frame["opened_at"]).all()
    )
    counted = {
        "later": later,
        "copies": copies,
        "closed_before_opened": int(frame["closed_before_opened"].sum()),
        "replied_before_opened": int(frame["replied_before_opened"].sum()),
        "reopened_before_opened": int(frame["reopened_before_opened"].sum()),
        "closed_without_reply": int(silent.sum()),
        "anonymous": int(frame["customer_id"].isna().sum()),
        "whole_days": len(frame) * whole_days,
    }
    return {name: count for name, count in (counted | _lacking(frame)).items() if count}


def _lacking(frame: pd.DataFrame) -> dict[str, int]:
    """Inquiries without what their system does not deliver; of agents and their groups, those without one."""
    without = {name: frame[f"knows_{name}"] == 0 for name in ("reply", "closing", "reopening")}
    without |= {"agent_group": frame["agent_group"] == UNKNOWN, "agent": frame["has_agent"] == 0}
    return {
        ("lacks_" if mask.all() else "partly_") + name: int(mask.sum()) for name, mask in without.items() if len(mask)
    }


def in_month(frame: pd.DataFrame, month: date) -> np.ndarray:
    """Mask of the inquiries that arrived in a month."""
    return (frame["month"] == pd.Timestamp(month)).to_numpy()
