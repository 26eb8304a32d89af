"""Hand-written tables for triggers: everything page 10b reads, empty unless rows are given, and short words for rows."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

import pandas as pd
from profile_tables import link

from customerbase.audiences import triggers
from customerbase.audiences.triggers.conditions import OCCASIONS, find
from customerbase.engine import Engine, identifier
from customerbase.rules import Columns, columns
from customerbase.tables import schemas

AS_OF = date(2026, 10, 31)
UNTIL = datetime(2026, 11, 1)


def engine(make=Engine, **tables: Iterable[dict]) -> Engine:
    """An Engine with all tables that triggers read; `previous_products=[…]` fills one of the month before."""
    db = make(threads=1)
    for name in (*triggers.READS, *(f"previous_{one}" for one in triggers.PREVIOUS)):
        declared = schemas()[name.removeprefix("previous_")].columns.values()
        db.execute(f"create table {name} ({', '.join(f'{identifier(one.name)} {one.type}' for one in declared)})")
        _fill(db, name, list(tables.pop(name, ())))
    assert not tables, f"no table of triggers: {set(tables)}"
    return db


def _fill(db: Engine, name: str, rows: list[dict]) -> None:
    names = list(schemas()[name.removeprefix("previous_")].columns)
    assert all(set(row) <= set(names) for row in rows), f"{name}: {rows[0].keys() - set(names)}"
    if rows:
        marks = ", ".join([f"({', '.join('?' * len(names))})"] * len(rows))
        db.connection.execute(f"insert into {name} values {marks}", [row.get(one) for row in rows for one in names])


def known() -> Columns:
    """The columns that a trigger's rule may name."""
    return columns(schemas(), triggers.READS)


def read(evaluated: str = "monthly", quiet=None, caps=None, **queue: dict) -> triggers.Triggers:
    """Triggers of the entries given; by e-mail, held out by none, unless they say otherwise."""
    said = {code: {"channels": ["email"], "holdout": 0} | spec for code, spec in queue.items()}
    content = {"evaluated": evaluated, "queue": said} | ({"quiet": quiet} if quiet else {})
    return triggers.read_triggers(content | ({"caps": caps} if caps else {}), "x.yaml", columns=known())


def found(db: Engine, as_of: date = AS_OF, daily: bool = True, **spec: object) -> pd.DataFrame:
    """What one trigger finds on a day (or in a month): its occasions by customer."""
    span = triggers.Span.day(as_of) if daily else triggers.Span.month(as_of)
    find(db, read(one=spec), span)
    return db.query(f"select * from {OCCASIONS} order by customer_id, episode").df()


def customers(db: Engine, as_of: date = AS_OF, **spec: object) -> list[str]:
    """The customers one trigger finds on a day."""
    return found(db, as_of, **spec)["customer_id"].tolist()


def at(day: str | date, clock: str = "12:00") -> datetime:
    """A time: at("10-31", "09:00") is in 2026."""
    day = date.fromisoformat(f"2026-{day}") if isinstance(day, str) else day
    return datetime.combine(day, time.fromisoformat(clock))


def days(number: int) -> timedelta:
    return timedelta(days=number)


def links(*people: str, system: str = "shop") -> list[dict]:
    """One account a person, of the same name in small letters."""
    return [link(one, system, one.lower()) for one in people]


def order(number: object, who: str | None, when: datetime, system: str = "shop", **more: object) -> dict:
    """A completed web order of 1,000."""
    row = {"source_system": system, "order_id": str(number), "source_customer_id": who and who.lower()}
    row |= {"channel": "web", "order_at": when, "status": "completed", "total": 1000, "source_row_id": "o:1"}
    return row | more


def line(number: object, product: str, system: str = "shop", **more: object) -> dict:
    """A goods line of an order."""
    row = {"source_system": system, "order_id": str(number), "line_no": 1, "line_type": "goods", "amount": 1000}
    return row | {"product_id": product, "qty": 1, "source_row_id": "l:1"} | more


def event(what: str, who: str | None, when: datetime, product: str | None = None, **more: object) -> dict:
    """Something done in the web shop."""
    own = f"{what}{who}{when}{product}{more}"
    row = {"source_system": "shop", "event_id": own, "event_at": when, "event_name": what, "product_id": product}
    return row | {"source_customer_id": who and who.lower(), "source_row_id": "e:1"} | more


def product(code: str, stock: object = None, system: str = "shop", **more: object) -> dict:
    """A product on sale for 500."""
    row = {"source_system": system, "product_id": code, "price": 500, "stock": stock, "status": "active"}
    return row | {"category": f"{code[0]} > {code}", "source_row_id": "p:1"} | more


def movement(number: object, who: str, when: datetime, delta: float, expires: datetime | None = None, **more) -> dict:
    """Points earned, or used where the number is negative."""
    kind = "earn" if delta > 0 else "use"
    row = {"source_system": "shop", "txn_id": str(number), "source_customer_id": who.lower(), "txn_at": when}
    return row | {"delta": delta, "kind": kind, "expires_at": expires, "source_row_id": "t:1"} | more


def granted(*people: str, channel: str = "email", state: str = "granted") -> list[dict]:
    """Consent by the gate of page 10."""
    row = {"channel": channel, "state": state, "since": at("01-01"), "basis": "consent"}
    return [{"customer_id": one} | row for one in people]


def occasions(*rows: tuple, trigger: str = "one") -> pd.DataFrame:
    """Occasions as the kinds give them: (customer, not_before), with a trigger, an episode and a value where given."""
    made = []
    for customer, not_before, *more in rows:
        code, episode, value = [*more, *(trigger, str(not_before), None)[len(more) :]]
        made.append((code, customer, episode, not_before, not_before + days(7), None, None, value))
    names = ["trigger", "customer_id", "episode", "not_before", "expires_at", "subject", "measure", "value"]
    return pd.DataFrame(made, columns=names).astype({"not_before": "datetime64[s]", "expires_at": "datetime64[s]"})


EVERY_KIND = {
    "cart": {"kind": "cart_abandoned", "hours": 24},
    "looked": {"kind": "browsed", "visits": 2},
    "welcome": {"kind": "first_purchase"},
    "party": {"kind": "birthday"},
    "rank": {"kind": "rank_falling", "spend": 2000},
    "points": {"kind": "points_expiring"},
    "risk": {"kind": "churn_risen"},
    "angry": {"kind": "dissatisfied", "top": 100},
    "stock": {"kind": "back_in_stock"},
    "due": {"kind": "repurchase"},
}


def shop_of_everything(make=Engine) -> Engine:
    """Three people who meet the condition of every kind on the as-of day, and one contact by a campaign."""
    people, last = ("A", "B", "C"), at(AS_OF)
    events = [event("add_to_cart", who, last - days(1), "P1", session_id=f"{who}0") for who in people]
    events += [event("view_item", who, last - days(n), "P2", session_id=f"{who}{n}") for who in people for n in (0, 2)]
    orders = [order(f"{who}{n}", who, last - days(ago)) for who in people for n, ago in enumerate((335, 20))]
    orders += [order("new", "N", last - days(4)), order("N2", "N", last - days(4))]
    churned = {"as_of": AS_OF, "probability": 0.9, "value_at_risk": 5000, "cltv": 6000}
    due = {
        "thing": "tea",
        "as_of": AS_OF,
        "last_day": AS_OF - days(20),
        "contact_day": AS_OF + days(1),
        "contact_gain": 0.05,
    }
    answer = {"survey_score": 2, "survey_scale": "nps", "survey_at": last, "member_rank": "gold"}
    own = {"source_system": "shop"}
    return engine(
        make,
        identity_links=links(*people, "N"),
        web_events=events,
        orders=orders,
        order_lines=[line(f"{who}0", "P3") for who in people],
        products=[product(code, 5) for code in ("P1", "P2", "P3")],
        previous_products=[product("P2", 0)],
        loyalty_points=[
            movement(f"{who}{n}", who, last - days(300), delta, UNTIL + days(29) if delta > 0 else None)
            for who in people for n, delta in enumerate((200, -50))
        ],
        survey_answers=[own],
        profile=[{"customer_id": who, "orders": 2} | answer for who in people],
        contacts=[{"customer_id": who, "birth_date": date(1990, 11, 1)} for who in people],
        cltv=[{"customer_id": who, "cltv": 6000} for who in people],
        churn=[churned | {"customer_id": who, "risk_band": "high"} for who in people],
        previous_churn=[churned | {"customer_id": who, "risk_band": "low"} for who in people],
        repurchase_due=[due | {"customer_id": who} for who in people],
        contactable=granted(*people, "N"),
        campaigns=[own | {"campaign_id": "M", "channel": "email"}],
        campaign_contacts=[own | {"campaign_id": "M", "source_customer_id": "c", "contact_no": 1, "arm": "treat", "sent_at": last}],
    )  # fmt: skip
