"""What is interpolated between ages is what computing every age gives; what is not smooth is not interpolated."""

import numpy as np
import pytest

from customerbase.cltv import FAMILIES
from customerbase.cltv.counts import compress, of
from customerbase.cltv.horizon import discount_per_week, endless, grid
from customerbase.cltv.smooth import over_ages

MODELS = [
    ("nbd", (0.38, 13.0)),
    ("bg_nbd", (0.2426, 4.4136, 0.7929, 2.4259)),
    ("bg_nbd", (3.0, 0.5, 12.0, 1.5)),
    ("mbg_nbd", (0.5248, 6.1831, 0.8914, 1.6140)),
    ("pareto_nbd", (0.5533, 10.5777, 0.6062, 11.6687)),
    ("pareto_nbd", (0.9, 60.0, 5.0, 0.4)),
]


def many_ages() -> tuple[np.ndarray, np.ndarray]:
    """Every age in days from 14 to 728 for each of some frequencies, and a frequency of few ages."""
    days = np.arange(14, 729) / 7
    x = np.concatenate([np.repeat([0.0, 1.0, 2.0, 7.0, 40.0, 300.0], len(days)), [55.0, 55.0]])
    return x, np.concatenate([np.tile(days, 6), [30.0, 40.0]])


@pytest.mark.parametrize(("family", "params"), MODELS)
def test_integrals_are_those_of_every_age(family, params):
    model = FAMILIES[family]()
    model._take(params, 0.0, 1.0, np.zeros((len(params),) * 2), True)
    x, T = many_ages()
    counts = of(x, np.where(x > 0, T, 0.0), T)
    for over in (grid(np.linspace(0, 104, 25), model._scale()), endless(model._scale(), discount_per_week(0.1))):
        alive = model.probability_alive(counts)[:, None]
        np.testing.assert_allclose(
            model.integrals(over, counts), alive * model._alive_integrals(over, x, T), rtol=1e-10
        )


def test_few_places_are_computed_where_it_is_smooth_and_every_one_where_not():
    x, T = many_ages()
    seen = []

    def compute(one, age):
        seen.append(len(one))
        bent = np.where(one == 7.0, np.abs(age - 50.0), 0.0)  # a kink at one frequency
        return ((1 + one) / (4.0 + age) + bent)[:, None]

    found = over_ages(compute, x, T, 4.0)
    np.testing.assert_allclose(found[:, 0], (1 + x) / (4.0 + T) + np.where(x == 7.0, np.abs(T - 50), 0.0), rtol=1e-10)
    assert sum(seen) < len(x) / 4  # 715 ages of the frequency with the kink, few of the others


def test_pairs_in_any_order_keep_their_places():
    x, T = many_ages()
    order = np.random.default_rng(1).permutation(len(x))
    whole, mixed = (
        over_ages(lambda one, age: np.stack([one + 1 / age], axis=1), a, b, 1.0)
        for a, b in ((x, T), (x[order], T[order]))
    )
    np.testing.assert_allclose(mixed, whole[order], rtol=1e-12)


@pytest.mark.parametrize("unit", [1.0, 1 / 7, 1 / 13])
def test_equal_histories_are_found_whatever_the_unit(unit):
    """Days and whole numbers are counted, other numbers sorted: rows, places and numbers are those of numpy.unique."""
    rng = np.random.default_rng(7)
    x = rng.poisson(1.0, 3_000).astype(float)
    T = rng.integers(20, 40, 3_000) * unit
    t_x = np.where(x > 0, rng.integers(1, 20, 3_000) * unit, 0.0)
    counts, place = compress(x, t_x, T)
    rows, want, n = np.unique(np.stack([T, t_x, x], axis=1), axis=0, return_inverse=True, return_counts=True)
    np.testing.assert_array_equal(np.stack([counts.T, counts.t_x, counts.x], axis=1), rows)
    np.testing.assert_array_equal(place, want.ravel())
    np.testing.assert_array_equal(counts.n, n)
    np.testing.assert_array_equal(np.stack(counts.rates)[:, counts.of_rate.place], [counts.x, counts.T])
