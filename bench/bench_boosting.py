"""scikit-learn's boosting with and without OMP_WAIT_POLICY=PASSIVE, alone and beside one busy process.

Each fit is a fresh process, since OpenMP reads the variable once; the ways take turns, so that a busy machine is busy
for all. What counts are the ratios of one run: seconds depend on the machine and on who else is using it.
"""

import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

ROWS, FEATURES, TREES, ROUNDS = 50_000, 38, 100, 3

_FIT = """
import sys, time
import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
rows, features, trees = map(int, sys.argv[1:])
rng = np.random.default_rng(0)
x = rng.normal(size=(rows, features))
y = x[:, 0] + x[:, 1] * x[:, 2] + rng.normal(size=rows) > 0
model = HistGradientBoostingClassifier(max_iter=trees, early_stopping=False, random_state=0)
model.fit(x[:1000], y[:1000])  # the first fit of a process also loads libraries
start = time.perf_counter()
model.fit(x, y)
print(time.perf_counter() - start)
"""
POLICIES = {"as the system has it": {}, "PASSIVE": {"OMP_WAIT_POLICY": "PASSIVE"}}
NEIGHBOURS = {"alone": 0, "beside one busy process": 1}


@contextmanager
def busy(processes: int) -> Iterator[None]:
    """That many processes, each of which keeps one core busy, until the block ends."""
    running = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(processes)]
    try:
        yield
    finally:
        for one in running:
            one.kill()
            one.wait()


def fit(policy: str, rows: int, trees: int) -> float:
    """Seconds of one fit in a fresh process under a policy, imports not counted."""
    bare = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    command = [sys.executable, "-c", _FIT, str(rows), str(FEATURES), str(trees)]
    done = subprocess.run(command, env=bare | POLICIES[policy], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main(rows: int = ROWS, trees: int = TREES, rounds: int = ROUNDS) -> dict[tuple[str, str], float]:
    """Measure in turns, print the medians and ratios; the medians are returned by neighbour and policy."""
    print(f"boosting, {rows:,} rows x {FEATURES}, {trees} trees, {os.cpu_count()} cores; medians of {rounds} rounds")
    taken: dict[tuple[str, str], list[float]] = {(one, way): [] for one in NEIGHBOURS for way in POLICIES}
    for _ in range(rounds):
        for (neighbour, policy), seconds in taken.items():
            with busy(NEIGHBOURS[neighbour]):
                seconds.append(fit(policy, rows, trees))
    medians = {key: statistics.median(seconds) for key, seconds in taken.items()}
    base, passive = POLICIES
    print(
        f"{'':26}" + "".join(f"{policy:>24}" for policy in POLICIES) + f"{'ratio':>10}   (lowest to highest, seconds)"
    )
    for one in NEIGHBOURS:
        spread = ", ".join(f"{min(taken[one, way]):.1f} to {max(taken[one, way]):.1f}" for way in POLICIES)
        times = "".join(f"{medians[one, way]:>22.2f} s" for way in POLICIES)
        print(f"{one:26}{times}{medians[one, base] / medians[one, passive]:>9.1f}x   ({spread})")
    slower = {way: medians["beside one busy process", way] / medians["alone", way] for way in POLICIES}
    print(f"{'a busy neighbour costs':26}" + "".join(f"{factor:>23.1f}x" for factor in slower.values()))
    return medians


if __name__ == "__main__":
    main()
