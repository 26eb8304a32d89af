"""What anybody's rank was at any time under any rule, from the orders alone."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from customerbase.audiences.loyalty.programme import Scheme

SPAN = 1 << 34  # seconds that part one member's times from the next one's


@dataclass(frozen=True)
class History:
    """Orders of members in order of member and time.

    members: their names, sorted. member: its place, of each order; at: second of each; amount: what it counts (spend, or 1).
    """

    members: pd.Index
    member: np.ndarray
    at: np.ndarray
    amount: np.ndarray

    def reached(self, member: np.ndarray, at: np.ndarray, scheme: Scheme) -> np.ndarray:
        """What counted for a rank at a time: of the window that ends there, or at the last review before."""
        end = at if not scheme.review else _last_review(at, scheme.review) - 1
        start = None if scheme.window_months is None else _months_before(end, scheme.window_months)
        line = self.member * SPAN + self.at
        sums = np.append(0.0, np.cumsum(self.amount))
        upto = np.searchsorted(line, member * SPAN + end, side="right")
        since = np.searchsorted(line, member * SPAN + (0 if start is None else np.maximum(start, -1) + 1), side="left")
        return sums[upto] - sums[np.minimum(since, upto)]

    def ranks(self, member: np.ndarray, at: np.ndarray, scheme: Scheme) -> np.ndarray:
        """The place of the rank at a time, 0 the lowest."""
        starts = np.array([rank.start for rank in scheme.ranks[1:]])
        return np.searchsorted(starts, self.reached(member, at, scheme) + 1e-6, side="right")

    def places(self, names: pd.Series) -> np.ndarray:
        """Members' places by name; -1 for who never ordered."""
        return self.members.get_indexer(names)


def history(orders: pd.DataFrame, who: str, amount: str | None) -> History:
    """From loyalty_orders; who: account or customer_id; amount: the column that counts, None: orders."""
    members = pd.Index(sorted(orders[who].unique()))
    member, at = members.get_indexer(orders[who]).astype(np.int64), seconds(orders["order_at"])
    counted = np.ones(len(orders)) if amount is None else orders[amount].fillna(0).to_numpy(dtype=float)
    order = np.lexsort((at, member))
    return History(members, member[order], at[order], counted[order])


def seconds(times: pd.Series) -> np.ndarray:
    """Whole seconds since 1970."""
    return pd.to_datetime(times).to_numpy().astype("datetime64[s]").astype(np.int64)


def _last_review(at: np.ndarray, months: tuple[int, ...]) -> np.ndarray:
    """The first second of the newest review month that has begun."""
    month = np.asarray(at).astype("datetime64[s]").astype("datetime64[M]").astype(np.int64)
    back = np.array([min((number - one) % 12 for one in months) for number in range(1, 13)])
    begun = month - back[month % 12]
    return begun.astype("datetime64[M]").astype("datetime64[s]").astype(np.int64)


def _months_before(at: np.ndarray, months: int) -> np.ndarray:
    """The same day and second so many months earlier; the last day of a shorter month."""
    moment = np.asarray(at).astype("datetime64[s]")
    month = moment.astype("datetime64[M]")
    earlier = month - months
    within = (moment - month.astype("datetime64[s]")).astype(np.int64)
    length = ((earlier + 1).astype("datetime64[s]") - earlier.astype("datetime64[s]")).astype(np.int64)
    return earlier.astype("datetime64[s]").astype(np.int64) + np.minimum(within, length - 1)
