"""What is offered to those of whom nothing is known to go by: what is popular where they belong."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from customerbase.recommend.measures import distinct
from customerbase.recommend.reasons import CATEGORY, GROUP, NOW, code
from customerbase.recommend.window import HORIZON, Window

DAYS = 90  # in which a group's purchases are counted
FEWEST = 30  # buyers of a group from which on it has a taste of its own


@dataclass(frozen=True)
class Popular:
    """Lists by place of belonging: 'category:…', 'store:…', 'people:…' and '' for everybody.

    Of each the items in order, the share of its customers who buy them in a month, and the reason.
    """

    lists: dict[str, tuple[np.ndarray, np.ndarray, int]]

    @classmethod
    def of(cls, window: Window, people: pd.DataFrame, allowed: np.ndarray, most: int) -> "Popular":
        """people: customer_id, store, people (offer_people.sql); allowed: which items may be offered."""
        goods = window.products
        made = {"": _ordered(goods.month, goods.ever, allowed, goods.customers, most, NOW)}
        for place, name in enumerate(window.purchases.categories):
            inside = allowed & (goods.category == place)
            if inside.any():
                made[f"category:{name}"] = _ordered(
                    goods.month, goods.ever, inside, goods.customers, most, CATEGORY, 1.0
                )
        told = people.set_index("customer_id").reindex(window.purchases.customers[window.users])
        lately = window.age <= DAYS
        for kind in ("store", "people"):
            codes, names = pd.factorize(told[kind].astype(object).where(told[kind].notna(), None), sort=True)
            mine = codes[window.user]
            kept = lately & (mine >= 0)
            n = len(window.items)
            keys = (mine[kept].astype(np.int64) * len(window.users) + window.user[kept]) * n + window.item[kept]
            keys = distinct(keys)
            who, item = keys // n, keys % n
            buyers = np.bincount(distinct(who) // max(len(window.users), 1), minlength=len(names))
            group = who // max(len(window.users), 1)
            for place in np.flatnonzero(buyers >= FEWEST):
                counts = np.bincount(item[group == place], minlength=n).astype(float)
                customers = buyers[place] * DAYS / HORIZON  # shares of a month
                made[f"{kind}:{names[place]}"] = _ordered(counts, goods.month, allowed, customers, most, GROUP)
        return cls(made)

    def place(self, category: str | None, store: str | None, people: str | None) -> str:
        """Where a customer belongs: the category bought from most, else the store, else people alike, else everybody."""
        for kind, name in (("category", category), ("store", store), ("people", people)):
            if isinstance(name, str) and f"{kind}:{name}" in self.lists:
                return f"{kind}:{name}"
        return ""


def _ordered(
    counts: np.ndarray,
    then: np.ndarray,
    allowed: np.ndarray,
    customers: float,
    most: int,
    reason: str,
    fewest: float = 0.0,
) -> tuple[np.ndarray, np.ndarray, int]:
    """The first `most` allowed items by buyers; ties by `then`, and by the order of products."""
    at = np.flatnonzero(allowed & (counts >= fewest))
    order = at[np.lexsort((at, -then[at], -counts[at]))][:most]
    return order, counts[order] / max(customers, 1), code(reason)
