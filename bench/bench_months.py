"""Additive months at scale: a further month beside a build from the beginning, and beside the same SQL typed by hand.

python -m bench.bench_months [--lines N] [--folder DIR]

The tables of bench_rfm (36 months) are made first, and a copy that ends a month earlier. Then, each in a fresh process:
`first` builds all months of the copy, `further` adds the last month to what `first` wrote, `whole` builds all months of
the whole from the beginning, `hand` does what `whole` does in a DuckDB shell, without fingerprints. The files of `further`
and `whole` must be the same bytes, the rows of `hand` the same rows. CPU seconds include the start of Python.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import duckdb

from bench.bench_rfm import AS_OF, TABLES, make

BEFORE = date(2026, 8, 31)
READS = (*TABLES, "products")
SUMS = ("account_months", "product_months", "month_fingerprints")
WAYS = ("first", "further", "whole", "hand")
TARGET = 0.2

HAND_WRITTEN = """
create view d as
select source_system, source_customer_id, order_at, channel, store_id, discount, order_id,
       case when status = 'completed' then 1 else 0 end as is_order, total as net
from orders where status in ('completed', 'credit_note') and order_at < date '2026-10-01'
union all
select o.source_system, o.source_customer_id, r.refunded_at, o.channel, o.store_id, 0, o.order_id, 0, -r.amount
from refunds r join orders o on r.source_system = o.source_system and r.order_id = o.order_id
where o.status = 'completed' and r.refunded_at < date '2026-10-01';

create view l as
select d.source_system, d.source_customer_id, date_trunc('month', d.order_at)::date as month, d.channel, d.store_id,
       d.order_id, p.product_id, p.qty, p.amount, case when p.cost is not null then p.amount else 0 end as costed,
       coalesce(p.cost, 0) as cost
from (select l.* replace (coalesce(l.cost, (l.qty * q.cost)::decimal(18, 2)) as cost)
      from order_lines l left join products q on l.source_system = q.source_system and l.product_id = q.product_id) p join d on d.source_system = p.source_system and d.order_id = p.order_id
where d.is_order = 1 and p.line_type = 'goods';

copy (
    with a as (select source_system, source_customer_id, date_trunc('month', order_at)::date as month, channel, store_id,
                      sum(is_order)::bigint as orders, sum(net)::decimal(18, 2) as revenue,
                      sum(net * net)::decimal(38, 4) as revenue_squared,
                      min(case when is_order = 1 then order_at end) as first_order_at,
                      max(case when is_order = 1 then order_at end) as last_order_at,
                      sum(case when is_order = 1 then discount else 0 end)::decimal(18, 2) as discount
               from d group by all),
    g as (select source_system, source_customer_id, month, channel, store_id, count(*) as lines,
                 sum(qty)::decimal(18, 3) as items, sum(amount)::decimal(18, 2) as goods,
                 sum(costed)::decimal(18, 2) as costed, sum(cost)::decimal(18, 2) as cost
          from l group by all)
    select a.source_system, a.source_customer_id, a.month, a.channel, coalesce(a.store_id, 'none') as store_id, orders,
           revenue, revenue_squared, first_order_at, last_order_at, coalesce(lines, 0) as lines, coalesce(items, 0) as items,
           coalesce(goods, 0) as goods, coalesce(costed, 0) as costed, coalesce(cost, 0) as cost, discount
    from a left join g on a.source_system = g.source_system and a.month = g.month and a.channel = g.channel
        and coalesce(a.source_customer_id, '') = coalesce(g.source_customer_id, '')
        and coalesce(a.store_id, '') = coalesce(g.store_id, '')
    order by all
) to '{out}/account_months.parquet' (format parquet, compression zstd);

copy (
    select source_system, product_id, month, channel, count(distinct order_id) as orders, count(*) as lines,
           sum(qty)::decimal(18, 3) as items, sum(amount)::decimal(18, 2) as goods, sum(costed)::decimal(18, 2) as costed,
           sum(cost)::decimal(18, 2) as cost
    from l group by all order by all
) to '{out}/product_months.parquet' (format parquet, compression zstd);
"""


def make_products(folder: Path) -> None:
    """What the products of bench_rfm cost today: half of those whose lines tell no cost, and all others."""
    (folder / "products").mkdir()
    cost = "cast(case when n % 16 > 0 then (n % 90 + 10) * 6 end as decimal(18, 2))"
    duckdb.execute(f"""copy (select 'shop' as source_system, 'P' || n as product_id, {cost} as cost from range(20_000) t(n))
        to '{folder}/products/0.parquet' (format parquet, compression zstd)""")


def cut(folder: Path) -> Path:
    """The same tables as they stood at the end of the month before: files that ended by then linked, others rewritten."""
    before, until, con = folder / "before", BEFORE + timedelta(days=1), duckdb.connect()
    for table in READS:
        (before / table).mkdir(parents=True, exist_ok=True)
    for table in ("identity_links", "products"):
        os.link(folder / table / "0.parquet", before / table / "0.parquet")
    for path in sorted((folder / "orders").glob("*.parquet")):
        [(last,)] = con.sql(f"select max(order_at) from '{path}'").fetchall()
        wheres = {
            "orders": f"order_at < date '{until}'",
            "order_lines": f"order_id in (select order_id from '{path}' where order_at < date '{until}')",
            "refunds": f"refunded_at < date '{until}'",
        }
        for table, where in wheres.items():
            source, target = folder / table / path.name, before / table / path.name
            if last.date() < BEFORE - timedelta(days=6):  # a refund comes five days later
                os.link(source, target)
            else:
                con.execute(f"copy (select * from '{source}' where {where}) to '{target}' (compression zstd)")
    return before


def run_project(way: str, folder: Path, out: Path) -> None:
    """The way page 04 does it, writing as its door does."""
    from customerbase import features
    from customerbase.engine import Engine
    from customerbase.tables import previous, schema, store

    db = Engine(temp_directory=str(out / "spill"))
    for table in READS:
        source = (folder / "before" if way == "first" else folder) / table
        db.register(table, sorted(source.glob("*.parquet")))
    if way == "further":
        for table in SUMS:
            previous.register(db, table, folder / "out_first" / f"{table}.parquet")
    made = features.additive_months(db, as_of=BEFORE if way == "first" else AS_OF)
    if made.why != ("" if way == "further" else "first"):
        raise AssertionError(f"{way} was built whole because of {made.why!r}")
    for table, relation in made.tables.items():
        store.write_parquet(db, store.as_declared(relation, schema(table)), out / f"{table}.parquet")


def run_hand(folder: Path, out: Path) -> None:
    """The way an analyst would do it in a DuckDB shell: everything, every month."""
    con = duckdb.connect()
    con.execute(f"set temp_directory = '{out / 'spill'}'")
    for table in READS:
        con.execute(f"create view {table} as select * from read_parquet('{folder}/{table}/*.parquet')")
    con.execute(HAND_WRITTEN.replace("{out}", str(out)))


def measure(way: str, folder: Path) -> dict:
    """CPU seconds, wall seconds and peak resident memory (GB) of one way in a process of its own."""
    (folder / f"out_{way}").mkdir()
    command = [sys.executable, "-m", "bench.bench_months", "--way", way, "--folder", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def work(way: str, folder: Path) -> None:
    """In the child process: run one way and print what it cost."""
    start, out = time.perf_counter(), folder / f"out_{way}"
    if way == "hand":
        run_hand(folder, out)
    else:
        run_project(way, folder, out)
    used = resource.getrusage(resource.RUSAGE_SELF)
    wall = time.perf_counter() - start
    print(json.dumps({"cpu": used.ru_utime + used.ru_stime, "wall": wall, "peak_gb": used.ru_maxrss / 1024 / 1024}))


def same_rows(folder: Path, table: str) -> bool:
    """Whether the hand-written SQL gave the rows of the project."""
    names = ", ".join(duckdb.sql(f"select * from '{folder}/out_whole/{table}.parquet'").columns)
    sides = [f"select {names} from '{folder}/out_{way}/{table}.parquet'" for way in ("whole", "hand")]
    query = "select count(*) from ({} except all {})"
    return all(duckdb.sql(query.format(*pair)).fetchall() == [(0,)] for pair in (sides, sides[::-1]))


def report(lines: int, folder: Path) -> None:
    """Make the data, run all ways, print them and their ratios."""
    from customerbase.tables import store

    make(folder, lines)
    make_products(folder)
    cut(folder)
    runs = {}
    for way in WAYS:
        runs[way] = run = measure(way, folder)
        title = f"{lines / 1e6:g} M order lines, 36 months"
        print(
            f"{title:<36}{way:<10}{run['cpu']:>8.1f} CPU s {run['wall']:>8.1f} s {run['peak_gb']:>7.2f} GB", flush=True
        )
    cpu = {way: runs[way]["cpu"] for way in WAYS}
    files = [[store.sha256(folder / f"out_{way}/{table}.parquet") for table in SUMS] for way in ("further", "whole")]
    rows = all(same_rows(folder, table) for table in SUMS[:2])
    print(f"further / first {cpu['further'] / cpu['first']:.3f} (target <= {TARGET})   further / whole"
          f" {cpu['further'] / cpu['whole']:.3f}   same bytes: {files[0] == files[1]}")  # fmt: skip
    print(f"further / hand {cpu['further'] / cpu['hand']:.3f}   whole / hand {cpu['whole'] / cpu['hand']:.2f}"
          f"   same rows: {rows}")  # fmt: skip


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench_months", description="Additive months at scale.")
    parser.add_argument("--lines", type=int, default=50_000_000, help="order lines")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        work(given.way, given.folder)
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        report(given.lines, Path(folder))


if __name__ == "__main__":
    main()
