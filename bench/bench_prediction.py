"""Fitting and scoring of the boosted trees, and scores of customers from a snapshot, beside scikit-learn by itself.

python -m bench.bench_prediction [--rows N] [--customers N]

The peer is HistGradientBoostingClassifier with the same trees, fitted with the same weights on the raw columns: its
weighted quantiles are what our classes spare. CPU seconds of each way in one process, in turn; medians and ratios.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # else waiting threads count as work

import numpy as np

COLUMNS = 60  # of those that a company with orders alone has


def made(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Matrix, outcomes and weights: counts, amounts and shares, a fifth of them with gaps; the rest is never defined."""
    from customerbase.prediction import design

    rng = np.random.default_rng(seed)
    x = np.full((rows, len(design.names())), np.nan, order="F")
    for place in range(COLUMNS):
        kind = place % 3
        x[:, place] = (
            rng.poisson(4, rows) if kind == 0 else rng.lognormal(3, 1, rows) if kind == 1 else rng.random(rows)
        )
        if place % 5 == 4:
            x[rng.random(rows) < 0.3, place] = np.nan
    score = 0.2 * (x[:, 0] - 4) - 0.6 * (np.log(x[:, 1]) - 3) + (x[:, 2] > 0.5) - 0.4 * np.isnan(x[:, 4])
    y = (rng.random(rows) < 1 / (1 + np.exp(-score))).astype(float)
    return x, y, 0.5 ** (rng.integers(0, 12, rows) / 3)


def cpu(ways: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Median CPU seconds of each way, taken in turn."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            start = time.process_time()
            way()
            spent[name].append(time.process_time() - start)
    return {name: statistics.median(values) for name, values in spent.items()}


def told(title: str, spent: dict[str, float], ours: str, peer: str, rows: int) -> None:
    """Rows a CPU second of both, and the ratio."""
    for name in (ours, peer):
        print(f"{title:<40}{name:<14}{spent[name]:>8.3f} CPU s {rows / spent[name]:>12,.0f} rows/CPU s")
    print(f"{title:<40}{'ratio':<14}{spent[ours] / spent[peer]:>8.2f}")


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench_prediction", description="Boosted trees of customers.")
    parser.add_argument("--rows", type=int, default=50_000, help="customer-snapshots of the fit")
    parser.add_argument("--customers", type=int, default=200_000, help="customers to score")
    parser.add_argument("--rounds", type=int, default=3)
    given = parser.parse_args()

    from sklearn.ensemble import HistGradientBoostingClassifier

    from customerbase.prediction.models import TREES, WIDE, Boosting, fit_ladder

    x, y, w = made(given.rows)
    raw = np.ascontiguousarray(x[:, :COLUMNS])
    ways = {
        "project": lambda: Boosting.fit(x, y, w),
        "scikit-learn": lambda: HistGradientBoostingClassifier(**TREES).fit(raw, y, sample_weight=w),
    }
    told(f"fit, {given.rows:,} rows, weighted", cpu(ways, given.rounds), "project", "scikit-learn", given.rows)
    model = Boosting.fit(x, y, w)
    new = made(given.customers, 1)[0]
    classes = model.classes(new)
    ways = {
        "project": lambda: model.log_odds(new),
        "scikit-learn": lambda: model.trees.decision_function(classes),
    }
    told(f"score, {given.customers:,} customers", cpu(ways, given.rounds), "project", "scikit-learn", given.customers)
    same = np.array_equal(model.log_odds(new), model.trees.decision_function(classes))
    print(f"{'':<40}scores equal to the last bit: {same}")
    models = fit_ladder(x, y, w, leaving=True)
    spent = cpu({"mean of both": lambda: models["mean"].log_odds(new), WIDE: lambda: models[WIDE].log_odds(new)}, 3)
    for name, seconds in spent.items():
        print(f"{f'score, {given.customers:,} customers':<40}{name:<14}{seconds:>8.3f} CPU s")
    explained(model, new)


def explained(model, new: np.ndarray, rows: int = 10_000) -> None:
    """Contributions of trees by TreeSHAP, where the extra `explain` is installed."""
    from customerbase.errors import ConfigError
    from customerbase.prediction import shapley

    try:
        shapley.contributions(model, new[:100])
    except ConfigError as error:
        print(error)
        return
    seconds = cpu({"shap": lambda: shapley.contributions(model, new[:rows])}, 3)["shap"]
    print(f"{f'TreeSHAP, {rows:,} customers':<40}{'shap':<14}{seconds:>8.3f} CPU s {rows / seconds:>12,.0f} rows/CPU s")


if __name__ == "__main__":
    main()
