"""Tables of an invented support desk, as plain rows: what page 09c reads."""

from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa

from customerbase.engine import Engine, identifier
from customerbase.tables import schemas

AS_OF = date(2026, 10, 31)
UNTIL = datetime(2026, 11, 1)


def inquiry(number: int, opened: datetime, reply: float | None = None, closed: float | None = None, **more) -> dict:
    """One inquiry; reply and closed in hours after it arrived."""

    def later(hours: float | None) -> datetime | None:
        return None if hours is None else opened + timedelta(seconds=round(hours * 3600))

    times = {"opened_at": opened, "first_reply_at": later(reply), "closed_at": later(closed)}
    plain = {"source_system": "shop", "inquiry_id": f"Q{number:05}", "channel": "email", "category": "delivery"}
    return plain | {"agent_id": "A1", "agent_group": "one", "source_row_id": f"i:{number}"} | times | more


def order(number: int, customer: str, at: datetime, total: int = 1000) -> dict:
    """One completed order in a store."""
    return {"source_system": "shop", "order_id": f"O{number:06}", "source_customer_id": customer, "order_at": at,
            "status": "completed", "total": total, "channel": "store", "source_row_id": f"o:{number}"}  # fmt: skip


def links(*customers: str) -> list[dict]:
    """Everybody is who the shop says they are; ids of customers are C and the shop's id."""
    return [{"source_system": "shop", "source_customer_id": one, "customer_id": f"C{one}"} for one in customers]


def engine(inquiries=(), orders=(), customers=(), cltv=()) -> Engine:
    """An Engine with what page 09c reads."""
    db, given = Engine(), {"inquiries": inquiries, "orders": orders, "refunds": (), "identity_links": links(*customers)}
    for table, rows in given.items():
        columns = schemas()[table].columns.values()
        db.execute(f"create table {table} ({', '.join(f'{identifier(one.name)} {one.type}' for one in columns)})")
        if rows:
            names = dict.fromkeys(name for row in rows for name in row)  # from_pylist takes those of the first row
            db.register("given_rows", pa.Table.from_pylist([names | row for row in rows]))
            db.execute(f"insert into {table} by name select * from given_rows")
    segments = (
        ", ".join(f"('C{one}', '{('loyal', 'at_risk')[place % 2]}')" for place, one in enumerate(customers))
        or "(null, null)"
    )
    db.execute(
        f"create table rfm as select * from (values {segments}) as rows(customer_id, segment) where customer_id is not null"
    )
    rows = ", ".join(f"('{name}', cast({value} as double))" for name, value in cltv) or "(null, cast(null as double))"
    db.execute(
        f"create table cltv as select * from (values {rows}) as rows(customer_id, cltv) where customer_id is not null"
    )
    return db


def months(seed: int = 0, *, size: int = 120, slower: float = 1.0, **options) -> Engine:
    """Two years of a desk with `size` inquiries a month, the newest month `slower` times as slow; customers buy at random.

    options: without = columns that no row has; first = the first of the 24 months that there is.
    """
    rng, without = np.random.default_rng(seed), options.get("without", ())
    people = [f"{place:04}" for place in range(size * 4)]
    inquiries, orders = [], []
    for month in range(options.get("first", 0), 24):
        start = datetime(2024 + (10 + month) // 12, (10 + month) % 12 + 1, 1)
        for _ in range(size):
            opened = start + timedelta(seconds=int(rng.integers(0, (31 if month == 23 else 28) * 86400)))
            pace = slower if month == 23 else 1.0
            reply = float(rng.lognormal(1.5, 0.9)) * pace
            closed = reply + float(rng.lognormal(2.2, 1.1)) * pace
            again = closed * 0.7 if rng.random() < 0.1 else None
            row = inquiry(len(inquiries), opened, reply, closed, source_customer_id=str(rng.choice(people)),
                          category=str(rng.choice(["delivery", "product", "points"], p=[0.5, 0.3, 0.2])),
                          channel=str(rng.choice(["email", "phone"])), agent_group=str(rng.choice(["one", "two", "three"])),
                          csat=int(rng.integers(1, 6)) if rng.random() < 0.4 else None,
                          reopened_at=None if again is None else opened + timedelta(hours=again))  # fmt: skip
            row |= dict.fromkeys(without)
            inquiries.append({key: value if not isinstance(value, datetime) or value < UNTIL or key == "opened_at" else None
                              for key, value in row.items()})  # fmt: skip
        for customer in rng.choice(people, size * 2):
            at = start + timedelta(seconds=int(rng.integers(0, 28 * 86400)))
            orders.append(order(len(orders), str(customer), at, int(rng.integers(5, 90)) * 100))
    worth = [(f"C{one}", int(rng.integers(1, 90)) * 1000) for one in people]
    return engine(inquiries, orders, people, worth)
