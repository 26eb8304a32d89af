"""Intervals against published values and by simulation: they cover what they promise."""

import numpy as np

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
