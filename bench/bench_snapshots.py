"""One snapshot at scale: features of all eligible customers at one cutoff, and their labels of 90 days.

python -m bench.bench_snapshots [--lines N] [--accounts N] [--memory-limit 4GB]

The tables of bench_rfm with what snapshots read besides: products of 40 categories, and as many web events, campaign
messages and movements of points as there are order lines, a half and a quarter. One process, CPU seconds with imports.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import duckdb

from bench import bench_rfm

CUTOFF = date(2026, 6, 1)
TABLES = (*bench_rfm.TABLES, "products", "web_events", "campaign_contacts", "loyalty_points")


def make(folder: Path, lines: int, accounts: int = 0) -> None:
    """Parquet files of all tables, the same for the same numbers."""
    bench_rfm.make(folder, lines, accounts)
    con = duckdb.connect()
    con.execute("set preserve_insertion_order = true")
    customers = accounts or max(lines // 15, 10)
    number = "cast(hash(n * 4 + {}) % {} as bigint)"
    who = f"'shop' as source_system, 'C' || {number.format(0, customers)} as source_customer_id"
    at = f"timestamp '2023-10-01' + to_seconds({number.format(1, 3 * 365 * 86400)})"
    kinds = "['page_view', 'view_item', 'view_item', 'add_to_cart']"
    queries = {
        "orders": f"""select *, case when hash(order_id) % 4 = 0 then 'S' || hash(order_id) % 50 end as store_id,
            cast(hash(order_id) % 3 * 100 as decimal(18, 2)) as discount, cast(0 as decimal(18, 2)) as points_used,
            cast(null as timestamp) as cancelled_at from read_parquet('{folder}/orders/*.parquet')""",
        "order_lines": f"""select *, cast(hash(product_id) % 5000 as decimal(18, 2)) as amount
            from read_parquet('{folder}/order_lines/*.parquet')""",
        "products": """select 'shop' as source_system, 'P' || n as product_id,
            'C' || n % 40 || ' > D' || n % 400 as category from range(20000) t(n)""",
        "web_events": f"""select {who}, {at} as event_at, {kinds}[1 + {number.format(2, 4)}] as event_name,
            'Z' || n // 8 as session_id, 'P' || {number.format(3, 20000)} as product_id from range({lines}) t(n)""",
        "campaign_contacts": f"""select {who}, {at} as sent_at,
            case when n % 3 = 0 then {at} + interval 2 hour end as opened_at,
            case when n % 9 = 0 then {at} + interval 3 hour end as clicked_at,
            cast(null as timestamp) as unsubscribed_at from range({lines // 2}) t(n)""",
        "loyalty_points": f"""select {who}, {at} as txn_at, case n % 3 when 0 then 'use' else 'earn' end as kind,
            cast(case n % 3 when 0 then -50 else 40 end as decimal(18, 2)) as delta,
            {at} + interval 365 day as expires_at from range({lines // 4}) t(n)""",
    }
    for table, query in queries.items():
        whole = folder / f"whole_{table}"
        whole.mkdir(exist_ok=True)
        con.execute(f"copy ({query}) to '{whole}/0.parquet' (format parquet, compression zstd)")


def files(folder: Path, table: str) -> list[Path]:
    """The Parquet files of a table: those made here stand before those of bench_rfm."""
    made = folder / f"whole_{table}"
    return sorted((made if made.is_dir() else folder / table).glob("*.parquet"))


def work(folder: Path, memory_limit: str | None) -> None:
    """In the child process: one snapshot and its labels, written as Parquet; print what it cost."""
    from customerbase import features
    from customerbase.engine import Engine

    db = Engine(memory_limit=memory_limit, temp_directory=str(folder / "spill"))
    for table in TABLES:
        db.register(table, files(folder, table))
    start = time.perf_counter()
    made = features.snapshot(db, cutoff=CUTOFF)
    snapshot_s = time.perf_counter() - start
    rows = made.shape[0]
    made.write_parquet(str(folder / "snapshot.parquet"), compression="zstd")
    start = time.perf_counter()
    features.labels(db, cutoff=CUTOFF, horizon_days=90).write_parquet(str(folder / "labels.parquet"))
    labels_s = time.perf_counter() - start
    used = resource.getrusage(resource.RUSAGE_SELF)
    cost = {"rows": rows, "snapshot_s": snapshot_s, "labels_s": labels_s, "cpu": used.ru_utime + used.ru_stime}
    print(json.dumps(cost | {"peak_gb": used.ru_maxrss / 1024 / 1024}))


def report(lines: int, accounts: int, folder: Path, memory_limit: str | None) -> None:
    """Make the tables, build one snapshot in a fresh process, print what it cost."""
    make(folder, lines, accounts)
    command = [sys.executable, "-m", "bench.bench_snapshots", "--work", "--folder", str(folder)]
    command += ["--memory-limit", memory_limit] if memory_limit else []
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    cost = json.loads(done.stdout.strip().splitlines()[-1])
    title = f"snapshot, {lines / 1e6:g} M order lines" + (f", memory_limit {memory_limit}" if memory_limit else "")
    print(
        f"{title:<48}{cost['rows']:>9,} rows {cost['snapshot_s']:>7.1f} s, labels {cost['labels_s']:>5.1f} s,"
        f" {cost['cpu']:>7.1f} CPU s {cost['peak_gb']:>6.2f} GB"
    )


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench_snapshots", description="One snapshot at scale.")
    parser.add_argument("--lines", type=int, default=10_000_000, help="order lines")
    parser.add_argument("--accounts", type=int, default=0, help="ids of customers, two a person; one for 15 lines")
    parser.add_argument("--memory-limit", help="DuckDB's memory_limit, such as 4GB")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--work", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.work:
        work(given.folder, given.memory_limit)
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        report(given.lines, given.accounts, Path(folder), given.memory_limit)


if __name__ == "__main__":
    main()
