"""Related products of an invented shop, beside counting pairs by support and lift in plain SQL.

python -m bench.bench_related [--lines N] [--products N] [--customers N]

Ours: all tables of page 08b, everything against chance by sizes of baskets and months; the peer: pairs of baskets that ten
hold, with support, confidence and lift, and no question of chance. A basket's products
are independent of each other but for planted pairs: a third of the lines of even products bring the next product. Seconds of all cores and of the clock.
"""

import argparse
import os
import resource
import time
from datetime import date

import numpy as np
import pyarrow as pa

AS_OF, DAYS = date(2026, 10, 31), 720
PAIRS = """
    with held as (select distinct order_id, product_id from order_lines),
    sold as (select product_id, count(*) as baskets from held group by product_id having count(*) >= 10),
    pairs as (
        select one.product_id as first, other.product_id as second, count(*) as baskets
        from held as one inner join held as other on one.order_id = other.order_id and one.product_id < other.product_id
        group by all having count(*) >= 10
    )
    select first, second, pairs.baskets, pairs.baskets / a.baskets as confidence,
        pairs.baskets * (select count(distinct order_id) from held) / (a.baskets * b.baskets) as lift
    from pairs inner join sold as a on first = a.product_id inner join sold as b on second = b.product_id
    order by lift desc, first, second"""


def made(db, lines: int, products: int, customers: int, seed: int = 0) -> None:
    """The tables orders, order_lines, products and identity_links of an engine."""
    random = np.random.default_rng(seed)
    size = 1 + random.geometric(0.25, lines // 5)
    basket = np.repeat(np.arange(len(size)), size)
    item = (products * random.random(len(basket)) ** 3).astype(np.int64)  # few sell much
    joined = (item % 2 == 0) & (random.random(len(item)) < 1 / 3)
    basket, item = np.concatenate([basket, basket[joined]]), np.concatenate([item, item[joined] + 1])
    who, day = random.integers(0, customers, len(size)), random.integers(0, DAYS, len(size))
    db.register("baskets", pa.table({"basket": np.arange(len(size)), "who": who, "day": day}))
    db.register("lines", pa.table({"basket": basket, "item": item}))
    db.execute("""create table orders as select 's' as source_system, cast(basket as varchar) as order_id, 'C' || who as
        source_customer_id, $last - cast(day as integer) + interval 12 hour as order_at, 'completed' as status
        from baskets""", last=AS_OF)  # fmt: skip
    db.execute("""create table order_lines as select distinct 's' as source_system, cast(basket as varchar) as order_id,
        'goods' as line_type, 'p' || lpad(cast(item as varchar), 5, '0') as product_id, 'name' as name,
        cast(1 as decimal(18, 3)) as qty, cast(100 + item as decimal(18, 2)) as amount from lines""")
    db.execute("""create table products as select distinct 's' as source_system, product_id, name, 'k' ||
        right(product_id, 1) as category, amount as price from order_lines""")
    db.execute("""create table identity_links as select distinct source_customer_id as customer_id, source_system,
        source_customer_id from orders""")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench_related", description="Related products.")
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--customers", type=int, default=60_000)
    given = parser.parse_args()
    from customerbase.engine import Engine
    from customerbase.recommend import related

    db = Engine()
    made(db, given.lines, given.products, given.customers)
    spent = {}
    for name in ("project", "plain SQL"):
        cpu, wall = time.process_time(), time.perf_counter()
        if name == "project":
            found = related.related(db, as_of=AS_OF)
            rows, planted = len(found.pairs), _planted(found.pairs.query("level == 'basket'"))
        else:
            pairs = db.query(PAIRS).df().rename(columns={"first": "product_1", "second": "product_2"})
            rows, planted = len(pairs), _planted(pairs)
        spent[name] = time.process_time() - cpu
        said = f"{rows:>9,} pairs by basket or customer, planted of those by basket {planted:.1%}"
        print(f"{name:<12}{spent[name]:>8.1f} s CPU{time.perf_counter() - wall:>8.1f} s clock {said}", flush=True)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    print(
        f"{'ratio':<12}{spent['project'] / spent['plain SQL']:>8.2f}  peak {peak:.1f} GiB, load {os.getloadavg()[0]:.1f}"
    )


def _planted(pairs) -> float:
    one, other = (pairs[name].str[1:].astype(int) for name in ("product_1", "product_2"))
    return float(((one % 2 == 0) & (other == one + 1)).mean()) if len(pairs) else float("nan")


if __name__ == "__main__":
    main()
