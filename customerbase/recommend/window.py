"""Purchases as they stood when a day began: the sparse matrix of customers and products, and what is known of each.

Nothing dated at the cutoff or later is in it. Products are those sold in the last LIVE days; who bought none of them
has no row and gets what is popular.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy import sparse

from customerbase.recommend.measures import distinct
from customerbase.recommend.purchases import Purchases

LIVE = 180  # days: what nobody bought for so long is not recommended
HORIZON = 30  # days that a list is for
YEAR = 365
HALF_LIFE, SHORT = 120.0, 30.0  # days in which a purchase loses half its weight; of the weight of lately
_GAP_PRIOR = (2.0, 60.0)  # gaps, and their days, that every product's own repurchase gap begins with


@dataclass(frozen=True)
class Window:
    """Customers x products before `cutoff` (a day as number).

    users, items: places in the purchases; start: where each user's events begin; item, day: of the events, items as
    places in `items`.
    """

    purchases: Purchases
    cutoff: int
    users: np.ndarray
    items: np.ndarray
    start: np.ndarray
    item: np.ndarray
    day: np.ndarray

    @classmethod
    def before(cls, purchases: Purchases, cutoff: int) -> "Window":
        """What had happened when the day `cutoff` began."""
        known = purchases.day < cutoff
        live = np.zeros(len(purchases.products), dtype=bool)
        live[purchases.item[known & (purchases.day >= cutoff - LIVE)]] = True
        kept = known & live[purchases.item]
        items = np.flatnonzero(live)
        place = np.cumsum(live, dtype=np.int32) - 1
        counts = np.bincount(purchases.user[kept], minlength=len(purchases.customers))
        users = np.flatnonzero(counts)
        start = np.concatenate([[0], np.cumsum(counts[users])])
        return cls(purchases, cutoff, users, items, start, place[purchases.item[kept]], purchases.day[kept])

    @cached_property
    def learnt(self) -> "Window":
        """The same of the customers that are learnt from, with the same items; itself where customers are no more."""
        if len(self.purchases.looked_at) == len(self.purchases.customers):
            return self
        mine, size = np.isin(self.users, self.purchases.looked_at), np.diff(self.start)
        event, start = np.repeat(mine, size), np.concatenate([[0], np.cumsum(size[mine])])
        return replace(self, users=self.users[mine], start=start, item=self.item[event], day=self.day[event])

    @cached_property
    def user(self) -> np.ndarray:
        """The user of each event, as a place in `users`."""
        return np.repeat(np.arange(len(self.users), dtype=np.int32), np.diff(self.start))

    def truth(self, days: int = HORIZON) -> sparse.csr_matrix:
        """What each user bought of the items in [cutoff, cutoff + days): ones, shape (users, items)."""
        made = self.purchases
        later = (made.day >= self.cutoff) & (made.day < self.cutoff + days)
        user, item = np.searchsorted(self.users, made.user[later]), np.searchsorted(self.items, made.item[later])
        user, item = np.minimum(user, len(self.users) - 1), np.minimum(item, len(self.items) - 1)
        ours = (self.users[user] == made.user[later]) & (self.items[item] == made.item[later])
        return _ones(user[ours], item[ours], (len(self.users), len(self.items)))

    @cached_property
    def age(self) -> np.ndarray:
        """Days from each event to the cutoff, 1 the day before it."""
        return (self.cutoff - self.day).astype(np.float64)

    def matrix(self, half_life: float | None = None) -> sparse.csr_matrix:
        """Purchase days of users and items; with a half-life each day weighs 0.5 ** (age / half_life)."""
        weight = np.ones(len(self.item)) if half_life is None else 0.5 ** (self.age / half_life)
        made = sparse.csr_matrix((weight, self.item.copy(), self.start.copy()), (len(self.users), len(self.items)))
        made.sum_duplicates()
        return made

    @cached_property
    def bought(self) -> sparse.csr_matrix:
        """Ones where a user has bought an item."""
        made = self.matrix()
        made.data[:] = 1.0
        return made

    def buyers(self, first: int, until: int = 0) -> np.ndarray:
        """Users who bought each item between `first` and `until` days before the cutoff (first inclusive, until not)."""
        inside = (self.age <= first) & (self.age > until)
        user, item = self.user[inside], self.item[inside]
        new = np.ones(len(user), dtype=bool)  # events are sorted by user, item and day
        new[1:] = (np.diff(user) != 0) | (np.diff(item) != 0)
        return np.bincount(item[new], minlength=len(self.items)).astype(np.float64)

    @cached_property
    def products(self) -> "Goods":
        """What is known of each item, counted over the customers that are learnt from."""
        return Goods.of(self.learnt)

    @cached_property
    def people(self) -> "People":
        """What is known of each user."""
        return People.of(self)


def _ones(user: np.ndarray, item: np.ndarray, shape: tuple[int, int]) -> sparse.csr_matrix:
    made = sparse.csr_matrix((np.ones(len(user)), (user, item)), shape=shape)
    made.sum_duplicates()
    made.data[:] = 1.0
    return made


@dataclass(frozen=True)
class Goods:
    """One entry an item: buyers of windows, own repurchase gap, season, price. customers: that they are counted over.

    coming: buyers in the HORIZON days from a year ago on; season: their share of a twelfth of that year's, as a logarithm
    (0 where records are too short); gap: mean days between two purchase days of one user; newness: days since first sold.
    """

    customers: int
    week: np.ndarray
    month: np.ndarray
    before: np.ndarray
    year: np.ndarray
    ever: np.ndarray
    coming: np.ndarray
    season: np.ndarray
    gap: np.ndarray
    newness: np.ndarray
    price: np.ndarray
    category: np.ndarray

    @classmethod
    def of(cls, window: Window) -> "Goods":
        """Counts of distinct users, and sums over their pairs of purchases."""
        n = len(window.items)
        month, year = window.buyers(HORIZON), window.buyers(YEAR)
        reaches = len(window.day) and window.cutoff - window.day.min() >= YEAR
        coming = window.buyers(YEAR, YEAR - HORIZON)
        season = np.log((coming + 1) / (year / 12 + 1)) if reaches else np.zeros(n)
        pairs = window.user.astype(np.int64) * n + window.item
        again = np.flatnonzero(pairs[1:] == pairs[:-1]) + 1  # events are sorted by user, item and day
        gaps = (window.day[again] - window.day[again - 1]).astype(np.float64)
        count, days = _GAP_PRIOR
        gap = (np.bincount(window.item[again], gaps, n) + count * days) / (
            np.bincount(window.item[again], minlength=n) + count
        )
        first = np.full(n, window.cutoff, dtype=np.int64)
        np.minimum.at(first, window.item, window.day)
        price = window.purchases.price[window.items]
        return cls(
            len(window.users), window.buyers(7), month, window.buyers(2 * HORIZON, HORIZON), year, window.buyers(window.cutoff + 1), coming,
            season, gap, (window.cutoff - first).astype(np.float64), np.log(np.where(price > 0, price, np.nan)),
            window.purchases.category[window.items],
        )  # fmt: skip


@dataclass(frozen=True)
class People:
    """One entry a user: purchase days (all, of 90 days, decayed), days since the last and the first, lines a day, products, price."""

    days: np.ndarray
    days_90: np.ndarray
    decayed: np.ndarray
    recency: np.ndarray
    tenure: np.ndarray
    lines: np.ndarray
    products: np.ndarray
    price: np.ndarray

    @classmethod
    def of(cls, window: Window) -> "People":
        """Purchase days are distinct days of a user, whatever was bought on them."""
        n, span = len(window.users), np.int64(window.cutoff + 1)
        days = distinct(window.user.astype(np.int64) * span + window.day)
        who, age = days // span, (window.cutoff - days % span).astype(np.float64)
        count = np.bincount(who, minlength=n)
        begin = np.concatenate([[0], np.cumsum(count)[:-1]])
        priced = window.products.price[window.item]
        known = np.isfinite(priced)
        paid = np.bincount(window.user[known], priced[known], n), np.bincount(window.user[known], minlength=n)
        with np.errstate(invalid="ignore"):
            return cls(
                count.astype(np.float64), np.bincount(who, age <= 90, n), np.bincount(who, 0.5 ** (age / HALF_LIFE), n),
                age[begin + count - 1], age[begin], np.diff(window.start) / count,
                np.diff(window.bought.indptr).astype(np.float64), paid[0] / paid[1],
            )  # fmt: skip
