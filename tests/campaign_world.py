"""A shop with campaigns, made by hand or drawn: people with accounts, orders, contacts, in the columns that the SQL reads."""

from datetime import datetime, timedelta

import numpy as np
import pandas as pd

from customerbase.engine import Engine

SENT = datetime(2026, 9, 1, 10)
COLUMNS = {
    "campaigns": "source_system varchar, campaign_id varchar, name varchar, objective varchar, channel varchar, start_date date,"
    " end_date date, cost decimal(18, 2), hypothesis varchar, kpi varchar, holdout_share double",
    "campaign_contacts": "source_system varchar, campaign_id varchar, source_customer_id varchar, contact_no integer, arm varchar,"
    " planned_at timestamp, sent_at timestamp, delivered_at timestamp, opened_at timestamp, clicked_at timestamp,"
    " unsubscribed_at timestamp, cost decimal(18, 2)",
    "identity_links": "source_system varchar, source_customer_id varchar, customer_id varchar",
    "orders": "source_system varchar, order_id varchar, source_customer_id varchar, channel varchar, order_at timestamp,"
    " status varchar, total decimal(18, 2)",
    "refunds": "source_system varchar, refund_id varchar, order_id varchar, refunded_at timestamp, amount decimal(18, 2)",
    "order_lines": "source_system varchar, order_id varchar, line_no integer, product_id varchar, line_type varchar,"
    " qty decimal(18, 3), amount decimal(18, 2), cost decimal(18, 2)",
    "products": "source_system varchar, product_id varchar, cost decimal(18, 2)",
    "web_events": "source_system varchar, source_customer_id varchar, event_at timestamp, session_id varchar, event_name varchar",
}  # fmt: skip


def engine(**tables: list[dict] | pd.DataFrame) -> Engine:
    """An engine with all tables the campaigns read; those not given are empty, columns not given are null."""
    db = Engine(threads=1)
    for name, columns in COLUMNS.items():
        db.execute(f"create table {name} ({columns})")
        rows = pd.DataFrame(tables.get(name, []))
        if len(rows):
            db.register("given", rows)
            db.execute(f"insert into {name} by name select * from given")
            db.connection.unregister("given")
    return db


def campaign(code: str = "K1", **more) -> dict:
    """A campaign of the web shop on the day of SENT, 30 % held out."""
    row = {"source_system": "web", "campaign_id": code, "name": code, "objective": "retention", "channel": "email"}
    return row | {"start_date": SENT.date(), "cost": 1000, "holdout_share": 0.3, "hypothesis": "more orders"} | more


def contact(account: str, arm: str, code: str = "K1", **more) -> dict:
    """A planned contact; of the contacted arm sent an hour later."""
    row = {"source_system": "web", "campaign_id": code, "source_customer_id": account, "contact_no": 1, "arm": arm}
    row |= {"planned_at": SENT, "cost": 10 if arm == "treat" else None}
    return row | {"sent_at": SENT + timedelta(hours=1) if arm == "treat" else None} | more


def order(account: str, days: float, total: float = 100, **more) -> dict:
    """An order so many days after SENT (before: negative)."""
    row = {"source_system": "web", "order_id": f"{account}@{days}", "source_customer_id": account, "channel": "web"}
    return row | {"order_at": SENT + timedelta(days=days), "status": "completed", "total": total} | more


def links(*accounts: str, **people: str) -> list[dict]:
    """Accounts that are a person each, and accounts (by keyword) of named persons."""
    owners = {account: f"C-{account}" for account in accounts} | people
    return [{"source_system": "web", "source_customer_id": one, "customer_id": who} for one, who in owners.items()]


def drawn(
    n: int, *, effect: float = 0.1, holdout: float = 0.3, seed: int = 0, code: str = "K1", twice: float = 0.0
) -> dict[str, pd.DataFrame]:
    """n people who differ in how often they buy; `effect` more orders in 30 days per contacted person (below 0: fewer).

    twice: share of people with a second account, drawn on its own; they buy three times as often.
    """
    random = np.random.default_rng(seed)
    ids, double = np.arange(n), random.random(n) < twice
    rate = np.exp(random.normal(-2.0, 1.0, n)) * np.where(double, 3, 1)
    account = np.concatenate([ids, ids[double]])
    name = np.char.add(np.repeat(["a", "b"], [n, double.sum()]), np.char.zfill(account.astype(str), 6))
    treated = random.random(len(name)) >= holdout
    before, after = random.poisson(rate * 12), random.poisson(rate)
    got = np.zeros(n, dtype=bool)
    np.logical_or.at(got, account, treated)
    more = got & (random.random(n) < effect) if effect >= 0 else np.zeros(n, dtype=bool)
    after = np.where(got & (random.random(n) < -effect), 0, after) if effect < 0 else after + more
    who = np.concatenate([np.repeat(ids, before), np.repeat(ids, after)])
    days = np.concatenate([-365 * random.random(before.sum()) - 0.01, 29 * random.random(after.sum()) + 0.5])
    at = np.datetime64(SENT, "us") + (days * 86400e6).astype("timedelta64[us]")
    total = np.exp(8 + 0.8 * random.standard_normal(len(who))).round()
    orders = {"source_system": "web", "order_id": [f"o{k}" for k in range(len(who))], "source_customer_id": name[who], "channel": "web",
              "order_at": at, "status": "completed", "total": total}  # fmt: skip
    lines = {"source_system": "web", "order_id": orders["order_id"], "line_no": 1, "line_type": "goods", "qty": 1, "amount": total,
             "cost": (total * 0.6).round()}  # fmt: skip
    contacts = {"source_system": "web", "campaign_id": code, "source_customer_id": name, "contact_no": 1,
                "arm": np.where(treated, "treat", "control"), "planned_at": SENT,
                "sent_at": np.where(treated, np.datetime64(SENT + timedelta(hours=1), "us"), np.datetime64("NaT", "us")),
                "cost": np.where(treated, 10.0, np.nan)}  # fmt: skip
    people = {
        "source_system": "web",
        "source_customer_id": name,
        "customer_id": np.char.add("C", np.char.zfill(account.astype(str), 6)),
    }
    made = {"campaign_contacts": contacts, "identity_links": people, "orders": orders, "order_lines": lines}
    return {"campaigns": pd.DataFrame([campaign(code, holdout_share=holdout)])} | {
        table: pd.DataFrame(columns) for table, columns in made.items()
    }
