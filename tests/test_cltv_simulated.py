"""The log of invented purchases: as many as the models expect, known parameters found again, and no bad request."""

import numpy as np
import pandas as pd
import pytest

from customerbase import cltv
from customerbase.cltv.families import FAMILIES
from customerbase.errors import ConfigError

TRUE = {
    "nbd": {"r": 0.6, "alpha": 10.0},
    "bg_nbd": {"r": 0.25, "alpha": 4.5, "a": 0.8, "b": 2.4},
    "mbg_nbd": {"r": 0.6, "alpha": 7.0, "a": 0.8, "b": 2.2},
    "pareto_nbd": {"r": 0.6, "alpha": 10.0, "s": 0.6, "beta": 12.0},
}
SPEND = {"p": 6.0, "q": 4.0, "gamma": 1500.0}
UNTIL = "2026-10-31"


def made(family: str = "mbg_nbd", customers: int = 300, **changes) -> pd.DataFrame:
    given = {"parameters": TRUE.get(family, {}), "spend": SPEND, "until": UNTIL, "seed": 1} | changes
    return cltv.simulated_log(customers, family=family, **given)


def model_of(family: str, truth: dict[str, float]):
    """A model that has the parameters told, by way of its own JSON."""
    content = {"parameters": truth, "covariance_of_logs": np.eye(len(truth)).tolist()}
    return FAMILIES[family]._from_content(content | {"log_likelihood": 0.0, "customers": 1, "converged": True})


def test_a_log_by_its_shape():
    log = made(customers=200, weeks=60, joining=20)
    assert list(log) == ["customer", "date", "amount"] and log["customer"].nunique() == 200
    first = log.groupby("customer")["date"].min()
    begin = pd.Timestamp(UNTIL) - pd.Timedelta(days=60 * 7 - 1)
    assert first.between(begin, begin + pd.Timedelta(days=20 * 7 - 1)).all()
    assert log["date"].max() <= pd.Timestamp(UNTIL) and log["date"].is_monotonic_increasing
    assert (log["amount"] > 0).all() and np.allclose(log["amount"], log["amount"].round(2), atol=1e-9)
    assert list(made(spend=None)) == ["customer", "date"]


def test_the_same_seed_gives_the_same_log_and_another_one_another():
    pd.testing.assert_frame_equal(made(), made())
    assert not made()["date"].equals(made(seed=2)["date"])
    pd.testing.assert_frame_equal(made()[["customer", "date"]], made(spend=None))  # amounts change no purchase


@pytest.mark.parametrize("family", TRUE)
def test_repeat_purchases_are_as_many_as_the_model_expects(family):
    """E[X(t)] in closed form against the log, on a long log: what differs between families is who is left."""
    log = made(family, 60_000, spend=None, weeks=156, joining=1, seed=4)
    age = (pd.Timestamp(UNTIL) - log.groupby("customer")["date"].min()).dt.days / 7
    repeat = log.groupby("customer").size() - 1
    expected = {one: model_of(one, TRUE[family]).expected_purchases(age.to_numpy()).mean() for one in alike(family)}
    error = repeat.std() / np.sqrt(len(repeat))
    assert abs(repeat.mean() - expected.pop(family)) < 4 * error
    assert all(abs(repeat.mean() - other) > 8 * error for other in expected.values())  # another rule would not do


def alike(family: str) -> list[str]:
    """The families with the same parameters: BG/NBD and MBG/NBD differ only in who may leave when."""
    return [one for one in TRUE if list(TRUE[one]) == list(TRUE[family])]


@pytest.mark.parametrize("family", TRUE)
def test_known_parameters_are_found_within_their_errors(family):
    """On logarithms, where errors are symmetric; 3.5 standard errors and thirteen parameters in all."""
    log = made(family, 6000, seed=3)
    fitted = cltv.fit(cltv.summary(log, customer="customer", date="date", amount="amount", as_of=UNTIL), family)
    for model, truth in ((fitted.candidates[family], TRUE[family]), (fitted.spend, SPEND)):
        for name, value in model.params_.items():
            error = model.standard_errors_[name] / value
            assert abs(np.log(value / truth[name])) < 3.5 * error, (name, value, truth[name])


def test_what_was_expected_happens_afterwards():
    """Six months that no model saw: purchases of all, and of those who are and are not said to be alive."""
    log = made("mbg_nbd", 20_000, spend=None, until="2027-04-30", weeks=130, joining=78, seed=5)
    summary = cltv.summary(log, customer="customer", date="date", as_of=UNTIL)
    ahead = cltv.fit(summary, "mbg_nbd").predict(summary, months=6).set_index("customer_id")
    bought = log[log["date"] > UNTIL].groupby("customer").size().reindex(ahead.index, fill_value=0)
    for part in (ahead["p_alive"] >= 0, ahead["p_alive"] < 0.5, ahead["p_alive"] >= 0.5):
        error = np.sqrt(((bought - ahead["purchases_6m"])[part] ** 2).sum())
        assert abs(bought[part].sum() - ahead["purchases_6m"][part].sum()) < 4 * error
    assert bought.between(ahead["purchases_low"], ahead["purchases_high"]).mean() > 0.8
    alive = bought > 0  # who buys again was alive: P(alive) may not be lower than the share of them
    for low, high in ((0, 0.2), (0.2, 0.5), (0.5, 0.8), (0.8, 1.01)):
        band = ahead["p_alive"].between(low, high, inclusive="left")
        assert alive[band].mean() < ahead["p_alive"][band].mean()


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"family": "mgb_nbd"}, "family is 'mgb_nbd'.*Did you mean 'mbg_nbd'"),
        ({"parameters": {"r": 1, "alpha": 1, "a": 1}}, "parameter 'b' of MBG/NBD is None; expected a number above 0"),
        ({"parameters": {"r": 1, "alpha": -1, "a": 1, "b": 1}}, "parameter 'alpha' of MBG/NBD is -1"),
        ({"parameters": {"r": 1, "alpha": float("nan"), "a": 1, "b": 1}}, "'alpha' of MBG/NBD is nan"),
        ({"parameters": {"r": True, "alpha": 1, "a": 1, "b": 1}}, "'r' of MBG/NBD is True"),
        ({"parameters": {"r": 1, "alpah": 1, "a": 1, "b": 1}}, "is 'alpah'.*Did you mean 'alpha'"),
        ({"spend": {"p": 6.0, "q": 4.0}}, "parameter 'gamma' of Gamma-Gamma is None"),
        ({"customers": 0}, "customers is 0; expected a whole number from 1"),
        ({"weeks": 10, "joining": 11}, "joining is 11; expected a whole number from 1 to 10"),
        ({"weeks": 10.5}, "weeks is 10.5"),
    ],
)
def test_what_cannot_be_is_refused(changes, words):
    with pytest.raises(ConfigError, match=words):
        made(**changes)


def test_heavy_buyers_and_certain_leavers_stay_within_the_log():
    log = made(parameters={"r": 50.0, "alpha": 0.5, "a": 1e-9, "b": 5.0}, customers=20, weeks=10, joining=2, spend=None)
    assert log["date"].max() <= pd.Timestamp(UNTIL) and len(log) > 10_000
    gone = made(parameters={"r": 50.0, "alpha": 0.5, "a": 1e6, "b": 1e-6}, customers=20, spend=None)
    assert len(gone) == 20  # MBG/NBD: everybody leaves after the first purchase
    once = made("bg_nbd", 20, parameters={"r": 50.0, "alpha": 0.5, "a": 1e6, "b": 1e-6}, spend=None)
    assert len(once) == 40  # BG/NBD: nobody before the first repeat purchase
