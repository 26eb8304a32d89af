"""Estimates of two arms: a real experiment, SciPy and least squares as peers, and coverage where the truth is known."""

import numpy as np
import pandas as pd
import pytest
from conftest import real_data
from scipy import stats

from customerbase.campaigns import Arm, difference, fieller, sample_ratio


@pytest.fixture(scope="module")
def hillstrom() -> pd.DataFrame:
    return pd.read_csv(real_data("hillstrom") / "hillstrom_email.csv.gz")


def _arms(frame: pd.DataFrame, arm: str, outcome: str) -> tuple[Arm, Arm]:
    return tuple(
        Arm.of_values(frame.loc[frame["segment"] == one, outcome], frame.loc[frame["segment"] == one, "history"])
        for one in (arm, "No E-Mail")
    )


@pytest.mark.parametrize(
    ("arm", "outcome", "treated", "control", "interval"),
    [
        ("Mens E-Mail", "visit", 0.182757, 0.106167, None),
        ("Womens E-Mail", "visit", 0.151400, 0.106167, None),
        ("Mens E-Mail", "conversion", 0.012531, 0.005726, None),
        ("Womens E-Mail", "conversion", 0.008837, 0.005726, None),
        ("Mens E-Mail", "spend", 1.422617, 0.652789, (0.485, 1.055)),
        ("Womens E-Mail", "spend", 1.077202, 0.652789, (0.169, 0.680)),
    ],
)
def test_effects_of_a_real_experiment_are_its_published_rates(hillstrom, arm, outcome, treated, control, interval):
    found = difference(*_arms(hillstrom, arm, outcome), adjust=False).iloc[0]
    assert found["mean_treated"] == pytest.approx(treated, abs=1e-6)
    assert found["mean_control"] == pytest.approx(control, abs=1e-6)
    assert found["effect"] == pytest.approx(treated - control, abs=2e-6)
    assert found["p_value"] < 0.002
    if interval:
        assert (found["low"], found["high"]) == pytest.approx(interval, abs=1e-3)


def test_the_adjustment_does_nothing_where_the_past_tells_nothing_and_says_so(hillstrom):
    found = difference(*_arms(hillstrom, "Womens E-Mail", "spend")).iloc[0]
    assert abs(found["reduction"]) < 0.001  # correlation of past-year spend with two weeks' spend: 0.02
    assert found["effect"] == pytest.approx(found["plain"], abs=0.002)


def test_the_plain_interval_is_welchs():
    random = np.random.default_rng(0)
    y, z = random.exponential(3, 37), random.exponential(2, 211)
    found, peer = (
        difference(Arm.of_values(y), Arm.of_values(z), adjust=False).iloc[0],
        stats.ttest_ind(y, z, equal_var=False),
    )
    assert found["p_value"] == pytest.approx(peer.pvalue, rel=1e-9)
    ends = peer.confidence_interval(0.95)
    assert (found["low"], found["high"]) == pytest.approx((ends.low, ends.high), rel=1e-9)


def test_the_adjusted_effect_is_that_of_least_squares_on_arm_and_past():
    random = np.random.default_rng(1)
    x = random.gamma(2, 2, 900)
    has = random.random(900) < 0.7
    y = 0.4 * x + 0.5 * has + random.normal(0, 1, 900)
    beta = np.linalg.lstsq(np.column_stack([np.ones(900), has, x]), y, rcond=None)[0]
    found = difference(Arm.of_values(y[has], x[has]), Arm.of_values(y[~has], x[~has])).iloc[0]
    assert found["effect"] == pytest.approx(beta[1], rel=1e-9)
    assert found["mean_treated"] - found["mean_control"] == pytest.approx(found["effect"], rel=1e-9)
    assert found["reduction"] == pytest.approx(np.corrcoef(x, y - 0.5 * has)[0, 1] ** 2, abs=0.03)


@pytest.mark.parametrize(("control", "treated"), [(30, 60), (200, 500), (1000, 3000)])
def test_intervals_hold_the_truth_as_often_as_they_say(control, treated):
    """Orders and money per person: few buy, amounts have a heavy tail, the contacted arm buys more often. Known truth."""
    random, draws = np.random.default_rng(control), 1500 if control < 1000 else 400
    kept = {"orders": [], "revenue": []}
    arms: dict[str, list[Arm]] = {"orders": [], "revenue": []}
    for n, more in ((treated, 0.1), (control, 0.0)):
        rate = np.exp(random.normal(-2.2, 1.2, (draws, n)))
        x = random.poisson(rate * 12)
        y = random.poisson(rate) + (random.random((draws, n)) < more)
        money = [_money(random, counts) for counts in (y, x)]
        arms["orders"].append(Arm.of_values(y, x))
        arms["revenue"].append(Arm.of_values(*money))
    truth = {"orders": 0.1, "revenue": 0.1 * np.exp(8 + 0.32)}
    for outcome, (one, two) in arms.items():
        found = difference(one, two)
        for low, high in (("low", "high"), ("plain_low", "plain_high")):
            holds = ((found[low] <= truth[outcome]) & (truth[outcome] <= found[high])).mean()
            kept[outcome].append(holds)
            assert 0.92 <= holds <= 0.975, (outcome, low, holds)
    # all of them together: between 93 and 97 % (of 30 people a skewed arm may fall a little short)
    assert 0.93 <= np.mean([holds for several in kept.values() for holds in several]) <= 0.97


def _money(random: np.random.Generator, counts: np.ndarray) -> np.ndarray:
    """Sum of so many lognormal amounts."""
    amounts = np.exp(8 + 0.8 * random.standard_normal(counts.sum()))
    place = np.repeat(np.arange(counts.size), counts.ravel())
    return np.bincount(place, amounts, minlength=counts.size).reshape(counts.shape)


def test_nothing_that_varies_has_no_interval_and_nobody_has_no_effect():
    same = Arm.of_values([1.0, 1.0, 1.0])
    found = difference(same, Arm.of_values([0.0, 0.0])).iloc[0]
    assert found["effect"] == 1
    assert np.isnan([found["low"], found["high"], found["p_value"]]).all()
    nobody = Arm.of(0, 0, 0, 0, 0, 0)
    assert np.isnan(difference(same, nobody).iloc[0]["effect"])
    assert np.isnan(difference(Arm.of_values([2.0]), same).iloc[0]["low"])  # one person has no variance


def test_large_amounts_keep_their_digits():
    y = np.array([1e9 + 1, 1e9 + 2, 1e9 + 4])
    found = difference(Arm.of_values(y), Arm.of_values(y - 1e9), adjust=False).iloc[0]
    peer = stats.ttest_ind(y, y - 1e9, equal_var=False).confidence_interval()
    assert found["high"] - found["low"] == pytest.approx(peer.high - peer.low, rel=0.3)


def test_sizes_of_arms_are_held_against_the_draw():
    found = sample_ratio([700, 650, 700, 10], [300, 350, 300, 0], [0.3, 0.3, np.nan, 0.0])
    assert found[0] == pytest.approx(1)
    assert found[1] == pytest.approx(stats.chisquare([650, 350], [700, 300]).pvalue, rel=1e-9)
    assert np.isnan(found[2:]).all()
    control = np.random.default_rng(2).binomial(5000, 0.1, 4000)
    alarms = (sample_ratio(5000 - control, control, np.full(4000, 0.1)) < 0.05).mean()
    assert 0.04 < alarms < 0.06


def test_a_quotients_interval_holds_the_truth_and_has_no_end_where_the_bottom_may_be_nothing():
    random = np.random.default_rng(3)
    tops, bottoms = random.normal(15, 1, 3000), random.normal(6, 1, 3000)
    ends = np.array([fieller(top, 1, bottom, 1) for top, bottom in zip(tops, bottoms, strict=True)])
    held = (ends[:, 0] <= 2.5) & (ends[:, 1] >= 2.5)
    assert 0.94 < held.mean() < 0.96
    assert np.isnan(fieller(10, 1, 1, 1)).all()
