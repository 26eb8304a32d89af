"""The best day to contact: the formula against a simulation of the model it states, its optimum against brute force."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from customerbase.errors import ConfigError
from customerbase.propensity import Contact
from customerbase.propensity.repurchase.contact import best_day, gains
from customerbase.propensity.repurchase.hazard import smooth

DAYS = np.arange(1, 121)


def hazard_of(top: int = 30, again: float = 0.6) -> np.ndarray:
    law = stats.gamma(9, scale=top / 8)
    alive = again * law.sf(np.append(0, DAYS)) + (1 - again) * np.exp(-0.003 * np.append(0, DAYS))
    return 1 - alive[1:] / alive[:-1]


def brute_force(hazard: np.ndarray, contact: Contact, day: int, people: int, seed: int) -> tuple[float, float]:
    """(incremental purchases, contacts) per customer, by living through every day twice, with and without the contact."""
    rng = np.random.default_rng(seed)
    chance = rng.random((contact.horizon, people))  # the same luck in both worlds
    notice = rng.random(people) < contact.reach
    bought = {}
    for world in ("with", "without"):
        done = np.zeros(people, dtype=bool)
        for today in range(1, contact.horizon + 1):
            if today == day + 1:
                contacted = ~done
            raised = world == "with" and day < today <= day + contact.effect_days
            daily = (
                np.where(contacted & notice, (1 + contact.effect), 1) * hazard[today - 1]
                if raised
                else hazard[today - 1]
            )
            done |= chance[today - 1] < daily
        bought[world] = done.mean()
    return bought["with"] - bought["without"], contacted.mean()


@pytest.mark.parametrize("day", [0, 10, 26, 60, 85])
def test_the_formula_is_what_happens_in_the_model(day):
    contact = Contact(effect=0.8, effect_days=7, reach=0.7, horizon=90)
    made, contacted = gains(hazard_of(), contact)
    found, reached = brute_force(hazard_of(), contact, day, 150_000, day)
    error = 4 * np.sqrt(max(found, 1e-4) / 150_000)
    assert made[day] == pytest.approx(found, abs=error)
    assert contacted[day] == pytest.approx(reached, abs=0.006)


@pytest.mark.parametrize(("effect", "days", "horizon"), [(0.5, 7, 90), (2.0, 3, 60), (0.3, 14, 90), (1.0, 21, 45)])
def test_the_best_day_is_that_of_brute_force_within_a_day(effect, days, horizon):
    contact, hazard = Contact(effect=effect, effect_days=days, horizon=horizon), hazard_of(24)
    rng = np.random.default_rng(1)
    left, events, risk = 40_000, [], []
    for chance in hazard:
        risk.append(left)
        events.append(rng.binomial(left, chance))
        left -= events[-1] + rng.binomial(left - events[-1], 0.003)
    best = best_day(smooth(np.array(events), np.array(risk)), contact)
    exact = [_exact(hazard, contact, day) for day in range(horizon)]
    true = int(np.argmax(exact))
    assert abs(best.day - true) <= 1 and best.low <= true <= best.high
    assert exact[best.day] > 0.99 * max(exact)
    good = [day for day, gain in enumerate(exact) if gain >= 0.95 * max(exact)]
    assert abs(best.first - good[0]) <= 2 and abs(best.last - good[-1]) <= 2
    assert best.incremental == pytest.approx(1000 * max(exact), rel=0.05)
    assert best.incremental_low < 1000 * max(exact) < best.incremental_high


def _exact(hazard: np.ndarray, contact: Contact, day: int) -> float:
    """Chance to have bought by the horizon with the contact less that without, day by day."""
    chances = []
    for raised in (True, False):
        waiting = 1.0
        for today in range(1, contact.horizon + 1):
            within = raised and day < today <= day + contact.effect_days
            waiting *= 1 - min(hazard[today - 1] * (1 + contact.effect * within), 1)
        chances.append(1 - waiting)
    return contact.reach * (chances[0] - chances[1])


def test_the_best_day_is_not_the_day_of_most_purchases():
    # many come back at once, and of the rest most when something is used up, after six weeks
    hazard = np.where(DAYS <= 5, 0.04, 0.004) + 0.035 * stats.norm(42, 4).pdf(DAYS) / stats.norm(42, 4).pdf(42)
    waiting = np.append(1, np.cumprod(1 - hazard))[:-1]
    assert int((waiting * hazard).argmax()) + 1 == 1
    made, _ = gains(hazard, Contact())
    assert 36 <= made.argmax() <= 40 and made[0] < 0.9 * made.max()


def test_a_purchase_only_brought_forward_counts_as_nothing():
    certain = np.full(120, 0.2)  # practically everybody buys within 90 days anyway
    assert gains(certain, Contact())[0].max() < 1e-8


def test_a_cost_moves_the_contact_later_or_forbids_it():
    hazard = np.full(120, 0.01)
    free = best_day(_trend(hazard), Contact(worth=100.0))
    dear = best_day(_trend(hazard), Contact(worth=100.0, cost=1.1))
    assert free.day == 0 and dear.day > 0  # equally good days: the first, whatever the last digits say
    assert best_day(_trend(hazard), Contact(worth=100.0, cost=90.0)).day is None


def _trend(hazard: np.ndarray):
    risk = 1e6 * np.append(1, np.cumprod(1 - hazard))[:-1]
    return smooth(risk * hazard, risk)


@given(
    st.lists(st.floats(0.0001, 0.3), min_size=40, max_size=40),
    st.floats(0.01, 5), st.integers(1, 30), st.floats(0.05, 1), st.integers(2, 40),
)  # fmt: skip
def test_gains_are_never_negative_nor_more_than_the_contacts_and_grow_with_the_effect(
    hazard, effect, days, reach, horizon
):
    contact = Contact(effect=effect, effect_days=days, reach=reach, horizon=horizon)
    made, contacted = gains(np.array(hazard), contact)
    assert made.shape == contacted.shape == (horizon,)
    assert (made >= 0).all() and (made <= contacted + 1e-12).all() and contacted[0] == 1
    more, _ = gains(np.array(hazard), Contact(effect=2 * effect, effect_days=days, reach=reach, horizon=horizon))
    assert (more >= made - 1e-12).all()
    assert made == pytest.approx([_exact(np.array(hazard), contact, day) for day in range(horizon)], abs=1e-8)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"effect": 0}, r"effect is 0; expected more than 0 and at most 100"),
        ({"effect_days": 0}, r"effect_days is 0; expected a whole number of days from 1 to 365"),
        ({"reach": 1.5}, r"reach is 1\.5; expected more than 0 and at most 1"),
        ({"horizon": 1}, r"horizon is 1; expected a whole number of days from 2 to 3,650"),
        ({"cost": -1}, r"cost is -1; expected 0 or more"),
        ({"worth": 0.0}, r"worth is 0\.0; expected more than 0"),
        ({"effect": "much"}, r"effect is 'much'"),
    ],
)
def test_impossible_assumptions_are_refused(wrong, said):
    with pytest.raises(ConfigError, match=said):
        Contact(**wrong)


def test_a_horizon_beyond_what_is_known_is_refused():
    with pytest.raises(ConfigError, match="horizon is 90; expected at most the 30 days"):
        gains(np.full(30, 0.01), Contact())
