"""Before the launch: power by simulation, sizes that fit each other, trials where both arms were treated alike."""

from datetime import date

import campaign_world as world
import numpy as np
import pytest
from campaign_world import drawn
from scipy import stats

import customerbase.campaigns.ahead as ahead
import customerbase.campaigns.judge as judge
from customerbase.campaigns import detectable, needed, power
from customerbase.campaigns.people import gather
from customerbase.errors import InputError


def test_power_is_the_share_of_campaigns_that_find_the_effect():
    random = np.random.default_rng(0)
    one, two = random.normal(0.3, 2, (4000, 700)), random.normal(0, 2, (4000, 300))
    found = (stats.ttest_ind(one, two, axis=1, equal_var=False).pvalue < 0.05).mean()
    assert power(0.3, 2, 700, 300) == pytest.approx(found, abs=0.03)


def test_the_least_effect_the_people_needed_and_the_power_fit_each_other():
    least = detectable(2.0, 700, 300)
    assert power(least, 2.0, 700, 300) == pytest.approx(0.8, abs=1e-4)
    assert needed(least, 2.0, 0.3) == pytest.approx(1000)
    assert needed(0, 2.0, 0.3) == np.inf
    # halving what is held out from one half to one tenth asks for 2.8 times the people
    assert needed(0.1, 1, 0.1) / needed(0.1, 1, 0.5) == pytest.approx(0.25 / 0.09)


def test_a_published_size():
    """Two arms of 64 find half a standard deviation with 80 % (Cohen 1988, table 2.4.1: 64 by Student's t, 63 by the normal)."""
    assert needed(0.5, 1, 0.5) / 2 == pytest.approx(62.8, abs=0.1)


def test_shares_that_hold_out_nobody_or_all_are_refused():
    with pytest.raises(InputError, match=r"share is 0\.0; expected above 0"):
        needed(0.1, 1, 0.0)
    with pytest.raises(InputError, match=r"usually 0\.8"):
        detectable(1, 10, 10, sure=80)


def test_arms_treated_alike_are_told_apart_as_often_as_the_level_says():
    random = np.random.default_rng(3)
    rate = np.exp(random.normal(-2.2, 1.2, 3000))
    y, x = random.poisson(rate).astype(float), random.poisson(rate * 12).astype(float)
    rejected, draws = ahead.again(np.column_stack([y, y > 0]), np.column_stack([x, x]), share=0.1, draws=1000, seed=4)
    assert (draws == 1000).all()
    assert ((rejected >= 36) & (rejected <= 64)).all()


def test_trials_would_show_arms_that_are_not_drawn_at_random():
    """The same judge on a division by past purchases: it is called clear nearly always."""
    random = np.random.default_rng(5)
    rate = np.exp(random.normal(-1, 1, 3000))
    y = random.poisson(rate)
    split = rate > np.median(rate)
    found = ahead.difference(ahead.Arm.of_values(y[split]), ahead.Arm.of_values(y[~split]))
    assert found["p_value"].iloc[0] < 1e-6


def test_plans_and_trials_of_a_shop():
    db = world.engine(**drawn(4000, effect=0.2, seed=6))
    found = gather(db, as_of=date(2026, 10, 31))
    effects = judge.effects(found)
    table = ahead.plans(found, effects, judge.results(found, effects))
    orders = table[(table["outcome"] == "orders") & (table["share"] == 0.3)].iloc[0]
    row = effects.set_index("outcome").loc["orders"]
    assert orders["people"] == 4000
    assert orders["n_control"] == 1200
    assert orders["usual"] == pytest.approx(row["effect"])
    assert orders["detectable"] == pytest.approx((row["high"] - row["low"]) / 2 * 2.802 / 1.96, rel=0.02)
    assert orders["power"] > 0.99
    assert orders["campaigns_needed"] == 1
    assert orders["holdout_cost"] == pytest.approx(1200 * effects.set_index("outcome").loc["margin", "effect"])
    assert (table.groupby(["channel", "outcome"])["detectable"].diff().dropna() < 0).all()  # more held out shows less
    trials = ahead.trials(db, as_of=date(2026, 9, 30), draws=400)
    assert trials["outcome"].tolist() == ["customers", "orders", "revenue"]
    assert ((trials["rate"] > 0.02) & (trials["rate"] < 0.09)).all()
    assert ahead.trials(world_of_few(), as_of=date(2026, 10, 31)).empty


def world_of_few():
    db = world.engine(**drawn(60, seed=7))
    gather(db, as_of=date(2026, 10, 31))
    return db
