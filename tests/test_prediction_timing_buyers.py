"""Buyers and spend of the next month: totals, intervals, and what is known without a past."""

import numpy as np
import pandas as pd
import pytest
from timing_simulation import FIRST, company, truth

from customerbase.periods import add_months
from customerbase.prediction.timing import fit_timing
from customerbase.prediction.timing_buyers import MonthSpend, backtest, expect, forecast

NOW = add_months(FIRST, 8)


@pytest.fixture(scope="module")
def shop():
    return company(months=9, customers=1_200, seed=3)


@pytest.fixture(scope="module")
def made(shop):
    newest = shop[0][shop[0]["cutoff"] == NOW]
    timing = fit_timing(*shop, known_until=NOW)
    money = MonthSpend.of(*shop, known_until=NOW, horizon_days=30)
    return timing, money, newest, backtest(*shop, known_until=NOW)


def test_months_that_follow_the_model_are_held_by_the_intervals(shop, made):
    timing, money, newest, past = made
    label = shop[1][(shop[1]["cutoff"] == NOW) & (shop[1]["horizon_days"] == 30)]
    found = forecast(timing, money, newest, past, cutoff=NOW)
    assert found.buyers_low < label["bought"].sum() < found.buyers_high
    assert found.spend_low < label["net_spend"].sum() < found.spend_high
    assert found.buyers == pytest.approx(truth(newest)[:, 2].sum(), rel=0.08)
    assert found.windows == len(past) == 6 and found.customers == len(newest)


def test_chance_is_that_of_independent_customers(made):
    timing, money, newest, _ = made
    told, p = expect(timing, money, newest), timing.chances(newest, [30])[:, 0]
    rng = np.random.default_rng(0)
    drawn = (rng.random((4_000, len(p))) < p).sum(axis=1)
    assert drawn.std() / drawn.mean() == pytest.approx(np.sqrt(told["buyers_chance"]), rel=0.05)
    assert drawn.mean() == pytest.approx(told["expected_buyers"], rel=0.01)


def test_backtest_uses_what_was_known_at_each_cutoff(shop, made):
    snapshots, labels = shop
    past = made[3]
    day = past["cutoff"].iloc[2]
    end = pd.to_datetime(labels["cutoff"]) + pd.to_timedelta(labels["horizon_days"], unit="D")
    early = labels.assign(days_to_purchase=labels["days_to_purchase"].where(end <= pd.Timestamp(day), 0))
    again = backtest(snapshots, early, known_until=NOW)
    pd.testing.assert_frame_equal(again.iloc[:3], past.iloc[:3], check_exact=True)
    assert (again["expected_buyers"].iloc[4:] != past["expected_buyers"].iloc[4:]).all()
    told = labels[(labels["cutoff"] == day) & (labels["horizon_days"] == 30)]
    assert past["buyers"].iloc[2] == told["bought"].sum()


def test_a_past_that_was_far_off_widens_the_interval_and_newer_months_tell_more(made):
    timing, money, newest, past = made
    calm = forecast(timing, money, newest, past, cutoff=NOW)
    off = [past.assign(buyers=past["buyers"] * np.where(past.index == row, 2, 1)) for row in (0, 5)]
    old, new = (forecast(timing, money, newest, one, cutoff=NOW) for one in off)
    width = [np.log(one.buyers_high / one.buyers_low) for one in (calm, old, new)]
    assert width[0] < width[1] < width[2]
    assert len({one.buyers for one in (calm, old, new)}) == 1


def test_spend_given_a_purchase_adds_up_over_the_buyers_learnt_from(shop):
    money = MonthSpend.of(*shop, known_until=NOW, horizon_days=30)
    rows = shop[0].merge(shop[1][shop[1]["horizon_days"] == 30], on=["customer_id", "cutoff"])
    rows = rows[rows["bought"] & (pd.to_datetime(rows["cutoff"]) <= pd.Timestamp(NOW) - pd.Timedelta(days=30))]
    weight = 0.5 ** ((pd.Timestamp(NOW) - pd.to_datetime(rows["cutoff"])).dt.days / 90)
    assert (weight * money.expected(rows)).sum() == pytest.approx((weight * rows["net_spend"]).sum())
    # orders vary by a lognormal of 0.5 around the own mean: exp(0.125) of it on average
    own = money.expected(rows) / rows["mean_order_365"]
    assert np.median(own) == pytest.approx(np.exp(0.125), rel=0.1)


def test_a_new_shop_gets_wide_intervals_and_no_failure(shop):
    snapshots, labels = shop
    timing = fit_timing(snapshots, labels, known_until=FIRST)
    money = MonthSpend.of(snapshots, labels, known_until=FIRST, horizon_days=30)
    past = backtest(snapshots, labels, known_until=FIRST)
    first = snapshots[snapshots["cutoff"] == FIRST]
    found = forecast(timing, money, first, past, cutoff=FIRST)
    assert len(past) == 0 and found.windows == 0 and found.spend == 0
    assert found.buyers_low < found.buyers / 1.3 and found.buyers_high > found.buyers * 1.3
    nobody = forecast(timing, money, first.iloc[:0], past, cutoff=FIRST)
    assert (nobody.buyers, nobody.buyers_low, nobody.buyers_high, nobody.spend) == (0, 0, 0, 0)
