"""A small invented company for snapshots: every table they read, with events on both sides of every cutoff."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import numpy as np
import profile_tables
from profile_tables import fill, link

from customerbase.engine import Engine, identifier
from customerbase.tables import schema, schemas

FIRST, LAST = datetime(2024, 1, 1), datetime(2026, 12, 31)
TABLES = (
    *("orders", "refunds", "order_lines", "products", "stores", "web_events", "campaign_contacts", "inquiries"),
    *("survey_answers", "reviews", "loyalty_points", "identity_links"),
)


def engine(**tables: list[dict]) -> Engine:
    """An Engine with all tables snapshots read; those not given are empty."""
    stores = tables.pop("stores", ())
    db = profile_tables.engine(**tables)
    columns = ", ".join(f"{identifier(one.name)} {one.type}" for one in schemas()["stores"].columns.values())
    db.execute(f"create table stores ({columns})")
    fill(db, "stores", stores)
    return db


def linked(*customers: str) -> list[dict]:
    """One account of system `shop` for each customer, of the same name in lower case."""
    return [link(customer, "shop", customer.lower()) for customer in customers]


def company(seed: int = 0, customers: int = 60) -> Engine:
    """Customers with one or two accounts, one in five orders at the very start or end of a day."""
    rng = np.random.default_rng(seed)
    made: dict[str, list[dict]] = {table: [] for table in TABLES}
    accounts = []
    for number in range(customers):
        for system in ("shop", "app")[: 1 + int(rng.random() < 0.4)]:
            accounts.append((system, f"{system[0]}{number}"))
            made["identity_links"].append(link(f"K{number:03}", *accounts[-1]))
    made["products"] = [
        _row("products", n, product_id=f"P{n}", category=f"C{n % 4} > D{n}" if n else None) for n in range(12)
    ]
    days = (None, date(2025, 6, 30), date(2026, 6, 30), date(2026, 7, 1), date(2026, 12, 1))
    made["stores"] = [_row("stores", n, store_id=f"S{n}", close_date=day) for n, day in enumerate(days)]
    for system, account in accounts:
        _account(rng, made, system, account)
    return engine(**made)


def _row(table: str, number: int, source_system: str = "shop", **values: object) -> dict:
    return {"source_system": source_system, "source_row_id": f"{table}.csv:{number}"} | values


def _moment(rng) -> datetime:
    """A second between FIRST and LAST, one in three in May to July 2026; one in five the first or the last of a month."""
    start, end = (datetime(2026, 5, 1), datetime(2026, 8, 1)) if rng.random() < 1 / 3 else (FIRST, LAST)
    moment = start + timedelta(seconds=int(rng.integers(0, int((end - start).total_seconds()))))
    if rng.random() < 0.2:
        moment = datetime(moment.year, moment.month, 1) - timedelta(seconds=int(rng.random() < 0.5))
    return moment


def _later(rng, moment: datetime, days: int, share: float) -> datetime | None:
    """Up to `days` days later, for a share of cases."""
    return moment + timedelta(seconds=int(rng.integers(1, days * 86400))) if rng.random() < share else None


def _account(rng, made: dict[str, list[dict]], system: str, who: str) -> None:
    """Everything one account did; more of it for some than for others."""
    own = {"source_system": system, "source_customer_id": who}
    busy = rng.integers(1, 12)
    for _ in range(busy):
        _order(rng, made, own)
    for _ in range(rng.integers(0, 12)):
        at, number = _moment(rng), len(made["web_events"])
        what = str(rng.choice(["page_view", "view_item", "add_to_cart", "begin_checkout"]))
        about = {"event_name": what, "product_id": f"P{rng.integers(0, 12)}", "session_id": f"Z{rng.integers(0, 3)}"}
        made["web_events"].append(_row("web_events", number, event_id=str(number), event_at=at, **own, **about))
    for _ in range(rng.integers(0, 8)):
        at, number = _moment(rng), len(made["campaign_contacts"])
        times = {"sent_at": at if rng.random() < 0.9 else None, "opened_at": _later(rng, at, 60, 0.5)}
        times |= {"clicked_at": _later(rng, at, 90, 0.3), "unsubscribed_at": _later(rng, at, 90, 0.1)}
        arm = {"campaign_id": f"M{number}", "contact_no": 1, "arm": "treat"}
        made["campaign_contacts"].append(_row("campaign_contacts", number, **own, **arm, **times))
    for _ in range(rng.integers(0, 4)):
        at, number = _moment(rng), len(made["inquiries"])
        times = {"opened_at": at, "first_reply_at": _later(rng, at, 3, 0.8), "closed_at": _later(rng, at, 60, 0.7)}
        score = int(rng.integers(1, 6)) if times["closed_at"] else None
        made["inquiries"].append(_row("inquiries", number, inquiry_id=str(number), csat=score, **own, **times))
    _voice(rng, made, own)


def _order(rng, made: dict[str, list[dict]], own: dict) -> None:
    at, number = _moment(rng), len(made["orders"])
    status = str(rng.choice(["completed", "cancelled", "credit_note", "returned"], p=[0.8, 0.1, 0.07, 0.03]))
    total = Decimal(int(rng.integers(100, 99999))) / 100 * (-1 if status == "credit_note" else 1)
    channel = str(rng.choice(["web", "store", "app", "phone"]))
    key = {"source_system": own["source_system"], "order_id": f"O{number}"}
    about = {"status": status, "total": total, "channel": channel, "order_at": at} | key | own
    about |= {"discount": Decimal(int(rng.integers(0, 3)) * 50), "points_used": Decimal(int(rng.integers(0, 2)) * 30)}
    about |= {"store_id": f"S{rng.integers(0, 5)}" if channel == "store" else None}
    about |= {"cancelled_at": _later(rng, at, 60, 1) if status == "cancelled" else None}
    made["orders"].append(_row("orders", number, **about))
    for line in range(rng.integers(0, 4)):
        goods = {"product_id": f"P{rng.integers(0, 12)}", "qty": Decimal(int(rng.integers(1, 5)))}
        kind = "goods" if rng.random() < 0.9 else "shipping"
        amount = Decimal(int(rng.integers(100, 9999))) / 100
        made["order_lines"].append(
            _row("order_lines", number, **key, line_no=line + 1, line_type=kind, amount=amount, **goods)
        )
    if back := _later(rng, at - timedelta(days=30), 90, 0.3):  # some are dated before their order, as in real data
        refund = {"refund_id": f"R{number}", "amount": total.copy_abs() / 2, "refunded_at": back} | key
        made["refunds"].append(_row("refunds", number, **refund))


def _voice(rng, made: dict[str, list[dict]], own: dict) -> None:
    for scale, top in (("nps", 10), ("five", 5), ("seven", 7), ("text", 1)):
        if rng.random() < 0.5:
            number = len(made["survey_answers"])
            answer = {"scale": scale, "answer_num": None if scale == "text" else int(rng.integers(1, top + 1))}
            keys = {"response_id": str(number), "question_id": "q", "survey_id": "s", "answered_at": _moment(rng)}
            made["survey_answers"].append(_row("survey_answers", number, **own, **keys, **answer))
    if rng.random() < 0.5:
        number = len(made["reviews"])
        made["reviews"].append(_row("reviews", number, review_id=str(number), posted_at=_moment(rng), stars=4, **own))
    for _ in range(rng.integers(0, 6)):
        at, number = _moment(rng), len(made["loyalty_points"])
        kind = str(rng.choice(["earn", "use", "expire"]))
        delta = int(rng.integers(1, 500)) * (1 if kind == "earn" else -1)
        moved = {"txn_id": str(number), "txn_at": at, "kind": kind, "delta": delta}
        expires = at + timedelta(days=365) if kind == "earn" else None
        made["loyalty_points"].append(_row("loyalty_points", number, **own, **moved, expires_at=expires))


def forget_from(db: Engine, cutoff: date) -> None:
    """The tables as they stood when `cutoff` began: later events are gone, later changes of older rows undone."""
    at = {"orders": "order_at", "refunds": "refunded_at", "web_events": "event_at", "campaign_contacts": "sent_at",
          "inquiries": "opened_at", "survey_answers": "answered_at", "reviews": "posted_at", "loyalty_points": "txn_at"}  # fmt: skip
    for table, column in at.items():
        db.execute(f"delete from {table} where {column} >= $cutoff", cutoff=cutoff)
    db.execute(
        "delete from order_lines where (source_system, order_id) not in (select (source_system, order_id) from orders)"
    )
    db.execute(
        "update orders set status = 'completed', cancelled_at = null where cancelled_at >= $cutoff", cutoff=cutoff
    )
    for column in ("opened_at", "clicked_at", "unsubscribed_at"):
        db.execute(f"update campaign_contacts set {column} = null where {column} >= $cutoff", cutoff=cutoff)
    db.execute("update inquiries set first_reply_at = null where first_reply_at >= $cutoff", cutoff=cutoff)
    db.execute("update inquiries set closed_at = null, csat = null where closed_at >= $cutoff", cutoff=cutoff)
    db.execute("update stores set close_date = null where close_date >= $cutoff", cutoff=cutoff)


def rows(relation) -> list[tuple]:
    """All rows, sorted by customer; compare their repr to compare bytes (0.0 and -0.0, 1 and 1.0 differ)."""
    return sorted(relation.fetchall(), key=lambda row: tuple(map(repr, row[:3])))


def one(relation, customer: str) -> dict:
    """The row of one customer as column -> value."""
    found = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall() if row[0] == customer]
    assert len(found) == 1, f"{len(found)} rows of {customer}"
    return found[0]


def attributes(db: Engine) -> None:
    """The table profile as far as analyses of attributes read it: values follow from a digest of the id, some unknown."""

    def pick(place: int, *values: str) -> str:
        named = " ".join(
            f"when '{digit}' then '{value}'" for digit, value in zip("0123456789abcde", values * 15, strict=False)
        )
        return f"case substr(md5(customer_id), {place}, 1) {named} end"

    db.execute(
        "create or replace table profile as select distinct customer_id,"
        f" {pick(1, 'female', 'male', 'female')} as gender, {pick(2, '20-29', '30-39', '40-49', '70+')} as age_band,"
        f" {pick(3, '東京都', '大阪府', '京都府', '福岡県', 'Bavaria')} as prefecture,"
        f" {pick(4, '会社員', '自営業')} as occupation, {pick(5, 'レギュラー', 'ゴールド')} as member_rank,"
        " case when right(customer_id, 1) < '5' then timestamp '2024-01-01 00:00:00' end as registered_at from identity_links"
    )


def without_sources(db: Engine) -> None:
    """The tables that analyses of attributes read and this engine lacks, without rows."""
    known = {name for (name,) in db.query("select table_name from information_schema.tables").fetchall()}
    for one in map(schema, schemas()):
        if one.name in (*TABLES, "profile", "customers_std") and one.name not in known:
            columns = ", ".join(f"{identifier(column.name)} {column.type}" for column in one.columns.values())
            db.execute(f"create table {one.name} ({columns})")
