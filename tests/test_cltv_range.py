"""Promises of every model of repeat buying, over parameters and histories of many orders of magnitude; recovery from simulation."""

from datetime import date

import numpy as np
import pytest
from cltv_logs import CDNOW, at, summary_of
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad

from customerbase import cltv
from customerbase.cltv.counts import Counts, of
from customerbase.cltv.horizon import discount_per_week, grid, month_edges
from customerbase.errors import ConfigError

FAMILIES = dict(cltv.FAMILIES)
DECADES = {"r": (-4, 4), "alpha": (-2, 6), "a": (-6, 5), "b": (-4, 5), "s": (-5, 4), "beta": (-2, 6)}


@st.composite
def situations(draw) -> tuple[str, dict, Counts]:
    """A model with any parameters and histories of any kind: 50,000 purchases, a first day, a purchase today."""
    family = draw(st.sampled_from(sorted(FAMILIES)))
    params = {name: 10 ** draw(st.floats(*DECADES[name])) for name in FAMILIES[family].names}
    special = draw(st.sampled_from(["", "one", "equal"]))
    if special == "one":
        params |= {name: 1.0 for name in ("a", "s") if name in params}
    if special == "equal" and "beta" in params:
        params["beta"] = params["alpha"]
    x = np.array([0, 0, *draw(st.lists(st.sampled_from([0, 1, 2, 7, 300, 50_000]), min_size=4, max_size=4))])
    T = np.array([0, *(10 ** draw(st.floats(-0.8, 3.4)) for _ in x[1:])])
    part = np.array([draw(st.sampled_from([1.0, 1 - 1e-9, 0.9, 0.1, 1e-3])) for _ in x])
    return family, params, of(x, np.where(x > 0, T * part, 0.0), T)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(situations())
def test_predictions_keep_their_promises_wherever_the_parameters_are(situation):
    family, params, counts = situation
    model = at(FAMILIES[family], **params)
    alive = model.probability_alive(counts)
    assert ((alive >= 0) & (alive <= 1)).all()
    assert (alive[counts.t_x == counts.T] > 0).all()
    assert np.isfinite(model.log_likelihoods(counts)).all()
    short, long = model.predict_purchases(8, counts), model.predict_purchases(70, counts)
    less, ever = model.discounted_purchases(70, 0.1, counts), model.discounted_purchases(None, 0.1, counts)
    for made in (short, long, less, ever):
        assert (np.isfinite(made) & (made >= 0)).all()
    for smaller, larger in ((short, long), (less, long), (less, ever)):
        assert (smaller <= larger * (1 + 1e-5) + 1e-9).all()
    most = (model.values[0] + counts.x) / (model.values[1] + counts.T) * 70
    assert (long <= most * alive * (1 + 1e-9)).all()  # nobody buys more than somebody who surely stays
    new = model.expected_purchases([0, 1, 8, 70])
    assert new[0] == 0 and np.isfinite(new).all() and (np.diff(new) >= -1e-6 * new[-1] - 1e-12).all()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(situations())
def test_months_add_up_and_are_the_integral_of_the_rate(situation):
    family, params, counts = situation
    model = at(FAMILIES[family], **params)
    weeks = month_edges(date(2026, 10, 31), 12)
    by_quarter = model.integrals(grid(weeks[[0, 3, 6, 12]], model._scale()), counts)
    year = model.predict_purchases(weeks[-1], counts)
    assert by_quarter.sum(axis=1) == pytest.approx(year, rel=1e-5, abs=1e-9)
    row, alive = len(counts) - 1, model.probability_alive(counts)[-1]

    def rate(v: float) -> float:  # in the log of time, where a rate that ends at once can be seen
        return float(model._rate(tuple(model.values), np.exp(v), counts.x[[row]], counts.T[[row]])[0] * np.exp(v))

    area = quad(rate, np.log(1e-10), np.log(weeks[-1]), epsabs=0, epsrel=1e-8, limit=400)[0]
    assert year[row] == pytest.approx(area * alive, rel=1e-5, abs=1e-9)


# --- discounting and value ------------------------------------------------------------------------------------------

ROWS = of([0, 1, 4, 12], [0, 3, 30, 38], [20, 39, 39, 39])


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("annual", [0.05, 0.15, 1.0])
def test_discounted_expected_residual_transactions_by_brute_force(family, annual):
    model = at(FAMILIES[family], **CDNOW[family])
    delta = np.log(1 + annual) * 7 / 365.25
    alive = model.probability_alive(ROWS)
    for t in (52.0, None):
        found = model.discounted_purchases(t, annual, ROWS)
        for row in range(len(ROWS)):

            def worth(u: float, x=ROWS.x[[row]], T=ROWS.T[[row]]) -> float:
                return float(model._rate(tuple(model.values), u, x, T)[0] * np.exp(-delta * u))

            far = 52.0 if t else 40 / delta
            area = quad(worth, 0, far, epsabs=0, epsrel=1e-10, limit=500)[0]
            assert found[row] == pytest.approx(area * alive[row], rel=1e-8)


def test_residual_transactions_of_nbd_and_limits():
    """Nobody leaves: (r + x) / (alpha + T) for ever is that over delta. No discount, no end: refused."""
    model, delta = at(cltv.NBD, **CDNOW["nbd"]), discount_per_week(0.15)
    level = (0.385 + ROWS.x) / (12.07 + ROWS.T)
    assert model.discounted_purchases(None, 0.15, ROWS) == pytest.approx(level / delta, rel=1e-10)
    assert model.discounted_purchases(10, 0.15, ROWS) == pytest.approx(
        level * -np.expm1(-10 * delta) / delta, rel=1e-10
    )
    with pytest.raises(ConfigError, match="infinite horizon needs an annual discount rate above 0"):
        model.discounted_purchases(None, 0.0, ROWS)


@pytest.mark.parametrize("family", FAMILIES)
def test_undiscounted_value_is_expected_purchases_times_expected_spend(family):
    model = at(FAMILIES[family], **CDNOW[family])
    spend, weeks = np.array([10.0, 35.2, 80.0, 1e9]), (date(2027, 10, 31) - date(2026, 10, 31)).days / 7
    given = {"months": 12, "as_of": date(2026, 10, 31), "data": ROWS}
    value = model.lifetime_value(spend, annual_discount=0, **given)
    assert value == pytest.approx(model.predict_purchases(weeks, ROWS) * spend, rel=1e-12)
    assert model.lifetime_value(spend, annual_discount=0, margin=0.4, **given) == pytest.approx(0.4 * value)
    yearly = model.lifetime_value(spend, annual_discount=0.1, **given)
    assert (yearly < value).all() and (yearly > value / 1.1).all()  # no purchase is later than a year
    assert (model.lifetime_value(spend, annual_discount=0.1, months=None, as_of=None, data=ROWS) > yearly).all()


@pytest.mark.parametrize(
    ("as_of", "days"),
    [
        ("2024-02-29", [31, 30, 31]),  # the end of a leap February: month ends
        ("2023-02-28", [31, 30, 31]),
        ("2024-02-28", [29, 31, 30]),  # a day before the end: the 28th of every month
        ("2024-01-31", [29, 31, 30]),
        ("2024-01-30", [30, 30, 31]),  # 29 February stands for the 30th that it has not
        ("2023-12-29", [31, 31, 29]),
        ("2026-10-15", [31, 30, 31]),
    ],
)
def test_month_edges(as_of, days):
    assert np.diff(month_edges(date.fromisoformat(as_of), 3)) * 7 == pytest.approx(days)


def test_month_edges_over_years():
    assert month_edges(date(2024, 2, 29), 48)[-1] * 7 == pytest.approx(1461)  # to 29 February 2028
    assert month_edges(date(2023, 2, 28), 12)[-1] * 7 == pytest.approx(366)  # to 29 February 2024
    with pytest.raises(ConfigError, match="horizon is 0 months"):
        month_edges(date(2024, 2, 29), 0)


# --- recovery -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", FAMILIES)
def test_known_parameters_are_recovered_within_their_standard_errors(family):
    """24 simulated logs: the distance to the truth in standard errors of the log behaves like a standard normal."""
    away, truth = [], np.log(list(CDNOW[family].values()))
    for seed in range(24):
        data = summary_of(np.random.default_rng(100 + seed), family, CDNOW[family], np.linspace(30, 90, 1500))
        model = FAMILIES[family]().fit(data)
        assert model.converged_
        away.append((np.log(model.values) - truth) / np.sqrt(np.diag(model._covariance)))
    away = np.array(away)
    assert (np.abs(away.mean(axis=0)) < 0.9).all(), away.mean(axis=0)  # 4.4 standard errors of a mean of 24
    inside = (np.abs(away) < 1.645).mean()
    assert 0.8 <= inside <= 0.99, inside  # 90 % intervals


@pytest.mark.parametrize("family", ["mbg_nbd", "pareto_nbd"])
def test_draws_of_the_parameters_are_as_wide_as_their_errors(family):
    data = summary_of(np.random.default_rng(1), family, CDNOW[family], np.linspace(30, 90, 3000))
    model = FAMILIES[family]().fit(data)
    drawn = np.log(model.draws(2000, 1))
    assert np.abs(drawn.mean(axis=0) - np.log(model.values)).max() < 0.5 * np.sqrt(np.diag(model._covariance)).max()
    assert drawn.std(axis=0) == pytest.approx(np.sqrt(np.diag(model._covariance)), rel=0.3)


def test_spend_parameters_are_recovered():
    rng, away = np.random.default_rng(4), []
    truth = np.log([6.25, 3.74, 15.44])
    for _ in range(20):
        x = rng.integers(1, 12, 1500)
        rate = rng.gamma(3.74, 1 / 15.44, 1500)
        model = cltv.GammaGamma().fit(x, rng.gamma(6.25 * x) / rate / x)
        away.append((np.log(model.values) - truth) / np.sqrt(np.diag(model._covariance)))
    assert (np.abs(np.mean(away, axis=0)) < 1).all()
    assert 0.78 <= (np.abs(away) < 1.645).mean() <= 0.99
