"""Offers under a budget and capacities: time, memory and gap, beside SciPy's linprog and milp (HiGHS) on the same gains.

python -m bench.bench_budget [--customers N …] [--peer N …]

Customers of lognormal margins, five offers from cheap and weak to dear and strong, two of them with a voucher that who
would have bought anyway uses too; one budget and four capacities (three of contacts, one of hours).
"""

import argparse
import os
import resource
import time

import numpy as np
from scipy import sparse
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

from customerbase.audiences.budget.choosing import Limit, choose
from customerbase.audiences.budget.ways import in_order
from customerbase.prediction.lift import probability_gain

OFFERS = 5
PEER_SECONDS = 60  # after which milp is stopped


def made(customers: int, seed: int = 0) -> tuple[np.ndarray, list[Limit], np.ndarray]:
    """Gains, limits and chances, the same for the same numbers."""
    rng = np.random.default_rng(seed)
    chance, margin = rng.beta(1, 4, (customers, 1)), rng.lognormal(8, 1, (customers, 1))
    raised = probability_gain(chance, np.linspace(0.1, 0.8, OFFERS))
    cost = np.array([5.0, 50, 80, 300, 800]) + (chance + raised) * np.array([0.0, 200, 300, 0, 500])
    limits = [Limit("budget", customers * 15.0, cost)]
    for place, (share, use) in enumerate(((0.2, 1.0), (0.1, 1.0), (0.05, 1.0), (0.004, 0.25))):
        limits.append(Limit(f"capacity {place + 1}", share * customers, np.eye(OFFERS)[place] * use))
    return raised * margin - cost, limits, chance[:, 0]


def matrix(values: np.ndarray, limits: list[Limit]) -> tuple[sparse.csr_array, np.ndarray, np.ndarray]:
    """Rows of the linear programme, their room, and the gains of pairs above 0."""
    rows, columns = np.nonzero(values > 0)
    single = sparse.coo_array((np.ones(len(rows)), (rows, np.arange(len(rows)))), shape=(len(values), len(rows)))
    uses = np.stack([np.broadcast_to(one.use, values.shape)[rows, columns] for one in limits])
    room = np.append(np.ones(len(values)), [one.room for one in limits])
    return sparse.vstack([single, sparse.coo_array(uses)]).tocsr(), room, values[rows, columns]


def timed(job, *given) -> tuple[float, object]:
    """Seconds and result."""
    start = time.perf_counter()
    result = job(*given)
    return time.perf_counter() - start, result


def report(customers: int, peer: bool) -> None:
    """One size: the plan, the likeliest first, and what the peers take and reach."""
    values, limits, chance = made(customers)
    spent, best = timed(choose, values, limits)
    score = values[in_order(values, limits, np.argsort(-chance, kind="stable"))].sum()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"{customers:>9,} x {OFFERS}{spent:>8.2f} s   gap {best.gap:.1e}   peak {peak:.1f} GB", end="")
    print(f"   likeliest first {score / best.gain:.3f} of the gain", end="")
    if peer:
        rows, room, gains = matrix(values, limits)
        seconds, found = timed(lambda: linprog(-gains, A_ub=rows, b_ub=room, method="highs"))
        print(f"   linprog {seconds:.2f} s, its bound {-found.fun / best.bound:.9f}", end="")
        options = {"time_limit": PEER_SECONDS, "mip_rel_gap": 0.0}
        ends = {"integrality": np.ones(len(gains)), "bounds": Bounds(0, 1), "options": options}
        seconds, found = timed(lambda: milp(-gains, constraints=LinearConstraint(rows, ub=room), **ends))
        reached = "nothing" if found.x is None else f"{-found.fun / best.gain:.6f} of the gain"
        print(f"   milp {seconds:.1f} s, {reached}", end="")
    print(flush=True)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench_budget", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, nargs="*", default=[100_000, 1_000_000], help="without the peers")
    parser.add_argument("--peer", type=int, nargs="*", default=[2_000, 20_000], help="beside linprog and milp")
    given = parser.parse_args()
    if hasattr(os, "getloadavg"):
        print(f"load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    for customers in [*given.peer, *given.customers]:
        report(customers, customers in given.peer)


if __name__ == "__main__":
    main()
