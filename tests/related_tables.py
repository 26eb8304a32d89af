"""Small invented shops for related products: baskets, lines, products and customers with known relations."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd

from customerbase.engine import Engine

AS_OF = date(2026, 10, 31)
ORDERS = ["source_system", "order_id", "source_customer_id", "order_at", "status"]
LINES = ["source_system", "order_id", "line_type", "product_id", "name", "qty", "amount"]


def shop(baskets: list[tuple], products: list[tuple] | None = None) -> Engine:
    """An Engine with orders, order_lines and identity_links, and products where given.

    baskets: (customer or None, day or None, products bought); products: (product_id, name, category, price).
    """
    db = Engine(threads=1)
    orders, lines = [], []
    for number, (customer, day, bought) in enumerate(baskets, start=1):
        at = datetime(day.year, day.month, day.day, 12) if day else None
        orders.append(("s", str(number), customer, at, "completed"))
        lines += [("s", str(number), "goods", product, f"name of {product}", 1.0, 100.0) for product in bought]
    db.register("orders_frame", pd.DataFrame(orders, columns=ORDERS))
    db.execute("""create table orders as select source_system, cast(order_id as varchar) as order_id, cast(source_customer_id as varchar) as
        source_customer_id, cast(order_at as timestamp) as order_at, status from orders_frame""")
    db.register("lines_frame", pd.DataFrame(lines, columns=LINES))
    db.execute("""create table order_lines as select source_system, cast(order_id as varchar) as order_id, line_type,
        cast(product_id as varchar) as product_id, cast(name as varchar) as name, cast(qty as decimal(18, 3)) as qty,
        cast(amount as decimal(18, 2)) as amount from lines_frame""")
    db.execute("""create table identity_links as select distinct 'K' || source_customer_id as customer_id, source_system,
        source_customer_id from orders where source_customer_id is not null""")
    if products is not None:
        db.register("products_frame", pd.DataFrame(products, columns=["product_id", "name", "category", "price"]))
        db.execute("""create table products as select 's' as source_system, product_id, cast(name as varchar) as name, category,
            cast(price as decimal(18, 2)) as price from products_frame""")
    return db


def popularity(products: int, most: float = 0.4) -> np.ndarray:
    """Very unequal chances of products to be in a basket: most / rank."""
    return most / np.arange(1, products + 1)


def named(number: int) -> str:
    return f"P{number:03}"


def independent(rng, baskets: int, chances: np.ndarray, spread: float = 0.0) -> np.ndarray:
    """Which basket holds which product, independently; spread: of the sizes of baskets (logarithm of the odds of all)."""
    odds = chances / (1 - chances) * np.exp(spread * rng.standard_normal((baskets, 1)))
    return rng.random((baskets, len(chances))) < odds / (1 + odds)


def as_baskets(held: np.ndarray, day: date = AS_OF) -> list[tuple]:
    """One customer per basket, all on one day."""
    return [(str(n), day, [named(p) for p in np.flatnonzero(row)]) for n, row in enumerate(held) if row.any()]


def visits(rng, customers: int, chances: np.ndarray, months: int = 20, activity: float = 0.8) -> list[tuple]:
    """Customers who come at any time, some often and some seldom, and buy independently."""
    made = []
    for customer in range(customers):
        for _ in range(rng.poisson(4 * np.exp(activity * rng.standard_normal()))):
            day = AS_OF - timedelta(days=int(rng.integers(0, months * 30)))
            made.append((str(customer), day, [named(p) for p in np.flatnonzero(rng.random(len(chances)) < chances)]))
    return made


def relate(rng, baskets: list[tuple], share: float = 0.7) -> None:
    """Put the product 3 into most baskets with 1, and 1, 2 and 3 together into some more; some buy 20 after 21."""
    for _, _, held in baskets:
        if named(1) in held and named(3) not in held and rng.random() < share:
            held.append(named(3))
        if rng.random() < 0.05:
            held += [named(p) for p in (1, 2, 3) if named(p) not in held]
    for customer in range(40):
        day = AS_OF - timedelta(days=100 + customer)
        baskets += [(str(customer), day, [named(21)]), (str(customer), day + timedelta(days=20), [named(20)])]


def planted(rng, order: tuple[str, str] = ("printer", "ink"), count: int = 60) -> list[tuple]:
    """Visits, and customers who buy the one a few weeks before the other."""
    baskets = visits(rng, 400, popularity(15, 0.3))
    for n in range(count):
        day = AS_OF - timedelta(days=int(rng.integers(100, 500)))
        baskets += [(str(n), day, [order[0]]), (str(n), day + timedelta(days=int(rng.integers(5, 40))), [order[1]])]
    return baskets
