"""The plan under a budget and capacities: against every plan there is, linear programming and the channels' own method."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse
from scipy.optimize import linprog

from customerbase.audiences.budget.choosing import Limit, choose
from customerbase.audiences.budget.choosing import made as checked
from customerbase.audiences.budget.prices import _descend, prices, relaxed
from customerbase.errors import InputError
from customerbase.propensity.sales.assignment import assign


def shop(customers: int, seed: int) -> tuple[np.ndarray, list[Limit]]:
    """Gains and limits of lognormal customers: a budget of costs that depend on the customer, contacts and hours."""
    rng = np.random.default_rng(seed)
    chance, margin = rng.beta(1, 4, (customers, 1)), rng.lognormal(8, 1, (customers, 1))
    effect = np.linspace(0.1, 0.6, 3)
    raised = chance * (1 - chance) * effect / (1 + chance * effect)
    cost = np.array([5.0, 60, 300]) + (chance + raised) * np.array([0.0, 200, 0])
    limits = [Limit("budget", customers * 12.0, cost), Limit("mail", customers // 6 + 0.5, np.array([1.0, 0, 0]))]
    return raised * margin - cost, [*limits, Limit("hours", customers / 200 + 0.1, np.array([0, 0, 0.25]))]


def every_plan(gains: np.ndarray, limits: list[Limit], groups: list[list[int]]) -> float:
    """The best of all plans, gone through one by one."""
    choices = [(customer, group) for customer in range(len(gains)) for group in groups]
    best = 0.0
    for plan in itertools.product(*([-1, *group] for _, group in choices)):
        pairs = [(customer, offer) for (customer, _), offer in zip(choices, plan, strict=True) if offer >= 0]
        if any(not gains[pair] > 0 for pair in pairs):
            continue
        used = [sum(np.broadcast_to(one.use, gains.shape)[pair] for pair in pairs) for one in limits]
        if all(amount <= one.room for amount, one in zip(used, limits, strict=True)):
            best = max(best, float(sum(gains[pair] for pair in pairs)))
    return best


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_small_plans_are_the_best_of_all_plans(data):
    customers, offers = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 3))
    cells = st.lists(st.integers(-6, 20), min_size=customers * offers, max_size=customers * offers)
    gains = np.array(data.draw(cells), dtype=float).reshape(customers, offers)
    costs = np.abs(np.array(data.draw(cells), dtype=float).reshape(customers, offers))
    contacts = np.eye(offers)[data.draw(st.integers(0, offers - 1))]
    hours = np.array(data.draw(st.lists(st.integers(0, 3), min_size=offers, max_size=offers)), dtype=float)
    limits = [
        Limit("budget", data.draw(st.integers(0, 40)), costs),
        Limit("contacts", data.draw(st.integers(0, 4)), contacts),
    ]
    limits += [Limit("hours", data.draw(st.integers(0, 6)), hours), Limit("none", np.inf, np.ones(offers))]
    groups = data.draw(st.sampled_from([[list(range(offers))], [[one] for one in range(offers)]]))
    if len(groups) > 1 and customers > 3:
        groups = [list(range(offers))]
    found = choose(gains, limits, groups=groups)
    assert found.gain == pytest.approx(every_plan(gains, limits, groups), abs=1e-6)
    assert found.gap == pytest.approx(0, abs=1e-9)
    assert gains[found.chosen].sum() == pytest.approx(found.gain)
    assert (gains[found.chosen] > 0).all()
    for one in limits:
        assert np.broadcast_to(one.use, gains.shape)[found.chosen].sum() <= one.room + 1e-6
    for group in groups:
        assert found.chosen[:, group].sum(axis=1).max() <= 1


def by_linear_programming(gains: np.ndarray, limits: list[Limit]) -> float:
    """The optimum of the relaxation, typed out anew."""
    customers, offers = gains.shape
    lines = sparse.kron(sparse.eye_array(customers), np.ones((1, offers)))
    uses = np.stack([np.broadcast_to(one.use, gains.shape).ravel() for one in limits])
    room = np.append(np.ones(customers), [one.room for one in limits])
    return -linprog(-gains.ravel(), A_ub=sparse.vstack([lines, sparse.coo_array(uses)]), b_ub=room, method="highs").fun


def test_bound_and_prices_are_those_of_linear_programming():
    gains, limits = shop(600, 1)
    found = choose(gains, limits)
    exact = by_linear_programming(gains, limits)
    assert found.bound == pytest.approx(exact, rel=1e-9)
    assert 0.99 * exact < found.gain <= exact * (1 + 1e-9)
    # the price of a limit is what one more unit of it adds
    for place, step in ((0, 1.0), (1, 0.02), (2, 0.001)):
        more = [Limit(one.name, one.room + step * (n == place), one.use) for n, one in enumerate(limits)]
        gained = (by_linear_programming(gains, more) - exact) / step
        assert found.prices[place] == pytest.approx(gained, rel=0.02, abs=1e-6)


def test_prices_of_many_customers_come_as_near_without_linear_programming():
    gains, limits = shop(6_000, 2)
    problem = checked(gains, limits, None)
    exact, _ = relaxed(problem)
    start = prices(problem.of(np.arange(0, 6_000, 9), problem.room / 9))[0]
    found, bound = _descend(problem, start)
    assert bound == pytest.approx(exact, rel=1e-7)
    assert bound >= exact * (1 - 1e-12)
    assert found == pytest.approx(relaxed(problem)[1], rel=0.01, abs=1e-3)


def test_many_customers_leave_next_to_no_gap_and_keep_every_limit():
    gains, limits = shop(8_000, 3)
    found = choose(gains, limits)
    assert found.gap < 2e-4
    for one in limits:
        assert np.broadcast_to(one.use, gains.shape)[found.chosen].sum() <= one.room * (1 + 1e-9)


def test_capacities_alone_give_what_the_channels_own_method_gives():
    gains, _ = shop(800, 4)
    contacts = [100, 40, 10]
    limits = [Limit(f"c{one}", contacts[one], np.eye(3)[one]) for one in range(3)]
    found, other = choose(gains, limits), assign(gains, contacts)
    assert found.bound == pytest.approx(other.gain)
    assert found.gain == pytest.approx(other.gain, rel=1e-6)


def test_nothing_to_give_is_a_plan_too():
    found = choose(np.full((4, 2), -3.0), [Limit("budget", 10, np.ones(2))])
    assert not found.chosen.any()
    assert (found.gain, found.gap, found.prices.tolist()) == (0, 0, [0])
    assert choose(np.zeros((0, 2)), [Limit("budget", 10, np.ones(2))]).offer.tolist() == []
    assert not choose(np.full((4, 2), 3.0), [Limit("budget", 0, np.ones(2))]).chosen.any()


@pytest.mark.parametrize(
    ("gains", "limits", "groups", "said"),
    [
        ([[np.nan]], [], None, "NaN"),
        ([1.0, 2.0], [], None, "customers x offers"),
        ([[1.0, 2.0]], [Limit("budget", -1, np.ones(2))], None, "'budget' is -1"),
        ([[1.0, 2.0]], [Limit("hours", 1, np.array([1.0, -2]))], None, "uses -2.0 of 'hours'"),
        ([[1.0, 2.0]], [Limit("hours", 1, np.ones(3))], None, "shape"),
        ([[1.0, 2.0]], [], [[0]], "exactly one"),
    ],
)
def test_what_cannot_be_is_refused(gains, limits, groups, said):
    with pytest.raises(InputError, match=said):
        choose(np.array(gains), limits, groups=groups)
