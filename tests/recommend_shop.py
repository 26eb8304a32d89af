"""A small invented shop with known tastes: who belongs to a taste buys its products, staples come back every month."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase.engine import Engine
from customerbase.recommend import Purchases

END = date(2026, 11, 1)  # the day after the last purchases
TASTES, OF_TASTE, STAPLES = 4, 30, 5


def rows(customers: int = 200, days: int = 400, seed: int = 3) -> pd.DataFrame:
    """customer_id, product_id, day: a visit every 20 days or so, one staple and two products of the taste a visit."""
    random, made = np.random.default_rng(seed), []
    for customer in range(customers):
        taste, staple = customer % TASTES, customer % STAPLES
        day = int(random.integers(0, 40))
        while day < days:
            names = {f"S{staple}"}
            names |= {f"T{taste}{random.integers(0, OF_TASTE)}" for _ in range(2)}
            if random.random() < 0.2:
                names.add(f"T{random.integers(0, TASTES)}{random.integers(0, OF_TASTE)}")
            made += [(f"c{customer:03}", name, END - timedelta(days=days - day)) for name in names]
            day += int(random.integers(10, 31))
    return pd.DataFrame(made, columns=["customer_id", "product_id", "day"])


def goods() -> pd.DataFrame:
    """One row a product: path of categories, price, stock, status."""
    names = [f"S{place}" for place in range(STAPLES)]
    names += [f"T{taste}{place}" for taste in range(TASTES) for place in range(OF_TASTE)]
    made = pd.DataFrame({"product_id": sorted(names)})
    made["category"] = ["staples" if name[0] == "S" else f"taste {name[1]}" for name in made["product_id"]]
    made["path"] = made["category"] + " > " + made["product_id"].str[:2]
    return made.assign(name=made["product_id"], price=100.0, stock=np.nan, status="active")


def purchases(**options) -> Purchases:
    """The shop as the models see it."""
    return Purchases.of(rows(**options), goods())


def tables(rows: pd.DataFrame) -> Engine:
    """The shop as the tables that page 08 reads: one order a customer and day, two more people without any."""
    db = Engine(threads=1)
    db.connection.register("sold", rows)
    db.connection.register("known", goods())
    db.execute("""create table orders as
        select 's' as source_system, customer_id || day as order_id, customer_id as source_customer_id,
            case when substr(customer_id, 4) < '5' then '1' end as store_id, 'web' as channel,
            cast(day as timestamp) as order_at, 'completed' as status, cast(100 * count(*) as decimal(18, 2)) as total
        from sold group by customer_id, day""")
    db.execute("""create table order_lines as
        select 's' as source_system, customer_id || day as order_id, product_id, 'goods' as line_type,
            'line of ' || product_id as name, cast(1 as decimal(18, 3)) as qty, cast(100 as decimal(18, 2)) as amount from sold""")
    db.execute(
        "create table refunds (source_system varchar, order_id varchar, refunded_at timestamp, amount decimal(18, 2))"
    )
    db.execute("""create table products as
        select 's' as source_system, product_id, name, path as category, cast(price as decimal(18, 2)) as price,
            cast(null as decimal(18, 3)) as stock, status from known""")
    db.execute("""create table identity_links as
        select distinct customer_id, 's' as source_system, customer_id as source_customer_id from sold
        union all select unnest(['new1', 'new2']), 's', unnest(['new1', 'new2'])""")
    db.execute("""create table profile as select customer_id, case when customer_id <> 'new2' then 'female' end as gender,
        case when customer_id <> 'new2' then '30-39' end as age_band from identity_links""")
    return db
