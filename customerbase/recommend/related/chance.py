"""How often products would meet by chance: exact tests, and what baskets of the same sizes and months would hold."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from customerbase.intervals import poisson

CHUNK = 50_000  # pairs whose expectation is summed up at a time
LEAST = 100  # units that a class of sizes holds at least, where there are as many
SEASON = 1_000  # units that months which stand apart hold at least: sizes of baskets tell more than the season does


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


def seasons(months: np.ndarray, sizes: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Class 0, 1, … of each month and size: months in a row share one until they hold SEASON units, then go by size_classes.

    Within a class all is compared as Mantel & Haenszel (1959, J. Natl Cancer Inst. 22, 719–748) compare within strata: two
    products of one season meet as often as its own baskets explain. months, sizes, units: one entry a month and size,
    ascending by both.
    """
    names, of_month = np.unique(months, return_inverse=True)
    season = _neighbours(np.bincount(of_month, units, len(names)), SEASON)[of_month]
    made, offset = np.zeros(len(months), dtype=int), 0
    for one in range(int(season.max(initial=-1)) + 1):
        mine = np.flatnonzero(season == one)
        own, of_size = np.unique(sizes[mine], return_inverse=True)
        classes = size_classes(own, np.bincount(of_size, units[mine], len(own)))
        made[mine] = offset + classes[of_size]
        offset += int(classes.max()) + 1
    return made


def _neighbours(units: np.ndarray, least: int) -> np.ndarray:
    """Class of each entry: neighbours share one until it holds `least`; a last one of fewer joins the one before."""
    made, place, held = [], 0, 0.0
    for count in units:
        if held >= least:
            place, held = place + 1, 0.0
        made.append(place)
        held += count
    found = np.array(made, dtype=int)
    return np.minimum(found, place - 1) if place and held < least else found


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
    need = shares * others
    low, high = 2 * np.sqrt(need.max(axis=0, initial=0)), np.maximum(others + 1, 1e-9)
    for _ in range(60):  # the sum X of all weights: x (X - x) = need
        middle = (low + high) / 2
        more = _smaller_root(need, middle).sum(axis=0) > middle
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return _smaller_root(need, (low + high) / 2)


def _smaller_root(need: np.ndarray, total: np.ndarray) -> np.ndarray:
    return 2 * need / np.maximum(total + np.sqrt(np.maximum(total * total - 4 * need, 0)), 1e-300)


@dataclass(frozen=True)
class BySize:
    """Units by class of size, and how many of each class hold each product.

    units: per class; others: per class, mean number of other products beside one. holding, weights (`meeting`): one row per
    product, one column per class.
    """

    units: np.ndarray
    others: np.ndarray
    holding: np.ndarray
    weights: np.ndarray

    def expected(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """How many units would hold both products, were products put into units of these sizes independently of each other.

        first, second: rows of holding.
        """
        made = np.empty(len(first))
        for start in range(0, len(first), CHUNK):
            part = slice(start, start + CHUNK)
            a, b = self.weights[first[part]], self.weights[second[part]]
            made[part] = np.minimum(a * b, 1) @ self.units
        return made

    def most(self, first: np.ndarray, second: np.ndarray) -> np.ndarray:
        """The most units that can hold both, class by class."""
        held = np.where(self.others > 0, self.holding, 0)
        made = np.empty(len(first))
        for start in range(0, len(first), CHUNK):
            part = slice(start, start + CHUNK)
            made[part] = np.minimum(held[first[part]], held[second[part]]).sum(axis=1)
        return made


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
