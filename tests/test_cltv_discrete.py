"""BG/BB: the published donors, the same chances added up path by path, and properties over all parameters."""

import itertools
import json
import math

import numpy as np
import pandas as pd
import pytest
from conftest import real_data
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import betaln, hyp2f1

from customerbase.cltv.bgbb import BetaGeometricBetaBinomial, DiscreteCounts
from customerbase.errors import ConfigError, InputError

# Fader, Hardie & Shang (2010), table 1: repeat donations, year of the last one, donors; six years each
DONORS = {
    (0, 0): 3464, (1, 1): 1091, (1, 2): 277, (1, 3): 129, (1, 4): 78, (1, 5): 119, (1, 6): 129, (2, 2): 613, (2, 3): 255,
    (2, 4): 155, (2, 5): 173, (2, 6): 234, (3, 3): 322, (3, 4): 181, (3, 5): 225, (3, 6): 357, (4, 4): 240, (4, 5): 284,
    (4, 6): 512, (5, 5): 335, (5, 6): 728, (6, 6): 1203,
}  # fmt: skip
SHOWN = {"frequency": [0, 2, 6], "recency": [0, 4, 6], "periods": [6, 6, 6]}
positive = st.floats(-13, 13).map(math.exp)


def donors() -> dict[str, list]:
    return {
        "frequency": [x for x, _ in DONORS],
        "recency": [last for _, last in DONORS],
        "periods": [6] * len(DONORS),
        "customers": list(DONORS.values()),
    }


def with_values(*values: float) -> BetaGeometricBetaBinomial:
    """A model of given parameters, as from a file."""
    content = {
        "parameters": dict(zip(BetaGeometricBetaBinomial.names, values, strict=True)),
        "covariance_of_logs": np.eye(4).tolist(), "log_likelihood": 0.0, "customers": 1, "converged": True,
    }  # fmt: skip
    return BetaGeometricBetaBinomial._from_content(content)


@pytest.fixture(scope="module")
def fitted() -> BetaGeometricBetaBinomial:
    return BetaGeometricBetaBinomial().fit(donors())


def published(model: BetaGeometricBetaBinomial, rows, customers) -> None:
    assert model.converged_
    assert model.values.round(3).tolist() == [1.204, 0.750, 0.657, 2.783]
    assert model.log_likelihood_ == pytest.approx(-33225.6, abs=0.05)
    assert model.probability_alive(SHOWN).round(2).tolist() == [0.11, 0.59, 0.93]
    assert float(model.predict_purchases(5, rows) @ customers) == pytest.approx(12884.2, abs=0.06)
    expected = model.expected_frequencies(rows)
    assert expected[[0, 6]].round(1).tolist() == [3454.9, 1253.1]
    assert expected.sum() == pytest.approx(11104)


def test_the_published_donors(fitted):
    assert fitted.customers_ == 11104
    published(fitted, donors(), np.array(donors()["customers"]))


def test_the_published_donors_from_the_file():
    rows = pd.read_csv(real_data("cdnow") / "bgbb_donations.csv").rename(columns={"weights": "customers"})
    published(BetaGeometricBetaBinomial().fit(rows), rows, rows.customers.to_numpy())


def test_one_row_a_customer_is_the_same_fit(fitted):
    rows = pd.DataFrame(donors())
    single = rows.loc[rows.index.repeat(rows.customers), ["frequency", "recency", "periods"]].sample(
        frac=1, random_state=1
    )
    again = BetaGeometricBetaBinomial().fit(single)
    assert again.values == pytest.approx(fitted.values, rel=1e-6)
    assert again.probability_alive(single) == pytest.approx(fitted.probability_alive(single), rel=1e-6)
    assert again.predict_purchases(5).sum() == pytest.approx(12884.2, abs=0.06)


# --- against the definition ---------------------------------------------------------------------------------------------


def by_paths(values, path: tuple[int, ...], ahead: int = 0) -> list[float]:
    """P(path of purchases, alive for exactly m periods) for m = 0, …, and for at least len(path) + ahead: beta functions."""
    a, b, g, d = values
    x, n = sum(path), len(path)
    last = max((place + 1 for place, bought in enumerate(path) if bought), default=0)

    def bought(m: int) -> float:
        m = min(m, n)
        return betaln(a + x, b + m - x) - betaln(a, b)

    left = [math.exp(bought(m) + betaln(g + 1, d + m) - betaln(g, d)) for m in range(last, n + ahead)]
    return [*left, math.exp(bought(n) + betaln(g, d + n + ahead) - betaln(g, d))]


@pytest.mark.parametrize("values", [(1.204, 0.75, 0.657, 2.783), (0.3, 4.0, 2.0, 0.5), (12.0, 3.0, 0.2, 9.0)])
def test_everything_by_adding_up_paths(values):
    model, n, ahead = with_values(*values), 5, 4
    by_count, alive_by_count = np.zeros(n + 1), {}
    for path in itertools.product((0, 1), repeat=n):
        ways, x = by_paths(values, path), sum(path)
        by_count[x] += sum(ways)
        last = max((place + 1 for place, bought in enumerate(path) if bought), default=0)
        rows = {"frequency": [x], "recency": [last], "periods": [n]}
        assert model.log_likelihood(rows) == pytest.approx(math.log(sum(ways)), rel=1e-10)
        later = by_paths(values, path, 1)
        assert model.probability_alive(rows)[0] == pytest.approx(later[-1] / sum(ways), rel=1e-10)
        alive_by_count[x, last] = sum(ways), [by_paths(values, path, k)[-1] for k in range(1, ahead + 1)]
    assert model.frequency_probabilities(n) == pytest.approx(by_count, rel=1e-10)
    assert model.expected_purchases([0, n])[1] == pytest.approx(by_count @ np.arange(n + 1), rel=1e-10)
    assert model.expected_purchases(0)[0] == 0
    for (x, last), (whole, stay) in alive_by_count.items():
        rows = {"frequency": [x], "recency": [last], "periods": [n]}
        buys = (values[0] + x) / (values[0] + values[1] + n)
        assert model.predict_purchases(ahead, rows)[0] == pytest.approx(buys * sum(stay) / whole, rel=1e-10)
        worth = sum(one / 1.1**k for k, one in enumerate(stay, 1)) * buys / whole
        found = model.discounted_purchases(ahead, 0.1, periods_a_year=1, data=rows)[0]
        assert found == pytest.approx(worth, rel=1e-10)


def test_discounted_purchases_for_ever_by_the_closed_form(fitted):
    alpha, beta, gamma, delta = fitted.values
    x, n, v = np.array(SHOWN["frequency"]), 6, 1 / 1.1
    buys = (alpha + x) / (alpha + beta + n)
    closed = fitted.probability_alive(SHOWN) * v * hyp2f1(1, delta + n + 1, gamma + delta + n + 1, v) * buys
    found = fitted.discounted_purchases(None, 0.1, periods_a_year=1, data=SHOWN)
    assert found == pytest.approx(closed, rel=1e-11)
    assert fitted.discounted_purchases(2000, 0.1, periods_a_year=1, data=SHOWN) == pytest.approx(found, rel=1e-11)
    value = fitted.lifetime_value([50.0, 20.0, 10.0], n_periods=None, periods_a_year=1, margin=0.4, data=SHOWN)
    assert value == pytest.approx(found * [20.0, 8.0, 4.0])
    plain = fitted.lifetime_value(1.0, n_periods=5, periods_a_year=1, annual_discount=0.0, data=SHOWN)
    assert plain == pytest.approx(fitted.predict_purchases(5, SHOWN))


def test_simulated_customers_give_their_parameters_back():
    rng = np.random.default_rng(5)
    size, n, truth = 60_000, 12, np.array([1.2, 0.8, 0.7, 4.0])
    p, theta = rng.beta(*truth[:2], size), rng.beta(*truth[2:], size)
    stay = np.minimum(rng.geometric(theta) - 1, n)
    bought = (rng.random((size, n)) < p[:, None]) & (np.arange(n) < stay[:, None])
    last = np.where(bought.any(axis=1), n - bought[:, ::-1].argmax(axis=1), 0)
    model = BetaGeometricBetaBinomial().fit(
        {"frequency": bought.sum(axis=1), "recency": last, "periods": np.full(size, n)}
    )
    errors = np.array(list(model.standard_errors_.values()))
    assert (np.abs(model.values - truth) < 4 * errors).all()
    assert model.probability_alive().mean() == pytest.approx((1 - theta)[stay == n].sum() / size, abs=0.01)


# --- over the whole range -------------------------------------------------------------------------------------------------


@settings(max_examples=40, deadline=None)
@given(values=st.tuples(positive, positive, positive, positive), n=st.integers(1, 40), data=st.data())
def test_finite_and_in_bounds_for_all_parameters(values, n, data):
    model = with_values(*values)
    last = data.draw(st.integers(0, n))
    x = data.draw(st.integers(1, last)) if last else 0
    rows = {"frequency": [x], "recency": [last], "periods": [n]}
    assert model.frequency_probabilities(n).sum() == pytest.approx(1, rel=1e-7)
    assert -np.inf < model.log_likelihood(rows) <= 1e-9
    assert 0 <= model.probability_alive(rows)[0] <= 1
    assert 0 <= model.predict_purchases(12, rows)[0] <= 12
    for_ever = model.discounted_purchases(None, 0.1, periods_a_year=12, data=rows)[0]
    within = model.discounted_purchases(24, 0.1, periods_a_year=12, data=rows)[0]
    assert 0 <= within * (1 - 1e-9) <= for_ever <= 1 / math.expm1(math.log(1.1) / 12)


@settings(max_examples=40, deadline=None)
@given(theta=st.tuples(*[st.floats(-6, 6)] * 4))
def test_the_gradient_is_the_slope(theta):
    rows = {"frequency": [0, 1, 3, 7], "recency": [0, 2, 9, 11], "periods": [3, 7, 9, 12], "customers": [5, 1, 2, 9]}
    target = BetaGeometricBetaBinomial()._target(DiscreteCounts.of(rows))
    at = np.array(theta)
    slopes = [(target(at + step)[0] - target(at - step)[0]) / 2e-5 for step in np.eye(4) * 1e-5]
    assert target(at)[1] == pytest.approx(np.array(slopes), rel=1e-4, abs=1e-4)


@pytest.mark.parametrize(
    "rows",
    [
        {"frequency": [0], "recency": [0], "periods": [6]},
        {"frequency": [6], "recency": [6], "periods": [6]},
        {"frequency": [0, 0], "recency": [0, 0], "periods": [0, 4]},
        {"frequency": [500], "recency": [600], "periods": [1000]},
    ],
)
def test_one_customer_or_nothing_to_learn_stays_finite(rows):
    model = BetaGeometricBetaBinomial().fit(rows)
    for found in (
        model.values, model.probability_alive(), model.predict_purchases(3), model.draws(20),
        model.discounted_purchases(None, 0.1, periods_a_year=1), list(model.standard_errors_.values()),
    ):  # fmt: skip
        assert np.isfinite(found).all()


def test_a_model_goes_through_json(fitted):
    again = BetaGeometricBetaBinomial._from_content(json.loads(fitted.to_json()))
    assert again.to_json() == fitted.to_json()
    assert again.probability_alive(SHOWN).tolist() == fitted.probability_alive(SHOWN).tolist()
    with pytest.raises(InputError, match="carries no customers"):
        again.predict_purchases(5)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"frequency": [0, 2, 7]}, "row 2 has frequency 7, recency 6, periods 6; frequency must be at most recency"),
        ({"recency": [0, 4, 7]}, "row 2 has .* recency at most periods"),
        ({"recency": [1, 4, 6]}, "row 0 has .* a purchase needs a recency above 0"),
        ({"periods": [6, 6, 6.5]}, "whole numbers"),
        ({"recency": [0, np.nan, 6]}, "row 1 .* whole numbers"),
        ({"customers": [1, 0, 1]}, "number of customers must be finite and above 0"),
    ],
)
def test_rows_that_cannot_be_are_named(change, message):
    with pytest.raises(InputError, match=message):
        BetaGeometricBetaBinomial().fit(SHOWN | change)


def test_wrong_questions_are_refused(fitted):
    with pytest.raises(InputError, match=r"no column 'frequency'.*Did you mean 'frequncy'"):
        fitted.probability_alive({"frequncy": [1], "recency": [1], "periods": [1]})
    with pytest.raises(ConfigError, match="periods is 0; expected a whole number from 1"):
        fitted.predict_purchases(0)
    with pytest.raises(ConfigError, match="annual discount rate above 0"):
        fitted.discounted_purchases(None, 0.0, periods_a_year=1)
    with pytest.raises(ConfigError, match="periods_a_year is 0"):
        fitted.discounted_purchases(5, 0.1, periods_a_year=0)
