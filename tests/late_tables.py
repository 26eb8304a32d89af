"""Source tables of two months for tests on late data: what was known then, and what is known now."""

import random
from datetime import datetime, timedelta

from customerbase import quality
from customerbase.engine import Engine, identifier
from customerbase.tables import schema, store

THEN, NOW = datetime(2026, 9, 30), datetime(2026, 10, 31)  # as-of dates
DECLARED = {table: schema(table) for table in quality.COMPARED}


def tables(**rows: list[dict]) -> Engine:
    """An engine with all source tables that are compared, without rows but those given, now and then alike."""
    db = Engine(threads=1)
    for table, one in DECLARED.items():
        db.register(f"_{table}", store.empty(db, one))
        for name in (table, f"previous_{table}"):
            db.execute(f"create table {name} as select * from {identifier(f'_{table}')}")
        for row in rows.get(table, ()):
            put(db, table, row)
            put(db, f"previous_{table}", row)
    return db


def put(db: Engine, table: str, row: dict) -> None:
    """One more row."""
    names = ", ".join(map(identifier, row))
    db.connection.execute(f"insert into {table} ({names}) values ({', '.join('?' * len(row))})", list(row.values()))


def order(
    number: int, at: datetime, total: float = 1000.0, status: str = "completed", system: str = "web", **more
) -> dict:
    place = {"source_row_id": f"orders.csv:{number}"}
    return (
        {"source_system": system, "order_id": f"O{number}", "order_at": at, "total": total, "status": status}
        | place
        | more
    )


def refund(number: int, order_number: int, at: datetime, amount: float, system: str = "web") -> dict:
    names = {"source_system": system, "refund_id": f"R{number}", "order_id": f"O{order_number}"}
    return names | {"refunded_at": at, "amount": amount, "source_row_id": f"refunds.csv:{number}"}


def orders(count: int, seed: int = 0) -> list[dict]:
    """Orders of two systems over four months up to the month now."""
    draw = random.Random(seed)
    return [
        order(
            number,
            NOW - timedelta(days=draw.randrange(120), minutes=draw.randrange(1440)),
            draw.randrange(1, 90) * 100.0,
            draw.choice(("completed", "completed", "completed", "cancelled", "credit_note")),
            draw.choice(("web", "pos")),
            source_customer_id=f"C{number % 50}",
        )
        for number in range(count)
    ]


def late(db: Engine) -> Engine:
    """The table late_changes, made on the engine."""
    quality.late_changes(db, DECLARED, previous=THEN.date())
    return db


def changed(
    db: Engine, columns: str = "table_name, source_system, month, rows_added, rows_gone, rows_changed"
) -> list[tuple]:
    """Rows of late_changes with a change."""
    return db.query(
        f"select {columns} from late_changes where rows_added + rows_gone + rows_changed > 0 order by all"
    ).fetchall()
