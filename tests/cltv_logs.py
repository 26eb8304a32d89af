"""Models with given parameters, and customers simulated by the textbook's story, for the tests of lifetime value."""

import numpy as np
import pandas as pd

from customerbase.cltv.estimator import Estimator

CDNOW = {
    "nbd": {"r": 0.385, "alpha": 12.07},
    "bg_nbd": {"r": 0.243, "alpha": 4.414, "a": 0.793, "b": 2.426},
    "mbg_nbd": {"r": 0.525, "alpha": 6.183, "a": 0.891, "b": 1.614},
    "pareto_nbd": {"r": 0.553, "alpha": 10.578, "s": 0.606, "beta": 11.669},
}


def at(family: type[Estimator], **params: float) -> Estimator:
    """A model with given parameters instead of a fit."""
    model = family()
    model._take([params[name] for name in family.names], 0.0, 1.0, np.zeros((len(params), len(params))), True)
    return model


def purchase_times(rng: np.random.Generator, family: str, params: dict, weeks: np.ndarray) -> list[np.ndarray]:
    """Times in weeks of the repeat purchases of customers seen for `weeks`: one purchase after the other, as told."""
    size = len(weeks)
    rate = rng.gamma(params["r"], 1 / params["alpha"], size)
    leave, life = np.zeros(size), np.full(size, np.inf)
    if family == "pareto_nbd":
        life = rng.exponential(size=size) / rng.gamma(params["s"], 1 / params["beta"], size)
    elif family != "nbd":
        leave = rng.beta(params["a"], params["b"], size)
    made = []
    for one in range(size):
        times, now = [], 0.0
        stays = family != "mbg_nbd" or rng.random() >= leave[one]
        while stays and rate[one] > 0:
            now += rng.exponential(1 / rate[one])
            if now > min(weeks[one], life[one]):
                break
            times.append(now)
            stays = rng.random() >= leave[one]
        made.append(np.array(times))
    return made


def summary_of(rng: np.random.Generator, family: str, params: dict, weeks: np.ndarray) -> pd.DataFrame:
    """Frequency, recency and T of simulated customers."""
    times = purchase_times(rng, family, params, weeks)
    last = [one[-1] if len(one) else 0.0 for one in times]
    return pd.DataFrame({"frequency": [len(one) for one in times], "recency": last, "T": weeks})
