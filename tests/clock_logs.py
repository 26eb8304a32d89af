"""Shops with known clocks: the sample company as engine tables without its files, small hand-made shops, renewals by law."""

from collections.abc import Iterable
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa

from customerbase.engine import Engine
from customerbase.sample.block import Block, make_block, status_words
from customerbase.sample.campaigns import make_campaigns
from customerbase.sample.people import blocks
from customerbase.sample.strings import Dates
from customerbase.sample.world import World, load, parse_month

SAMPLE_AS_OF = date(2026, 10, 31)
REFILLS = {f"M{number:04d}": days for number, days in load("company")["refills"]}


def sample_blocks(customers: int, seed: int = 1, refills: list | None = None) -> Iterable[Block]:
    """The simulated people of the sample company (24 months), with other refills where given."""
    company = load("company") | ({"refills": refills} if refills else {})
    world = World(seed=seed, customers=customers, months=24, last_month=parse_month("2026-10"), company=company)
    dates, campaigns = Dates(world), make_campaigns(world)
    return (make_block(world, dates, campaigns, part) for part in blocks(customers))


def sample_engine(customers: int, seed: int = 1, refills: list | None = None) -> Engine:
    """The orders of the sample company as tables, everybody under one id: no file, no intake, no linking in between."""
    db, tables = Engine(), {"orders": [], "order_lines": []}
    for block in sample_blocks(customers, seed, refills):
        made = _tables(block)
        for name, table in made.items():
            tables[name].append(table)
    goods = block.world.goods
    for name, parts in tables.items():
        db.register(name, pa.concat_tables(parts))
    categories = [goods.categories[number] for number in goods.category]
    products = pd.DataFrame({"product_id": goods.codes, "name": goods.names, "category": categories})
    db.register("products", products.assign(source_system="s"))
    _links(db)
    return db


def shop(purchases: Iterable[tuple[str, str, str]], categories: dict[str, str | None], extra: str = "") -> Engine:
    """A shop from (customer, day, product) rows, one order each; extra: SQL run at the end, to bend the tables."""
    db, rows = Engine(), list(purchases)
    frame = pd.DataFrame(rows, columns=["source_customer_id", "day", "product_id"], dtype=object)
    frame["order_id"] = [f"o{number}" for number in range(len(frame))]
    db.register("given", frame.astype(str))
    db.execute(
        "create table orders as select 's' as source_system, order_id, source_customer_id, 'completed' as status,"
        " cast(day as timestamp) + interval 11 hour as order_at, cast(null as timestamp) as cancelled_at, 'web' as channel,"
        " cast(null as varchar) as store_id, cast(1 as decimal(18, 2)) as total, cast(0 as decimal(18, 2)) as discount,"
        " cast(0 as decimal(18, 2)) as points_used from given"
    )
    db.execute(
        "create table order_lines as select 's' as source_system, order_id, 'goods' as line_type, product_id,"
        " cast(1 as decimal(18, 3)) as qty, cast(1 as decimal(18, 2)) as amount from given"
    )
    named = pd.DataFrame(
        {"product_id": list(categories), "category": pd.Series(list(categories.values()), dtype=object)}
    )
    db.register("named", named)
    db.execute(
        "create table products as select 's' as source_system, product_id, cast(category as varchar) as category from named"
    )
    if extra:
        db.execute(extra)
    _links(db)
    return db


def renewals(people: int, rng: np.random.Generator, *, typical: float = 30, spread: float = 0.15, shape: float = 9,
             fans: float = 0.5, rate: float = 0.004, leaving: float = 0.003, span: int = 700) -> pd.DataFrame:  # fmt: skip
    """Purchase days by law: fans at gamma gaps around an own mean, the others at random, until they leave or it ends.

    Columns customer (a number) and day (0 … span − 1).
    """
    start = rng.uniform(0, span, people)
    fan, own = rng.random(people) < fans, typical * np.exp(rng.normal(0, spread, people))
    end = np.minimum(span, start + rng.exponential(1 / leaving, people))
    now, here, found = start, np.arange(people), []
    while len(here):
        found.append(pd.DataFrame({"customer": here, "day": np.floor(now[here]).astype(int)}))
        regular = rng.gamma(shape, 1 / shape, len(here)) * own[here]
        gap = np.where(fan[here], regular, rng.exponential(1 / rate, len(here)))
        now[here] += gap
        here = here[now[here] < end[here]]
    return pd.concat(found).drop_duplicates().sort_values(["customer", "day"], ignore_index=True)


def gaps(days: pd.DataFrame, span: int) -> pd.DataFrame:
    """Every purchase day with the days to the next one, or to the last day of the span: columns customer, gap, observed."""
    following = days.groupby("customer")["day"].shift(-1)
    gap = following.fillna(span - 1) - days["day"]
    return pd.DataFrame({"customer": days["customer"], "gap": gap.astype(int), "observed": following.notna()})


def daily(found: pd.DataFrame, longest: int, parts: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """(events, at risk) of days 1 … longest, one row per part of the customers."""
    events, risk = np.zeros((parts, longest)), np.zeros((parts, longest))
    part_of = found["customer"].astype(int) % parts
    for part in range(parts):
        some = found[part_of == part]
        ended = np.bincount(some["gap"][some["observed"]], minlength=longest + 1)
        left = np.bincount(some["gap"], minlength=longest + 1)
        events[part] = ended[1 : longest + 1]
        risk[part] = len(some) - np.cumsum(left)[:longest]
    return events, risk


def highest(events: np.ndarray, at_risk: np.ndarray) -> float:
    """The day of the highest hazard, by a quartic around the highest week: no code of the package in it."""
    hazard = events / at_risk
    middle = int(np.convolve(hazard, np.ones(7) / 7, "same").argmax())
    half = max(5, int(0.4 * middle))
    days = np.arange(middle - half, middle + half + 1)
    curve = np.polyfit(days - middle, hazard[days], 4, w=np.sqrt(at_risk[days]))
    fine = np.linspace(-0.7 * half, 0.7 * half, 2001)
    return 1 + middle + float(fine[np.polyval(curve, fine).argmax()])


def gaps_by_sql(db: Engine, product: str, as_of: date) -> pd.DataFrame:
    """Gaps between purchase days of one product in plain SQL: columns customer, gap, observed."""
    return db.query(
        "with days as (select distinct source_customer_id as customer, cast(order_at as date) as day"
        " from orders join order_lines using (source_system, order_id)"
        " where product_id = $product and line_type = 'goods' and status = 'completed' and source_customer_id is not null)"
        " select customer, lead(day) over (partition by customer order by day) is not null as observed,"
        " coalesce(lead(day) over (partition by customer order by day), $as_of) - day as gap from days",
        product=product,
        as_of=as_of,
    ).df()


def _tables(block: Block) -> dict[str, pa.Table]:
    orders, world, live = block.orders, block.world, np.flatnonzero(block.live)
    known = orders.named & (orders.row >= 0)
    person = np.where(known, block.people.person[np.maximum(orders.row, 0)], -1)[live]
    at = np.datetime64(world.first_day) + (orders.t[live] * 86400).astype("timedelta64[s]")
    money = pa.array(np.zeros(len(live))).cast(pa.decimal128(18, 2))
    made = {
        "source_system": pa.array(["s"] * len(live)),
        "order_id": block.order_ids.take(pa.array(live)),
        "source_customer_id": pa.array(person, mask=person < 0).cast(pa.string()),
        "order_at": pa.array(at.astype("datetime64[us]")),
        "status": status_words(block.code).take(pa.array(live)),
        "channel": pa.array(["web"] * len(live)),
        "store_id": pa.nulls(len(live), pa.string()),
        "cancelled_at": pa.nulls(len(live), pa.timestamp("us")),
        **dict.fromkeys(("total", "discount", "points_used"), money),
    }
    keep = (block.lines.kind == 1) & block.live[block.lines.order]
    lines = {
        "source_system": pa.array(["s"] * int(keep.sum())),
        "order_id": block.order_ids.take(pa.array(block.lines.order[keep])),
        "line_type": pa.array(["goods"] * int(keep.sum())),
        "product_id": pa.array(np.array(world.goods.codes, dtype=object)[block.lines.product[keep]]),
        "qty": pa.array(block.lines.qty[keep].astype(float)).cast(pa.decimal128(18, 3)),
        "amount": pa.array(block.lines.amount[keep].astype(float)).cast(pa.decimal128(18, 2)),
    }
    return {"orders": pa.table(made), "order_lines": pa.table(lines)}


def _links(db: Engine) -> None:
    db.execute(
        "create or replace table identity_links as select distinct 'c' || source_customer_id as customer_id, source_system,"
        " source_customer_id from orders where source_customer_id is not null"
    )
