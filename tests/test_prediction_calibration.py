"""Shift, slope and season against scipy, plain arithmetic and simulated years."""

from datetime import date

import numpy as np
import pytest
from prediction_tables import company, quick_rhythm
from scipy.optimize import brentq
from scipy.special import expit

from customerbase.periods import add_months
from customerbase.prediction import Options, metrics, study
from customerbase.prediction.calibration import Calibration, calibration, season, shift_of, slope_of
from customerbase.prediction.models import TREES

walk = study.__globals__  # the module's own names: the package hands on the function under the module's name


def drawn(n: int = 4000, shift: float = 0.0, slope: float = 1.0, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Log odds as predicted, and outcomes of the truth: slope times them, shifted."""
    rng = np.random.default_rng(seed)
    z = rng.normal(0, 1.2, n)
    return z, (rng.random(n) < expit(slope * z + shift)).astype(float)


def test_the_shift_is_the_root_of_expected_less_happened():
    z, y = drawn(shift=0.6)
    found, variance = shift_of(z, y)
    n = len(y)
    target = (y.sum() + 0.5) / (n + 1) * n
    assert found == pytest.approx(brentq(lambda d: expit(z + d).sum() - target, -5, 5), abs=1e-8)
    assert found == pytest.approx(0.6, abs=4 * np.sqrt(variance))
    p = expit(z + found)
    assert variance == pytest.approx(1 / (p * (1 - p)).sum())


@pytest.mark.parametrize("happened", [0.0, 1.0])
def test_the_shift_is_finite_where_all_or_nobody_did(happened):
    z, _ = drawn(200)
    found, variance = shift_of(z, np.full(200, happened))
    assert np.isfinite([found, variance]).all() and 4 < abs(found) < 9 and (found > 0) == bool(happened)
    assert shift_of(np.zeros(2000), np.full(2000, happened), np.full(2000, 1e-3))[0] == pytest.approx(
        np.log(5) * (1 if happened else -1), abs=1e-6
    )  # (2 + 0.5) / 3 of them


def test_weights_of_a_shift_count_like_rows():
    z, y = drawn(300)
    times = np.random.default_rng(3).integers(1, 5, 300)
    again = np.repeat(np.arange(300), times)
    assert shift_of(z, y, times.astype(float)) == pytest.approx(shift_of(z[again], y[again]))


@pytest.mark.parametrize(("slope", "low", "high"), [(1.0, 0.96, 1.04), (0.25, 0.45, 0.62), (4.0, 1.65, 1.75)])
def test_a_slope_is_believed_by_its_root_within_bounds(slope, low, high):
    assert low < slope_of(*drawn(20_000, slope=slope, shift=-0.5)) < high


def test_a_slope_of_nothing_is_one():
    z, y = drawn(100)
    assert slope_of(np.full(100, 0.3), y) == 1.0
    assert slope_of(z, np.ones(100)) == 1.0


def test_the_level_of_one_window_is_believed_by_half():
    z, y = drawn(50_000, shift=0.8)
    made = calibration(0.0, (z, y))
    assert made.log_odds(np.array([0.0]))[0] == pytest.approx(0.4, abs=0.03)
    few = calibration(0.0, (z[:12], y[:12]))
    assert abs(few.shift) < abs(0.5 * shift_of(z[:12], y[:12])[0])
    assert calibration(0.3) == Calibration(shift=0.3) == calibration(0.3, (z[:0], y[:0]))
    assert made.probability(z) == pytest.approx(expit(made.log_odds(z)))


def months(values, first: date = date(2022, 1, 1), variance: float = 1e-4) -> dict:
    return {add_months(first, k): (float(value), variance) for k, value in enumerate(values)}


def test_the_season_of_a_year_ago_is_half_believed_and_of_three_years_by_three_quarters():
    swing = [0.5 * np.cos(2 * np.pi * k / 12) for k in range(36)]
    one = season(date(2023, 7, 1), months(swing[:18]))  # July 2022 was at its lowest
    assert one == pytest.approx(-0.25, abs=0.03)
    three = season(date(2025, 1, 1), months(swing))
    assert three == pytest.approx(0.5 * 2 / 3, abs=0.04)  # two Januaries with six neighbours or more
    assert season(date(2023, 1, 1), months(swing[:18])) != 0.0


def test_no_season_without_a_year_without_scatter_or_with_a_trend_alone():
    assert season(date(2023, 7, 1), {}) == 0.0
    assert season(date(2022, 9, 1), months([0.3, -0.3] * 4)) == 0.0
    rng = np.random.default_rng(0)
    chance = months(rng.normal(0, 0.1, 24), variance=0.02)
    assert season(date(2023, 7, 1), chance) == 0.0
    rising = season(date(2023, 7, 1), months(0.04 * np.arange(18)))
    assert abs(rising) < 0.02


# --- a company of years ----------------------------------------------------------------------------------------------------


@pytest.fixture(autouse=True)
def _quick(monkeypatch):
    quick_rhythm(monkeypatch)
    monkeypatch.setitem(TREES, "max_iter", 2)  # the logit is what is looked at


def errors(level, monkeypatch=None) -> tuple[float, float]:
    """Mean calibration error, and mean miss of the base rate, of twelve months predicted with one to two years before."""
    made = company(months=31, customers=400, level=level, seed=3)
    if monkeypatch is not None:
        monkeypatch.setitem(walk, "season", lambda cutoff, residuals: 0.0)
    found = study(made.engine(), cutoff=made.cutoff, options=Options(horizon_days=30, tests=12, draws=5))
    assert len(found.tests) == 12
    told = [(test.y, test.probability("wide"), made.at(test.cutoff)["leaves"]) for test in found.tests]
    missed = np.mean([abs(p.mean() - truth.mean()) for _, p, truth in told])
    return float(np.mean([metrics.ece(y, p) for y, p, _ in told])), float(missed)


def test_a_season_seen_before_makes_probabilities_truer(monkeypatch):
    def swing(cutoff, number):
        return 0.8 * np.cos(2 * np.pi * cutoff.month / 12)

    with_season = errors(swing)
    without = errors(swing, monkeypatch)
    assert with_season[0] < 0.88 * without[0]
    assert with_season[1] < 0.75 * without[1]


def test_a_trend_without_a_season_is_not_harmed(monkeypatch):
    def trend(cutoff, number):
        return 0.03 * number

    with_season = errors(trend)
    without = errors(trend, monkeypatch)
    assert with_season[0] < without[0] + 0.003
    assert with_season[1] < without[1] + 0.003
