"""Hand-written tables for the profile: every table that page 03 reads, empty unless rows are given."""

from collections.abc import Iterable
from datetime import date, datetime
from decimal import Decimal

from customerbase import profile
from customerbase.engine import Engine, identifier
from customerbase.tables import schemas

AS_OF = date(2026, 10, 31)
READS = (
    *("customers_src", "customers_std", "identity_links", "orders", "refunds", "order_lines", "products", "web_events"),
    *("campaign_contacts", "inquiries", "survey_answers", "reviews", "loyalty_points", "consents", "source_files"),
)
STATUSES = ("name", "kana", "company", "postal_code", "address", "email", "phone", "birth_date")


def engine(**tables: Iterable[dict]) -> Engine:
    """An Engine with all tables page 03 reads, typed as declared: `orders=[{...}]` fills one, the others are empty."""
    db = Engine(threads=1)
    for name in READS:
        columns = {column.name: column.type for column in schemas()[name].columns.values()}
        db.execute(f"create table {name} ({', '.join(f'{identifier(c)} {kind}' for c, kind in columns.items())})")
        fill(db, name, tables.get(name, ()))
    return db


def fill(db: Engine, table: str, rows: Iterable[dict]) -> None:
    columns, rows = list(schemas()[table].columns), list(rows)
    for row in rows:
        assert set(row) <= set(columns), f"{table}: {set(row) - set(columns)}"
    if rows:
        marks = ", ".join([f"({', '.join('?' * len(columns))})"] * len(rows))
        values = [row.get(column) for row in rows for column in columns]
        db.connection.execute(f"insert into {table} values {marks}", values)


def account(customer: str, source_system: str, number: str, line: int = 2, **values: object) -> dict:
    """One account of a customer; a contact value brings the status ok unless another is given."""
    row = {"source_system": source_system, "source_customer_id": number, "customer_id": customer}
    row["source_row_id"] = values.pop("source_row_id", f"people.csv:{line}")
    filled = {
        "name": "family_name given_name",
        "kana": "family_kana given_kana",
        "address": "prefecture city town block",
    }
    for field in STATUSES:
        known = any(values.get(column) is not None for column in filled.get(field, field).split())
        row[f"{field}_status"] = "ok" if known else None
    return row | values


def of_accounts(accounts: Iterable[dict], **tables: Iterable[dict]) -> Engine:
    """An Engine whose customers_src, customers_std and identity_links come from account()s; `links`: further ids."""
    accounts = list(accounts)
    declared = {name: set(schemas()[name].columns) for name in ("customers_src", "customers_std")}
    std = [{key: value for key, value in row.items() if key in declared["customers_std"]} for row in accounts]
    src = [{key: value for key, value in row.items() if key in declared["customers_src"]} for row in accounts]
    links = [link(row["customer_id"], row["source_system"], row["source_customer_id"], True) for row in accounts]
    links += [link(*further) for further in tables.pop("links", ())]
    return engine(customers_src=src, customers_std=std, identity_links=links, **tables)


def link(customer: str, source_system: str, number: str, in_customers_src: bool = False) -> dict:
    return {
        "customer_id": customer,
        "loose_id": customer,
        "source_system": source_system,
        "source_customer_id": number,
        "rule": "alone",
        "cluster_size": 1,
        "in_customers_src": in_customers_src,
    }


def when(text: str) -> datetime:
    return datetime.fromisoformat(text)


def order(number: int, who: str | None, day: str, total: object = 100, **values: object) -> dict:
    """One completed order of system `shop` on the web, at noon."""
    row = {"source_system": "shop", "order_id": f"O{number}", "source_customer_id": who, "channel": "web"}
    row |= {"order_at": when(f"{day}T12:00"), "status": "completed", "total": Decimal(total)}
    return row | {"source_row_id": f"orders.csv:{number}"} | values


def profiles(db: Engine, **options: object) -> dict[str, dict]:
    """profile() as customer -> column -> value, without pandas' own missing values."""
    return by_key(profile.profile(db, as_of=AS_OF, **options), "customer_id")


def by_key(relation, key: str) -> dict[str, dict]:
    rows = [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]
    assert len({row[key] for row in rows}) == len(rows)
    return {row[key]: row for row in rows}


OLD, NEW = when("2024-01-01T00:00"), when("2026-01-01T00:00")


def shop() -> Engine:
    """Two customers: K with two accounts and every kind of behaviour, L without a record; and facts after as_of."""
    late = "2026-11-01"
    lines = [("O1", "P1", 300), ("O1", "P2", 200), ("O2", "P2", 200), ("O5", "P2", 900)]
    return of_accounts(
        [account("K", "shop", "1", registered_at=OLD), account("K", "app", "2", registered_at=NEW)],
        links=[("L", "shop", "9"), ("K", "app", "7")],
        orders=[
            order(1, "1", "2026-01-05", 500, store_id="S2"),
            order(2, "1", "2026-02-05", 400, channel="store", store_id="S1"),
            order(3, "2", "2026-10-31", 250, source_system="app", channel="app", order_at=when("2026-10-31T23:59:59")),
            order(4, "1", "2026-03-05", -50, status="credit_note"),
            order(5, "1", "2026-03-06", 900, status="cancelled"),
            order(6, "1", late, 999, order_at=when("2026-11-01T00:00")),
            order(7, "9", "2026-04-01", 80),
            order(8, None, "2026-04-01", 70),
            order(9, "7", "2026-05-05", 10, source_system="app", channel="app", status="returned"),
        ],
        refunds=[
            {"source_system": "shop", "refund_id": str(n), "order_id": o, "amount": Decimal(a), "source_row_id": f"r:{n}",
             "refunded_at": when(d)}
            for n, o, a, d in [(1, "O2", 100, "2026-02-09"), (2, "O5", 900, "2026-03-09"), (3, "O1", 7, late)]
        ],
        order_lines=[
            {"source_system": "shop", "order_id": o, "line_no": n, "line_type": "goods", "product_id": p,
             "amount": Decimal(a), "source_row_id": f"l:{n}"}
            for n, (o, p, a) in enumerate(lines)
        ],
        products=[
            {"source_system": "shop", "product_id": p, "category": c, "source_row_id": f"p:{p}"}
            for p, c in [("P1", "Tea > Green"), ("P2", "Cups")]
        ],
        web_events=[
            {"source_system": "shop", "event_id": str(n), "event_at": when(d), "event_name": e, "source_customer_id": w,
             "source_row_id": f"w:{n}"}
            for n, (w, e, d) in enumerate(
                [("1", "page_view", "2026-10-01"), ("1", "view_item", "2026-10-02"), ("1", "add_to_cart", "2026-10-03"),
                 ("1", "page_view", late), (None, "page_view", "2026-10-04")]
            )
        ],
        campaign_contacts=[
            {"source_system": s, "campaign_id": "M", "source_customer_id": w, "contact_no": n, "arm": "treat",
             "sent_at": sent, "opened_at": opened, "clicked_at": clicked, "source_row_id": f"m:{n}"}
            for n, (s, w, sent, opened, clicked) in enumerate(
                [("shop", "1", OLD, NEW, None), ("app", "2", NEW, NEW, NEW), ("shop", "1", NEW, when(late), None),
                 ("shop", "1", None, None, None)]
            )
        ],
        inquiries=[
            {"source_system": "shop", "inquiry_id": str(n), "source_customer_id": "1", "opened_at": when(d),
             "category": "delivery", "text": "my own words", "source_row_id": f"i:{n}"}
            for n, d in enumerate(["2026-01-01", "2026-06-01", late])
        ],
        reviews=[
            {"source_system": "app", "review_id": str(n), "source_customer_id": "2", "posted_at": when(d), "stars": s,
             "source_row_id": f"v:{n}"}
            for n, (d, s) in enumerate([("2026-01-01", 5), ("2026-02-01", 2), ("2026-03-01", None), (late, 1)])
        ],
        survey_answers=[
            {"source_system": "app", "response_id": str(n), "question_id": q, "survey_id": "S", "source_customer_id": "2",
             "answered_at": when(d), "scale": c, "answer_num": v, "source_row_id": f"s:{n}"}
            for n, (q, c, v, d) in enumerate(
                [("nps", "nps", 3, "2026-01-01"), ("nps", "nps", 9, "2026-02-01"), ("csat", "five", 4, "2026-03-01"),
                 ("why", "text", None, "2026-04-01"), ("nps", "nps", 1, late)]
            )
        ],
        loyalty_points=[
            {"source_system": s, "txn_id": str(n), "source_customer_id": w, "txn_at": when(d), "delta": Decimal(v),
             "kind": k, "rank_after": r, "source_row_id": f"t:{n}"}
            for n, (s, w, d, v, k, r) in enumerate(
                [("shop", "1", "2026-01-01", 30, "earn", "gold"), ("app", "2", "2026-05-01", 12, "earn", "silver"),
                 ("shop", "1", "2026-06-01", -10, "use", None), ("shop", "1", late, 99, "earn", "platinum")]
            )
        ],
    )  # fmt: skip


def everything(db: Engine) -> dict[str, list]:
    """All tables of the page as sorted rows."""
    tables = {"profile": profile.profile(db, as_of=AS_OF), "contacts": profile.contacts(db)}
    tables |= {"phones": profile.contact_phones(db), "emails": profile.contact_emails(db)}
    tables |= {"addresses": profile.contact_addresses(db), "overlap": profile.channel_overlap(db)}
    tables |= {"consents": profile.profile_consents(db, as_of=AS_OF), "timeline": profile.timeline(db, as_of=AS_OF)}
    return {name: sorted(relation.fetchall(), key=repr) for name, relation in tables.items()}
