"""The models of repeat buying against textbook formulas typed here, brute-force integration, and customers simulated one by one."""

import numpy as np
import pytest
from cltv_logs import CDNOW, at, summary_of
from scipy.optimize import minimize
from scipy.special import betaln, gammaln, hyp2f1

from customerbase import cltv
from customerbase.cltv.counts import Counts, of
from customerbase.cltv.gammagamma import Distinct, Spends

FAMILIES = dict(cltv.FAMILIES)


def histories(rng: np.random.Generator, size: int = 60) -> Counts:
    """Distinct histories of every kind: nobody's second purchase, a purchase today, a first purchase today."""
    x = rng.poisson(3, size) * (rng.random(size) < 0.7)
    T = np.round(rng.uniform(1, 104, size) * 7) / 7
    t_x = np.where(x > 0, np.maximum(np.round(T * rng.random(size) * 7), 1) / 7, 0.0)
    x[:2], t_x[:2], T[0] = 0, 0, 0
    t_x[2:4], x[2:4] = T[2:4], [1, 40]
    return of(x, t_x, T, rng.integers(1, 5, size))


def some(rng: np.random.Generator, family: str) -> dict:
    """Parameters within a factor of 8 of those of CDNOW."""
    return {name: value * 8 ** rng.uniform(-1, 1) for name, value in CDNOW[family].items()}


# --- likelihoods and gradients --------------------------------------------------------------------------------------


def nbd(x, t_x, T, r, alpha):
    return gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + T)


def bg_nbd(x, t_x, T, r, alpha, a, b):
    """Fader, Hardie & Lee (2005), equation 6."""
    first = betaln(a, b + x) - betaln(a, b) - (r + x) * np.log(alpha + T)
    second = betaln(a + 1, np.where(x > 0, b + x - 1, 1)) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    second = np.where(x > 0, second, -np.inf)
    return gammaln(r + x) - gammaln(r) + r * np.log(alpha) + np.logaddexp(first, second)


def mbg_nbd(x, t_x, T, r, alpha, a, b):
    """Batislam et al. (2007): B(a, b + x + 1) for staying, B(a + 1, b + x) for leaving after purchase x, from 0 on."""
    first = betaln(a, b + x + 1) - betaln(a, b) - (r + x) * np.log(alpha + T)
    second = betaln(a + 1, b + x) - betaln(a, b) - (r + x) * np.log(alpha + t_x)
    return gammaln(r + x) - gammaln(r) + r * np.log(alpha) + np.logaddexp(first, second)


def pareto_nbd(x, t_x, T, r, alpha, s, beta):
    """Fader & Hardie (2005), a note on deriving the Pareto/NBD, equations 17 to 20."""
    n = r + s + x

    def part(t):
        if alpha >= beta:
            return hyp2f1(n, s + 1, n + 1, (alpha - beta) / (alpha + t)) / (alpha + t) ** n
        return hyp2f1(n, r + x, n + 1, (beta - alpha) / (beta + t)) / (beta + t) ** n

    stay = 1 / ((alpha + T) ** (r + x) * (beta + T) ** s)
    front = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    return front + np.log(stay + s / n * (part(t_x) - part(T)))


TEXTBOOK = {"nbd": nbd, "bg_nbd": bg_nbd, "mbg_nbd": mbg_nbd, "pareto_nbd": pareto_nbd}


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("seed", range(4))
def test_likelihood_is_the_textbook_one_and_its_gradient_its_slope(family, seed):
    rng = np.random.default_rng(seed)
    counts, params = histories(rng), some(rng, family)
    if family == "pareto_nbd" and seed == 0:
        params["beta"] = params["alpha"]
    model = at(FAMILIES[family], **params)
    each = TEXTBOOK[family](counts.x, counts.t_x, counts.T, *params.values())
    assert model.log_likelihoods(counts) == pytest.approx(each, rel=1e-9, abs=1e-9)
    theta, target = np.log(model.values), model._target(counts)
    value, gradient = target(theta)
    assert value == pytest.approx((counts.n * each).sum(), rel=1e-10)
    for place in range(len(theta)):
        aside = np.zeros(len(theta))
        aside[place] = 1e-5
        slope = (target(theta + aside)[0] - target(theta - aside)[0]) / 2e-5
        assert gradient[place] == pytest.approx(slope, rel=2e-6, abs=1e-4), (family, place)


def test_gamma_gamma_likelihood_and_gradient():
    rng = np.random.default_rng(5)
    x, mean = rng.integers(1, 30, 40).astype(float), rng.gamma(3, 12, 40)
    p, q, gamma = 4.1, 2.6, 17.0
    each = (  # Fader & Hardie (2013), equation 1a, as a density of the mean
        gammaln(p * x + q) - gammaln(p * x) - gammaln(q) + q * np.log(gamma)
        + (p * x - 1) * np.log(mean) + p * x * np.log(x) - (p * x + q) * np.log(gamma + x * mean)
    )  # fmt: skip
    target = cltv.GammaGamma()._target(Spends(x, mean, 1.0, Distinct.of(x)))
    theta = np.log([p, q, gamma])
    assert target(theta)[0] == pytest.approx(each.sum(), rel=1e-12)
    slopes = [(target(theta + h)[0] - target(theta - h)[0]) / 2e-5 for h in np.eye(3) * 1e-5]
    assert target(theta)[1] == pytest.approx(slopes, rel=1e-6)
    own = minimize(lambda t: -target(t)[0], theta, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-9})
    assert cltv.GammaGamma().fit(x, mean).log_likelihood_ == pytest.approx(-own.fun, abs=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_maximum_is_that_of_an_independent_optimiser(family):
    """Customers of the textbook, its formula and Nelder-Mead: no gradient, no compression, nothing of the package."""
    data = summary_of(np.random.default_rng(7), family, CDNOW[family], np.linspace(20, 60, 800))
    columns = [data[name].to_numpy(dtype=float) for name in ("frequency", "recency", "T")]
    start = np.log(list(CDNOW[family].values()))
    exact = {"xatol": 1e-6, "fatol": 1e-8, "maxiter": 4000, "maxfev": 4000}
    own = minimize(
        lambda theta: -TEXTBOOK[family](*columns, *np.exp(theta)).sum(), start, method="Nelder-Mead", options=exact
    )
    model = FAMILIES[family]().fit(data)
    assert model.converged_
    assert model.log_likelihood_ == pytest.approx(-own.fun, abs=1e-5)
    assert np.log(model.values) == pytest.approx(own.x, abs=2e-3)


# --- expectations and chances ---------------------------------------------------------------------------------------


def test_conditional_expectation_of_bg_nbd_is_the_papers():
    """Fader, Hardie & Lee (2005), equation 10."""
    r, alpha, a, b = CDNOW["bg_nbd"].values()
    counts, t = histories(np.random.default_rng(3)), 39.0
    x, t_x, T = counts.x, counts.t_x, counts.T
    grown = ((alpha + T) / (alpha + T + t)) ** (r + x) * hyp2f1(r + x, b + x, a + b + x - 1, t / (alpha + T + t))
    odds = np.where(x > 0, a / (b + x - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x), 0)
    expected = (a + b + x - 1) / (a - 1) * (1 - grown) / (1 + odds)
    model = at(cltv.BetaGeometricNBD, **CDNOW["bg_nbd"])
    assert model.predict_purchases(t, counts) == pytest.approx(expected, rel=1e-9)
    assert model.probability_alive(counts) == pytest.approx(1 / (1 + odds), rel=1e-12)


def test_conditional_expectation_of_pareto_nbd_is_the_notes():
    """Fader & Hardie (2005), equation 41, and P(alive), equation 38 there, from the likelihood typed above."""
    r, alpha, s, beta = CDNOW["pareto_nbd"].values()
    counts, t = histories(np.random.default_rng(3)), 39.0
    x, T = counts.x, counts.T
    stay = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta)
    stay = stay - (r + x) * np.log(alpha + T) - s * np.log(beta + T)
    alive = np.exp(stay - pareto_nbd(x, counts.t_x, T, r, alpha, s, beta))
    ahead = (r + x) * (beta + T) / ((alpha + T) * (s - 1)) * (1 - ((beta + T) / (beta + T + t)) ** (s - 1))
    model = at(cltv.ParetoNBD, **CDNOW["pareto_nbd"])
    assert model.probability_alive(counts) == pytest.approx(alive, rel=1e-9)
    assert model.predict_purchases(t, counts) == pytest.approx(alive * ahead, rel=1e-9)
    assert model.expected_purchases(t) == pytest.approx(
        [r * beta / (alpha * (s - 1)) * (1 - (beta / (beta + t)) ** (s - 1))], rel=1e-11
    )


def chance_of(family: str, n: np.ndarray, t: float, r, alpha, a=None, b=None) -> np.ndarray:
    """P(X(t) = n) of a new customer; with leaving, Fader, Hardie & Lee (2005), equation 8."""
    logs = gammaln(r + n) - gammaln(r) - gammaln(n + 1) + r * np.log(alpha / (alpha + t)) + n * np.log(t / (alpha + t))
    poisson = np.exp(logs)
    if family == "nbd":
        return poisson
    fewer = np.concatenate([[0.0], np.cumsum(poisson)])[n]  # P(fewer than n by the NBD)
    left = np.where(n > 0, np.exp(betaln(a + 1, np.maximum(b + n - 1, 1e-9)) - betaln(a, b)) * (1 - fewer), 0)
    return np.exp(betaln(a, b + n) - betaln(a, b)) * poisson + left


@pytest.mark.parametrize("family", ["nbd", "bg_nbd"])
def test_simulated_outcomes_have_the_closed_forms_chances(family):
    n = np.arange(2000)
    chances = chance_of(family, n, 30.0, **CDNOW[family])
    assert chances.sum() == pytest.approx(1, abs=1e-9)
    if family == "bg_nbd":  # the vignette's P(X(30) = n) from n = 11 on
        assert chances[11:15] == pytest.approx([0.0019995, 0.0015170, 0.0011633, 0.00090031], rel=2e-4)
    model, size = at(FAMILIES[family], **CDNOW[family]), 200_000
    drawn = np.tile(model.values, (size, 1))
    made = model.simulate(np.random.default_rng(0), drawn, of([0], [0], [0]), 30.0)[0]
    seen = np.bincount(made.astype(int), minlength=2000)[:25] / size
    assert np.abs(seen - chances[:25]).max() < 5 * np.sqrt(0.25 / size)
    assert np.abs((seen - chances[:25]) / np.sqrt(chances[:25] / size)).max() < 4.5
    assert made.mean() == pytest.approx((n * chances).sum(), abs=5 * made.std() / size**0.5)


@pytest.mark.parametrize("family", FAMILIES)
def test_simulated_outcomes_have_the_expected_mean(family):
    counts = of([0, 1, 4, 12], [0, 3, 30, 38], [20, 39, 39, 39])
    model, size = at(FAMILIES[family], **CDNOW[family]), 60_000
    made = model.simulate(np.random.default_rng(1), np.tile(model.values, (size, 1)), counts, [10, 26, 52, 104])
    expected = [model.predict_purchases(t, counts)[i] for i, t in enumerate((10, 26, 52, 104))]
    assert (np.abs(made.mean(axis=1) - expected) < 4.5 * made.std(axis=1) / size**0.5).all()


def test_stress_rows_of_clvtools_have_a_chance():
    model = at(cltv.ParetoNBD, r=0.5143, alpha=2.8845, s=0.2856, beta=14.1087)
    rows = of([221, 254, 161, 204], [103.429, 97.143, 94.714, 98.571], [103.571, 97.286, 98, 99.429])
    alive = model.probability_alive(rows)
    assert ((alive > 0) & (alive < 1)).all()
    assert (np.isfinite(model.log_likelihoods(rows))).all()
    assert alive[2] < alive[3] < min(alive[0], alive[1])  # 3.3 weeks of silence, 0.9, 0.14: at two purchases a week
