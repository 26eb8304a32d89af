"""What a customer may be offered, and what the ranker sees of each: one row per customer and item that comes into question.

Candidates are all items bought before, the new items most similar to them, and those most popular now.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse

from customerbase.recommend.measures import best_of, distinct, top
from customerbase.recommend.models import Ease, ItemItem
from customerbase.recommend.window import HALF_LIFE, SHORT, People, Window

OWN = ("bought", "days", "decayed", "decayed_30", "age", "age_to_gap", "share", "share_decayed", "since_first")
ITEM = ("gap", "week", "month", "trend", "year", "coming", "season", "price", "newness")
PERSON = ("purchase_days", "purchase_days_90", "purchase_days_decayed", "recency", "tenure", "lines", "products")
BOTH = ("price_distance", "affinity", "similarity")
NAMES = (*OWN, *ITEM, *PERSON, *BOTH)
PLAIN = ("bought", "trend", "season", "price", "share", "share_decayed", "affinity")  # of which no logarithm is taken
LOGARITHMIC = np.array([name not in PLAIN for name in NAMES])
SIMILAR_NEW, POPULAR_NEW = 80, 60


def person(people: People, users: np.ndarray) -> np.ndarray:
    """What is known of each of the users, shape (users, PERSON)."""
    told = (people.days, people.days_90, people.decayed, people.recency, people.tenure, people.lines, people.products)
    return np.column_stack([values[users] for values in told])


@dataclass(frozen=True)
class Candidates:
    """Rows sorted by user and item. row: place in `users`; x: shape (rows, NAMES), NaN where not defined."""

    users: np.ndarray
    row: np.ndarray
    item: np.ndarray
    x: np.ndarray

    @property
    def bought(self) -> np.ndarray:
        """Whether the user had bought the item."""
        return self.x[:, 0] > 0


@dataclass(frozen=True)
class Source:
    """Where candidates of a window come from: similarities, how many new items of each kind, and what may be offered.

    spoken_of: which items may be named as a reason; all by default.
    """

    window: Window
    likeness: Ease | ItemItem
    similar: int = SIMILAR_NEW
    popular: int = POPULAR_NEW
    allowed: np.ndarray | None = None
    spoken_of: np.ndarray | None = None

    @cached_property
    def open_to(self) -> np.ndarray:
        """Whether each item may be offered."""
        return np.ones(len(self.window.items), dtype=bool) if self.allowed is None else self.allowed

    def of(self, users: np.ndarray, *, known: bool = True, new: bool = True) -> Candidates:
        """Candidates of a block of users of the window: items bought before (known), others (new), or both."""
        n, scores = max(len(self.window.items), 1), self.likeness.compact(users)
        row, item = self.bought(users)
        mine, parts = row * n + item, []
        if known:
            parts.append(mine[self.open_to[item]])
        if new:
            had = np.zeros(len(users) * n, dtype=bool)
            had[mine] = True
            popular = (np.arange(len(users), dtype=np.int64)[:, None] * n + self._popular).ravel()
            parts.extend((self._near(scores, had), popular[~had[popular]]))
        keys = distinct(np.concatenate(parts)) if parts else np.empty(0, dtype=np.int64)
        whole = scores if isinstance(scores, np.ndarray) else scores.toarray()
        row, item, similarity = keys // n, keys % n, whole.ravel()[keys].astype(np.float64)
        return Candidates(users, row, item, self._values(users, row, item, similarity))

    def bought(self, users: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Items that each of the users has bought: places in `users`, and items, sorted by both."""
        own = self.window.bought[users]
        return np.repeat(np.arange(len(users), dtype=np.int64), np.diff(own.indptr)), own.indices

    def _near(self, scores: np.ndarray | sparse.csr_matrix, had: np.ndarray) -> np.ndarray:
        """The new items most similar to those bought, as numbers of user and item; had: of all numbers, those bought."""
        n = max(scores.shape[1], 1)
        if isinstance(scores, np.ndarray):
            best = top(np.where(had.reshape(-1, n) | ~self.open_to, -np.inf, scores), self.similar)
            return (np.arange(len(best), dtype=np.int64)[:, None] * n + best)[best >= 0]
        row = np.repeat(np.arange(scores.shape[0], dtype=np.int64), np.diff(scores.indptr))
        keys = row * n + scores.indices
        free = self.open_to[scores.indices] & ~had[keys]
        best, _ = best_of(row[free], scores.indices[free], scores.data[free], self.similar)
        return keys[free][best]

    @cached_property
    def _popular(self) -> np.ndarray:
        """The items with the most buyers of the last 30 days among those that may be offered."""
        month = self.window.products.month
        month = month if self.allowed is None else np.where(self.allowed, month, -np.inf)
        best = top(month[None, :], self.popular)[0]
        return best[best >= 0]

    def _values(self, users: np.ndarray, row: np.ndarray, item: np.ndarray, similarity: np.ndarray) -> np.ndarray:
        goods, people, who = self.window.products, self.window.people, users[row]
        own = self.own(users, row, item)
        affinity = self.affinity(users, row, item)
        found = {
            **own,
            "age_to_gap": own["age"] / goods.gap[item],
            "share": own["days"] / people.days[who],
            "share_decayed": own["decayed"] / people.decayed[who],
            "gap": goods.gap[item], "week": goods.week[item], "month": goods.month[item],
            "trend": np.log((goods.month[item] + 1) / (goods.before[item] + 1)),
            "year": goods.year[item], "coming": goods.coming[item], "season": goods.season[item],
            "price": goods.price[item], "newness": goods.newness[item],
            **dict(zip(PERSON, person(people, who).T, strict=True)),
            "price_distance": np.abs(goods.price[item] - people.price[who]),
            "affinity": affinity, "similarity": similarity,
        }  # fmt: skip
        made = np.empty((len(row), len(NAMES)), order="F")
        for place, name in enumerate(NAMES):
            made[:, place] = found[name]
        return made

    def own(self, users: np.ndarray, row: np.ndarray, item: np.ndarray) -> dict[str, np.ndarray]:
        """What the user did with the item: purchase days, decayed ones, days since the last and the first."""
        window, n = self.window, len(self.window.items)
        size = window.start[users + 1] - window.start[users]
        event = np.repeat(window.start[users] - np.concatenate([[0], np.cumsum(size)[:-1]]), size) + np.arange(
            size.sum()
        )
        key = np.repeat(np.arange(len(users), dtype=np.int64), size) * n + window.item[event]
        age = (window.cutoff - window.day[event]).astype(np.float64)
        first = (
            np.flatnonzero(np.concatenate([[True], key[1:] != key[:-1]])) if len(key) else np.empty(0, dtype=np.int64)
        )
        pairs, count = key[first], np.diff(np.append(first, len(key)))
        wanted = row.astype(np.int64) * n + item
        place = np.minimum(np.searchsorted(pairs, wanted), max(len(pairs) - 1, 0))
        had = pairs[place] == wanted if len(pairs) else np.zeros(len(wanted), dtype=bool)

        def told(values: np.ndarray, missing: float) -> np.ndarray:
            return np.where(had, values[place], missing) if len(values) else np.full(len(wanted), missing)

        sums = {half: np.add.reduceat(0.5 ** (age / half), first) if len(first) else age for half in (HALF_LIFE, SHORT)}
        last = age[first + count - 1] if len(first) else age
        return {
            "bought": had.astype(np.float64), "days": told(count.astype(np.float64), 0.0),
            "decayed": told(sums[HALF_LIFE], 0.0), "decayed_30": told(sums[SHORT], 0.0),
            "age": told(last, np.nan), "since_first": told(age[first], np.nan),
        }  # fmt: skip

    def affinity(self, users: np.ndarray, row: np.ndarray, item: np.ndarray) -> np.ndarray:
        """Share of the user's products that are of the item's category; NaN where that is not known."""
        category = self.window.products.category
        kinds = len(self.window.purchases.categories)
        if not kinds:
            return np.full(len(row), np.nan)
        bought = self.window.bought[users]
        who = np.repeat(np.arange(len(users)), np.diff(bought.indptr))
        known = category[bought.indices] >= 0
        place = who[known] * kinds + category[bought.indices[known]]
        counts = np.bincount(place, minlength=len(users) * kinds).reshape(-1, kinds).astype(np.float64)
        share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
        return np.where(category[item] >= 0, share[row, np.maximum(category[item], 0)], np.nan)
