"""An invented shop whose customers' tastes for categories are known: each buys at random at a rate of their own."""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase import features, i18n
from customerbase.engine import Engine
from customerbase.propensity import Categories
from customerbase.tables import evaluate, schema
from customerbase.tables.store import as_declared

FIRST, AS_OF, UNTIL = date(2024, 1, 1), date(2025, 12, 31), date(2026, 2, 1)  # what the shop knows ends before UNTIL
CUTOFF = date(2026, 1, 1)
NAMES = ("食品", "Drinks", "Toys; 'quoted'", "Books", "Garden", "Music")


@dataclass(frozen=True)
class World:
    """Customers' purchases a day, and of each category the chance that a purchase day holds it."""

    rate: np.ndarray
    taste: np.ndarray
    since: np.ndarray  # day of the first visit, from FIRST

    def chance(self, days: int) -> np.ndarray:
        """Of a purchase of each category within so many days, as who made the world knows it."""
        return 1 - np.exp(-self.rate[:, None] * self.taste * days)


def world(seed: int, customers: int, categories: int = 6, *, alike: bool = False) -> World:
    """alike: everybody buys at one rate and with one taste, so that nothing a customer did tells anything."""
    rng = np.random.default_rng(seed)
    popular = np.linspace(0.5, 0.06, categories) if categories > 1 else np.array([1.0])
    if alike:
        rate, taste = np.full(customers, 0.02), np.full((customers, categories), 0.3)
    else:
        rate = rng.gamma(1.2, 1 / 40, customers)
        taste = popular if categories == 1 else rng.beta(popular * 1.5, (1 - popular) * 1.5, (customers, categories))
    return World(rate, np.broadcast_to(taste, (customers, categories)), rng.integers(0, 500, customers))


def shop(made: World, seed: int = 0, *, first: date = FIRST, known: bool = True) -> Engine:
    """The tables of the shop up to UNTIL; known: products have categories."""
    rng = np.random.default_rng([seed, 1])
    days = (UNTIL - first).days
    customer, day = np.nonzero(rng.random((len(made.rate), days)) < 1 - np.exp(-made.rate[:, None]))
    keep = day >= made.since[customer] * (first == FIRST)
    customer, day = customer[keep], day[keep]
    inside = rng.random((len(customer), made.taste.shape[1])) < made.taste[customer]
    order, category = np.nonzero(inside)
    order_id = np.char.add("O", np.arange(len(customer)).astype(str))
    orders = pd.DataFrame({"order_id": order_id, "source_customer_id": np.char.add("k", customer.astype(str))})
    orders["order_at"] = pd.Timestamp(first) + pd.to_timedelta(day * 24 + rng.integers(0, 24, len(day)), unit="h")
    lines = pd.DataFrame({"order_id": order_id[order], "product_id": np.char.add("P", category.astype(str))})
    lines["amount"] = rng.integers(100, 3000, len(lines))
    products = pd.DataFrame({"product_id": [f"P{n}" for n in range(made.taste.shape[1])]})
    products["category"] = [f"{NAMES[n]} > 小" if known else None for n in range(len(products))]
    return _engine(orders, lines, products)


def _engine(orders: pd.DataFrame, lines: pd.DataFrame, products: pd.DataFrame) -> Engine:
    db = Engine()
    for name, frame in {"orders": orders, "lines": lines, "products": products}.items():
        db.register(f"given_{name}", frame)
    db.execute(
        """create table orders as select 'shop' as source_system, order_id, source_customer_id, 'web' as channel,
        cast(null as varchar) as store_id, cast(order_at as timestamp) as order_at, 'completed' as status,
        cast(1000 as decimal(18, 2)) as total, cast(0 as decimal(18, 2)) as discount,
        cast(0 as decimal(18, 2)) as points_used, cast(null as timestamp) as cancelled_at from given_orders"""
    )
    db.execute(
        """create table order_lines as select 'shop' as source_system, order_id, 'goods' as line_type, product_id,
        cast(1 as decimal(18, 3)) as qty, cast(amount as decimal(18, 2)) as amount from given_lines"""
    )
    db.execute(
        """create table products as select 'shop' as source_system, product_id, cast(category as varchar) as category
        from given_products"""
    )
    db.execute(
        """create table identity_links as select distinct upper(source_customer_id) as customer_id, source_system,
        source_customer_id from orders"""
    )
    return db


def snapshots(db: Engine, count: int = 11, as_of: date = AS_OF) -> Engine:
    """The same with the monthly snapshots."""
    features.monthly_snapshots(db, as_of=as_of, count=count, horizons=(30,))
    return db


def forget(db: Engine, cutoff: date = CUTOFF) -> Engine:
    """Everything dated at the cutoff or later is gone."""
    db.execute("delete from order_lines where order_id in (select order_id from orders where order_at >= $cutoff)",
               cutoff=cutoff)  # fmt: skip
    db.execute("delete from orders where order_at >= $cutoff", cutoff=cutoff)
    return db


def alter(db: Engine, cutoff: date = CUTOFF) -> Engine:
    """Everything dated at the cutoff or later is another's, at another time, and of another category."""
    db.execute("update order_lines set product_id = 'P1', amount = 7 where order_id in"
               " (select order_id from orders where order_at >= $cutoff)", cutoff=cutoff)  # fmt: skip
    db.execute("update orders set source_customer_id = 'k1', order_at = order_at + interval 3 day, total = 9"
               " where order_at >= $cutoff", cutoff=cutoff)  # fmt: skip
    return db


def bought(db: Engine, start: date, days: int = 30) -> pd.DataFrame:
    """Customers and the categories they bought in the window, typed here."""
    return db.query(
        """select upper(source_customer_id) as customer_id, split_part(category, ' > ', 1) as category, count(*) as happened
        from orders, order_lines, products where orders.order_id = order_lines.order_id
        and order_lines.product_id = products.product_id and order_at >= $start and order_at < $end group by all""",
        start=start,
        end=start + timedelta(days=days),
    ).df()


def check(found: Categories) -> list[str]:
    """What holds of every result: tables as expected, everything said in two languages. Returns the codes of the notes."""
    db = Engine()
    for name, table in found.tables().items():
        kept = schema(name)
        db.register(name, as_declared(db.connection.from_df(table), kept))
        assert list(table.columns) == list(kept.columns)
        assert [one for one in evaluate(db, kept, name) if not one.success] == []
    for language in i18n.LANGUAGES:
        assert len(found.remarks(language)) == len(found.notes)
        assert all(text and "{" not in text for text in found.remarks(language))
    assert all(isinstance(value, int | float | str) for value in found.records().values())
    return [note.code for note in found.notes]
