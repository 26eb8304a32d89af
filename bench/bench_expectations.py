"""Twelve expectations on ten million rows in one query, beside Great Expectations' pandas executor on one million.

python -m bench.bench_expectations [--rows 10000000] [--library-rows 1000000] [--folder DIR]

Each measurement runs in a process of its own, so that its peak memory is its own; the clock starts when imports and
the data are ready. Prints a table; the last column is the CPU time of a row against the compiled query's.
"""

import argparse
import multiprocessing
import resource
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from customerbase.engine import Engine
from customerbase.tables.compiler import evaluate, flag_sql
from customerbase.tables.schema import Column, Expectation, Schema

MAKE = """
copy (
    select 'shop' as source_system,
        'orders.csv:' || cast(i + 2 as varchar) as source_row_id,
        'A' || lpad(cast(i - case when i % 1000003 = 7 then 1 else 0 end as varchar), 9, '0') as order_id,
        case when i % 4 = 0 then null else 'C' || cast(i * 7919 % 1000000 as varchar) end as source_customer_id,
        case i % 5 when 0 then 'store' when 1 then 'web' when 2 then 'app' when 3 then 'phone'
            else case when i % 1005 = 4 then '??' else 'other' end end as channel,
        'user' || cast(i * 31 % 1000000 as varchar) || case when i % 997 = 0 then '' else '@example.jp' end as email,
        cast(i * 7 % 100000 - case when i % 5003 = 0 then 100000 else 0 end as decimal(18, 2)) as total,
        timestamp '2024-01-01 00:00:00' + to_seconds(i % 60000000) as order_at
    from range($rows) as t(i)
) to $path (format parquet, compression zstd)
"""
Clocks = tuple[float, float]  # seconds on the wall, CPU seconds of all threads
CHANNELS = ["store", "web", "app", "phone", "other"]
RULES = [
    ("expect_table_row_count_to_be_between", {"min_value": 1}),
    ("expect_column_values_to_not_be_null", {"column": "order_id"}),
    ("expect_column_values_to_not_be_null", {"column": "source_customer_id", "mostly": 0.7}),
    ("expect_column_values_to_be_unique", {"column": "order_id"}),
    ("expect_column_values_to_match_regex", {"column": "order_id", "regex": "^A[0-9]{9}$"}),
    ("expect_column_values_to_match_regex", {"column": "email", "regex": "^[^@ ]+@[^@ ]+[.][a-z]+$"}),
    ("expect_column_values_to_be_in_set", {"column": "channel", "value_set": CHANNELS}),
    ("expect_column_values_to_be_between", {"column": "total", "min_value": 0}),
    ("expect_column_values_to_be_between", {"column": "total", "max_value": 1_000_000}),
    ("expect_column_max_to_be_between", {"column": "total", "min_value": 1, "max_value": 1_000_000}),
    ("expect_column_mean_to_be_between", {"column": "total", "min_value": 1, "max_value": 100_000}),
    ("expect_column_value_lengths_to_be_between", {"column": "channel", "min_value": 2, "max_value": 5}),
]


def bench_schema() -> Schema:
    kinds = {"total": "DECIMAL(18,2)", "order_at": "TIMESTAMP"}
    texts = ("source_system", "source_row_id", "order_id", "source_customer_id", "channel", "email")
    names = (*texts, "total", "order_at")
    columns = {name: Column(name, kinds.get(name, "VARCHAR"), None, "internal", False, "", "") for name in names}
    rules = [Expectation(kind, kwargs, "warn", f"rule_{n}") for n, (kind, kwargs) in enumerate(RULES)]
    return Schema("bench", "source", {}, {}, (), columns, rules)


def make(path: Path, rows: int) -> None:
    if not path.exists():
        Engine(memory_limit="2GB").execute(MAKE, rows=rows, path=str(path))


def judge(path: Path, memory: str | None) -> tuple[Clocks, dict]:
    with tempfile.TemporaryDirectory() as folder:
        db = Engine(memory_limit=memory, temp_directory=folder)
        db.register("bench", path)
        start = clocks()
        checks = evaluate(db, bench_schema(), "bench")
        return since(start), {check.reason: check.unexpected_count for check in checks}


def flag(path: Path, memory: str | None) -> tuple[Clocks, dict]:
    with tempfile.TemporaryDirectory() as folder:
        db = Engine(memory_limit=memory, temp_directory=folder)
        db.register("bench", path)
        flagged = flag_sql(bench_schema(), "bench")
        start = clocks()
        text = f"select r, count(*) from (select unnest(_reasons) as r from ({flagged})) group by r order by r"
        rows = db.connection.sql(text).fetchall()
        return since(start), {name.split("|")[2]: count for name, count in rows}


def library(path: Path, memory: str | None) -> tuple[Clocks, dict]:
    from customerbase.tables import gx

    db = Engine()
    db.register("bench", path)
    frame = db.query("select * from bench").df()
    gx.load()
    start = clocks()
    checks = gx.judge_all("bench", bench_schema().expectations, frame)
    return since(start), {check.reason: check.unexpected_count for check in checks}


def clocks() -> Clocks:
    return time.perf_counter(), time.process_time()


def since(start: Clocks) -> Clocks:
    return time.perf_counter() - start[0], time.process_time() - start[1]


def measured(job, path: Path, memory: str | None = None) -> tuple[float, float, int, dict]:
    """Seconds, CPU seconds of all threads, peak resident MB and counts of a job in a fresh process."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_measured, job, path, memory).result()


def _measured(job, path: Path, memory: str | None) -> tuple[float, float, int, dict]:
    taken, counts = job(path, memory)
    return *taken, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, counts


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rows", type=int, default=10_000_000)
    arguments.add_argument("--library-rows", type=int, default=1_000_000)
    arguments.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "customerbase-bench")
    given = arguments.parse_args(sys.argv[1:])
    given.folder.mkdir(parents=True, exist_ok=True)
    big, small = given.folder / f"bench_{given.rows}.parquet", given.folder / f"bench_{given.library_rows}.parquet"
    make(big, given.rows)
    make(small, given.library_rows)
    jobs = [
        ("one aggregate query", judge, big, given.rows, None),
        ("one aggregate query, 1 GB limit", judge, big, given.rows, "1GB"),
        ("rows flagged with reasons", flag, big, given.rows, None),
        ("one aggregate query", judge, small, given.library_rows, None),
        ("Great Expectations on pandas", library, small, given.library_rows, None),
    ]
    results = [(name, rows, *measured(job, path, memory)) for name, job, path, rows, memory in jobs]
    base = results[0][3] / results[0][1]
    print(
        f"{len(RULES)} expectations\n{'how':36}{'rows':>12}{'seconds':>10}{'CPU s':>10}{'peak MB':>10}{'per row':>10}"
    )
    for name, rows, seconds, cpu, peak, _ in results:
        print(f"{name:36}{rows:>12,}{seconds:>10.2f}{cpu:>10.2f}{peak:>10,}{cpu / rows / base:>9.1f}x")
    ratio = results[4][3] / results[3][3]
    print(f"on {given.library_rows:,} rows the library took {ratio:.0f}x the CPU seconds of the query")
    print(f"counts equal: {results[3][5] == results[4][5]}")


if __name__ == "__main__":
    main()
