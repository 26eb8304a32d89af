"""The best items of a plain model for each customer, without scoring every item.

What a customer's own purchases say is mostly zeros, and what holds for everybody has one order: besides the items that own
purchases speak for, only the first of that order can stand on a list.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from customerbase.recommend.candidates import Source
from customerbase.recommend.measures import distinct, top
from customerbase.recommend.scores import Plain

Free = Callable[
    [np.ndarray, np.ndarray], np.ndarray
]  # places of users and items -> whether this user may be offered it


@dataclass(frozen=True)
class Highest:
    """Items above 0 of a model that may be offered, as places of users, items and scores, sorted by user and item."""

    model: Plain
    source: Source

    def again(self, users: np.ndarray, free: Free) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """All items that each user has bought."""
        row, item = self.source.bought(users)
        kept = self.source.open_to[item] & free(row, item)
        row, item = row[kept], item[kept]
        return _above(row, item, self._scores(self.model.compact(users), row, item))

    def new(self, users: np.ndarray, free: Free, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Of the items that a user has not bought those that the `length` highest are among."""
        n, scores = max(len(self.source.window.items), 1), self.model.compact(users)
        had = np.zeros((len(users), n), dtype=bool)
        had[self.source.bought(users)] = True
        most, find = length, self._dense if isinstance(scores, np.ndarray) else self._sparse
        while True:
            keys, first = find(scores, had, most)
            allowed = free(keys // n, keys % n)
            enough = np.bincount(keys[allowed & first] // n, minlength=len(users)) >= length
            if enough.all() or most >= n:
                row, item = keys[allowed] // n, keys[allowed] % n
                return _above(row, item, self._scores(scores, row, item))
            most *= 8  # who owns many durable goods

    def _dense(self, scores: np.ndarray, had: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
        best = top(np.where(had | ~self.source.open_to, -np.inf, scores + self.model.everybody), most)
        keys = np.sort((np.arange(len(best), dtype=np.int64)[:, None] * had.shape[1] + best)[best >= 0])
        return keys, np.ones(len(keys), dtype=bool)

    def _sparse(self, scores, had: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
        """Numbers of user and item, ascending, and which of them are of the `most` first of everybody's order."""
        n = had.shape[1]
        row = np.repeat(np.arange(len(had), dtype=np.int64), np.diff(scores.indptr))
        spoken = row * n + scores.indices
        spoken = spoken[self.source.open_to[scores.indices] & ~had.ravel()[spoken]]
        size = np.minimum(had.sum(axis=1) + most, len(self._order))  # some of them the user has
        place = np.arange(size.sum()) - np.repeat(np.cumsum(size) - size, size)
        common = np.repeat(np.arange(len(had), dtype=np.int64), size) * n + self._order[place]
        common = common[~had.ravel()[common]]
        keys = distinct(np.concatenate([spoken, common]))
        first = np.zeros(len(keys), dtype=bool)
        first[np.searchsorted(keys, common)] = True
        return keys, first

    @cached_property
    def _order(self) -> np.ndarray:
        """Items that may be offered by what holds for everybody, where that is above 0; equals in the order of items."""
        shared = np.where(self.source.open_to, self.model.everybody, 0.0)
        return np.argsort(-shared, kind="stable")[: (shared > 0).sum()]

    def _scores(self, scores, row: np.ndarray, item: np.ndarray) -> np.ndarray:
        whole = scores if isinstance(scores, np.ndarray) else scores.toarray()
        return whole[row, item].astype(np.float64) + self.model.everybody[item]


def _above(row: np.ndarray, item: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    kept = score > 0
    return row[kept], item[kept], score[kept]
