"""Both lists for every customer of an invented shop, as page 08 makes them, beside implicit on the same purchases.

python -m bench.bench_recommend [--customers N] [--products N] [--days N] [--repeat]

From the tables on disk to the table recommendations on disk, checked: purchases read, models chosen and judged on months
before, windows, candidates, chances and reasons of both lists. The peer: item-item by BM25 fitted on the same purchases,
and its ten new items of each customer (one list, no choice, no chance, nothing read or written). Needs the extra `rec`
for the peer; without it ours is measured alone. Seconds of all cores and of the clock, imports included in neither;
each in a process of its own, so that its peak memory is its own. --repeat makes the lists a second time with one thread.
"""

import argparse
import hashlib
import os
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import duckdb
import numpy as np
import pyarrow as pa

END = date(2026, 11, 1)
CUSTOMER, PRODUCT, ORDER = (
    "'c' || lpad({}::varchar, 7, '0')",
    "'p' || lpad({}::varchar, 5, '0')",
    "{}::varchar || 'd' || day",
)
TABLES = {
    "orders": f"""select 's' as source_system, {ORDER.format("who")} as order_id, {CUSTOMER.format("who")} as source_customer_id,
        'store' as channel, 'm' || who % 300 as store_id, date '1970-01-01' + day + interval 10 hour as order_at,
        'completed' as status, cast(sum(100 + item % 50) as decimal(18, 2)) as total from made group by who, day order by day, who""",
    "order_lines": f"""select 's' as source_system, {ORDER.format("who")} as order_id, {PRODUCT.format("item")} as product_id,
        'goods' as line_type, 'name' as name, cast(1 as decimal(18, 3)) as qty, cast(100 + item % 50 as decimal(18, 2)) as amount
        from made order by day, who""",
    "products": f"""select 's' as source_system, {PRODUCT.format("range")} as product_id, 'name ' || range as name,
        'k' || lpad((range % 40)::varchar, 2, '0') as category, cast(100 + range % 50 as decimal(18, 2)) as price,
        cast(null as integer) as stock, 'active' as status from range($products)""",
    "identity_links": f"""select distinct 's' as source_system, {CUSTOMER.format("who")} as source_customer_id,
        {CUSTOMER.format("who")} as customer_id from made order by 2""",
    "profile": f"""select distinct {CUSTOMER.format("who")} as customer_id, case who % 2 when 0 then 'female' else 'male' end
        as gender, who // 2 % 6 + 2 || '0s' as age_band from made order by 1""",
    "refunds": """select '' as source_system, '' as order_id, timestamp '2000-01-01' as refunded_at,
        cast(0 as decimal(18, 2)) as amount where false""",
}


def made(customers: int, products: int, days: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Places of customers and products, and days as numbers, of the purchases of a shop with tastes: a customer's items come from one of 200 groups, from all, or were bought before."""
    from customerbase.recommend.purchases import number

    random = np.random.default_rng(seed)
    visits = 1 + random.geometric(1 / 6, customers)  # seven on average, most have few
    who = np.repeat(np.arange(customers), visits)
    lines = 1 + random.poisson(2.5, len(who))
    user = np.repeat(who, lines)
    day = number(END) - 1 - np.repeat((days * random.random(len(who)) ** 1.3).astype(np.int64), lines)
    rank = (products * random.random(len(user)) ** 3).astype(np.int64)  # few sell much
    taste = (user * 7919) % 200
    item = np.where(random.random(len(user)) < 0.6, (rank // 200) * 200 + taste, rank) % products
    back = random.integers(1, 6, len(user))  # a third repeat a line shortly before, where it is the same customer's
    again = (random.random(len(user)) < 0.35) & (np.arange(len(user)) >= back)
    before = np.maximum(np.arange(len(user)) - back, 0)
    again &= user[before] == user
    item[again] = item[before[again]]
    return user, item, day


def write(folder: Path, customers: int, products: int, days: int) -> None:
    """The tables that page 08 reads, as Parquet."""
    user, item, day = made(customers, products, days)
    db = duckdb.connect()
    db.register("made", pa.table({"who": user, "item": item, "day": day.astype("int32")}))
    for name, query in TABLES.items():
        db.execute(
            f"copy ({query.replace('$products', str(products))}) to '{folder}/{name}.parquet' (compression zstd)"
        )


class Clocks:
    """Seconds of all cores and of the clock by step, in the order of the steps; a step inside another counts for itself."""

    def __init__(self, who: str):
        self.who, self.spent = who, {}
        self.inner = np.zeros(2)

    @contextmanager
    def step(self, name: str):
        """What runs meanwhile is that step."""
        begun, before = np.array([time.process_time(), time.perf_counter()]), self.inner
        self.inner = np.zeros(2)
        yield
        whole = np.array([time.process_time(), time.perf_counter()]) - begun
        self.spent[name], self.inner = whole - self.inner, before + whole
        self._print(name, self.spent[name])

    def timed(self, name: str, function: Callable) -> Callable:
        """The function, its calls being that step."""

        def call(*given, **named):
            with self.step(name):
                return function(*given, **named)

        return call

    def show(self) -> None:
        """The sum, and the peak of memory."""
        self._print("together", sum(self.spent.values()))
        print(f"{self.who:<10}peak {_peak():.1f} GiB; load of the machine {os.getloadavg()[0]:.1f}", flush=True)

    def _print(self, name: str, spent: np.ndarray) -> None:
        print(f"{self.who:<10}{name:<34}{spent[0]:>9.1f} s CPU{spent[1]:>9.1f} s clock", flush=True)


def _peak() -> float:
    """GiB at most in memory; where the kernel tells, without what the process that started this one had."""
    status = Path("/proc/self/status")
    told = (
        [line.split()[1] for line in status.read_text().splitlines() if line.startswith("VmHWM")]
        if status.exists()
        else []
    )
    return int(told[0]) / 2**20 if told else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def ours(folder: Path, products: int, repeat: bool, memory: str) -> None:
    """Page 08 from its tables to its table."""
    from customerbase import features, recommend
    from customerbase.engine import Engine
    from customerbase.recommend import looks, month
    from customerbase.tables import store
    from customerbase.tables.compiler import evaluate
    from customerbase.tables.schema import schema

    clocks, db, lists = Clocks("project"), Engine(memory, temp_directory=str(folder / ".spill")), month.lists
    for name in TABLES:
        db.register(name, folder / f"{name}.parquet")
    month.study = clocks.timed("choice and fits", month.study)
    month.lists = clocks.timed("both lists", lists)
    with clocks.step("read"):
        features.customer_orders(db, as_of=END - timedelta(days=1))
        found = recommend.offers(db, as_of=END - timedelta(days=1))
    rows, chosen = found.rows, found.study.choice.chosen
    with clocks.step("numbers of the page"):
        looks.reasons(rows, "en", 10), looks.products(found, 10), found.records()
    with clocks.step("write and check"):
        declared, path = schema("recommendations"), folder / "recommendations.parquet"
        db.register("recommended", found.recommendations())
        store.write_parquet(db, store.as_declared(db.query("select * from recommended"), declared), path)
        db.register("written", path)
        failed = [check for check in evaluate(db, declared, "written") if not check.success]
    size = f"{len(found.customers):,} customers x {products:,} products, {len(found.study.window.purchases.user):,} purchase days"
    print(f"{size}; {len(rows.user):,} rows, {len(failed)} expectations failed; models: {chosen}")
    clocks.show()
    bought = found.study.window.bought.astype(np.float32)
    np.savez(folder / "bought.npz", data=bought.data, indices=bought.indices, indptr=bought.indptr, shape=bought.shape)
    if repeat:
        _again(found, month, lists, db)


def _again(found, month, lists: Callable, db) -> None:
    """The lists with one thread, and whether they are the same to the byte."""
    from customerbase.recommend.rules import Rules

    clocks, purchases = Clocks("project"), found.study.window.purchases
    offered = month.Offered.of(purchases, found.goods, Rules(), month.number(END))
    people = db.run("offer_people").df()
    with clocks.step("both lists, one thread"):
        rows, _ = lists(found.study, offered, people, workers=1)
    print(f"{'project':<10}the same rows: {_digest(rows) == _digest(found.rows)}")


def _digest(rows) -> str:
    made = hashlib.sha256()
    for name in rows.__dataclass_fields__:
        made.update(np.ascontiguousarray(getattr(rows, name)).data)
    return made.hexdigest()


def peer(folder: Path) -> None:
    """implicit's BM25, or nothing where it is not installed."""
    from scipy import sparse

    try:
        from implicit.nearest_neighbours import BM25Recommender
    except ImportError:
        print("implicit is not installed (extra `rec`): no peer")
        return
    kept = np.load(folder / "bought.npz")
    bought = sparse.csr_matrix((kept["data"], kept["indices"], kept["indptr"]), tuple(kept["shape"]))
    warnings.filterwarnings("ignore")  # of a matrix that it converts itself
    clocks, threads, users = Clocks("implicit"), os.cpu_count() or 1, bought.shape[0]
    with clocks.step("BM25 fit"):
        model = BM25Recommender(K=50, num_threads=threads)
        model.fit(bought, show_progress=False)
    with clocks.step("BM25, one list"):
        for begin in range(0, users, 20_000):
            rows = np.arange(begin, min(begin + 20_000, users))
            model.recommend(rows, bought[rows], N=10, filter_already_liked_items=True)
    clocks.show()


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench_recommend", description="Lists for all customers.")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=400, help="days of history")
    parser.add_argument("--memory", default="2GB", help="of DuckDB: the setting memory_limit of a pipeline file")
    parser.add_argument("--repeat", action="store_true", help="the lists once more with one thread: are they the same?")
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--step", choices=("ours", "peer"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step == "ours":
        ours(given.folder, given.products, given.repeat, given.memory)
    elif given.step == "peer":
        peer(given.folder)
    else:
        with tempfile.TemporaryDirectory() as name:
            write(Path(name), given.customers, given.products, given.days)
            for step in ("ours", "peer"):
                subprocess.run(
                    [sys.executable, "-m", "bench.bench_recommend", *sys.argv[1:], "--folder", name, "--step", step],
                    check=True,
                )


if __name__ == "__main__":
    main()
