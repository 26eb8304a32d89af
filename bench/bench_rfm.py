"""Customer features and RFM at scale: this project against the same SQL typed by hand into raw DuckDB.

python -m bench.bench_rfm [--lines N] [--big N] [--folder DIR]

Orders, lines and refunds are made first (Zipf-like customers and products, 2.5 lines an order, 36 months, ordered by
time), and whose id is whose (two ids a person); then each way runs in a fresh process that writes customer features and RFM as Parquet. CPU seconds include the
start of Python and all imports. The results must be equal, row for row.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
from datetime import date
from pathlib import Path

import duckdb

AS_OF = date(2026, 9, 30)
ORDERS_PER_FILE = 400_000
TABLES = ("orders", "order_lines", "refunds", "identity_links")

HAND_WRITTEN = """
create view d as
with u as (
    select o.source_system, o.order_id, o.source_customer_id, o.order_at,
           case when o.status = 'completed' then 1 else 0 end as is_order, o.total as net
    from orders o
    where o.status in ('completed', 'credit_note') and o.order_at < date '2026-10-01'
    union all
    select o.source_system, o.order_id, o.source_customer_id, r.refunded_at, 0, -r.amount
    from refunds r join orders o on r.source_system = o.source_system and r.order_id = o.order_id
    where o.status = 'completed' and r.refunded_at < date '2026-10-01')
select u.source_system, u.order_id, i.customer_id, u.order_at, u.is_order, u.net
from u left join identity_links i
    on u.source_system = i.source_system and u.source_customer_id = i.source_customer_id;

create temp table m as
select customer_id, cast(date_trunc('month', order_at) as date) as month, sum(is_order)::bigint as orders,
       sum(net)::decimal(18, 2) as revenue, max(case when is_order = 1 then order_at end) as last_order_at
from d where customer_id is not null group by 1, 2;

create temp table b as
select customer_id, date_diff('day', max(last_order_at)::date, date '2026-09-30') as days,
       sum(case when month >= date '2024-10-01' then orders else 0 end)::bigint as orders,
       sum(case when month >= date '2024-10-01' then revenue else 0 end)::decimal(18, 2) as spend
from m group by 1 having max(last_order_at) is not null;

create temp table c as
with s as (select 'r' as k, (-days)::decimal(18, 2) as v from b where orders > 0
           union all select 'f', orders from b where orders > 0
           union all select 'm', spend from b where orders > 0),
g as (select k, v, count(*) as n from s group by 1, 2),
w as (select k, v, sum(n) over (partition by k order by v) - n as below, sum(n) over (partition by k) as total from g)
select k, list(v) as cuts
from (select k, q, min(v) as v from w, (values (1), (2), (3), (4)) t(q) where 5 * below >= q * total group by k, q)
group by k;

copy (
    with c1 as (select (select cuts from c where k = 'r') as r, (select cuts from c where k = 'f') as f,
                       (select cuts from c where k = 'm') as m)
    select customer_id, date '2026-09-30' as as_of, days::int as days_since_last_order, orders as order_count,
           spend as net_spend,
           case when orders = 0 then 1 else 1 + len(list_filter(c1.r, lambda x: x <= -days)) end::int as r,
           case when orders = 0 then 1 else 1 + len(list_filter(c1.f, lambda x: x <= orders)) end::int as f,
           case when orders = 0 then 1 else 1 + len(list_filter(c1.m, lambda x: x <= spend)) end::int as m
    from b, c1
) to '{out}/rfm.parquet' (format parquet, compression zstd);

copy (
    with f as (select customer_id, sum(is_order)::bigint as orders, sum(net)::decimal(18, 2) as revenue,
                      min(case when is_order = 1 then order_at end) as first_order_at,
                      max(case when is_order = 1 then order_at end) as last_order_at
               from d where customer_id is not null group by 1),
    p as (select customer_id, product_id, count(*) as lines, sum(qty)::decimal(18, 3) as items
          from order_lines l join d on d.source_system = l.source_system and d.order_id = l.order_id
          where d.is_order = 1 and d.customer_id is not null and l.line_type = 'goods' group by 1, 2),
    g as (select customer_id, sum(lines)::bigint as lines, sum(items)::decimal(18, 3) as items,
                 count(product_id) as products from p group by 1)
    select f.*, date_diff('day', first_order_at::date, date '2026-09-30') as days_since_first_order,
           date_diff('day', last_order_at::date, date '2026-09-30') as days_since_last_order,
           coalesce(g.lines, 0) as lines, coalesce(g.items, 0) as items, coalesce(g.products, 0) as products
    from f left join g using (customer_id) where f.orders > 0
) to '{out}/customer_features.parquet' (format parquet, compression zstd);
"""


def make(folder: Path, lines: int, accounts: int = 0) -> None:
    """Parquet files of the four tables with about `lines` order lines, the same for the same numbers.

    accounts: ids of customers, two a person; one for 15 lines when not given.
    """
    import numpy as np
    import pyarrow as pa

    random = np.random.default_rng(20260930)
    orders, customers, products = int(lines / 2.5), accounts or max(lines // 15, 10), 20_000
    customer_share = np.cumsum(np.arange(1, customers + 1) ** -0.7)
    product_share = np.cumsum(np.arange(1, products + 1) ** -0.9)
    con = duckdb.connect()
    for part, start in enumerate(range(0, orders, ORDERS_PER_FILE)):
        count = min(ORDERS_PER_FILE, orders - start)
        number = np.arange(start, start + count)
        per_order = 1 + random.poisson(1.5, count)
        o = pa.table(
            {
                "number": number,
                "customer": np.searchsorted(customer_share, random.random(count) * customer_share[-1]),
                "second": (number / orders * 36 * 30.4375 * 86400).astype("int64"),
                "credit": random.random(count) < 0.02,
                "anonymous": random.random(count) < 0.1,
                "yen": random.integers(300, 30_000, count),
                "refunded": random.random(count) < 0.01,
            }
        )
        line = pa.table(
            {
                "number": np.repeat(number, per_order),
                "line_no": np.concatenate([np.arange(1, n + 1) for n in per_order]) if count else [],
                "product": np.searchsorted(product_share, random.random(per_order.sum()) * product_share[-1]),
                "qty": random.integers(1, 5, per_order.sum()),
            }
        )
        _write(con, folder, part, o, line)
    (folder / "identity_links").mkdir(exist_ok=True)
    con.execute(f"""copy (select 'shop' as source_system, 'C' || n as source_customer_id, 'K' || n // 2 as customer_id
        from range({customers + 1}) t(n)) to '{folder}/identity_links/0.parquet' (format parquet, compression zstd)""")


def _write(con: duckdb.DuckDBPyConnection, folder: Path, part: int, o: object, line: object) -> None:
    con.register("o", o)
    con.register("line", line)
    con.execute("""create or replace temp table batch as select 'shop' as source_system, 'N' || number as order_id,
        case when not anonymous then 'C' || customer end as source_customer_id,
        case when number % 3 = 0 then 'store' else 'web' end as channel,
        case when number % 3 = 0 then 'S' || number % 40 end as store_id,
        cast(case when number % 7 = 0 then 100 else 0 end as decimal(18, 2)) as discount,
        timestamp '2023-10-01' + to_seconds(second) as order_at,
        case when credit then 'credit_note' else 'completed' end as status,
        cast(case when credit then -yen else yen end as decimal(18, 2)) as total, refunded from o""")
    queries = {
        "orders": "select * exclude (refunded) from batch",
        "order_lines": """select 'shop' as source_system, 'N' || number as order_id,
            cast(line_no as integer) as line_no,
            'goods' as line_type, 'P' || product as product_id, cast(qty as decimal(18, 3)) as qty,
            cast(qty * (product % 90 + 10) * 10 as decimal(18, 2)) as amount,
            cast(case when product % 8 > 0 then qty * (product % 90 + 10) * 6 end as decimal(18, 2)) as cost from line""",
        "refunds": """select 'shop' as source_system, order_id, cast(300 as decimal(18, 2)) as amount,
            order_at + interval 5 day as refunded_at from batch where refunded""",
    }
    for table, query in queries.items():
        (folder / table).mkdir(exist_ok=True)
        con.execute(f"copy ({query}) to '{folder}/{table}/{part:04}.parquet' (format parquet, compression zstd)")


def run_project(folder: Path, out: Path, memory_limit: str | None) -> None:
    """The way a notebook does it."""
    from customerbase import features, rfm
    from customerbase.engine import Engine

    db = Engine(memory_limit=memory_limit, temp_directory=str(out / "spill"))
    for table in TABLES:
        db.register(table, sorted((folder / table).glob("*.parquet")))
    features.customer_months(db, as_of=AS_OF)
    rfm.rfm(db, as_of=AS_OF).write_parquet(str(out / "rfm.parquet"), compression="zstd")
    found = features.customer_features(db, as_of=AS_OF)
    found.write_parquet(str(out / "customer_features.parquet"), compression="zstd")


def run_hand(folder: Path, out: Path, memory_limit: str | None) -> None:
    """The way an analyst would do it in a DuckDB shell."""
    con = duckdb.connect()
    con.execute(f"set temp_directory = '{out / 'spill'}'")
    if memory_limit:
        con.execute(f"set memory_limit = '{memory_limit}'")
    for table in TABLES:
        con.execute(f"create view {table} as select * from read_parquet('{folder}/{table}/*.parquet')")
    con.execute(HAND_WRITTEN.replace("{out}", str(out)))


def measure(way: str, folder: Path, memory_limit: str | None = None) -> dict:
    """CPU seconds, wall seconds and peak resident memory (GB) of one way in a process of its own."""
    out = folder / f"out_{way}"
    out.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "bench.bench_rfm", "--way", way, "--folder", str(folder)]
    command += ["--memory-limit", memory_limit] if memory_limit else []
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])


def equal(folder: Path) -> bool:
    """Whether both ways gave the same rows."""
    con = duckdb.connect()
    for table in ("rfm", "customer_features"):
        left, right = (f"from '{folder}/out_{way}/{table}.parquet'" for way in ("project", "hand"))
        columns = ", ".join(row[0] for row in con.sql(f"describe select * {left}").fetchall())
        for a, b in ((left, right), (right, left)):
            query = f"select count(*) from (select {columns} {a} except all select {columns} {b})"
            if con.sql(query).fetchall() != [(0,)]:
                return False
    return True


def report(lines: int, folder: Path, memory_limit: str | None, rounds: int) -> None:
    """Make the data, run both ways in turn, print the medians and their ratio."""
    make(folder, lines)
    ways = ["project", "hand"] if not memory_limit else ["project"]
    runs = {way: [] for way in ways}
    for _ in range(rounds):
        for way in ways:
            runs[way].append(measure(way, folder, memory_limit))
    title = f"{lines / 1e6:g} M order lines" + (f", memory_limit {memory_limit}" if memory_limit else "")
    for way in ways:
        best = sorted(runs[way], key=lambda run: run["cpu"])[len(runs[way]) // 2]
        print(f"{title:<44}{way:<10}{best['cpu']:>8.1f} CPU s {best['wall']:>8.1f} s {best['peak_gb']:>7.2f} GB")
    if not memory_limit:
        cpu = {way: sorted(run["cpu"] for run in runs[way])[rounds // 2] for way in ways}
        ratio = cpu["project"] / cpu["hand"]
        print(f"{title:<44}{'ratio':<10}{ratio:>8.2f} (target <= 1.30)   results equal: {equal(folder)}")


def work(way: str, folder: Path, memory_limit: str | None) -> None:
    """In the child process: run one way and print what it cost."""
    import time

    start = time.perf_counter()
    {"project": run_project, "hand": run_hand}[way](folder, folder / f"out_{way}", memory_limit)
    used = resource.getrusage(resource.RUSAGE_SELF)
    wall = time.perf_counter() - start
    print(json.dumps({"cpu": used.ru_utime + used.ru_stime, "wall": wall, "peak_gb": used.ru_maxrss / 1024 / 1024}))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.bench_rfm", description="Customer features and RFM at scale."
    )
    parser.add_argument("--lines", type=int, default=10_000_000, help="order lines of the comparison")
    parser.add_argument(
        "--big", type=int, default=50_000_000, help="order lines of a further run under memory_limit 2GB"
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--way", choices=("project", "hand"), help=argparse.SUPPRESS)
    parser.add_argument("--memory-limit", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        work(given.way, given.folder, given.memory_limit)
        return
    for lines, limit, rounds in ((given.lines, None, given.rounds), (given.big, "2GB", 1)):
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            if lines:
                report(lines, Path(folder), limit, rounds)


if __name__ == "__main__":
    main()
