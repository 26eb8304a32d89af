"""Before the launch: power by simulation, sizes that fit each other, trials where both arms were treated alike."""

from datetime import date

import campaign_world as world
import numpy as np
import pandas as pd
import pytest
from campaign_world import SENT, drawn
from scipy import stats

import customerbase.campaigns.ahead as ahead
import customerbase.campaigns.judge as judge
from customerbase.campaigns import detectable, needed, power
from customerbase.campaigns.people import gather
from customerbase.errors import InputError
from customerbase.features import customer_orders


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


def by_hand(y: np.ndarray, x: np.ndarray, held: np.ndarray) -> float:
    """p-value of one division: least squares of y on arm and x, then Welch's test of what x leaves."""
    arms = np.column_stack([held, ~held, x]).astype(float)
    left = y - np.linalg.lstsq(arms, y, rcond=None)[0][2] * x
    return float(stats.ttest_ind(left[~held], left[held], equal_var=False).pvalue)


def test_trials_reject_what_least_squares_and_welchs_test_reject():
    random = np.random.default_rng(8)
    rate = np.exp(random.normal(-1, 1, 250))
    y, x = random.poisson(rate).astype(float), random.poisson(rate * 12).astype(float)
    held = np.random.default_rng(9).random((100, 250)) < 0.3  # the draws of one block
    plain = sum(by_hand(y, x, one) < 0.05 for one in held)
    rejected, draws = ahead.again(y[:, None], x[:, None], share=0.3, draws=100, seed=9)
    assert (rejected[0], draws[0]) == (plain, 100)
    assert plain > 0


def company(seed: int, buyers: float = 0.055):
    """1,500 customers, about 80 of them with an order in the last 30 days: amounts with long tails."""
    tables = drawn(1500, effect=0.0, seed=seed)
    random = np.random.default_rng(seed)
    orders = tables["orders"]
    late = (orders["order_at"] >= SENT).to_numpy()
    kept = ~late | (random.random(len(orders)) < buyers / 0.17)
    return tables | {"orders": orders[kept]}


def trials_of(seed: int, **options):
    db = world.engine(**company(seed))
    customer_orders(db, as_of=date(2026, 9, 30))
    return ahead.trials(db, as_of=date(2026, 9, 30), **options)


@pytest.fixture(scope="module")
def small_companies() -> pd.DataFrame:
    return pd.concat([trials_of(seed).assign(company=seed) for seed in range(20)], ignore_index=True)


def test_small_companies_keep_near_the_level_and_are_not_called_wrong(small_companies):
    """20 companies of 1,500: a band of chance around 5 % alone calls one in five of them wrong, of which nothing is."""
    rates = small_companies.groupby("outcome")["rate"]
    chance = 1.96 * np.sqrt(0.05 * 0.95 / 1000)
    beyond = (small_companies["rate"] - 0.05).abs() > chance
    assert beyond.groupby(small_companies["company"]).any().sum() >= 3
    assert rates.size().eq(20).all()
    assert rates.mean().between(0.045, 0.06).all(), rates.mean()
    assert small_companies["within"].mean() >= 0.96
    band = small_companies.iloc[0]
    assert (band["low"], band["high"]) == pytest.approx(
        (0.0279, 0.0747), abs=1e-4
    )  # 4 and 6 %, 1.96 errors of 1,000 draws


@pytest.mark.parametrize("wrong", [0.8, 1.35])
def test_a_judge_whose_errors_are_wrong_is_found(monkeypatch, wrong):
    """Errors a fifth too small cry wolf in 12 of 100, errors a third too large in 0.8."""
    right = ahead.difference

    def misjudged(*arms):
        table = right(*arms)
        return table.assign(p_value=2 * stats.norm.sf(np.abs(table["effect"]) / table["error"] / wrong))

    monkeypatch.setattr(ahead, "difference", misjudged)
    assert not trials_of(3)["within"].any()


def test_where_too_few_bought_nothing_is_tried():
    """An arm with a few buyers has no level near 5 %, and its verdict would not be given either."""
    db = world.engine(**drawn(1500, seed=2))
    customer_orders(db, as_of=date(2026, 9, 30))
    few = db.query("select count(distinct customer_id) from customer_orders where order_at >= '2026-09-01'").fetchall()
    assert few[0][0] > 50
    assert len(ahead.trials(db, as_of=date(2026, 9, 30), draws=20)) == 3
    assert ahead.trials(db, as_of=date(2026, 9, 30), draws=20, days=1).empty
