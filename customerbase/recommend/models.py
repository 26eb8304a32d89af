"""The plain models: popularity, personal frequency with decay, TIFU-KNN, EASE, item-item cosine, ALS: scores of every item.

Fitted on a Window; `scores(rows)` gives an array (rows, items), higher is likelier, of the window's users `rows`. Each sees
items bought before and others alike: the two lists take what they want of it. A score is what a customer's own purchases
say (`compact`, mostly zeros) and what holds for everybody. All sums run in one thread and in one order.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import linalg, sparse

from customerbase.recommend.factors import Factors
from customerbase.recommend.measures import best_of
from customerbase.recommend.purchases import spread
from customerbase.recommend.scores import Plain
from customerbase.recommend.window import HALF_LIFE, HORIZON, Window
from customerbase.threads import one_thread

POPULAR_ALL, POPULAR_NOW, FREQUENCY, TIFU, EASE, ITEM_ITEM, ALS = (
    *("popular_all_time", "popular_30_days", "frequency", "tifu_knn", "ease", "item_item", "als"),
)
EASE_ITEMS = 10_000  # beyond these the inverse (items cubed) costs minutes and gigabytes: item-item takes its place
RIDGE = 200.0  # on the diagonal of EASE; 200 to 500 do alike (docs/recommendations.md)
NEIGHBOURS, OWN_WEIGHT = 100, 0.5  # of TIFU-KNN: the customers most alike, and what one's own purchases weigh
POOL = 20_000  # customers among whom neighbours are looked for, evenly spread over all
SIMILAR = 50  # items kept as similar to one
_SHRINK = 20.0  # buyers in common that a similarity is shrunk by
_FILL = 1e-6  # of popularity, so that no list stays short and ties go to the popular


@dataclass(frozen=True)
class Popularity(Plain):
    """Distinct buyers of each item, the same for everybody."""

    everybody: np.ndarray

    @classmethod
    def fit(cls, window: Window, days: int | None = None) -> "Popularity":
        """Of the last `days` days, or of all time; all time breaks ties."""
        ever = window.products.ever
        if days is None:
            return cls(ever)
        now = window.products.month if days == HORIZON else window.learnt.buyers(days)
        return cls(now + _FILL * ever)

    def compact(self, rows: np.ndarray) -> sparse.csr_matrix:
        """Nothing: own purchases say nothing here."""
        return sparse.csr_matrix((len(rows), len(self.everybody)))

    @property
    def fill(self) -> np.ndarray:
        """A tiny score of each item, for models that leave items without one."""
        return _FILL * self.everybody / max(self.everybody.max(initial=0.0), 1.0)


@dataclass(frozen=True)
class Frequency(Plain):
    """A customer's own purchase days of the item, each weighing 0.5 ** (age / half_life). Popularity fills the list."""

    own: sparse.csr_matrix
    everybody: np.ndarray

    @classmethod
    def fit(cls, window: Window, half_life: float = HALF_LIFE) -> "Frequency":
        """half_life in days."""
        return cls(window.matrix(half_life), Popularity.fit(window, HORIZON).fill)

    def compact(self, rows: np.ndarray) -> sparse.csr_matrix:
        """Own decayed purchases."""
        return sparse.csr_matrix(self.own[rows])


@dataclass(frozen=True)
class TifuKnn(Plain):
    """Own decayed purchases, and the mean of those of the customers most alike (cosine), by `weight` and 1 - weight.

    After Hu, He, Gao & Zhang (2020), Modeling personalized item frequency information for next-basket recommendation,
    SIGIR; one decay over days in the place of two over baskets, neighbours weighted by their likeness.
    """

    own: sparse.csr_matrix
    unit: sparse.csr_matrix
    pool: np.ndarray
    neighbours: int
    weight: float
    everybody: np.ndarray

    @classmethod
    def fit(
        cls, window: Window, *, half_life: float = HALF_LIFE, neighbours: int = NEIGHBOURS, weight: float = OWN_WEIGHT
    ) -> "TifuKnn":
        """Neighbours are looked for among at most POOL customers."""
        own = window.matrix(half_life)
        length = np.sqrt(np.asarray(own.multiply(own).sum(axis=1)).ravel())
        unit = sparse.csr_matrix(sparse.diags(1 / np.maximum(length, 1e-12)) @ own)
        return cls(own, unit, spread(own.shape[0], POOL), neighbours, weight, Popularity.fit(window, HORIZON).fill)

    @cached_property
    def _pool(self) -> tuple[sparse.csr_matrix, sparse.csr_matrix]:
        """Of the customers of the pool: items x customers, of length 1; and their decayed purchases."""
        return sparse.csr_matrix(self.unit[self.pool].T), sparse.csr_matrix(self.own[self.pool])

    def compact(self, rows: np.ndarray) -> sparse.csr_matrix:
        """Own decayed purchases and those of the neighbours, weighted."""
        unit, own = self._pool
        alike = sparse.csr_matrix(self.unit[rows] @ unit)
        row, place = np.repeat(np.arange(len(rows)), np.diff(alike.indptr)), alike.indices
        other = self.pool[place] != rows[row]
        row, place, weight = row[other], place[other], alike.data[other]
        best, _ = best_of(row, place, weight, self.neighbours)
        row, place, weight = row[best], place[best], weight[best]
        weight = weight / np.maximum(np.bincount(row, weight, len(rows)), 1e-12)[row]
        start = np.searchsorted(row, np.arange(len(rows) + 1))
        near = sparse.csr_matrix((weight, place, start), shape=alike.shape)
        return sparse.csr_matrix(self.weight * self.own[rows] + (1 - self.weight) * (near @ own))


@dataclass(frozen=True)
class Ease(Plain):
    """Items from items: the ridge regression of each column on all others, in closed form.

    Source: Steck (2019), Embarrassingly shallow autoencoders for sparse data, WWW, equation 8.
    """

    bought: sparse.csr_matrix
    weights: np.ndarray

    @classmethod
    def fit(cls, window: Window, ridge: float = RIDGE) -> "Ease":
        """On ones where a customer has bought an item, counted over the customers of `window.learnt`."""
        seen = window.learnt.bought.astype(np.float32)
        if not seen.shape[1]:
            return cls(seen, np.empty((0, 0), dtype=np.float32))
        gram = (seen.T @ seen).toarray()
        diagonal = np.arange(len(gram))
        gram[diagonal, diagonal] += ridge
        with one_thread():
            factor, _ = linalg.lapack.spotrf(gram, lower=1)
            inverse, _ = linalg.lapack.spotri(factor, lower=1)
        inverse = np.tril(inverse) + np.tril(inverse, -1).T
        weights = inverse / -np.diag(inverse)
        weights[diagonal, diagonal] = 0.0
        return cls(window.bought.astype(np.float32), weights)

    @property
    def everybody(self) -> np.ndarray:
        """Nothing."""
        return np.zeros(len(self.weights))

    def compact(self, rows: np.ndarray) -> np.ndarray:
        """All there is, in single precision."""
        return np.asarray(self.bought[rows] @ self.weights)

    def between(self, bought: np.ndarray, item: np.ndarray) -> np.ndarray:
        """How much having bought one item speaks for the other."""
        return self.weights[bought, item].astype(np.float64)


@dataclass(frozen=True)
class ItemItem(Plain):
    """Cosine of the buyers of two items, shrunk where they have few in common; of each item the SIMILAR nearest.

    Source: Sarwar, Karypis, Konstan & Riedl (2001), WWW; the shrinkage of Bell & Koren (2007), ICDM.
    """

    bought: sparse.csr_matrix
    weights: sparse.csr_matrix

    @classmethod
    def fit(cls, window: Window, block: int = 1_000) -> "ItemItem":
        """Counted over the customers of `window.learnt`, in blocks of items."""
        seen = window.learnt.bought.astype(np.float32)
        columns, n = seen.T.tocsr(), np.asarray(seen.sum(axis=0), dtype=np.float64).ravel()
        items, parts = seen.shape[1], []
        for begin in range(0, items, block):
            common = sparse.csr_matrix(columns[begin : begin + block] @ seen)
            row = np.repeat(np.arange(common.shape[0]), np.diff(common.indptr))
            item, both = common.indices, common.data.astype(np.float64)
            near = both / np.sqrt(n[begin + row] * n[item]) * (both / (both + _SHRINK))
            other = np.flatnonzero(item != begin + row)
            kept, _ = best_of(row[other], item[other], near[other], SIMILAR)
            kept = other[kept]
            parts.append(sparse.csr_matrix((near[kept].astype(np.float32), (row[kept], item[kept])), common.shape))
        weights = sparse.csr_matrix(sparse.vstack(parts)) if parts else sparse.csr_matrix((0, 0), dtype=np.float32)
        return cls(window.bought.astype(np.float32), weights)

    @property
    def everybody(self) -> np.ndarray:
        """Nothing."""
        return np.zeros(self.weights.shape[1])

    def compact(self, rows: np.ndarray) -> sparse.csr_matrix:
        """All there is, in single precision."""
        return sparse.csr_matrix(self.bought[rows] @ self.weights)

    def between(self, bought: np.ndarray, item: np.ndarray) -> np.ndarray:
        """How much having bought one item speaks for the other."""
        return np.asarray(self.weights[bought, item]).ravel().astype(np.float64)


Likeness = Ease | ItemItem | Factors  # what tells how much one item speaks for another


def similar(window: Window) -> Ease | ItemItem:
    """EASE, or item-item where the items are more than EASE_ITEMS."""
    return Ease.fit(window) if len(window.items) <= EASE_ITEMS else ItemItem.fit(window)


def plain(window: Window, likeness: Ease | ItemItem, only: str | None = None, als: bool = False) -> dict[str, Plain]:
    """Every plain model of a window, with ALS where asked for, or `only` one; likeness: that of `similar`."""
    makers = {
        POPULAR_NOW: lambda: Popularity.fit(window, HORIZON),
        POPULAR_ALL: lambda: Popularity.fit(window),
        FREQUENCY: lambda: Frequency.fit(window),
        TIFU: lambda: TifuKnn.fit(window),
        ITEM_ITEM: lambda: likeness if isinstance(likeness, ItemItem) else ItemItem.fit(window),
    }
    if isinstance(likeness, Ease):
        makers[EASE] = lambda: likeness
    if als or only == ALS:
        makers[ALS] = lambda: Factors.fit(window)
    return {name: make() for name, make in makers.items() if only in (None, name)}
