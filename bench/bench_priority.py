"""The sales priority list: time and gap, beside linear programming (HiGHS) on the same gains and a greedy list.

python -m bench.bench_priority [--customers N …] [--peer N …] [--channels N …]

Customers of lognormal margins and channels from cheap and weak to dear and strong, so that all want the same customers.
Whole list: with reading, checking and the table. Greedy: the best pair that is still free, one after the other.
"""

import argparse
import os
import time
from datetime import date

import numpy as np
import pandas as pd
from scipy import sparse
from scipy.optimize import linprog

from customerbase import propensity
from customerbase.propensity.sales.assignment import assign
from customerbase.propensity.sales.priority import probability_gain


def made(customers: int, channels: int, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Customers and channels, the same for the same numbers; a fifth of the customers can be contacted."""
    rng = np.random.default_rng(seed)
    people = {"customer_id": [f"K{one:08}" for one in rng.permutation(customers)]}
    people |= {"probability": rng.beta(1, 4, customers), "expected_margin": rng.lognormal(8, 1, customers)}
    means = {"channel": [f"C{one:02}" for one in range(channels)], "capacity": customers // (5 * channels)}
    means |= {"cost": np.geomspace(5, 1500, channels), "effect": np.linspace(0.1, 0.8, channels)}
    return pd.DataFrame(people), pd.DataFrame(means)


def gains(people: pd.DataFrame, means: pd.DataFrame) -> np.ndarray:
    """The gain of every customer and channel, as the list computes it."""
    p, margin = (people[name].to_numpy()[:, None] for name in ("probability", "expected_margin"))
    return probability_gain(p, means["effect"].to_numpy()) * margin - means["cost"].to_numpy()


def linear(values: np.ndarray, capacity: np.ndarray) -> float:
    """The optimum by HiGHS: one variable a pair above 0, one row a customer and channel."""
    rows, columns = np.nonzero(values > 0)
    ones, place = np.ones(len(rows)), np.arange(len(rows))
    left = sparse.vstack(
        [
            sparse.coo_array((ones, (rows, place)), shape=(len(values), len(rows))),
            sparse.coo_array((ones, (columns, place)), shape=(values.shape[1], len(rows))),
        ]
    )
    bounds = np.append(np.ones(len(values)), capacity)
    return -linprog(-values[rows, columns], A_ub=left.tocsr(), b_ub=bounds, method="highs").fun


def greedy(values: np.ndarray, capacity: np.ndarray) -> float:
    """The best pair that is still free, one after the other."""
    rows, columns = np.nonzero(values > 0)
    order = np.argsort(-values[rows, columns], kind="stable")
    left, free, total = capacity.tolist(), np.ones(len(values), dtype=bool), 0.0
    for row, column in zip(rows[order].tolist(), columns[order].tolist(), strict=True):
        if free[row] and left[column]:
            free[row], left[column], total = False, left[column] - 1, total + values[row, column]
    return total


def timed(job, *given) -> tuple[float, object]:
    """Seconds and result."""
    start = time.perf_counter()
    result = job(*given)
    return time.perf_counter() - start, result


def report(customers: int, channels: int, peer: bool) -> None:
    """One size: the assignment, the whole list, and what the peers take and reach."""
    people, means = made(customers, channels)
    values, capacity = gains(people, means), means["capacity"].to_numpy()
    spent, best = timed(assign, values, capacity)
    whole, found = timed(lambda: propensity.prioritise(people, means, as_of=date(2026, 10, 31)))
    print(
        f"{customers:>9,} x {channels:<3}{spent:>8.2f} s assignment {whole:>7.2f} s whole list   gap {found.gap:.1e}",
        end="",
    )
    spent_greedy, total = timed(greedy, values, capacity)
    print(f"   greedy {spent_greedy / spent:.1f}x the time, {total / best.gain:.4f} of the gain", end="")
    if peer:
        spent_linear, optimum = timed(linear, values, capacity)
        print(f"   HiGHS {spent_linear / spent:.0f}x the time, its optimum {optimum / best.gain:.9f}", end="")
    print(flush=True)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench_priority", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, nargs="*", default=[100_000, 1_000_000], help="without HiGHS")
    parser.add_argument("--peer", type=int, nargs="*", default=[10_000], help="beside HiGHS")
    parser.add_argument("--channels", type=int, nargs="*", default=[5, 10])
    given = parser.parse_args()
    if hasattr(os, "getloadavg"):
        print(f"load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for channels in given.channels:
        for customers in [*given.peer, *given.customers]:
            report(customers, channels, customers in given.peer)


if __name__ == "__main__":
    main()
