"""Invented contracts whose chances to end are known: by plan, price and months so far."""

from datetime import date

import numpy as np
import pandas as pd

from customerbase.engine import Engine

AS_OF = date(2026, 10, 31)


def engine(contracts: pd.DataFrame) -> Engine:
    """An Engine with subscriptions and identity_links: columns started, ended (NaT: runs) and what else is given."""
    count = range(len(contracts))
    given = pd.DataFrame(
        {
            "source_system": "s", "subscription_id": [f"k{one:05}" for one in count],
            "source_customer_id": [f"c{one:05}" for one in count], "plan": "a", "price": 980.0, "currency": "JPY",
            "period_months": 1,
        }
    )  # fmt: skip
    for name in contracts:
        given[{"started": "started_at", "ended": "ended_at"}.get(name, name)] = contracts[name].to_numpy()
    db = Engine()
    db.register("given", given.astype({"started_at": "datetime64[us]", "ended_at": "datetime64[us]"}))
    db.execute(
        "create table subscriptions as select * replace (cast(started_at as date) as started_at,"
        " cast(ended_at as date) as ended_at, cast(plan as varchar) as plan, cast(price as decimal(18, 2)) as price)"
        " from given"
    )
    db.execute(
        "create table identity_links as select distinct source_system, source_customer_id,"
        " source_customer_id as customer_id from subscriptions"
    )
    return db


def months_after(day: np.ndarray, months: np.ndarray) -> np.ndarray:
    """The same day so many months later; the month's last where it has none."""
    first = day.astype("datetime64[M]") + np.asarray(months).astype("timedelta64[M]")
    last = (first + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
    return np.minimum(first.astype("datetime64[D]") + (day - day.astype("datetime64[M]").astype("datetime64[D]")), last)


def simulated(count: int, seed: int, effect: float, base: float = 0.06, span: int = 1_300) -> pd.DataFrame:
    """Monthly contracts; `true` is the chance to end in any month: plan moves its log-odds by effect, up or down, or not."""
    rng = np.random.default_rng(seed)
    started = np.datetime64(AS_OF) - rng.integers(0, span, count).astype("timedelta64[D]")
    plan = rng.choice(["basic", "plus", "pro"], count, p=[0.4, 0.3, 0.3])
    odds = base / (1 - base) * np.exp(effect * np.select([plan == "basic", plan == "pro"], [1.0, -1.0], 0.0))
    true = odds / (1 + odds)
    ended = months_after(started, rng.geometric(true))
    ended[ended > np.datetime64(AS_OF)] = np.datetime64("NaT")
    price = rng.choice([980.0, 1_980.0], count)
    return pd.DataFrame({"started": started, "ended": ended, "plan": plan, "price": price, "true": true})
