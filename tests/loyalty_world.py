"""Orders of members and a ledger of points made by a known rule, for tests of the loyalty ranks."""

from datetime import date

import numpy as np
import pandas as pd

from customerbase.engine import Engine

AS_OF = date(2026, 10, 31)


def world(orders: pd.DataFrame, ledger: pd.DataFrame | None = None) -> Engine:
    """Orders (member, order_at, subtotal) of one shop, every member a customer."""
    db = Engine()
    members = sorted(orders["member"].unique())
    points = {"member": [], "txn_at": [], "delta": [], "rank_after": []}
    given = pd.DataFrame(points) if ledger is None else ledger
    tables = {
        "orders": orders.assign(
            source_system="web", source_customer_id=orders["member"], total=orders["subtotal"], status="completed",
            order_id=[f"O{one}" for one in range(len(orders))],
        ),
        "loyalty_points": given.assign(
            source_system="web", source_customer_id=given["member"], kind="earn",
            txn_id=[f"T{one}" for one in range(len(given))],
        ),
        "identity_links": pd.DataFrame({"source_system": "web", "source_customer_id": members, "customer_id": members}),
        "rfm": pd.DataFrame({"customer_id": members, "segment": "loyal"}),
    }  # fmt: skip
    for name, table in tables.items():
        types = {"txn_at": "timestamp", "delta": "double", "member": "varchar", "rank_after": "varchar"}
        table = table.astype(object) if not len(table) else table
        db.connection.register(f"_{name}", table)
        cast = ", ".join(f"cast({one} as {types.get(one, 'varchar')}) as {one}" for one in table.columns)
        db.execute(f"create table {name} as select {cast if not len(table) else '*'} from _{name}")
    return db


def shop(members: int = 60, seed: int = 0) -> pd.DataFrame:
    """Orders over three years."""
    rng = np.random.default_rng(seed)
    size = members * 6
    at = pd.Timestamp("2023-11-01") + pd.to_timedelta(rng.integers(0, 3 * 364 * 86_400, size), unit="s")
    frame = pd.DataFrame({"member": [f"M{one:03}" for one in rng.integers(0, members, size)], "order_at": at})
    return frame.assign(subtotal=rng.integers(50, 600, size).astype(float)).sort_values("order_at", ignore_index=True)


def ledger_of(orders: pd.DataFrame, threshold: float) -> pd.DataFrame:
    """What a till would have written by a rule on the sum of all orders so far."""
    spent = orders.groupby("member")["subtotal"].cumsum()
    made = orders[["member"]].assign(txn_at=orders["order_at"], delta=(orders["subtotal"] * 0.01).round(2))
    return made.assign(rank_after=np.where(spent >= threshold, "H", "L"))
