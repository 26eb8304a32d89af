"""On which day of the week and at which hours a customer buys, said only where it clearly differs from everybody."""

import numpy as np
import pandas as pd
from scipy import stats

from customerbase.engine import Engine

SURE = 0.99  # chance, all classes together, that a customer who is named differs from everybody
MOST = 50.0  # orders that everybody's shares weigh at most, so that one who differs is seen where all others are alike
WEEKDAYS = tuple(range(1, 8))  # 1 Monday to 7 Sunday
HOURS = tuple(f"{start}-{start + 3}" for start in range(0, 24, 3))


def order_slots(db: Engine) -> pd.DataFrame:
    """Days with an order per customer, weekday and hour: customer_id, weekday, hour (empty without times), days.

    Reads the view customer_orders (features), and with it nothing after its as-of date.
    """
    return db.run("order_slots").df().sort_values(["customer_id", "weekday", "hour"], ignore_index=True)


def best_times(slots: pd.DataFrame) -> pd.DataFrame:
    """The weekday (1 Monday to 7 Sunday) and the three hours in which a customer buys clearly more often than everybody.

    slots: of order_slots. Columns: customer_id, best_weekday, best_hours ("18-21"); empty where the customer's own
    orders do not show it. Hours count only orders whose time is known.
    """
    who = pd.Index(sorted(slots["customer_id"].unique()), name="customer_id")
    day = preferred(_counts(slots, slots["weekday"].astype(int) - 1, len(WEEKDAYS), who))
    known = slots[slots["hour"].notna()]
    slot = preferred(_counts(known, known["hour"].astype(int) // 3, len(HOURS), who))
    named = {"best_weekday": pd.array([WEEKDAYS[one] if one >= 0 else pd.NA for one in day], dtype="Int32")}
    hours = pd.Series([HOURS[one] if one >= 0 else None for one in slot], dtype=object)
    return pd.DataFrame({"customer_id": who, **named, "best_hours": hours})


def preferred(counts: np.ndarray, sure: float = SURE) -> np.ndarray:
    """The class in which each customer stands out, -1 where none; counts: customers x classes.

    A customer's own shares are drawn towards everybody's: a Dirichlet prior with the mean of all customers, as strong as
    customers are alike (`likeness`, at most MOST orders). A class stands out where it is the largest of the customer's
    shares and above everybody's with a chance of `sure`, the rest divided among the classes looked at (Bonferroni).
    Source: Mosimann (1962), Biometrika 49, 65-82 (the Dirichlet-multinomial distribution).
    """
    counts = np.asarray(counts, dtype=float)
    total = counts.sum()
    if not total:
        return np.full(len(counts), -1)
    everybody = counts.sum(axis=0) / total
    after = counts + min(likeness(counts), MOST) * everybody
    best = after.argmax(axis=1)
    row = np.arange(len(counts))
    own, share = after[row, best], everybody[best]
    beyond = stats.beta.sf(share, own, after.sum(axis=1) - own)
    return np.where(beyond >= 1 - (1 - sure) / counts.shape[1], best, -1)


def likeness(counts: np.ndarray) -> float:
    """How many orders everybody's shares weigh against a customer's own: infinite where customers do not differ.

    By moments: two orders of one customer fall into one class more often than two orders of strangers, by the share
    1 / (strength + 1) of what is left. Customers weigh by their orders less one. Infinite without customers of two orders.
    """
    counts = np.asarray(counts, dtype=float)
    orders = counts.sum(axis=1)
    counts, orders = counts[orders >= 2], orders[orders >= 2]
    if not len(orders):
        return float("inf")
    shares = counts.sum(axis=0) / counts.sum()
    by_chance = float((shares**2).sum())
    together = float(((counts * (counts - 1)).sum(axis=1) / orders).sum() / (orders - 1).sum())
    beyond = (together - by_chance) / (1 - by_chance) if by_chance < 1 else 0.0
    return 1 / beyond - 1 if beyond > 0 else float("inf")


def _counts(rows: pd.DataFrame, column: pd.Series, classes: int, who: pd.Index) -> np.ndarray:
    counts = np.zeros((len(who), classes))
    np.add.at(counts, (who.get_indexer(rows["customer_id"]), column.to_numpy(dtype=int)), rows["days"].to_numpy(float))
    return counts
