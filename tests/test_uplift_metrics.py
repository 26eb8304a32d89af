"""Qini and uplift curves against counting by hand, the published definition person by person, and simulations whose effects are known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.campaigns.uplift import metrics
from customerbase.campaigns.uplift.metrics import Ranking, stratified
from customerbase.errors import InputError

# six people, best first: treated yes, treated no, control no, treated yes, control yes, control no
HAND = {"score": [6, 5, 4, 3, 2, 1], "outcome": [1, 0, 0, 1, 1, 0], "treated": [1, 1, 0, 1, 0, 0]}


def test_a_case_counted_by_hand():
    sums = Ranking(**HAND).sums()
    # treated who responded less control who responded, brought to as many as the treated: 0 1 1 1 2, 2 − 1·3/2, 2 − 1·3/3
    assert sums.qini_curve()[0].tolist() == pytest.approx([0, 1, 1, 1, 2, 0.5, 1])
    # difference of shares times people: 1/1·1, 1/2·2, 1/2·3, 2/3·4, (2/3 − 1/2)·5, (2/3 − 1/3)·6
    assert sums.uplift_curve()[0].tolist() == pytest.approx([0, 1, 1, 1.5, 8 / 3, 5 / 6, 2])
    # under the curve 0.5 + 1 + 1 + 1.5 + 1.25 + 0.75 = 6, under the random line 6 · 1 / 2 = 3; the best order (yes, yes of
    # the treated; three who did not; yes of control) has 1, 2 … 2, 1: 0.5 + 1.5 + 2 + 2 + 2 + 1.5 = 9.5
    assert Ranking(**HAND).sums().qini()[0] == pytest.approx((6 - 3) / (9.5 - 3))
    assert Ranking(**HAND).sums().gain()[0] == pytest.approx(3 / (6 * 3))
    assert Ranking(**HAND).sums().uplift_at(0.5)[0] == pytest.approx(1 / 2 - 0)
    assert Ranking(**HAND).sums().uplift_at(1.0)[0] == pytest.approx(2 / 3 - 1 / 3)


def slow(score, outcome, treated):
    """The curves by their definition: for every threshold, count everybody at or above it."""
    levels = sorted(set(score), reverse=True)
    x, qini, uplift = [0.0], [0.0], [0.0]
    for level in levels:
        counts = {
            (arm, y): sum(s >= level and t == arm and o == y for s, o, t in zip(score, outcome, treated, strict=True))
            for arm in (0, 1)
            for y in (0, 1)
        }
        n = {arm: counts[arm, 0] + counts[arm, 1] for arm in (0, 1)}
        share = {arm: counts[arm, 1] / n[arm] if n[arm] else 0.0 for arm in (0, 1)}
        x.append(n[0] + n[1])
        qini.append(counts[1, 1] - share[0] * n[1])
        uplift.append((share[1] - share[0]) * (n[0] + n[1]))
    return x, qini, uplift


def area(x, y):
    return (
        sum((b - a) * (c + d) / 2 for a, b, c, d in zip(x[:-1], x[1:], y[:-1], y[1:], strict=True)) - x[-1] * y[-1] / 2
    )


def perfect(outcome, treated):
    """The published perfect scores (Qini: y·t − y·(1 − t); uplift: 2·(y = t), then whichever is commoner first)."""
    qini = [y * t - y * (1 - t) for y, t in zip(outcome, treated, strict=True)]
    lost, idle = (sum(y == kind and t == 1 - kind for y, t in zip(outcome, treated, strict=True)) for kind in (1, 0))
    return qini, [2 * (y == t) + (y if lost > idle else t) for y, t in zip(outcome, treated, strict=True)]


people = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 1), st.integers(0, 1)), min_size=2, max_size=25)


@settings(max_examples=150, deadline=None)
@given(people)
def test_curves_and_coefficients_are_those_of_the_definition(rows):
    score, outcome, treated = (list(column) for column in zip(*rows, strict=True))
    if not 0 < sum(treated) < len(treated):
        with pytest.raises(InputError, match="both arms"):
            Ranking(score, outcome, treated)
        return
    ranking, (x, qini, uplift) = Ranking(score, outcome, treated), slow(score, outcome, treated)
    sums = ranking.sums()
    assert sums.people[0].tolist() == x
    assert sums.qini_curve()[0].tolist() == pytest.approx(qini)
    assert sums.uplift_curve()[0].tolist() == pytest.approx(uplift)
    best_qini, best_uplift = (slow(one, outcome, treated) for one in perfect(outcome, treated))
    for measure, own, best in (
        ("qini", area(x, qini), area(best_qini[0], best_qini[1])),
        ("auuc", area(x, uplift), area(best_uplift[0], best_uplift[2])),
    ):
        found = getattr(sums, measure)()[0]
        assert found == pytest.approx(own / best, abs=1e-9) if abs(best) > 1e-9 else True


@settings(max_examples=60, deadline=None)
@given(people, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_scale_of_the_score_say_nothing(rows, random):
    mixed = random.sample(rows, len(rows))
    (a, b, c), (d, e, f) = zip(*rows, strict=True), zip(*mixed, strict=True)
    if 0 < sum(c) < len(c):
        one, other = Ranking(a, b, c), Ranking(np.exp(d), e, f)
        assert one.sums().qini()[0] == pytest.approx(other.sums().qini()[0], nan_ok=True)
        assert one.sums().qini_curve()[0].tolist() == pytest.approx(other.sums().qini_curve()[0].tolist())


def test_a_score_that_says_nothing_is_the_random_line_exactly():
    ranking = Ranking([7] * 6, HAND["outcome"], HAND["treated"])
    assert ranking.sums().qini()[0] == 0 and ranking.sums().auuc()[0] == 0
    assert ranking.sums().curve([0, 0.25, 1])[0].tolist() == pytest.approx([0, 0.25 / 3, 1 / 3])


def test_a_weight_of_two_is_a_person_twice():
    twice = np.array([1, 2, 1, 3, 0, 2])
    rows = {name: np.repeat(values, twice) for name, values in HAND.items()}
    one, other = Ranking(**HAND), Ranking(**rows)
    for measure in ("qini", "auuc", "gain"):
        assert getattr(one.sums(twice), measure)()[0] == pytest.approx(getattr(other.sums(), measure)()[0])


def world(n, seed):
    """People whose own effect is known: contact adds `effect` to a base chance."""
    random = np.random.default_rng(seed)
    base, effect = random.uniform(0.05, 0.3, n), random.choice([-0.05, 0.0, 0.1, 0.3], n)
    treated = (random.random(n) < 0.5).astype(float)
    return effect, base, (random.random(n) < base + treated * effect).astype(float), treated


def test_the_true_effects_rank_best_and_random_scores_gain_nothing_on_average():
    effect, base, outcome, treated = world(20_000, 3)
    noisy = effect + np.random.default_rng(1).normal(0, 0.2, len(effect))
    found = [Ranking(score, outcome, treated).sums().qini()[0] for score in (effect, noisy, base, -effect)]
    assert found[0] > found[1] > found[2] + 0.02 and found[3] == pytest.approx(-found[0], abs=0.01)
    random = np.random.default_rng(2)
    drawn = [Ranking(random.random(2_000), outcome[:2_000], treated[:2_000]).sums().qini()[0] for _ in range(300)]
    assert abs(np.mean(drawn)) < 3 * np.std(drawn) / np.sqrt(300)


def test_the_bootstrap_keeps_both_arms_and_holds_the_truth():
    effect, _, outcome, treated = world(200_000, 5)
    truth, held = Ranking(effect, outcome, treated).sums().qini()[0], 0
    for k in range(40):
        part = slice(k * 1_000, (k + 1) * 1_000)
        ranking = Ranking(effect[part], outcome[part], treated[part])
        drawn = []
        for w in stratified(treated[part], 80, k):
            assert (w @ treated[part] == treated[part].sum()).all() and (w.sum(axis=1) == 1_000).all()
            drawn.append(ranking.sums(w).qini())
        low, high = np.quantile(np.concatenate(drawn), [0.025, 0.975])
        held += low <= truth <= high
    assert held >= 34  # of 40: 38 expected, fewer than 34 once in 50 if the level were 0.93


def test_draws_are_the_same_for_the_same_seed_whatever_the_size_of_a_block(monkeypatch):
    treated = np.array([0, 1] * 50)
    whole = np.concatenate(list(stratified(treated, 7, 4)))
    monkeypatch.setattr(metrics, "_AT_ONCE", 250)
    assert (np.concatenate(list(stratified(treated, 7, 4))) == whole).all()


@pytest.mark.parametrize(("change", "words"), [
    ({"score": [np.nan] * 6}, "score is missing"), ({"outcome": [2] * 6}, "expected 0 or 1"), ({"treated": [1] * 6}, "both arms"),
])  # fmt: skip
def test_what_cannot_be_ranked_is_refused_in_words(change, words):
    with pytest.raises(InputError, match=words):
        Ranking(**HAND | change)
