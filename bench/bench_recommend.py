"""Both lists for every customer of an invented shop, beside implicit on the same purchases.

python -m bench.bench_recommend [--customers N] [--products N] [--days N]

Ours: windows, candidates, chances and reasons of both lists, the models chosen and judged on months before; the peer:
item-item by BM25 fitted on the same purchases, and its ten new items of each customer (one list, no choice, no chance).
Both in one thread. Needs the extra `rec` for the peer; without it ours is measured alone.
"""

import argparse
import os
import resource
import time
from datetime import date

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import numpy as np
import pandas as pd

END = date(2026, 11, 1)


def made(customers: int, products: int, days: int, seed: int = 0):
    """Purchases of a shop with tastes: a customer's items come from one of 200 groups, from all, or were bought before."""
    from customerbase.recommend import Purchases
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
    ids = np.array([f"c{place:07}" for place in range(customers)], dtype=object)
    goods = np.array([f"p{place:05}" for place in range(products)], dtype=object)
    table = pd.DataFrame(
        {
            "product_id": goods,
            "category": [f"k{place % 40:02}" for place in range(products)],
            "price": 100.0 + np.arange(products) % 50,
        }
    )
    return Purchases._made(ids, goods, user, item, day, table), table


def ours(purchases, goods: pd.DataFrame) -> tuple[dict[str, float], object]:
    """Seconds of the study and of the lists."""
    from customerbase.recommend import Rules, study
    from customerbase.recommend.lists import Offered, lists
    from customerbase.recommend.purchases import number

    start = time.perf_counter()
    found = study(purchases, cutoff=END)
    studied = time.perf_counter()
    goods = goods.assign(path=goods["category"], stock=np.nan, status="active", name=goods["product_id"])
    offered = Offered.of(purchases, goods, Rules(), number(END))
    people = pd.DataFrame({"customer_id": purchases.customers, "store": None, "people": None})
    rows, _ = lists(found, offered, people)
    return {"choice and fits": studied - start, "both lists": time.perf_counter() - studied}, (found, rows)


def peer(found) -> dict[str, float]:
    """Seconds of implicit's BM25, or nothing where it is not installed."""
    try:
        from implicit.nearest_neighbours import BM25Recommender
    except ImportError:
        print("implicit is not installed (extra `rec`): no peer")
        return {}
    bought = found.window.matrix().astype(np.float32)
    start = time.perf_counter()
    model = BM25Recommender(K=50, num_threads=1)
    model.fit(bought, show_progress=False)
    fitted = time.perf_counter()
    users = bought.shape[0]
    for begin in range(0, users, 20_000):
        rows = np.arange(begin, min(begin + 20_000, users))
        model.recommend(rows, bought[rows], N=10, filter_already_liked_items=True)
    return {"BM25 fit": fitted - start, "BM25, one list": time.perf_counter() - fitted}


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench_recommend", description="Lists for all customers.")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--products", type=int, default=20_000)
    parser.add_argument("--days", type=int, default=400, help="days of history")
    given = parser.parse_args()
    purchases, goods = made(given.customers, given.products, given.days)
    print(
        f"{len(purchases.customers):,} customers x {len(purchases.products):,} products, {len(purchases.user):,} purchase days"
    )
    spent, (found, rows) = ours(purchases, goods)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    for name, seconds in spent.items():
        print(f"{'project':<14}{name:<24}{seconds:>9.1f} s")
    print(
        f"{'project':<14}{'together':<24}{sum(spent.values()):>9.1f} s   peak {peak:.1f} GiB, {len(rows.user):,} rows"
    )
    print(f"{'project':<14}models: {found.choice.chosen}")
    theirs = peer(found)
    for name, seconds in theirs.items():
        print(f"{'implicit':<14}{name:<24}{seconds:>9.1f} s")
    if theirs:
        print(f"{'ratio':<14}{'lists':<24}{spent['both lists'] / sum(theirs.values()):>9.2f}")


if __name__ == "__main__":
    main()
