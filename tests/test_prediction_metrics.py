"""Measures of scores against scikit-learn and by brute force: exact with ties and weights, NaN where nothing can be said."""

import warnings
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from customerbase.errors import InputError
from customerbase.intervals import wilson
from customerbase.prediction import metrics

ALL = (metrics.auc, metrics.average_precision, metrics.brier, metrics.log_loss, metrics.ece, metrics.lift)


@st.composite
def scored(draw, least: int = 2):
    """Outcomes, probabilities with many ties and weights (some 0), both outcomes with some weight."""
    n = draw(st.integers(least, 40))
    y = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    p = draw(st.lists(st.integers(0, 8).map(lambda k: k / 8), min_size=n, max_size=n))
    w = draw(st.lists(st.sampled_from([0.0, 0.3, 1.0, 2.0, 5.5]), min_size=n, max_size=n))
    y[0], y[1], w[0], w[1] = 0, 1, max(w[0], 0.3), max(w[1], 0.3)
    return np.array(y), np.array(p), np.array(w)


@given(scored())
@settings(max_examples=150, deadline=None)
def test_same_as_scikit_learn_with_ties_and_weights(case):
    y, p, w = case
    for weight in (None, w):
        assert metrics.auc(y, p, weight) == pytest.approx(sk.roc_auc_score(y, p, sample_weight=weight))
        ap = sk.average_precision_score(y, p, sample_weight=weight)
        assert metrics.average_precision(y, p, weight) == pytest.approx(ap)
        assert metrics.brier(y, p, weight) == pytest.approx(sk.brier_score_loss(y, p, sample_weight=weight))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loss = sk.log_loss(y, p, sample_weight=weight, labels=[0, 1])
        assert metrics.log_loss(y, p, weight) == pytest.approx(loss, abs=1e-9)


@given(scored(), st.data())
@settings(max_examples=60, deadline=None)
def test_a_weight_counts_like_so_many_rows(case, data):
    y, p, _ = case
    w = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(y), max_size=len(y))))
    long = np.repeat(np.arange(len(y)), w)
    for measure in ALL:
        assert measure(y, p, w) == pytest.approx(measure(y[long], p[long]), nan_ok=True)
    assert metrics.deciles(y, p, 5, w).equals(metrics.deciles(y[long], p[long], 5).astype({"n": float}))
    heavy, light = metrics.gains(y, p, p, w), metrics.gains(y[long], p[long], p[long])
    assert np.allclose(heavy, light, equal_nan=True)
    seen = 1 - y
    assert metrics.c_index(p, seen, y + p, w) == pytest.approx(
        metrics.c_index(p[long], seen[long], (y + p)[long]), nan_ok=True
    )


def concordance(time, observed, score, weight) -> float:
    """Harrell's C by looking at every pair."""
    known = right = 0.0
    for i, j in permutations(range(len(time)), 2):
        first = observed[i] and (time[i] < time[j] or (time[i] == time[j] and not observed[j]))
        if first:
            known += weight[i] * weight[j]
            right += weight[i] * weight[j] * (score[i] > score[j]) + weight[i] * weight[j] / 2 * (score[i] == score[j])
    return right / known if known else np.nan


@given(st.data())
@settings(max_examples=200, deadline=None)
def test_order_in_time_same_as_looking_at_every_pair(data):
    n = data.draw(st.integers(0, 24))

    def column(values):
        return np.array(data.draw(st.lists(values, min_size=n, max_size=n)), dtype=float)

    time, score = column(st.integers(0, 6)), column(st.integers(-3, 3))
    observed, weight = column(st.booleans()), column(st.sampled_from([0.0, 0.5, 1.0, 3.0]))
    assert metrics.c_index(time, observed, score) == pytest.approx(
        concordance(time, observed, score, np.ones(n)), nan_ok=True
    )
    assert metrics.c_index(time, observed, score, weight) == pytest.approx(
        concordance(time, observed, score, weight), nan_ok=True
    )


def test_order_in_time_of_many_without_censoring_is_kendalls_tau():
    from scipy.stats import kendalltau

    rng = np.random.default_rng(3)
    time = rng.exponential(size=5000)
    score = rng.normal(size=5000) - time
    tau = kendalltau(time, score).statistic
    assert metrics.c_index(time, np.ones(5000), score) == pytest.approx((1 - tau) / 2, abs=1e-12)


def test_lift_is_the_expectation_over_the_order_of_the_tied():
    y, p = np.array([1, 1, 0, 0, 1, 0]), np.array([0.9, 0.5, 0.5, 0.5, 0.5, 0.1])
    found = []
    for tied in permutations([1, 2, 3, 4]):
        top = [0, *tied][:3]
        found.append(y[top].mean() / y.mean())
    assert metrics.lift(y, p, share=0.5) == pytest.approx(np.mean(found))
    assert metrics.lift(y, p, share=1.0) == pytest.approx(1)
    assert metrics.lift([1] + [0] * 9, np.arange(10)[::-1]) == pytest.approx(10)


def test_bins_of_equal_count_and_their_calibration_error():
    rng = np.random.default_rng(1)
    p = rng.random(1000)
    y = (rng.random(1000) < p**2).astype(int)
    table = metrics.deciles(y, p)
    order = np.argsort(-p)
    chunks = np.split(order, 10)  # the same by hand: no two probabilities are equal
    assert table["n"].tolist() == [100] * 10 and table["bin"].tolist() == list(range(1, 11))
    assert table["predicted"].tolist() == pytest.approx([p[c].mean() for c in chunks])
    assert table["actual"].tolist() == pytest.approx([y[c].mean() for c in chunks])
    assert table["lift"].tolist() == pytest.approx([y[c].mean() / y.mean() for c in chunks])
    assert table["captured"].tolist() == pytest.approx(np.cumsum([y[c].sum() for c in chunks]) / y.sum())
    low, high = wilson([y[c].sum() for c in chunks], [100] * 10)
    assert np.allclose(table[["low", "high"]], np.c_[low, high])
    by_hand = np.mean([abs(p[c].mean() - y[c].mean()) for c in chunks])
    assert metrics.ece(y, p) == pytest.approx(by_hand)
    assert 0.12 < by_hand < 0.21  # E|p − p²| = 1/6


def test_equal_probabilities_stay_in_one_bin():
    table = metrics.deciles([0, 1, 1, 0, 1], [0.4] * 5)
    assert table[["n", "predicted", "actual"]].to_numpy().tolist() == [[5, pytest.approx(0.4), 0.6]]
    assert metrics.ece([0, 1, 1, 0, 1], [0.4] * 5) == pytest.approx(0.2)
    # seven in the middle and one on either side: the middle of the seven is the middle of all
    assert metrics.deciles([0] * 9, [0.9] + [0.5] * 7 + [0.1], bins=3)["n"].tolist() == [1, 7, 1]


def test_gains_run_from_nothing_to_all_between_chance_and_foresight():
    rng = np.random.default_rng(2)
    p, value = rng.random(300), rng.gamma(2, 50, 300)
    y = (rng.random(300) < p).astype(int)
    table = metrics.gains(y, p)
    assert table["share"].tolist() == pytest.approx(np.arange(101) / 100)
    assert table.iloc[0].tolist() == [0] * 4 and table.iloc[-1].tolist() == pytest.approx([1] * 4)
    assert (table["best"] >= table["captured"] - 1e-12).all() and table["captured"].is_monotonic_increasing
    assert table.loc[20, "captured"] == pytest.approx(y[np.argsort(-p)[:60]].sum() / y.sum())
    worth = metrics.gains(y, p, value)
    assert worth.loc[20, "captured"] == pytest.approx((y * value)[np.argsort(-p)[:60]].sum() / (y @ value))
    assert worth.loc[20, "best"] == pytest.approx(np.sort(y * value)[::-1][:60].sum() / (y @ value))
    flat = metrics.gains(y, np.zeros(300))
    assert flat["captured"].tolist() == pytest.approx(flat["random"].tolist())


def test_nothing_to_say_is_nan_and_no_exception():
    one_class = ([1, 1, 1], [0.2, 0.9, 0.4])
    assert np.isnan(metrics.auc(*one_class)) and metrics.average_precision(*one_class) == 1
    assert np.isnan(metrics.auc([0, 0], [0.2, 0.9])) and np.isnan(metrics.average_precision([0, 0], [0.2, 0.9]))
    assert np.isnan(metrics.lift([0, 0], [0.2, 0.9])) and metrics.gains([0, 0], [0.2, 0.9])["captured"].isna().all()
    for measure in ALL:
        assert np.isnan(measure([], [])) and np.isnan(measure([0, 1], [0.5, 0.6], [0, 0]))
    assert np.isnan(metrics.c_index([], [], [])) and np.isnan(metrics.c_index([3, 4], [0, 0], [1, 2]))
    assert np.isnan(metrics.c_index([3, 4], [1, 1], [1, 2], [0, 0]))
    assert len(metrics.deciles([], [])) == 0 and len(metrics.deciles([0, 1], [0.5, 0.6], 10, [0, 0])) == 0
    assert metrics.gains([], []).shape == (101, 4)


def test_a_score_that_is_the_same_for_all_is_no_better_than_chance():
    y = [0, 1, 1, 0, 1]
    assert metrics.auc(y, [3] * 5) == 0.5 and metrics.lift(y, [3] * 5) == pytest.approx(1)
    assert metrics.average_precision(y, [3] * 5) == pytest.approx(0.6)
    assert metrics.c_index([1, 2, 3, 4, 5], y, [3] * 5) == 0.5


def test_scores_without_end_have_a_place_in_the_order():
    assert metrics.auc([0, 1, 1], [-np.inf, 0.0, np.inf]) == 1


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: metrics.auc([0, 1], [0.1, np.nan]), r"score is missing in 1 rows \(first: row 1\)"),
        (lambda: metrics.auc([0, np.nan], [0.1, 0.2]), "actual is missing in 1 rows"),
        (lambda: metrics.auc([0, 2], [0.1, 0.2]), "actual is 2 in row 1; expected 0 or 1"),
        (lambda: metrics.auc([0, 1, 1], [0.1, 0.2]), r"score has the shape \(2,\); expected 3 values"),
        (lambda: metrics.auc([0, "yes"], [0.1, 0.2]), "actual holds something that is no number"),
        (lambda: metrics.brier([0, 1], [0.1, 1.2]), r"probability is 1\.2 in row 1; expected 0 to 1"),
        (lambda: metrics.ece([0, 1], [-0.1, 1.0]), r"probability is -0\.1 in row 0"),
        (lambda: metrics.ece([0, 1], [0.1, 1.0], bins=0), "bins is 0"),
        (lambda: metrics.lift([0, 1], [0.1, 1.0], share=10), "share is 10; expected more than 0 and at most 1"),
        (lambda: metrics.auc([0, 1], [0.1, 0.2], [1, -1]), "weight is -1 in a row"),
        (lambda: metrics.gains([0, 1], [0.1, 0.2], [1, np.inf]), "value is inf in a row"),
        (lambda: metrics.c_index([1, np.nan], [0, 1], [0.1, 0.2]), "time is missing"),
        (lambda: metrics.prepared("auk", [0, 1], [0.1, 0.2]), "measure is 'auk'.* Did you mean 'auc'"),
    ],
)
def test_undefined_inputs_are_refused_in_words(call, said):
    with pytest.raises(InputError, match=said):
        call()
