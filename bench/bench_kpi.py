"""KPI tables at scale: CPU seconds of kpi_table and kpi_by, each in a fresh process.

python -m bench.bench_kpi [--customers N ...] [--out FOLDER]

Customers with one account each begin over 24 months and buy at a rate of their own until they leave (gamma rates,
exponential lives), in four channels and 20 stores; a tenth of the orders is anonymous. --out keeps both tables.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from customerbase import features, kpi
from customerbase.engine import Engine

AS_OF, MONTHS = date(2026, 9, 30), 24
FIRST = np.datetime64("2024-10-01")
DAYS = 730
TABLES = ("account_months", "identity_links", "orders", "refunds", "cltv")


ACCOUNT = "case when who is not null then 'a' || lpad(cast(who as varchar), 8, '0') end as source_customer_id"
PLACE = """list_value('web', 'app', 'store', 'phone')[channel + 1] as channel,
    case when channel = 2 then 's' || store else 'none' end as store_id"""
MADE = {
    "account_months": f"""select 's' as source_system, {ACCOUNT}, cast(date_trunc('month', day) as date) as month, {PLACE},
        count(*) as orders, cast(sum(amount) as decimal(18, 2)) as revenue,
        cast(sum(amount * amount) as decimal(38, 4)) as revenue_squared,
        min(cast(day as timestamp)) as first_order_at, max(cast(day as timestamp)) as last_order_at,
        count(*) as lines, cast(sum(pieces) as decimal(18, 3)) as items, cast(sum(amount) as decimal(18, 2)) as goods,
        cast(sum(case when order_id % 5 > 0 then amount end) as decimal(18, 2)) as costed,
        cast(sum(case when order_id % 5 > 0 then amount * 6 // 10 end) as decimal(18, 2)) as cost,
        cast(0 as decimal(18, 2)) as discount from made group by all order by 3, 2, 4, 5""",
    "orders": f"""select 's' as source_system, cast(order_id as varchar) as order_id, {ACCOUNT}, {PLACE},
        cast(day as timestamp) + interval 10 hour as order_at, 'completed' as status,
        cast(amount as decimal(18, 2)) as total from made order by day, order_id""",
    "identity_links": f"select 's' as source_system, {ACCOUNT}, customer_id from people",
    "cltv": "select customer_id, cast(who % 997 as double) * 31 as cltv from people",
    "refunds": """select '' as source_system, '' as order_id, timestamp '2000-01-01' as refunded_at,
        cast(0 as decimal(18, 2)) as amount where false""",
}


def write(folder: Path, customers: int, seed: int = 1) -> None:
    """Orders of so many customers, their account months, links and lifetime values, as Parquet."""
    db = duckdb.connect()
    db.register("made", _orders(customers, np.random.default_rng(seed)))
    db.execute(
        "create table people as select range as who, 'c' || left(md5(cast(range as varchar)), 16) as customer_id"
        f" from range({customers})"
    )
    for name, query in MADE.items():
        db.execute(f"copy ({query}) to '{folder}/{name}.parquet' (compression zstd)")


def _orders(customers: int, rng: np.random.Generator) -> pa.Table:
    start = rng.integers(0, DAYS, customers)
    until = np.minimum(start + 1 + rng.exponential(400, customers), DAYS)
    further = rng.poisson(rng.gamma(0.7, 0.6 / 30 / 0.7, customers) * (until - start))
    later = np.repeat(start, further) + np.repeat(until - start, further) * rng.random(further.sum())
    who, day = np.concatenate([np.arange(customers), np.repeat(np.arange(customers), further)]), [*start, *later]
    count = len(who)
    pieces = 1 + rng.poisson(1.5, count)
    return pa.table(
        {
            "order_id": np.arange(count),
            "who": pa.array(who, mask=rng.random(count) < 0.1),
            "day": FIRST + np.array(day).astype(int),
            "channel": np.where(rng.random(count) < 0.7, who % 4, rng.integers(0, 4, count)),
            "store": (who + rng.integers(0, 2, count)) % 20,
            "pieces": pieces,
            "amount": pieces * rng.integers(300, 6000, count),
        }
    )


def measure(folder: Path, out: Path | None) -> None:
    """Both tables from the files, with the CPU and wall seconds of each."""
    db = Engine()
    for name in TABLES:
        db.register(name, folder / f"{name}.parquet")
    features.sales_months(db, as_of=AS_OF)
    features.customer_orders(db, as_of=AS_OF)
    db.execute("create table given as select customer_id, substr(customer_id, 2, 1) as segment from identity_links")
    made = {
        "kpi": lambda: kpi.kpi_table(db, as_of=AS_OF),
        "kpi_by": lambda: kpi.kpi_by(db, as_of=AS_OF, segments=db.query("select * from given")),
    }
    for name, make in made.items():
        wall, cpu = time.perf_counter(), time.process_time()
        table = make()
        print(
            f"  {name:<8} {time.process_time() - cpu:6.1f} s CPU {time.perf_counter() - wall:6.1f} s wall", flush=True
        )
        if out:
            table.write_parquet(str(out / f"{name}.parquet"))


def main() -> None:
    """Measure each number of customers in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, nargs="*", default=[100_000])
    parser.add_argument("--folder", type=Path, help="files made before")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    if given.folder:
        measure(given.folder, given.out)
        return
    for customers in given.customers:
        with tempfile.TemporaryDirectory() as name:
            write(Path(name), customers)
            rows = duckdb.sql(f"select count(*) from '{name}/account_months.parquet'").fetchall()[0][0]
            print(f"{customers:,} customers, {MONTHS} months, {rows:,} rows of account_months", flush=True)
            subprocess.run([sys.executable, "-m", "bench.bench_kpi", "--folder", name], check=True)


if __name__ == "__main__":
    main()
