"""Models with given parameters, and customers simulated by the textbook's story, for the tests of lifetime value."""

import numpy as np
import pandas as pd

from customerbase.cltv.estimator import Estimator
from customerbase.engine import Engine

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


def purchase_days(
    rng: np.random.Generator, family: str, params: dict, size: int, years: int, season: dict[int, float] | None = None
) -> pd.DataFrame:
    """Days on which simulated customers bought, from 2022-11-01 on: customer_id, purchase_day, net_amount, channel.

    First purchases come evenly; a month's season (up to 1) is the chance with which a repeat purchase there takes place.
    """
    begin, total = np.datetime64("2022-11-01"), int(365.25 * years)
    first = rng.integers(0, total - 30, size)
    times = purchase_times(rng, family, params, (total - first) / 7)
    days = [
        start + np.unique(np.concatenate([[0], np.floor(one * 7)])) for start, one in zip(first, times, strict=True)
    ]
    customer = np.repeat(np.arange(size), [len(one) for one in days])
    made = pd.DataFrame({"customer_id": [f"k{one:05}" for one in customer]})
    made["purchase_day"] = begin + np.concatenate(days).astype("timedelta64[D]")
    each = 3000 / rng.gamma(4.0, size=size)
    made["net_amount"] = np.round(rng.gamma(6.0, size=len(made)) * each[customer])
    made["channel"] = np.where(customer % 3 == 0, "store", "web")
    if season:
        repeat = made["customer_id"].duplicated()
        keep = rng.random(len(made)) < made["purchase_day"].dt.month.map(season).fillna(1.0)
        made = made[keep | ~repeat]
    return made


def engine_of(days: pd.DataFrame) -> Engine:
    """cltv_purchases of given days, as a month of documents would leave it."""
    db = Engine(threads=1)
    db.register("given", days)
    db.execute("""create table cltv_purchases as select customer_id, cast(purchase_day as date) as purchase_day,
        cast(1 as bigint) as orders, cast(net_amount as decimal(18, 2)) as net_amount, channel from given""")
    return db
