"""What bench_cltv runs in processes of their own: this project's lifetime value, lifetimes' and PyMC-Marketing's.

Every way takes the same columns and says what each of its parts cost, and sums by which the answers are compared.
"""

import json
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.buyers import AS_OF, COLUMNS

WEEKS, DISCOUNT, MONTH = 52.0, 0.1, 4.345  # MONTH: weeks in a month as lifetimes and PyMC-Marketing have it
MONTHLY = (1 + DISCOUNT) ** (1 / 12) - 1


class Costs:
    """Seconds, CPU seconds and peak memory of one part after another."""

    def __init__(self):
        self.parts: dict[str, dict[str, float]] = {}

    def part(self, name: str, work: Callable):
        """Run one part; its result."""
        wall, cpu = time.perf_counter(), time.process_time()
        made = work()
        spent = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
        before = self.parts.get(name, {"seconds": 0.0, "cpu": 0.0})
        self.parts[name] = {key: before[key] + spent[key] for key in spent} | {"peak_mb": peak_mb()}
        return made


def peak_mb() -> float:
    """Peak resident memory of this process so far; on Linux without what its parent had."""
    status = Path("/proc/self/status")
    if status.exists():
        return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM")) / 1024
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used / 1024 / (1024 if sys.platform == "darwin" else 1)


def columns(folder: Path) -> list[np.ndarray]:
    """frequency, recency, T, monetary_value."""
    return [np.load(folder / f"{name}.npy") for name in COLUMNS]


def ours(folder: Path) -> dict:
    """This project: fits on the distinct histories, predicts on them, hands every customer the result."""
    from customerbase.cltv import BetaGeometricNBD, GammaGamma
    from customerbase.cltv.counts import compress
    from customerbase.cltv.horizon import Grid, grid

    x, t_x, T, mean = columns(folder)
    costs = Costs()

    def fit() -> tuple:
        counts, place = compress(x, t_x, T)
        buying, spend = BetaGeometricNBD().fit(counts), GammaGamma().fit(x, mean)
        return counts, place, buying, spend, {**buying.standard_errors_, **spend.standard_errors_}

    counts, place, buying, spend, errors = costs.part("fit", fit)
    bought = costs.part("purchases", lambda: buying.predict_purchases(WEEKS, counts)[place])
    alive = costs.part("alive", lambda: buying.probability_alive(counts)[place])

    def value() -> np.ndarray:
        worth = spend.expected_spend(x, mean)
        return buying.lifetime_value(1.0, months=12, as_of=AS_OF, annual_discount=DISCOUNT, data=counts)[place] * worth

    worth = costs.part("clv", value)
    steps = grid(MONTH * np.arange(13), buying._scale())  # as the peers: twelve steps, each discounted by its end
    stepped = Grid(steps.times, steps.weights @ (1 + MONTHLY) ** -np.arange(1.0, 13)[:, None])
    same = float((buying.integrals(stepped, counts)[:, 0][place] * spend.expected_spend(x, mean)).sum())
    return _said(costs, buying.params_ | spend.params_, errors, bought, alive, same) | {
        "distinct": len(counts),
        "own_clv": float(worth.sum()),
    }


def lifetimes(folder: Path) -> dict:
    """lifetimes 0.11, as its documentation has it."""
    import warnings

    warnings.simplefilter("ignore")
    import pandas as pd
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    x, t_x, T, mean = columns(folder)
    frame = pd.DataFrame(dict(zip(COLUMNS, (x, t_x, T, mean), strict=True)))
    costs, several = Costs(), frame["frequency"] > 0

    def fit() -> tuple:
        buying = BetaGeoFitter().fit(frame["frequency"], frame["recency"], frame["T"])
        paying = frame[several]
        return buying, GammaGammaFitter().fit(paying["frequency"], paying["monetary_value"])

    buying, spend = costs.part("fit", fit)
    history = frame["frequency"], frame["recency"], frame["T"]
    predict = buying.conditional_expected_number_of_purchases_up_to_time
    bought = costs.part("purchases", lambda: predict(WEEKS, *history))
    alive = costs.part("alive", lambda: buying.conditional_probability_alive(*history))
    value = spend.customer_lifetime_value
    worth = costs.part(
        "clv", lambda: value(buying, *history, frame["monetary_value"], time=12, discount_rate=MONTHLY, freq="W")
    )
    errors = {**buying.standard_errors_, **spend.standard_errors_}
    params = dict(buying.params_) | {"p": spend.params_["p"], "q": spend.params_["q"], "gamma": spend.params_["v"]}
    return _said(costs, params, errors, bought, alive, worth.sum())


def pymc(folder: Path) -> dict:
    """PyMC-Marketing, maximum a posteriori with its default priors; it has no standard errors this way."""
    import logging
    import warnings

    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    import pandas as pd
    from pymc_marketing import clv

    x, t_x, T, mean = columns(folder)
    frame = pd.DataFrame(dict(zip(COLUMNS, (x, t_x, T, mean), strict=True))).assign(customer_id=np.arange(len(x)))
    costs, paying = Costs(), frame[frame["frequency"] > 0]

    def fit() -> tuple:
        buying = clv.BetaGeoModel(data=frame[["customer_id", "frequency", "recency", "T"]])
        buying.fit(method="map", progressbar=False)
        spend = clv.GammaGammaModel(data=paying[["customer_id", "frequency", "monetary_value"]])
        spend.fit(method="map", progressbar=False)
        return buying, spend

    buying, spend = costs.part("fit", fit)
    bought = costs.part("purchases", lambda: buying.expected_purchases(data=frame, future_t=WEEKS))
    alive = costs.part("alive", lambda: buying.expected_probability_alive(data=frame))
    value = spend.expected_customer_lifetime_value
    worth = costs.part("clv", lambda: value(buying, data=frame, future_t=12, discount_rate=MONTHLY, time_unit="W"))
    params = {name: float(buying.fit_result[name].mean()) for name in ("r", "alpha", "a", "b")}
    params |= {ours: float(spend.fit_result[name].mean()) for ours, name in (("p", "p"), ("q", "q"), ("gamma", "v"))}
    return _said(costs, params, {}, np.asarray(bought), np.asarray(alive), float(np.asarray(worth).sum()))


def families(folder: Path) -> dict:
    """This project: all four families on the same counts."""
    from customerbase.cltv import FAMILIES
    from customerbase.cltv.counts import compress

    costs = Costs()
    counts, _ = costs.part("distinct histories", lambda: compress(*columns(folder)[:3]))
    models = {name: costs.part(name, lambda kind=kind: kind().fit(counts)) for name, kind in FAMILIES.items()}
    return {"parts": costs.parts, "distinct": len(counts), "params": {k: m.params_ for k, m in models.items()}}


def stage(folder: Path) -> dict:
    """This project: the whole of cltv.value from a log in Parquet, twice, since a process's first call pays for more."""
    import pandas as pd

    from customerbase import cltv
    from customerbase.cltv.transactions import log_purchases
    from customerbase.engine import Engine

    db, path, costs = Engine(temp_directory=str(folder / "spill")), folder / "log.parquet", Costs()
    as_of = AS_OF if not (folder / "as_of").exists() else pd.Timestamp((folder / "as_of").read_text()).date()
    costs.part("log to purchases (SQL)", lambda: log_purchases(db, path, "customer_id", "day", "amount", as_of))
    first = 0.0
    if not (folder / "once").exists():  # of many customers one call is enough
        started = time.perf_counter()
        cltv.value(db, as_of=as_of)
        first = time.perf_counter() - started
    result, timed = _by_part(costs, lambda: cltv.value(db, as_of=as_of))
    return {"parts": timed, "first": first, "customers": len(result.customers), "records": result.records()}


PARTS = {
    "summarise": "summary (SQL)",
    "compress": "distinct histories",
    "_hold_out": "hold-out: four families fitted, judged",
    "fit_all": "four families fitted",
    "season.tracking": "tracking with band",
    "_season": "calendar factors judged",
    "expect": "expected purchases, discounted",
    "spending": "spend model",
    "outcomes_of": "intervals by simulation",
    "grouping.groups": "groups with intervals",
    "tables.customers": "table of customers",
}


def _by_part(costs: Costs, work: Callable) -> tuple:
    """What cltv.value gave, and the costs of its parts, by standing around its calls; the outermost of nested parts counts."""
    from customerbase.cltv import month

    inside = []

    def around(name: str, call: Callable) -> Callable:
        def timed(*given, **named):
            if inside:
                return call(*given, **named)
            inside.append(name)
            try:
                return costs.part(name, lambda: call(*given, **named))
            finally:
                inside.pop()

        return timed

    for path, name in PARTS.items():
        *owner, attribute = path.split(".")
        place = getattr(month, owner[0]) if owner else month
        setattr(place, attribute, around(name, getattr(place, attribute)))
    before = set(costs.parts)
    wall, cpu = time.perf_counter(), time.process_time()
    made = work()
    whole = {"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "peak_mb": peak_mb()}
    rest = {
        key: whole[key] - sum(costs.parts[one][key] for one in costs.parts if one not in before)
        for key in ("seconds", "cpu")
    }
    return made, costs.parts | {"the rest": rest | {"peak_mb": peak_mb()}, "value, all of it": whole}


def _said(costs: Costs, params: dict, errors: dict, bought, alive, value: float) -> dict:
    sums = {"purchases": float(np.sum(bought)), "alive": float(np.sum(alive)), "clv": float(value)}
    named = {"params": {k: float(v) for k, v in params.items()}, "errors": {k: float(v) for k, v in errors.items()}}
    return {"parts": costs.parts, "sums": sums} | named


WAYS = {one.__name__: one for one in (ours, lifetimes, pymc, families, stage)}

if __name__ == "__main__":
    print(json.dumps(WAYS[sys.argv[1]](Path(sys.argv[2]))))
