"""The smoothed hazard and its peak against laws that are known: intervals cover, weeks are no peaks, falling is no peak."""

import clock_logs
import numpy as np
import pytest
from scipy import integrate, stats

from customerbase.prediction import LifeTable
from customerbase.propensity.repurchase.hazard import smooth
from customerbase.propensity.repurchase.peak import NO_PEAK, PEAK, RISING, peak

DAYS = np.arange(1, 181)


def drawn(hazard: np.ndarray, people: int, seed: int, leaving: float = 0.004) -> tuple[np.ndarray, np.ndarray]:
    """(events, at risk) of people who buy with a daily chance, or stop being watched."""
    rng, left = np.random.default_rng(seed), people
    events, risk = np.zeros(len(hazard)), np.zeros(len(hazard))
    for place, chance in enumerate(hazard):
        risk[place], events[place] = left, rng.binomial(left, chance)
        left -= int(events[place])
        left -= rng.binomial(left, leaving)
    return events, risk


def bump(top: int, people_again: float = 0.5) -> np.ndarray:
    """Daily hazard of a crowd of whom a share comes back at gamma gaps with that mode, the others rarely: by integration."""
    law = stats.gamma(9, scale=top / 8)
    slow = 0.002
    alive = people_again * law.sf(np.append(0, DAYS)) + (1 - people_again) * np.exp(-slow * np.append(0, DAYS))
    for day in (1, top, 120):  # the distribution function is the integral of the density
        assert law.cdf(day) == pytest.approx(integrate.quad(law.pdf, 0, day)[0], abs=1e-8)
    return 1 - alive[1:] / alive[:-1]


FALLING = {
    "level": np.full(180, 0.01),
    "falling": 0.002 + 0.03 * np.exp(-DAYS / 20),
    "steep": 0.0005 + 0.2 * np.exp(-DAYS / 4),
    "weekly and level": 0.012 * np.where(DAYS % 7 == 0, 1.8, 0.87),
    "weekly and falling": (0.002 + 0.03 * np.exp(-DAYS / 20)) * np.where(DAYS % 7 == 0, 1.7, 0.88),
    "like a power": 0.05 / (DAYS + 3) ** 0.7,
}


@pytest.mark.parametrize("law", FALLING)
@pytest.mark.parametrize("people", [500, 5000])
def test_a_falling_hazard_has_no_peak(law, people):
    runs = [peak(smooth(*drawn(FALLING[law], people, seed), seed=seed)).verdict for seed in range(60)]
    assert runs.count(PEAK) <= 1  # measured over 300 runs of each: 0 to 0.7 %
    assert runs.count(RISING) <= 3
    assert runs.count(NO_PEAK) >= 57


@pytest.mark.slow
def test_the_rate_of_false_alarms_over_many_runs():
    found = [
        peak(smooth(*drawn(law, people, seed), seed=seed)).verdict == PEAK
        for law in FALLING.values() for people in (500, 5000, 50_000) for seed in range(80)
    ]  # fmt: skip
    assert np.mean(found) < 0.01


@pytest.mark.parametrize("top", [14, 30, 60])
def test_a_planted_peak_is_found_within_a_day_and_the_weekly_cycle_does_not_move_it(top):
    hazard = bump(top)
    true = int(hazard.argmax()) + 1
    for week in (np.ones(180), np.where(DAYS % 7 == 0, 1.6, 0.9)):
        found = peak(smooth(*drawn(hazard * week, 60_000, 1)))
        assert found.verdict == PEAK and abs(found.day - true) <= 1
        assert found.low <= true <= found.high and found.high - found.low <= 6


def test_the_interval_of_the_peak_covers_it():
    hazard = bump(30)
    true = int(hazard.argmax()) + 1
    found = [peak(smooth(*drawn(hazard, 1500, seed), seed=seed)) for seed in range(80)]
    assert all(one.verdict == PEAK for one in found)
    assert np.mean([one.low <= true <= one.high for one in found]) >= 0.92
    assert np.mean([one.high - one.low for one in found]) < 8


@pytest.mark.parametrize("top", [14, 30, 60])
def test_the_band_of_the_trend_covers_the_hazard(top):
    hazard, inside = bump(top), []
    for seed in range(30):
        low, high = smooth(*drawn(hazard, 3000, seed), seed=seed).interval()
        inside.append((low[:150] <= hazard[:150]) & (hazard[:150] <= high[:150]))
    assert 0.9 <= np.mean(inside) <= 0.99


def test_gaps_of_one_customer_that_resemble_each_other_widen_the_interval():
    log = clock_logs.renewals(500, np.random.default_rng(3), typical=45, spread=0.4)
    events, risk = clock_logs.daily(clock_logs.gaps(log, 700), 180, parts=16)
    with_parts, without = smooth(events, risk), smooth(events.sum(axis=0), risk.sum(axis=0))
    assert with_parts.dispersion > 1.5 and without.dispersion == 1
    widths = [np.diff(one.interval(), axis=0)[0][30:60].mean() for one in (with_parts, without)]
    assert widths[0] > 1.1 * widths[1]
    alone = smooth(*clock_logs.daily(clock_logs.gaps(log, 700).groupby("customer").head(1), 180, parts=16))
    assert alone.dispersion < 1.3  # one gap each: nothing to resemble


@pytest.mark.slow
def test_the_interval_covers_the_peak_of_customers_with_own_rhythms():
    law = {"typical": 45, "spread": 0.4}
    many = clock_logs.gaps(clock_logs.renewals(1_500_000, np.random.default_rng(99), **law), 700)
    events, risk = clock_logs.daily(many, 180)
    true, inside = clock_logs.highest(events[0], risk[0]), []
    for seed in range(60):
        found = clock_logs.gaps(clock_logs.renewals(1000, np.random.default_rng(seed), **law), 700)
        one = peak(smooth(*clock_logs.daily(found, 180, parts=16), seed=seed))
        inside.append(one.verdict == PEAK and one.low - 0.5 <= true <= one.high + 0.5)
    assert np.mean(inside) >= 0.9


def test_a_hazard_that_only_rises_is_said_to_rise_still():
    assert peak(smooth(*drawn(0.002 + 0.0001 * DAYS, 5000, 1))).verdict == RISING


def test_the_week_is_told_apart_from_the_trend():
    trend = smooth(*drawn(0.012 * np.where(DAYS % 7 == 0, 1.8, 0.87), 60_000, 1))
    assert trend.week[0] == pytest.approx(1.8, abs=0.12) and trend.week[1:] == pytest.approx(0.87, abs=0.06)
    assert trend.hazard[20:100] == pytest.approx(0.012, rel=0.06)


def test_nobody_buying_after_a_while_leaves_a_finite_curve():
    events, risk = np.zeros(180), np.full(180, 400.0)
    events[:10] = 30
    trend = smooth(events, risk)
    assert np.isfinite(trend.log_odds).all() and np.isfinite(trend.draws).all()
    assert trend.hazard[100] < 1e-3 and peak(trend).verdict == NO_PEAK


def test_completed_gaps_alone_are_too_short_and_the_curve_with_censoring_is_right():
    # everybody comes back after a gamma gap of mean 90 days, but is watched for 30 to 150 days only
    rng = np.random.default_rng(5)
    gap, watched = rng.gamma(4, 22.5, 40_000), rng.uniform(30, 150, 40_000)
    table = LifeTable.of(np.ceil(np.minimum(gap, watched)), gap <= watched)
    true = stats.gamma(4, scale=22.5).median()
    assert abs(table.quantile(0.5) - true) <= 1.5
    assert np.median(gap[gap <= watched]) < true - 15


def test_the_same_counts_give_the_same_curve():
    counts = drawn(bump(30), 1000, 1)
    one, other = smooth(*counts), smooth(*counts)
    assert one.draws.tobytes() == other.draws.tobytes() and peak(one) == peak(other)
