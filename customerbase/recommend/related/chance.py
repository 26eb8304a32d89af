"""How often products would meet by chance: exact tests, and what baskets of the same sizes and months would hold."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from customerbase.intervals import poisson

CHUNK, PRODUCTS, COLUMNS = 10_000, 500, 50  # pairs, products and classes that are reckoned with at a time
LEAST = 100  # units that a class of sizes holds at least, where there are as many
CLASSES = 60  # of sizes, at most or so: classes and months together are columns of every product
ROUNDS = 20  # of fitting; more change no expectation by a thousandth


def exact_upper(rising: list[np.ndarray], falling: list[np.ndarray]) -> np.ndarray:
    """Exact p-value, upper side, of counts in a table whose cells are all fixed by one of them: P(X ≥ x).

    rising: the cells (whole numbers, one entry per table) that are larger by one where X is; falling: those smaller by one.
    P(X = x) is proportional to 1 / product of cells!. With (x, rest) rising and the two margins less x falling it is
    Fisher's test; with the eight cells of three products it is Zelen's exact test that two of them go together as much
    with the third as without it. Sources: Fisher (1935); Zelen (1971), Biometrika 58, 129–137.
    """
    up, down = [np.asarray(one, dtype=float) for one in rising], [np.asarray(one, dtype=float) for one in falling]
    above, below = _series(down, up), _series(up, down)
    return (1 + above) / (1 + above + below)


def _series(losing: list[np.ndarray], gaining: list[np.ndarray]) -> np.ndarray:
    """Sum of the weights on one side of the observed table, in units of its own."""
    total = np.zeros(len(losing[0]))
    left, term, step = np.arange(len(total)), np.ones(len(total)), 0
    while len(left):
        with np.errstate(over="ignore"):
            for one in losing:
                term = term * (one[left] - step)
            for one in gaining:
                term = term / (one[left] + step + 1)
            total[left] += term
        step += 1
        going = (term > total[left] * 1e-17) & np.isfinite(term)
        left, term = left[going], term[going]
    return total


def fisher(both: np.ndarray, first: np.ndarray, second: np.ndarray, units: int) -> np.ndarray:
    """One-sided p-value of Fisher's test: at least `both` of `units` hold two things that `first` and `second` hold each."""
    x = np.asarray(both, dtype=float)
    return exact_upper([x, units - first - second + x], [first - x, second - x])


def upper_tail(count: np.ndarray, mean: np.ndarray, most: np.ndarray) -> np.ndarray:
    """P(X ≥ count) of a binomial count of `most` trials with that mean.

    For a count of mean + 1 or more it bounds that of any sum of independent events of unequal chances with the same mean.
    Source: Hoeffding (1956), Ann. Math. Stat. 27, 713–721.
    """
    count, most = np.asarray(count, dtype=float), np.maximum(most, np.asarray(count, dtype=float))
    chance = np.clip(np.asarray(mean, dtype=float) / np.maximum(most, 1), 0, 1)
    return np.where(count > 0, special.betainc(np.maximum(count, 1), most - count + 1, chance), 1.0)


def without_interaction(by_month: np.ndarray, by_size: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Share of the units of each month and size that hold each product, shape (products, months, sizes).

    The odds of a product differ from month to month and from size to size, but not otherwise (no three-way interaction of
    product, month and size: Bartlett 1935), so that a month of few units still tells its season: only its own total of each
    product has to be known, and not that of each size. Fitted to both totals of each product by proportional fitting
    (Deming & Stephan 1940, Ann. Math. Stat. 11, 427–444). by_month, by_size: units that hold each product, one row a
    product; units: of each month and size.
    """
    made = np.empty((len(by_month), *units.shape))
    totals = (units.sum(axis=1), units.sum(axis=0))
    for start in range(0, len(made), PRODUCTS):
        part = slice(start, start + PRODUCTS)
        held, other = (np.repeat(units[None], len(by_month[part]), axis=0) for _ in range(2))
        for _ in range(ROUNDS if min(units.shape) > 1 else 1):
            for axis, counts, total in ((2, by_month[part], totals[0]), (1, by_size[part], totals[1])):
                held *= np.expand_dims(counts / _above_0(held.sum(axis=axis)), axis)
                other *= np.expand_dims((total - counts) / _above_0(other.sum(axis=axis)), axis)
            again = units / _above_0(held + other)
            held, other = held * again, other * again
        made[part] = held / _above_0(units)
    return made


def _above_0(values: np.ndarray) -> np.ndarray:
    return np.maximum(values, 1e-300)


def size_classes(sizes: np.ndarray, units: np.ndarray, least: int = LEAST) -> np.ndarray:
    """Class 0, 1, … of each size (ascending): neighbours share one until it holds `least` units; 1 stands alone.

    sizes: how many different products a unit (basket, customer) holds; units: how many units hold so many.
    """
    made, place, held = [], 0, 0
    for size, count in zip(sizes, units, strict=True):
        made.append(place)
        held += count
        if held >= least or size <= 1:
            place, held = place + 1, 0
    made = np.array(made, dtype=int)
    if held and place and sizes[made == place - 1].min(initial=2) > 1:  # a last class of too few joins its neighbour
        made[made == place] = place - 1
    return made


def meeting(shares: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Weights x of products, per class of sizes, such that x·x' is the share of units that hold two independent products.

    Given how many products a unit holds, independent products exclude each other a little: of n places one is taken. So
    x·x' is to add up, over all other products, to share · others: each product meets as many others as units of these sizes
    hold. Exact for units of two products and for products of the same popularity. shares: one row per product (all of them),
    one column per class, the share of units that hold it; others: mean number of other products beside one, per class.
    """
    made = np.empty(shares.shape)
    for start in range(0, shares.shape[1], COLUMNS):
        part = slice(start, start + COLUMNS)
        need = shares[:, part] * others[part]
        low, high = 2 * np.sqrt(need.max(axis=0, initial=0)), np.maximum(others[part] + 1, 1e-9)
        for _ in range(50):  # the sum X of all weights: x (X - x) = need
            middle = (low + high) / 2
            more = _smaller_root(need, middle).sum(axis=0) > middle
            low, high = np.where(more, middle, low), np.where(more, high, middle)
        made[:, part] = _smaller_root(need, (low + high) / 2)
    return made


def _smaller_root(need: np.ndarray, total: np.ndarray) -> np.ndarray:
    return 2 * need / np.maximum(total + np.sqrt(np.maximum(total * total - 4 * need, 0)), 1e-300)


@dataclass(frozen=True)
class BySize:
    """Units by month and class of size, and how likely each of them holds each product.

    units: per month and class; weights (`meeting`): one row per product, one column per month and class; holding: one row per
    product, one column per month, units of two products or more that hold it.
    """

    units: np.ndarray
    weights: np.ndarray
    holding: np.ndarray

    @classmethod
    def of(cls, rows: pd.DataFrame, cells: pd.DataFrame, items: np.ndarray) -> "BySize":
        """From counts: rows: item, month, size_class, units; cells: month, size_class, size, units; items: all, ascending."""
        months, of_month = np.unique(cells["month"], return_inverse=True)
        shape = (len(months), int(cells["size_class"].max()) + 1)
        cell = of_month * shape[1] + cells["size_class"].to_numpy()
        n, size = cells["units"].to_numpy(dtype=float), cells["size"].to_numpy(dtype=float)
        units, lines, square = (np.bincount(cell, one, shape[0] * shape[1]) for one in (n, n * size, n * size**2))
        item, month = np.searchsorted(items, rows["item"]), np.searchsorted(months, rows["month"])
        alone = rows["size_class"].isin(cells.loc[cells["size"] == 1, "size_class"]).to_numpy()
        by_month, by_size, holding = (
            _table(item[kept], column[kept], rows["units"].to_numpy(dtype=float)[kept], (len(items), width))
            for column, width, kept in (
                (month, shape[0], slice(None)),
                (rows["size_class"].to_numpy(), shape[1], slice(None)),
                (month, shape[0], ~alone),
            )
        )
        shares = without_interaction(by_month, by_size, units.reshape(shape)).reshape(len(items), -1)
        used = square > lines  # of units of one product there is nothing to meet
        return cls(units[used], meeting(shares[:, used], square[used] / lines[used] - 1), holding)

    @classmethod
    def none(cls) -> "BySize":
        """Of no units."""
        return cls(np.empty(0), np.empty((0, 0)), np.empty((0, 0)))

    def of_items(self, chosen: np.ndarray) -> "BySize":
        """The same of some products alone."""
        return BySize(self.units, self.weights[chosen], self.holding[chosen])

    def expected(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """How many units would hold both, were products put into units of these months and sizes independently of each other.

        first, second: rows of holding.
        """
        made = np.empty(len(first))
        for start in range(0, len(first), CHUNK):
            part = slice(start, start + CHUNK)
            a, b = self.weights[first[part]], self.weights[second[part]]
            made[part] = np.minimum(a * b, 1) @ self.units
        return made

    def most(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """The most units that can hold both, month by month."""
        made = np.empty(len(first))
        for start in range(0, len(first), CHUNK):
            part = slice(start, start + CHUNK)
            made[part] = np.minimum(self.holding[first[part]], self.holding[second[part]]).sum(axis=1)
        return made


def _table(row: np.ndarray, column: np.ndarray, values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    return np.bincount(row * shape[1] + column, values, shape[0] * shape[1]).reshape(shape)


def excess(count: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Count over expectation with its 95 % interval (that of the count): value, low, high; infinite where nothing is expected."""
    low, high = poisson(count)
    with np.errstate(divide="ignore", invalid="ignore"):
        return count / expected, low / expected, high / expected


def three_way(units: int, singles: np.ndarray, pairs: np.ndarray, all_three: np.ndarray) -> dict[str, np.ndarray]:
    """What pairs explain of sets of three: expected (no three-way interaction), and the exact p-value of as many or more.

    singles: (n, 3) units with product 1, 2, 3; pairs: (n, 3) units with 1 and 2, 1 and 3, 2 and 3; all_three: (n).
    expected solves odds ratio of 1 and 2 with 3 = that without 3. Source: Bartlett (1935), J. R. Stat. Soc. Suppl. 2, 248–252.
    """
    s, p, x = (np.asarray(one, dtype=float) for one in (singles, pairs, all_three))
    rest = units - s.sum(axis=1) + p.sum(axis=1)
    alone = np.stack([s[:, 0] - p[:, 0] - p[:, 1], s[:, 1] - p[:, 0] - p[:, 2], s[:, 2] - p[:, 1] - p[:, 2]])
    falling = [*p.T, rest]  # less x each; the others rise with it
    low, high = np.maximum(0, -alone.min(axis=0)), np.minimum(p.min(axis=1), rest)
    for _ in range(60):
        middle = (low + high) / 2
        with np.errstate(divide="ignore"):
            too_many = np.log([middle, *(alone + middle)]).sum(axis=0) > np.log([f - middle for f in falling]).sum(
                axis=0
            )
        low, high = np.where(too_many, low, middle), np.where(too_many, middle, high)
    return {"expected": (low + high) / 2, "p_value": exact_upper([x, *(alone + x)], [f - x for f in falling])}
