"""How often products meet by chance: against scipy, and against counting all tables and all baskets."""

from itertools import combinations, product
from math import comb

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from related_tables import popularity
from scipy import stats

from customerbase import multiple
from customerbase.recommend.related import chance


@given(st.integers(1, 60), st.data())
@settings(max_examples=60, deadline=None)
def test_fisher_is_that_of_scipy(units, data):
    first, second = data.draw(st.integers(0, units)), data.draw(st.integers(0, units))
    both = data.draw(st.integers(max(0, first + second - units), min(first, second)))
    table = [[both, first - both], [second - both, units - first - second + both]]
    made = chance.fisher(*(np.array([one]) for one in (both, first, second)), units)
    assert made[0] == pytest.approx(stats.fisher_exact(table, alternative="greater").pvalue, rel=1e-9)


def test_fisher_of_large_counts_is_that_of_scipy():
    both, first, second = np.array([500, 620, 700]), np.array([5_000, 6_000, 900]), np.array([4_000, 4_000, 1_000])
    truth = stats.hypergeom.sf(both - 1, 40_000, first, second)
    assert np.allclose(chance.fisher(both, first, second, 40_000), truth, rtol=1e-7)


def three_by_hand(units, singles, pairs, count):
    """P(X >= count) of the table of three products with all pair counts fixed, and the odds ratios, by counting."""

    def cells(x):
        ab, ac, bc = pairs
        a, b, c = singles
        return [x, ab - x, ac - x, bc - x, a - ab - ac + x, b - ab - bc + x, c - ac - bc + x,
                units - a - b - c + ab + ac + bc - x]  # fmt: skip

    log = {x: -sum(map(_log_factorial, cells(x))) for x in range(units + 1) if min(cells(x)) >= 0}
    weight = {x: np.exp(one - max(log.values())) for x, one in log.items()}
    return sum(one for x, one in weight.items() if x >= count) / sum(weight.values())


def _log_factorial(n: int) -> float:
    return float(np.log(np.arange(1, n + 1)).sum())


@pytest.mark.parametrize("seed", range(6))
def test_sets_of_three_against_counting_all_tables(seed):
    held = np.random.default_rng(seed).random((40, 3)) < 0.5
    singles = held.sum(axis=0)
    pairs = [int((held[:, a] & held[:, b]).sum()) for a, b in ((0, 1), (0, 2), (1, 2))]
    count = int(held.all(axis=1).sum())
    made = chance.three_way(40, singles[None], np.array([pairs]), np.array([count]))
    assert made["p_value"][0] == pytest.approx(three_by_hand(40, singles, pairs, count), rel=1e-9)
    x, (a, b, c), (ab, ac, bc) = (
        made["expected"][0],
        singles,
        pairs,
    )  # the odds ratio is the same with the third and without
    rest = 40 - a - b - c + ab + ac + bc - x
    with_c = x * (c - ac - bc + x) / ((ac - x) * (bc - x))
    without = (ab - x) * rest / ((a - ab - ac + x) * (b - ab - bc + x))
    assert with_c == pytest.approx(without, rel=1e-6)


@given(st.lists(st.floats(0.01, 0.9), min_size=3, max_size=12))
@settings(max_examples=80, deadline=None)
def test_the_tail_bounds_that_of_events_of_unequal_chances(chances):
    exact = np.array([1.0])
    for p in chances:
        exact = np.convolve(exact, [1 - p, p])
    mean, n = sum(chances), len(chances)
    for count in range(int(np.ceil(mean + 1)), n + 1):
        bound = chance.upper_tail(np.array([count]), np.array([mean]), np.array([n]))[0]
        assert bound >= exact[count:].sum() * (1 - 1e-9)
        assert bound == pytest.approx(stats.binom.sf(count - 1, n, mean / n), rel=1e-9)


def exact_pair(chances, size):
    """Chances of each product and of each two in a basket of that size, of independent products, by counting all baskets."""
    weight, one, two = 0.0, np.zeros(len(chances)), np.zeros((len(chances),) * 2)
    odds = chances / (1 - chances)
    for held in combinations(range(len(chances)), size):
        w = odds[list(held)].prod()
        weight += w
        one[list(held)] += w
        for a, b in product(held, held):
            two[a, b] += w
    return one / weight, two / weight


@pytest.mark.parametrize("size", [2, 3, 5])
def test_expected_pairs_of_baskets_of_one_size_against_counting_all_baskets(size):
    one, two = exact_pair(popularity(14, 0.5), size)
    weights = chance.meeting(one[:, None], np.array([size - 1.0]))
    by_size = chance.BySize(np.array([1000.0]), weights, 1000 * one[:, None])
    first, second = np.triu_indices(14, 1)
    made, truth = by_size.expected(first, second), 1000 * two[first, second]
    assert made.sum() == pytest.approx(truth.sum(), rel=1e-6)
    assert np.abs(made / truth - 1).max() < (1e-6 if size == 2 else 0.06)


def test_a_product_in_every_basket_and_products_of_one_popularity_meet_as_they_must():
    shares = np.array([1.0, *[0.1] * 20])[:, None]  # baskets of three: one of all, two of twenty
    x = chance.meeting(shares, np.array([2.0]))[:, 0]
    assert x[0] * x[1] == pytest.approx(0.1, rel=1e-6)
    assert x[1] * x[2] == pytest.approx(1 / comb(20, 2), rel=0.02)
    same = chance.meeting(np.full((10, 1), 0.3), np.array([2.0]))[:, 0]
    assert same[0] * same[1] == pytest.approx(3 * 2 / (10 * 9))


def test_baskets_of_one_product_tell_nothing_of_pairs():
    rows = pd.DataFrame({"item": [0, 1], "month": 0, "size_class": 0, "units": 50})
    cells = pd.DataFrame({"month": [0], "size": 1, "size_class": 0, "units": 100})
    by_size = chance.BySize.of(rows, cells, np.arange(2))
    assert by_size.expected(np.array([0]), np.array([1])) == 0
    assert by_size.most(np.array([0]), np.array([1])) == 0


def test_classes_of_sizes_hold_enough_and_ones_stand_alone():
    classes = chance.size_classes(np.array([1, 2, 3, 4, 9]), np.array([10, 150, 60, 60, 20]), least=100)
    assert list(classes) == [0, 1, 2, 2, 2]
    assert list(chance.size_classes(np.array([1, 2]), np.array([500, 3]))) == [0, 1]
    assert len(chance.size_classes(np.array([], dtype=int), np.array([], dtype=int))) == 0


def test_shares_by_month_and_size_keep_both_totals_and_have_no_interaction():
    rng = np.random.default_rng(4)
    units = rng.integers(20, 60, (5, 4)).astype(float)
    held = rng.binomial(units.astype(int), rng.uniform(0.05, 0.6, (6, 5, 4)))
    shares = chance.without_interaction(held.sum(axis=2), held.sum(axis=1), units)
    made = shares * units
    assert np.allclose(made.sum(axis=2), held.sum(axis=2), rtol=1e-3)
    assert np.allclose(made.sum(axis=1), held.sum(axis=1), rtol=1e-3)
    odds = np.log(shares / (1 - shares))
    inner = odds[:, 1:, 1:] - odds[:, :1, 1:] - odds[:, 1:, :1] + odds[:, :1, :1]
    assert np.abs(inner).max() < 0.01


def test_shares_of_one_month_are_those_counted_and_empty_cells_hold_nothing():
    units, held = np.array([[40.0, 10.0]]), np.array([[8, 5], [0, 10]])
    assert np.allclose(chance.without_interaction(held.sum(axis=1)[:, None], held, units)[:, 0], held / units)
    gap = chance.without_interaction(np.array([[4, 0]]), np.array([[3, 1]]), np.array([[20.0, 10], [0, 5]]))
    assert np.isfinite(gap).all() and gap[0, 1, 0] == 0 and gap[0, 1, 1] == 0


def test_tests_that_are_not_listed_count_with_a_p_value_of_one():
    p = np.array([0.001, 0.02, 0.3])
    padded = stats.false_discovery_control(np.concatenate([p, np.ones(97)]))[:3]
    assert np.allclose(multiple.benjamini_hochberg(p, tests=100), padded)
