"""Intervals against published values and by simulation: they cover what they promise."""

import numpy as np
import pytest

from customerbase import intervals
from customerbase.intervals import compound, difference, mean, poisson, ratio, wilson


def coverage(simulate, truth: float, rounds: int = 2000) -> float:
    random = np.random.default_rng(7)
    hits = [low <= truth <= high for low, high in (simulate(random) for _ in range(rounds))]
    return float(np.mean(hits))


def test_poisson_interval_covers_what_it_promises():
    assert 0.93 < coverage(lambda random: poisson(random.poisson(12)), 12) < 0.97
    assert poisson(0)[0] == 0 < poisson(0)[1]


def test_compound_interval_covers_what_it_promises():
    def total(random):
        amounts = random.gamma(2, 500, random.poisson(200))
        return compound(amounts.sum(), (amounts**2).sum())

    assert 0.93 < coverage(total, 200 * 1000) < 0.97


def test_mean_and_ratio_intervals_cover_what_they_promise():
    def average(random):
        x = random.poisson(3, 150)
        return mean(x.sum(), (x**2).sum(), len(x))

    def basket(random):
        # customers with large baskets order more often: orders are no independent draws, customers are
        size = random.gamma(4, 250, 150)
        orders = 1 + random.poisson(size / 500)
        spend = size * orders
        return ratio(spend.sum(), orders.sum(), (spend**2).sum(), (orders**2).sum(), (spend * orders).sum(), 150)

    assert 0.93 < coverage(average, 3) < 0.97
    truth = (1000 + (4 * 250**2 + 1000**2) / 500) / (1 + 2)  # E[size·orders] / E[orders]
    assert 0.92 < coverage(basket, truth) < 0.97


def test_difference_interval_against_a_published_value():
    # Newcombe (1998), method 10 for 56/70 − 48/80: 0.0524 to 0.3339
    low, high = wilson([56, 48], [70, 80])
    bounds = difference(56 / 70, low[0], high[0], 48 / 80, low[1], high[1])
    assert [round(float(bound), 4) for bound in bounds] == [0.0524, 0.3339]


def test_wilson_against_published_values():
    # Newcombe (1998), table I, method 3: 81/263, 15/148, 0/20, 1/29
    low, high = wilson([81, 15, 0, 1], [263, 148, 20, 29])
    assert np.round(low, 4).tolist() == [0.2553, 0.0624, 0.0, 0.0061]
    assert np.round(high, 4).tolist() == [0.3662, 0.1605, 0.1611, 0.1718]


# --- answers on a scale ---------------------------------------------------------------------------------------------------


def restricted_variance(b: float, c: float, n: float, difference: float) -> float:
    """Variance of plus − minus, the shares fitted to the counts under a given difference by a search of the likelihood."""
    from scipy.optimize import minimize_scalar

    def unlikely(minus: float) -> float:
        shares = np.clip([minus + difference, minus, 1 - difference - 2 * minus], 1e-300, None)
        return -float(np.dot([b, c, n - b - c], np.log(shares)))

    bounds = (max(0, -difference), (1 - difference) / 2)
    minus = minimize_scalar(unlikely, bounds=bounds, method="bounded", options={"xatol": 1e-12}).x
    return n * (2 * minus + difference - difference**2)


@pytest.mark.parametrize(("b", "c", "n"), [(6, 2, 10), (1, 0, 7), (40, 35, 100), (0, 3, 5), (12.5, 4.25, 20)])
def test_the_ends_of_a_balance_are_where_the_score_test_just_lets_them_pass(b, c, n):
    low, high = (float(end) for end in intervals.balance(b, c, n))
    assert -1 <= low < (b - c) / n < high <= 1
    for end in (low, high):
        deviate = (b - c - n * end) / np.sqrt(restricted_variance(b, c, n, end))
        assert abs(deviate) == pytest.approx(intervals.Z, rel=1e-3)


def test_a_balance_has_a_width_at_the_edges_and_none_without_answers():
    low, high = intervals.balance([5, 0, 0, 0], [0, 5, 0, 0], [5, 5, 5, 0])
    assert high[0] == 1 and low[1] == -1
    assert low[0] == pytest.approx(-high[1]) and 0 < low[0] < 0.3
    assert low[2] == pytest.approx(-high[2]) and high[2] > 0.3
    assert np.isnan([low[3], high[3]]).all()


COVERAGE = 0.94  # nominal less a point


@pytest.mark.parametrize("n", [5, 12, 40, 300])
def test_intervals_of_answers_hold_the_truth_as_often_as_they_say(n):
    rng, cases = np.random.default_rng(n), 20_000
    three = rng.dirichlet([1, 1, 1], cases)
    drawn = rng.multinomial(n, three)
    low, high = intervals.balance(drawn[:, 0], drawn[:, 1], n)
    truth = three[:, 0] - three[:, 1]
    assert ((low <= truth) & (truth <= high)).mean() >= COVERAGE
    step = np.arange(5) / 4
    for five in (rng.dirichlet([1] * 5, cases), np.tile([0.01, 0.01, 0.02, 0.06, 0.9], (cases, 1))):
        drawn = rng.multinomial(n, five)
        mean = drawn @ step / n
        low, high = intervals.bounded_mean(mean, drawn @ step**2 / n - mean**2, n)
        truth = five @ step
        assert ((low <= truth) & (truth <= high)).mean() >= COVERAGE
        assert (high - low > 0).all() and (low >= 0).all() and (high <= 1).all()


def test_a_bounded_mean_of_noughts_and_ones_is_wilsons_share():
    k = np.array([0, 1, 3, 7, 10])
    share = k / 10
    assert np.allclose(intervals.bounded_mean(share, share * (1 - share), 10), intervals.wilson(k, 10), atol=1e-9)


def test_effective_answers_by_hand():
    def effective(w, y, who) -> float:
        w, y = np.array(w, dtype=float), np.array(y, dtype=float)
        mean = w @ y / w.sum()
        sums = [(np.bincount(who, one) ** 2).sum() for one in (w * (y - mean), w)]
        return float(intervals.effective(w.sum(), w @ (y - mean) ** 2, *sums, len(w)))

    assert effective([1] * 4, [1, 0, 1, 0], [0, 1, 2, 3]) == pytest.approx(4)
    assert effective([1] * 4, [1, 1, 0, 0], [0, 0, 1, 1]) == pytest.approx(2)  # the same answer twice tells nothing new
    assert effective([1] * 4, [1, 0, 1, 0], [0, 0, 1, 1]) == 4  # opposite answers of a person are not more than answers
    assert effective([3, 1, 3, 1], [1, 1, 0, 0], range(4)) == pytest.approx(64 / 20)  # Kish: (sum of w)² / sum of w²
    assert effective([1] * 4, [1, 1, 1, 1], [0, 0, 0, 1]) == pytest.approx(16 / 10)  # nothing varies: people count
