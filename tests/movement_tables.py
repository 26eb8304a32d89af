"""Small worlds of customers who move: segments written down by hand for every step, or purchases that make them."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

from customerbase import segments
from customerbase.engine import Engine
from customerbase.periods import add_months, month_end

AS_OF, SINCE = date(2026, 10, 31), date(2026, 9, 30)
# ranks that earn a segment, whatever the frequency of the others
RANKS = {
    "champions": (5, 5, 5), "loyal": (4, 5, 5), "potential": (5, 3, 3), "new": (5, 1, 1), "promising": (4, 1, 1),
    "needs_attention": (3, 2, 2), "cant_lose": (2, 5, 5), "at_risk": (2, 4, 1), "hibernating": (2, 1, 1), "lost": (1, 1, 1),
}  # fmt: skip
Members = Mapping[str, str]  # customer -> segment


class Written:
    """A rule of ranks that was written down: (behaviour of, cut points of) -> who is in which segment."""

    def __init__(self, members: Mapping[tuple[date, date], Members]):
        self.members = members

    def ranks(self, db: Engine, day: date, at: date | None = None, table: str | None = None):
        found = self.members.get((day, at or day), {})
        return db.connection.from_df(ranked(found)).project("customer_id, r, f, m")


def ranked(members: Members) -> pd.DataFrame:
    rows = [(customer, *RANKS[segment], segment) for customer, segment in members.items()]
    frame = pd.DataFrame(rows, columns=["customer_id", "r", "f", "m", "segment"])
    return frame.astype({"customer_id": "string", "r": "int32", "f": "int32", "m": "int32", "segment": "string"})


def company(
    *,
    then: Members,
    now: Members,
    between: Members | None = None,
    reversed_: Members | None = None,
    published: Members | None = None,
    cltv: Mapping[str, float] = (),
    cltv_before: Mapping[str, float] = (),
    aliases: Mapping[str, str] = (),
) -> tuple[Engine, Written]:
    """Customers of one month: as published in September, as known of September today, and in October.

    between: October's behaviour under September's cut points (default: as now); reversed_: the other way (as then).
    """
    db = Engine(threads=1)
    first = "date '2026-09-01'" if then else "date '2026-10-01'"
    db.execute(f"create table customer_months as select {first} as month, cast(1 as bigint) as orders")
    frames = {
        "rfm": ranked(now),
        "cltv": pd.DataFrame({"customer_id": [*dict(cltv)], "cltv": [*dict(cltv).values()]}, dtype=object),
        "id_aliases": pd.DataFrame(
            {"alias_id": [*dict(aliases)], "customer_id": [*dict(aliases).values()]}, dtype=object
        ),
        "previous_rfm": ranked(published or {}).assign(as_of=SINCE),
        "previous_cltv": pd.DataFrame(
            {"customer_id": [*dict(cltv_before)], "cltv": [*dict(cltv_before).values()]}, dtype=object
        ),
    }
    types = {"cltv": "cltv double", "previous_cltv": "cltv double", "id_aliases": "alias_id varchar",
             "rfm": "r integer, f integer, m integer, segment varchar",
             "previous_rfm": "r integer, f integer, m integer, segment varchar, as_of date"}  # fmt: skip
    for name, frame in frames.items():
        db.execute(f"create table {name} (customer_id varchar, {types[name]})")
        if len(frame):
            db.register("given", frame)
            db.execute(f"insert into {name} by name select * from given")
    db.execute("create table previous_rfm_history (customer_id varchar, month date, r integer, f integer, m integer,"
               " segment varchar, cltv double)")  # fmt: skip
    rule = Written({
        (SINCE, SINCE): then, (AS_OF, AS_OF): now,
        (AS_OF, SINCE): now if between is None else between, (SINCE, AS_OF): then if reversed_ is None else reversed_,
    })  # fmt: skip
    return db, rule


def moved(db: Engine, rule: Written, **options) -> segments.movement.Movement:
    return segments.movement.movement(db, rule, as_of=AS_OF, spans=(1,), **options)


def cells(span: segments.movement.Span) -> pd.DataFrame:
    return span.cells.set_index(["from_segment", "to_segment"])


# --- customers who buy: a company that neither grows nor shrinks ------------------------------------------------------


def stationary(seed: int, customers: int = 1500, months: int = 28, season: float = 0.0) -> pd.DataFrame:
    """customer_months of a company in balance: as many come as go, purchase rates differ, nothing changes over time.

    season: standard deviation of the log of a factor that a month puts on everybody's rate.
    """
    rng = np.random.default_rng([17, seed])
    burn_in, stays = 36, 24.0  # months before the first that counts; mean length of a life
    arrivals = customers / stays
    rows = []
    factor = np.exp(rng.normal(0, season, burn_in + months)) if season else np.ones(burn_in + months)
    number = 0
    for born in range(burn_in + months):
        for _ in range(rng.poisson(arrivals)):
            number += 1
            rate, spend = rng.gamma(0.8, 0.5), rng.lognormal(8, 0.7)
            until = min(born + 1 + int(rng.exponential(stays)), burn_in + months)
            orders = rng.poisson(rate * factor[born:until])
            orders[0] = max(orders[0], 1)
            for month, count in zip(range(born, until), orders, strict=True):
                if count:
                    first = add_months(AS_OF, month - burn_in - months + 1)
                    days = rng.integers(0, month_end(first).day, count)
                    amount = round(float(rng.gamma(3 * count, spend / 3)), 2)
                    stamps = [pd.Timestamp(first) + pd.Timedelta(days=int(day)) for day in (days.min(), days.max())]
                    rows.append((f"c{number:05}", first, int(count), amount, *stamps))
    return pd.DataFrame(rows, columns=["customer_id", "month", "orders", "revenue", "first_order_at", "last_order_at"])


def shop(months: pd.DataFrame) -> Engine:
    """An engine with these customer_months."""
    db = Engine(threads=1)
    db.register("given", months)
    db.execute(
        "create table customer_months as select customer_id, cast(month as date) as month, cast(orders as bigint) as orders,"
        " cast(revenue as decimal(18, 2)) as revenue, cast(first_order_at as timestamp) as first_order_at,"
        " cast(last_order_at as timestamp) as last_order_at from given"
    )
    return db


def memory(db: Engine, members) -> None:
    """The other tables that page 07b reads, of a company without an earlier published month."""
    members.create("rfm")
    for text in (
        "cltv as select customer_id, cast(order_count * 100 as double) as cltv from rfm",
        "id_aliases (alias_id varchar, customer_id varchar)",
        "previous_rfm (customer_id varchar, as_of date, r integer, f integer, m integer, segment varchar)",
        "previous_cltv (customer_id varchar, cltv double)",
        "previous_rfm_history (customer_id varchar, month date, r integer, f integer, m integer, segment varchar, cltv double)",
    ):
        db.execute(f"create table {text}")
