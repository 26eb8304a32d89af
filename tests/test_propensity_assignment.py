"""The assignment with capacities is the best there is: against brute force, against a peer, and by its own proof."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment, linprog

from customerbase.errors import InputError
from customerbase.propensity.sales import assignment
from customerbase.propensity.sales.assignment import assign

WHOLE = st.integers(-3, 6).map(float)
FRACTIONS = st.floats(-2, 8, allow_nan=False, allow_subnormal=False)
CELL = {"whole": st.one_of(WHOLE, st.just(-np.inf)), "fractions": st.one_of(FRACTIONS, st.just(-np.inf))}


@st.composite
def problems(draw, kind: str):
    customers, channels = draw(st.integers(1, 6)), draw(st.integers(1, 3))
    rows = st.lists(CELL[kind], min_size=channels, max_size=channels)
    gains = np.array(draw(st.lists(rows, min_size=customers, max_size=customers)))
    return gains, np.array(draw(st.lists(st.integers(0, 4), min_size=channels, max_size=channels)))


def brute_force(gains: np.ndarray, capacity: np.ndarray) -> float:
    """The largest sum of gains over every way to give each customer one channel or none."""
    best = 0.0
    for ways in itertools.product(range(-1, gains.shape[1]), repeat=len(gains)):
        if all(ways.count(one) <= capacity[one] for one in range(gains.shape[1])):
            best = max(best, sum(gains[who, one] for who, one in enumerate(ways) if one >= 0))
    return best


def check(found: assignment.Assignment, gains: np.ndarray, capacity: np.ndarray) -> None:
    """At most one channel each, no capacity exceeded, gains above 0 only, and the sum is what it says."""
    used = np.bincount(found.place[found.place >= 0], minlength=gains.shape[1])
    assert (used <= capacity).all()
    taken = [gains[who, one] for who, one in enumerate(found.place) if one >= 0]
    assert all(one > 0 for one in taken)
    assert found.gain == pytest.approx(sum(taken), rel=1e-12, abs=1e-9)


@pytest.mark.parametrize("kind", CELL)
def test_small_instances_equal_brute_force(kind):
    @given(problems(kind))
    def holds(problem):
        gains, capacity = problem
        found = assign(gains, capacity)
        check(found, gains, capacity)
        assert found.gain == pytest.approx(brute_force(gains, capacity), abs=1e-9)
        assert found.gap <= 1e-12

    holds()


@given(problems("fractions"))
def test_a_price_is_what_one_more_contact_would_gain(problem):
    gains, capacity = problem
    found = assign(gains, capacity)
    for one in range(len(capacity)):
        more = capacity + (np.arange(len(capacity)) == one)
        assert found.prices[one] == pytest.approx(brute_force(gains, more) - brute_force(gains, capacity), abs=1e-9)


def cases(kind: str, customers: int, channels: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if kind == "equal":
        return np.ones((customers, channels))
    if kind == "independent":
        return rng.normal(0, 1, (customers, channels))
    if kind == "tied":
        return np.round(rng.lognormal(2, 0.5, customers))[:, None] * np.arange(1, channels + 1) - 3.0 * np.arange(
            channels
        )
    odds, margin = rng.beta(1, 4, customers), rng.lognormal(8, 1, customers)
    return np.outer(odds * margin, np.linspace(0.05, 0.5, channels)) - np.geomspace(5, 600, channels)


KINDS = ("equal", "independent", "tied", "worth")


@pytest.mark.parametrize("kind", KINDS)
def test_it_equals_a_peer_on_hundreds(kind):
    gains, capacity = cases(kind, 300, 4), np.array([40, 0, 25, 90])
    seats = np.repeat(np.maximum(gains, 0), capacity, axis=1)  # one column for each place
    rows, columns = linear_sum_assignment(seats, maximize=True)
    found = assign(gains, capacity)
    check(found, gains, capacity)
    assert found.gain == pytest.approx(seats[rows, columns].sum(), rel=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_above_the_size_where_prices_come_from_a_sample_it_equals_linear_programming(kind):
    gains, capacity = cases(kind, 3 * assignment.SMALL // 2, 3), np.array([4000, 900, 60])
    customers, channels = gains.shape
    place = np.arange(customers * channels)
    import scipy.sparse as sparse

    once = sparse.coo_array((np.ones(len(place)), (place // channels, place)))
    full = sparse.coo_array((np.ones(len(place)), (place % channels, place)))
    bounds = np.append(np.ones(customers), capacity)
    peer = linprog(-np.maximum(gains, 0).ravel(), A_ub=sparse.vstack([once, full]), b_ub=bounds, method="highs")
    found = assign(gains, capacity)
    check(found, gains, capacity)
    assert found.gain == pytest.approx(-peer.fun, rel=1e-9)
    assert found.gap <= 1e-12


@pytest.mark.parametrize("kind", KINDS)
def test_a_hundred_thousand_customers_are_proven(kind):
    gains = cases(kind, 100_000, 5)
    capacity = np.array([20_000, 5_000, 5_000, 1_000, 7])
    found = assign(gains, capacity)
    check(found, gains, capacity)
    assert found.gap <= 1e-12


def test_a_sales_force_of_fifty_with_accounts_of_their_own_is_proven():
    rng = np.random.default_rng(0)
    worth = rng.lognormal(10, 1, 10_000) * 0.05 - 500
    gains = np.full((10_000, 51), -np.inf)
    gains[np.arange(10_000), rng.integers(0, 50, 10_000)] = worth
    anyone = rng.random(10_000) < 0.2
    gains[anyone, :50] = worth[anyone, None]
    gains[:, 50] = worth / 5
    capacity = np.array([60] * 50 + [1000])
    found = assign(gains, capacity)
    check(found, gains, capacity)
    assert found.gap <= 1e-12


def test_stopped_early_it_says_how_much_could_be_missing():
    gains, capacity = cases("worth", 30_000, 5), np.array([3000, 1500, 600, 300, 60])
    early, whole = assign(gains, capacity, most_cycles=-1), assign(gains, capacity)
    check(early, gains, capacity)
    assert whole.gap <= 1e-12
    assert early.gain <= whole.gain * (1 + 1e-12)
    assert early.bound >= whole.gain * (1 - 1e-12)
    assert early.gap >= 1 - early.gain / whole.gain - 1e-12


def test_without_a_limit_everybody_gets_their_best():
    gains = cases("independent", 200, 3)
    found = assign(gains, [np.inf, 200, 10**12])
    assert found.gain == pytest.approx(np.maximum(gains.max(axis=1), 0).sum())
    assert (found.prices == 0).all()


@pytest.mark.parametrize(("customers", "channels"), [(0, 2), (3, 0), (0, 0)])
def test_nobody_or_nothing_is_no_error(customers, channels):
    found = assign(np.ones((customers, channels)), np.ones(channels))
    assert (found.place == -1).all() and found.gain == 0 and found.gap == 0


@pytest.mark.parametrize(
    ("gains", "capacity", "words"),
    [
        ([[1.0, np.nan]], [1, 1], "NaN or infinite"),
        ([[1.0, np.inf]], [1, 1], "NaN or infinite"),
        ([[1.0, 2.0]], [1], "expected"),
        ([[1.0]], [1.5], "capacity is 1.5"),
        ([[1.0]], [-1], "capacity is -1"),
        ([[1.0]], [np.nan], "capacity is nan"),
    ],
)
def test_what_cannot_be_is_refused(gains, capacity, words):
    with pytest.raises(InputError, match=words):
        assign(np.array(gains), capacity)
