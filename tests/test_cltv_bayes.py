"""The posterior by PyMC-Marketing's likelihood holds our maximum likelihood, and is as wide as our draws."""

import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from customerbase.cltv.bayes import posterior
from customerbase.errors import ConfigError, RunError

HOW = "PyMC-Marketing is not installed: make extras"
installed = pytest.mark.skipif(importlib.util.find_spec("pymc_marketing") is None, reason=HOW)


def simulated(n: int, params: tuple, leave_at_first: bool = False) -> dict[str, np.ndarray]:
    """Customers one by one: buy at a rate of their own, after each purchase leave with a chance of their own."""
    rng = np.random.default_rng(2005)
    r, alpha, a, b = params
    rows = []
    for _ in range(n):
        rate, leave, T = rng.gamma(r) / alpha, rng.beta(a, b), float(rng.integers(20, 79))
        x, last, now = 0, 0.0, rng.exponential() / rate
        here = not (leave_at_first and rng.random() < leave)
        while here and now <= T:
            x, last = x + 1, now
            here = rng.random() >= leave
            now += rng.exponential() / rate
        rows.append((x, last, T))
    return dict(zip(("frequency", "recency", "T"), np.array(rows).T, strict=True))


def pareto_simulated(n: int, params: tuple) -> dict[str, np.ndarray]:
    """Customers who buy at a rate of their own until a moment that comes at another rate of their own."""
    rng = np.random.default_rng(1987)
    r, alpha, s, beta = params
    T = rng.integers(20, 79, n).astype(float)
    until = np.minimum(T, rng.exponential(size=n) / (rng.gamma(s, size=n) / beta))
    x = rng.poisson(rng.gamma(r, size=n) / alpha * until)
    last = np.where(x > 0, until * rng.beta(np.maximum(x, 1), 1), 0.0)
    return {"frequency": x.astype(float), "recency": last, "T": T}


def check(found) -> None:
    """Inside, mixed, and standard deviations of the logs within 40 % of those of our draws."""
    assert found.mixed, found
    assert found.agrees, found
    ours, theirs = (np.log(one).std(axis=0) for one in (found.model.draws(), found.samples))
    assert np.all(np.abs(theirs / ours - 1) < 0.4), (ours, theirs)
    assert (found.table["ess"] > 50).all()
    assert ((found.table["low"] < found.table["mean"]) & (found.table["mean"] < found.table["high"])).all()


@installed
@pytest.mark.parametrize(("family", "params"), [("bg_nbd", (0.8, 6.0, 0.9, 2.5)), ("mbg_nbd", (1.2, 6.0, 0.9, 2.5))])
def test_the_posterior_holds_the_maximum_likelihood(family, params):
    data = simulated(500, params, leave_at_first=family == "mbg_nbd")
    found = posterior(data, family, draws=400, tune=400, chains=2)
    check(found)
    assert found.sampler == "NUTS" and found.samples.shape == (800, 4)
    truth = np.array(params)
    sd, mean = found.table["sd"].to_numpy(), found.table["mean"].to_numpy()
    assert np.all(np.abs(mean - truth) < 4 * sd)
    assert "inside the 95 % intervals" in repr(found) and "NOT" not in repr(found)


@installed
def test_distinct_histories_count_as_often_as_they_occur():
    """The posterior of everybody twice is narrower by the square root of 2; rows alone would leave it as it is."""
    data = simulated(300, (0.8, 6.0, 0.9, 2.5))
    twice = {name: np.concatenate([one, one]) for name, one in data.items()}
    settings = {"draws": 300, "tune": 300, "chains": 2}
    once, more = (np.log(posterior(one, "bg_nbd", **settings).samples).std(axis=0) for one in (data, twice))
    assert np.all((once / more)[:2] > 1.15)
    assert np.array_equal(*(posterior(data, "bg_nbd", draws=20, tune=20, chains=2, seed=3).samples for _ in range(2)))


@installed
def test_pareto_nbd_by_a_sampler_without_gradients():
    found = posterior(pareto_simulated(500, (0.9, 8.0, 1.0, 12.0)), "pareto_nbd", draws=500, tune=300, chains=2)
    assert found.sampler == "DEMetropolisZ"
    check(found)


def test_without_the_extra_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "arviz", None)
    with pytest.raises(RunError, match=r"make extras, or pip install 'customerbase\[bayes\]'"):
        posterior(simulated(5, (0.8, 6.0, 0.9, 2.5)))


def test_an_unknown_family_gets_the_near_miss():
    with pytest.raises(ConfigError, match="Did you mean 'mbg_nbd'"):
        posterior(simulated(5, (0.8, 6.0, 0.9, 2.5)), "mgb_nbd")


def test_the_package_needs_nothing_of_it():
    """Lifetime value, and this module, load without PyMC, its compilers and its plots."""
    heavy = "{'arviz', 'lifetimes', 'numba', 'pymc', 'pymc_marketing', 'pytensor', 'xarray', 'matplotlib'}"
    code = f"import sys, customerbase.cltv, customerbase.cltv.bayes; print(sorted({heavy} & sys.modules.keys()))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
