"""sBG and BdW: published cohorts, brute-force sums, a simulation, and properties over all parameters."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln, hyp2f1

from customerbase.cltv.contractual import BetaDiscreteWeibull, ShiftedBetaGeometric, choose, per_period
from customerbase.cltv.renewals import Renewals
from customerbase.cltv.survival import log_retention, log_rise, log_survival
from customerbase.errors import ConfigError, InputError

HIGH_END = [1000, 869, 743, 653, 593, 551, 517, 491]  # Fader & Hardie (2007): left after 0, 1, … renewals
REGULAR = [1000, 631, 468, 382, 326, 289, 262, 241]
BOTH = (ShiftedBetaGeometric, BetaDiscreteWeibull)
positive = st.floats(-13, 13).map(math.exp)


def with_values(family, *values: float):
    """A model of given parameters, as from a file."""
    content = {
        "parameters": dict(zip(family.names, values, strict=True)),
        "covariance_of_logs": np.eye(len(values)).tolist(), "log_likelihood": 0.0, "customers": 1, "converged": True,
    }  # fmt: skip
    return family._from_content(content)


# --- published ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("left", "values", "value"),
    [(HIGH_END, [0.668, 3.806], -1611.158), (REGULAR, [0.704, 1.182], -1680.265)],
    ids=["high end", "regular"],
)
def test_the_published_cohorts(left, values, value):
    model = ShiftedBetaGeometric().fit(Renewals.of_survivors(left))
    assert model.converged_
    assert model.values.round(3).tolist() == values
    assert model.log_likelihood_ == pytest.approx(value, abs=0.0006)
    ended = -np.diff(left)
    rows = pd.DataFrame({"renewals": [*range(7), 7], "ended": [True] * 7 + [False], "customers": [*ended, left[-1]]})
    assert ShiftedBetaGeometric().fit(rows).to_json() == model.to_json()
    single = rows.loc[rows.index.repeat(rows.customers), ["renewals", "ended"]]
    assert ShiftedBetaGeometric().fit(single).values == pytest.approx(model.values, rel=1e-9)


def test_bdw_with_c_1_is_sbg():
    data = Renewals.of_survivors(REGULAR)
    simple = ShiftedBetaGeometric().fit(data)
    wider = with_values(BetaDiscreteWeibull, *simple.values, 1.0)
    assert wider.log_likelihood(data) == pytest.approx(simple.log_likelihood_, rel=1e-13)
    for question in ("survival", "retention", "probability_ended"):
        ages = np.arange(200)
        assert getattr(wider, question)(ages) == pytest.approx(getattr(simple, question)(ages), rel=1e-12)
    for periods in (None, 24):
        found = [one.discounted_residual_lifetime([0, 7, 90], 0.01, periods=periods) for one in (wider, simple)]
        assert found[0] == pytest.approx(found[1], rel=1e-11)


def test_bdw_is_chosen_where_retention_does_not_rise():
    simple, notes = choose(Renewals.of_survivors(REGULAR))
    assert (simple.family, notes) == ("sbg", ())
    # retention 0.95, 0.88, 0.80, 0.80, 0.85: falls before it rises
    wider, [note] = choose(Renewals.of_survivors([1000, 950, 836, 669, 535, 455]))
    assert wider.family == "bdw" and wider.values[2] > 1
    assert note.code == "retention_not_rising"
    assert "sBG" in note.text("en") and f"c = {wider.values[2]:.2f}" in note.text("ja")


def test_bdw_fits_at_least_as_well_as_sbg():
    for left in (HIGH_END, REGULAR, [50, 50, 20, 19, 1], [1000, 990, 900, 500, 100], [3, 2, 1]):
        data = Renewals.of_survivors(left)
        assert (
            BetaDiscreteWeibull().fit(data).log_likelihood_ >= ShiftedBetaGeometric().fit(data).log_likelihood_ - 1e-6
        )


# --- against the definition ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("values", [(0.668, 3.806), (0.3, 0.9, 1.4), (2.5, 6.0, 0.6), (4.0, 20.0, 1.1)])
def test_everything_by_adding_up_beta_functions(values):
    family = BOTH[len(values) - 2]
    model, c = with_values(family, *values), values[2] if len(values) == 3 else 1.0
    a, b = values[:2]
    t = np.arange(3001)
    share = np.exp(betaln(a, b + t.astype(float) ** c) - betaln(a, b))
    assert model.survival(t) == pytest.approx(share, rel=1e-9)
    assert model.retention(t[:-1]) == pytest.approx(share[1:] / share[:-1], rel=1e-9)
    assert model.probability_ended(t[:50]) == pytest.approx(share[:50] - share[1:51], rel=1e-7)
    for age in (0, 1, 5, 40):
        ahead = share[age + 1 :] / share[age]
        assert model.expected_renewals(age, 24)[0] == pytest.approx(ahead[:24].sum(), rel=1e-9)
        worth = ahead[:2500] / 1.02 ** np.arange(2500)
        assert model.discounted_residual_lifetime(age, 0.02)[0] == pytest.approx(worth.sum(), rel=1e-9)
        finite = model.discounted_residual_lifetime(age, 0.02, periods=36)[0]
        assert finite == pytest.approx(worth[:36].sum(), rel=1e-9)
        later = model.discounted_residual_lifetime(age, 0.02, periods=36, wait=0.25)[0]
        assert later == pytest.approx(finite / 1.02**0.25, rel=1e-12)


def test_derl_of_sbg_by_the_closed_form():
    a, b = 0.668, 3.806
    model = with_values(ShiftedBetaGeometric, a, b)
    for age in (0, 3, 50):
        for d in (0.1, 0.008):
            closed = (b + age) / (a + b + age) * hyp2f1(1, b + age + 1, a + b + age + 1, 1 / (1 + d))
            assert model.discounted_residual_lifetime(age, d)[0] == pytest.approx(closed, rel=1e-11)


@pytest.mark.parametrize("values", [(0.5, 2.0, 1.3), (0.01, 3.0, 1.0), (0.7, 3.0, 0.6), (0.6, 1e6, 3.0)])
def test_small_discounts_and_long_lives_by_two_million_terms(values):
    model = with_values(BetaDiscreteWeibull, *values)
    t = np.arange(1, 2_000_000, dtype=float)
    terms = np.exp(np.cumsum(log_retention(values, t)) - (t - 1) * math.log1p(1e-4))
    assert model.discounted_residual_lifetime(0, 1e-4)[0] == pytest.approx(terms.sum(), rel=1e-8)


def test_expected_residual_lifetime():
    model = with_values(ShiftedBetaGeometric, 2.5, 4.0)
    assert model.expected_residual_lifetime([0, 6]) == pytest.approx([4 / 1.5, 10 / 1.5], rel=1e-10)
    assert np.isinf(with_values(ShiftedBetaGeometric, 0.9, 4.0).expected_residual_lifetime(3)).all()
    assert np.isfinite(with_values(BetaDiscreteWeibull, 0.9, 4.0, 1.6).expected_residual_lifetime(3)).all()


def test_alive_is_observed():
    assert ShiftedBetaGeometric().probability_alive({"ended": [True, False, False]}).tolist() == [0, 1, 1]


# --- simulation -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "truth"), [(ShiftedBetaGeometric, (0.8, 6.0)), (BetaDiscreteWeibull, (0.5, 4.0, 1.5))]
)
def test_simulated_contracts_give_their_parameters_back_though_most_still_run(family, truth):
    rng = np.random.default_rng(3)
    size, c = 40_000, truth[2] if len(truth) == 3 else 1.0
    theta, until = rng.beta(*truth[:2], size), rng.integers(0, 24, size)
    t = np.arange(1, 30)
    here = (1 - theta[:, None]) ** (t**c)  # discrete Weibull: the share of customers of one theta who make t renewals
    life = (rng.random(size)[:, None] < here).sum(axis=1)
    model = family().fit({"renewals": np.minimum(life, until), "ended": life < until})
    errors = np.array(list(model.standard_errors_.values()))
    assert (np.abs(model.values - truth) < 4 * errors).all()
    assert (errors / np.array(truth) < 0.2).all()
    draws = model.draws(400, seed=1)
    assert np.log(draws).std(axis=0) == pytest.approx(errors / model.values, rel=0.25)


def test_long_and_short_cohorts_count_alike():
    """Kaplan-Meier's counts: at each opportunity those who came to it."""
    found = Renewals.counted([0, 0, 1, 2, 2, 5], [True, False, True, False, True, False], [4, 3, 2, 1, 6, 2])
    assert found.renewed.tolist() == [11, 9, 2, 2, 2]
    assert found.lost.tolist() == [4, 2, 6, 0, 0]
    assert found.customers == 18


# --- over the whole range -------------------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(
    values=st.one_of(st.tuples(positive, positive), st.tuples(positive, positive, positive)), age=st.integers(0, 300)
)
def test_finite_and_in_bounds_for_all_parameters(values, age):
    model = with_values(BOTH[len(values) - 2], *values)
    t = np.arange(120)
    share = model.survival(t)
    assert share[0] == 1 and (np.diff(share) <= 0).all() and np.isfinite(share).all()
    assert model.probability_ended(t[:-1]).sum() + share[-1] == pytest.approx(1, rel=1e-9)
    stay, d = model.retention(age)[0], 0.01
    assert 0 <= stay <= 1
    for_ever = model.discounted_residual_lifetime(age, d)[0]
    within = model.discounted_residual_lifetime(age, d, periods=24)[0]
    assert stay * (1 - 1e-9) <= within <= for_ever * (1 + 1e-9)
    assert for_ever <= (1 + d) / d * (1 + 1e-9)
    assert 0 <= model.expected_renewals(age, 24)[0] <= 24
    data = Renewals.counted([0, 3, 9, 60], [True, True, False, False])
    value, slopes = model._target(data)(np.log(model.values))
    assert np.isfinite(value) and np.isfinite(slopes).all()


@settings(max_examples=50, deadline=None)
@given(
    theta=st.one_of(
        st.tuples(*[st.floats(-5, 5)] * 2), st.tuples(st.floats(-5, 5), st.floats(-5, 5), st.floats(-3, 1.2))
    )
)
def test_the_gradient_is_the_slope(theta):
    family, at = BOTH[len(theta) - 2], np.array(theta)
    target = family()._target(Renewals.counted([0, 1, 4, 12, 30], [True, True, True, True, False], [9, 4, 3, 1, 20]))
    slopes = [(target(at + step)[0] - target(at - step)[0]) / 2e-5 for step in np.eye(len(at)) * 1e-5]
    assert target(at)[1] == pytest.approx(np.array(slopes), rel=1e-4, abs=1e-3)


@settings(max_examples=50, deadline=None)
@given(a=positive, b=positive, c=st.floats(-3, 1).map(math.exp))
def test_steps_add_up_to_survival(a, b, c):
    t = np.arange(1.0, 400.0)
    total = np.cumsum(log_retention((a, b, c), t))
    assert total == pytest.approx(log_survival((a, b, c), np.log(t)), rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("z", [1e-6, 0.3, 5.0, 15.9, 16.1, 900.0, 1e7])
def test_ratios_of_gamma_functions_by_products(z):
    product = sum(math.log(z + step) for step in range(40))
    assert float(log_rise(np.float64(40.0), np.float64(z))) == pytest.approx(product, rel=1e-13)


# --- little or nothing to learn ----------------------------------------------------------------------------------------------

LITTLE = {
    "one customer, running": ([3], [False], "nobody_ended"),
    "one customer, new": ([0], [False], "nobody_ended"),
    "one customer, ended at once": ([0], [True], "nobody_renewed"),
    "nobody ended": ([9, 8, 7, 1], [False] * 4, "nobody_ended"),
    "everybody ended at once": ([0] * 50, [True] * 50, "nobody_renewed"),
    "heavily censored": ([1] * 5000 + [0], [False] * 5000 + [True], None),
    "all ended at the same age": ([4] * 100, [True] * 100, None),
    "very long": ([5000, 10], [False, True], None),
}


@pytest.mark.parametrize("name", LITTLE)
@pytest.mark.parametrize("family", BOTH)
def test_little_data_stays_finite_and_says_so(family, name):
    renewals, ended, code = LITTLE[name]
    model = family().fit({"renewals": renewals, "ended": ended})
    for found in (
        model.values, model.draws(30), list(model.standard_errors_.values()), model.survival([0, 1, 100]),
        model.discounted_residual_lifetime([0, 100], 0.01), model.expected_renewals([0, 100], 12),
    ):  # fmt: skip
        assert np.isfinite(found).all()
    assert code is None or [note.code for note in model.notes_] == [code]
    assert all(note.text(language) for note in model.notes_ for language in ("ja", "en"))
    assert repr(model)
    assert choose({"renewals": renewals, "ended": ended})[0].family in ("sbg", "bdw")


def test_nobody_ended_means_nearly_everybody_stays():
    model = ShiftedBetaGeometric().fit({"renewals": [9] * 100, "ended": [False] * 100})
    assert model.survival(9)[0] > 0.99


# --- text and faults -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", BOTH)
def test_a_model_goes_through_json(family):
    model = family().fit(Renewals.of_survivors(HIGH_END))
    content = json.loads(model.to_json())
    assert (content["unit"], content["family"]) == ("period", family.family)
    again = family._from_content(content)
    assert again.to_json() == model.to_json()
    assert again.survival([1, 9]).tolist() == model.survival([1, 9]).tolist()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ({"renewals": [1, -1], "ended": [True, False]}, "row 1 has renewals -1.*whole number from 0"),
        ({"renewals": [1.5], "ended": [True]}, "row 0 has renewals 1.5"),
        ({"renewals": [1], "ended": [2]}, "ended must be true or false"),
        ({"renewals": [1], "ended": [True], "customers": [0]}, "number of customers"),
        ({"renewals": [], "ended": []}, "there is no contract to fit"),
        ({"renewal": [1], "ended": [True]}, "no column 'renewals'.*Did you mean 'renewal'"),
        ({"renewals": [1, 2], "ended": [True]}, "columns of different length"),
    ],
)
def test_rows_that_cannot_be_are_named(rows, message):
    with pytest.raises(InputError, match=message):
        ShiftedBetaGeometric().fit(rows)


def test_wrong_questions_are_refused():
    model = with_values(ShiftedBetaGeometric, 1.0, 1.0)
    with pytest.raises(InputError, match="never rise"):
        Renewals.of_survivors([10, 11])
    with pytest.raises(ConfigError, match="needs a discount above 0"):
        model.discounted_residual_lifetime(0, 0.0)
    with pytest.raises(ConfigError, match="t is -1; expected a whole number"):
        model.survival(-1)
    with pytest.raises(ConfigError, match=r"discount is -0\.1 a period"):
        model.discounted_residual_lifetime(0, -0.1)
    with pytest.raises(ConfigError, match="sBG is not fitted yet"):
        ShiftedBetaGeometric().survival(1)


def test_a_year_of_periods_is_a_year():
    assert (1 + per_period(0.1, 12)) ** 12 == pytest.approx(1.1)
    assert per_period(0.1, 1) == pytest.approx(0.1)
