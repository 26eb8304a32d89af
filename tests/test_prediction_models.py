"""The rungs of the ladder: against scikit-learn and plain formulas, and on columns that say nothing."""

import numpy as np
import pytest
from scipy.special import expit
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from customerbase.prediction import design, metrics
from customerbase.prediction.models import (
    BOOSTING,
    LADDER,
    MEAN,
    RFM,
    RHYTHM,
    RULE,
    TREES,
    WIDE,
    Boosting,
    Logit,
    Silence,
    fit_ladder,
    usable,
)  # fmt: skip

NAMES = design.names()
PLACE = {name: place for place, name in enumerate(NAMES)}


def made(n: int = 3000, seed: int = 0, gaps: float = 0.2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Six columns that tell, one with gaps that tell too, one constant, all others never defined."""
    rng = np.random.default_rng(seed)
    x = np.full((n, len(NAMES)), np.nan)
    for name in RFM:
        x[:, PLACE[name]] = np.round(rng.lognormal(3, 1, n))
    x[:, PLACE["silence_ratio"]] = np.where(rng.random(n) < gaps, np.nan, rng.exponential(2, n))
    x[:, PLACE["gap_trend"]] = rng.normal(size=n)
    x[:, PLACE["is_overdue"]] = rng.random(n) < 0.3
    x[:, PLACE["bought_once"]] = 1.0
    x[:, PLACE["expected_purchases"]] = rng.exponential(1, n)
    silence = x[:, PLACE["silence_ratio"]]
    score = np.log1p(x[:, PLACE[RFM[0]]]) - 3 + np.where(np.isnan(silence), 1.5, 0.4 * np.nan_to_num(silence) - 1)
    y = (rng.random(n) < expit(score + 0.8 * x[:, PLACE["is_overdue"]])).astype(float)
    return x, y, rng.uniform(0.2, 2, n)


@pytest.fixture(scope="module")
def fitted():
    x, y, w = made()
    return x, y, w, fit_ladder(x, y, w, leaving=True)


# --- logit ---------------------------------------------------------------------------------------------------------------


def test_the_logit_is_that_of_scikit_learn_on_the_matrix_written_out(fitted):
    x, y, w, models = fitted
    columns = [*RFM, "silence_ratio", "gap_trend", "is_overdue", "expected_purchases"]
    z = np.empty((len(x), len(columns) + 1))
    for k, name in enumerate(columns):
        values = x[:, PLACE[name]]
        z[:, k] = np.sign(values) * np.log1p(np.abs(values)) if design.logarithmic()[PLACE[name]] else values
    gaps = np.isnan(z[:, 3])
    z[gaps, 3] = np.median(z[~gaps, 3])
    z[:, -1] = gaps
    w = w / w.mean()
    centre = np.average(z, axis=0, weights=w)
    z = (z - centre) / np.sqrt(np.average((z - centre) ** 2, axis=0, weights=w))
    peer = LogisticRegression(C=0.003, max_iter=1000, tol=1e-8).fit(z, y, sample_weight=w)
    assert models[WIDE].log_odds(x) == pytest.approx(peer.decision_function(z), abs=2e-3)


def test_contributions_add_up_to_the_log_odds_and_a_gap_counts_with_its_column(fitted):
    x, _, _, models = fitted
    for rung in (RULE, WIDE):
        parts = models[rung].contributions(x)
        assert parts.shape == x.shape
        assert parts.sum(axis=1) + models[rung].intercept == pytest.approx(models[rung].log_odds(x), abs=1e-12)
        assert not parts[:, PLACE["bought_once"]].any() and not parts[:, PLACE["points_balance"]].any()
    gaps = np.isnan(x[:, PLACE["silence_ratio"]])
    parts = models[WIDE].contributions(x)[:, PLACE["silence_ratio"]]
    assert np.ptp(parts[gaps]) == 0 and parts[gaps][0] > 0.5  # who has no rhythm leaves, as made
    told = [name for name in NAMES if models[RULE].contributions(x)[:, PLACE[name]].any()]
    assert sorted(told) == sorted(RFM)


def test_a_value_beyond_those_of_the_fit_is_the_nearest_of_them(fitted):
    x, _, _, models = fitted
    wide = models[WIDE]
    here, place = x[:1].copy(), PLACE["gap_trend"]
    here[0, place] = x[:, place].max()
    most = wide.log_odds(here)
    here[0, place] = 1e9
    assert wide.log_odds(here) == most
    here[0, PLACE["points_balance"]] = 5.0  # a source that came after the fit
    assert wide.log_odds(here) == most


def test_a_rule_without_a_usable_column_is_the_base_rate():
    x, y, _ = made()
    for name in RFM:
        x[:, PLACE[name]] = 4.0
    models = fit_ladder(x, y, np.ones(len(y)), leaving=True)
    odds = (y.sum() + 1) / (len(y) - y.sum() + 1)
    assert models[RULE].log_odds(x) == pytest.approx(np.log(odds))
    assert not models[RULE].contributions(x).any()
    assert metrics.auc(y, models[MEAN].log_odds(x)) > 0.6


# --- trees ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(4))
def test_our_scores_of_the_trees_are_the_librarys_to_the_last_bit(seed):
    x, y, w = made(2500, seed, gaps=(0.0, 0.2, 0.6, 0.02)[seed])
    model = Boosting.fit(x, y, w)
    assert model.forest is not None
    new = made(20_000, seed + 10, gaps=0.3)[0]  # more than a block, gaps where the fit had none
    new[::7] = np.nan
    new[1::7] *= 50
    new[2::7] *= -1
    new[3::7, PLACE["gap_trend"]] = np.inf
    assert np.array_equal(model.log_odds(new), model.trees.decision_function(model.classes(new)))


def test_should_the_librarys_trees_ever_look_otherwise_its_own_scoring_serves(monkeypatch):
    x, y, w = made(800)
    monkeypatch.setattr("customerbase.prediction.trees.Forest.log_odds", lambda forest, x: np.zeros(len(x)))
    model = Boosting.fit(x, y, w)
    assert model.forest is None
    assert np.array_equal(model.log_odds(x), model.trees.decision_function(model.classes(x)))


def test_classes_of_a_column_cost_no_quality():
    x, y, w = made(4000)
    train, test = slice(0, 3000), slice(3000, None)
    columns = usable(x)
    peer = HistGradientBoostingClassifier(**TREES).fit(x[train][:, columns], y[train], sample_weight=w[train])
    ours = Boosting.fit(x[train], y[train], w[train])
    found, known = ours.log_odds(x[test]), peer.decision_function(x[test][:, columns])
    assert np.corrcoef(found, known)[0, 1] > 0.98
    assert metrics.auc(y[test], found) == pytest.approx(metrics.auc(y[test], known), abs=0.01)


def test_classes_are_as_counted():
    x, y, w = made(500)
    model = Boosting.fit(x, y, w)
    found = model.classes(x)
    for k, place in enumerate(model.columns):
        values, ends = x[:, place], model.edges[k]
        assert len(ends) < 100
        for row in range(0, 500, 37):
            expected = np.nan if np.isnan(values[row]) else float((ends < values[row]).sum())
            assert found[row, k] == pytest.approx(expected, nan_ok=True)


# --- ladder --------------------------------------------------------------------------------------------------------------


def test_the_ladder_in_its_order_and_what_each_rung_is(fitted):
    x, _, _, models = fitted
    assert tuple(models) == LADDER
    assert np.array_equal(models[MEAN].log_odds(x), (models[WIDE].log_odds(x) + models[BOOSTING].log_odds(x)) / 2)
    expected = x[:, PLACE[design.EXPECTED]]
    assert expit(models[RHYTHM].log_odds(x)) == pytest.approx(np.exp(-np.maximum(expected, 1e-9)))
    assert expit(Silence(leaving=False).log_odds(x)) == pytest.approx(-np.expm1(-np.maximum(expected, 1e-9)))


def test_weights_count_like_rows():
    x, y, _ = made(600)
    times = np.random.default_rng(1).integers(1, 4, 600)
    x[:, PLACE["silence_ratio"]] = 1.0  # medians of fills count rows, not weights
    told = Logit.fit(x, y, times.astype(float), c=0.1)
    again = np.repeat(np.arange(600), times)
    repeated = Logit.fit(x[again], y[again], np.ones(len(again)), c=0.1)
    assert told.log_odds(x) == pytest.approx(repeated.log_odds(x), abs=1e-3)


@pytest.mark.parametrize("what", ["one class", "constant", "nothing known"])
def test_without_anything_to_learn_only_the_rhythm_is_left(what):
    x, y, w = made(300)
    if what == "one class":
        y[:] = 1
    else:
        x[:] = np.nan if what == "nothing known" else 2.0
    assert list(fit_ladder(x, y, w, leaving=True)) == [RHYTHM]


def test_infinite_values_and_huge_ones_do_not_spoil_a_fit():
    x, y, w = made(800)
    x[::9, PLACE["spend_365"]] = 1e15
    x[1::9, PLACE["gap_trend"]] = -1e12
    for model in fit_ladder(x, y, w, leaving=True).values():
        assert np.isfinite(model.log_odds(x)).all()


def test_a_batch_of_any_size_gives_the_same_bits(fitted):
    x, _, _, models = fitted
    for rung, model in models.items():
        whole = model.log_odds(x)
        for size, rows in ((1, 60), (7, 700), (1000, 3000)):
            parts = [model.log_odds(x[start : start + size]) for start in range(0, rows, size)]
            assert np.array_equal(np.concatenate(parts), whole[:rows]), rung
        assert np.array_equal(model.log_odds(np.asfortranarray(x)), whole), rung
