"""Learners, policy values and shrunk effects against simulations whose effect on every person is known, and small cases by hand."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from customerbase.campaigns.uplift import Options, People, effects, evaluate, groups, learners, needed, policy
from customerbase.errors import ConfigError

PLAIN = Options(repeats=1, draws=100, learners=("t_logit", "x_logit", "response", "random"))


def world(n, seed, differs, holdout=0.5):
    """People with four columns (one missing in part): the second decides the effect of contact, if effects differ, the first the base."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, 4))
    base = 1 / (1 + np.exp(1.5 - x[:, 0]))
    effect = np.where(x[:, 1] > 0, 0.25, -0.1) * (1 - base) if differs else 0.075 * np.ones(n)
    treated = (random.random(n) >= holdout).astype(float)
    outcome = (random.random(n) < np.clip(base + treated * effect, 0, 1)).astype(float)
    x[random.random(n) < 0.1, 2] = np.nan
    return People(x, np.zeros(4, dtype=bool), treated, outcome, 1 - holdout), effect


def test_a_planted_difference_is_found_and_named_proven():
    given, effect = world(4_000, 1, differs=True, holdout=0.3)
    found = evaluate(given, PLAIN)
    assert found.verdict == "proven" and found.chosen == "t_logit"
    table = found.table
    assert table.loc["t_logit", "qini_low"] > 0 and table.loc["x_logit", "against_low"] > 0
    assert table.loc["random", "qini_low"] < 0 < table.loc["random", "qini_high"]
    assert table.loc["t_logit", "qini"] > table.loc["response", "qini"] + 0.05
    ranks = found.scores[0].ranks
    assert np.corrcoef(ranks["x_logit"], effect)[0, 1] > 0.7
    line = found.curves[found.curves["learner"] == "t_logit"]
    assert line["value"].iloc[-1] == pytest.approx(
        given.outcome[given.treated == 1].mean() - given.outcome[given.treated == 0].mean()
    )
    assert (line["random"] == line["share"] * line["value"].iloc[-1]).all()


def test_trees_find_what_lines_cannot():
    random = np.random.default_rng(4)
    x = random.normal(size=(4_000, 2))
    treated = (random.random(4_000) < 0.5).astype(float)
    moved = (x[:, 0] > 0) == (x[:, 1] > 0)
    outcome = (random.random(4_000) < 0.2 + treated * np.where(moved, 0.3, -0.1)).astype(float)
    given = People(x, np.zeros(2, dtype=bool), treated, outcome, 0.5)
    found = evaluate(given, Options(repeats=1, draws=100, learners=("t_logit", "x_boosting", "response")))
    assert found.chosen == "x_boosting" and found.verdict == "proven"


def test_where_effects_are_alike_few_are_called_proven_and_scores_know_nothing_of_their_own_people():
    """With thirty columns of noise a model that had seen a person would rank them by what they did."""
    proven, qini, options = 0, [], Options(repeats=1, draws=60, learners=("t_logit", "response"))
    for seed in range(10):
        given, _ = world(400, seed, differs=False)
        noise = np.random.default_rng([seed, 1]).normal(size=(400, 30))
        found = evaluate(replace(given, x=np.hstack([given.x, noise]), log=np.zeros(34, dtype=bool)), options)
        proven += found.verdict == "proven"
        qini.append(found.table.loc["t_logit", "qini"])
    assert proven <= 2  # more: once in 90 at a level of 0.05
    assert abs(np.mean(qini)) < 3 * np.std(qini) / np.sqrt(10)


def test_the_same_seed_gives_the_same_scores():
    given, _ = world(400, 2, differs=True)
    one, two = (evaluate(given, PLAIN) for _ in range(2))
    pd.testing.assert_frame_equal(one.table, two.table)
    assert (evaluate(given, replace(PLAIN, seed=1)).table["qini"] != one.table["qini"]).any()


def test_what_cannot_be_asked_for_is_refused_with_the_near_miss():
    given, _ = world(100, 2, differs=True)
    with pytest.raises(ConfigError, match="'t_logit'"):
        evaluate(given, Options(learners=("t_logti",)))
    with pytest.raises(ConfigError, match="repeats is 0"):
        Options(repeats=0)


def test_ridge_is_least_squares_where_the_penalty_vanishes():
    random = np.random.default_rng(0)
    z = random.normal(size=(50, 3))
    target = 2 + z @ [1.0, -3.0, 0.5] + random.normal(size=50)
    slopes, level = learners.ridge(z, target, 1e-9)
    whole = np.linalg.lstsq(np.column_stack([np.ones(50), z]), target, rcond=None)[0]
    assert [level, *slopes] == pytest.approx(list(whole))
    assert np.abs(learners.ridge(z, target, 1e9)[0]).max() < 1e-6


def test_policy_value_of_a_case_counted_by_hand():
    outcome, treated = [1, 0, 1, 0], [1, 1, 0, 0]
    assert policy.weighted(outcome, treated, 0.5).tolist() == [2, 0, -2, 0]
    # models that expect 0.6 with contact, 0.2 without: 0.4 + (1 − 0.6) / 0.5, 0.4 − 0.6 / 0.5, 0.4 − (1 − 0.2) / 0.5, 0.4 + 0.2 / 0.5
    each = policy.doubly_robust(outcome, treated, 0.5, [0.6] * 4, [0.2] * 4)
    assert each.tolist() == pytest.approx([1.2, -0.8, -1.2, 0.8])
    told = policy.mean([1.0, 2.0, 3.0, 4.0])
    assert (told.value, told.high - told.value) == pytest.approx((2.5, 1.959964 * np.sqrt(5 / 3) / 2))
    assert policy.chosen([np.array([1, 2, 3, 4]), np.array([4, 3, 2, 1])], 0.5).tolist() == [0.5, 0.5, 0.5, 0.5]
    assert policy.chosen([np.array([1, 2, 2, 2])], 0.5).tolist() == pytest.approx([0, 2 / 3, 2 / 3, 2 / 3])


def test_policy_values_hold_the_truth_and_models_only_narrow_them():
    held, widths = {"plain": 0, "robust": 0}, {"plain": [], "robust": []}
    for seed in range(60):
        given, effect = world(800, seed, differs=True, holdout=0.3)
        random = np.random.default_rng(seed)
        rule = random.random(800) < 0.3
        base = 1 / (1 + np.exp(1.5 - given.x[:, 0]))
        estimates = {
            "plain": policy.by_means(given.outcome, given.treated, 0.7),
            "robust": policy.doubly_robust(given.outcome, given.treated, 0.7, np.clip(base + effect, 0, 1), base),
        }
        for name, each in estimates.items():
            told = policy.mean(rule * each)
            held[name] += told.low <= (rule * effect).mean() <= told.high
            widths[name].append(told.high - told.low)
    assert min(held.values()) >= 51 and np.mean(widths["robust"]) < 0.97 * np.mean(widths["plain"])


def test_needed_people_against_the_power_of_simulated_campaigns():
    """Halves whose effects are 0.06 and 0.18 around a base of 0.3: four times what the effect itself needs."""
    n = needed(0.5, 0.36, 0.12)
    assert n == pytest.approx(4 * (1.959964 + 0.841621) ** 2 * 0.36 * 0.64 / (0.25 * 0.0144), rel=1e-5)
    random, found, quarter = np.random.default_rng(0), 0, int(n / 4)
    for _ in range(2_000):
        shares = random.binomial(quarter, [0.3, 0.36, 0.3, 0.48]) / quarter
        error = np.sqrt((shares * (1 - shares)).sum() / quarter)
        found += abs((shares[3] - shares[2]) - (shares[1] - shares[0])) / error > 1.959964
    assert found / 2_000 == pytest.approx(0.8, abs=0.03)
    assert needed(0.5, 0.3, 0.0) == float("inf")


def test_variance_between_groups_and_shrinkage_against_the_equations():
    effect, error = np.array([0.10, 0.02, -0.04, 0.06, 0.30]), np.array([0.03, 0.05, 0.08, 0.02, 0.10])
    tau2 = groups.between(effect, error)
    w = 1 / (error**2 + tau2)
    assert (w * (effect - (w @ effect) / w.sum()) ** 2).sum() == pytest.approx(4)  # Paule-Mandel's equation
    assert groups.between([0.1, 0.1, 0.1], [0.05] * 3) == 0
    told = groups.shrunk(effect, error)
    common = (w @ effect) / w.sum()
    assert (np.abs(told["shrunk"] - common) <= np.abs(effect - common) + 1e-12).all()
    assert np.argsort(told["weight"]).tolist() == np.argsort(-error).tolist()
    assert groups.shrunk([0.1, 0.3], [0.1, 0.1])["shrunk"].tolist() == [0.1, 0.3]


def test_shrunk_effects_are_nearer_to_the_truth_and_their_intervals_hold_it():
    random, nearer, held = np.random.default_rng(7), [], []
    for _ in range(150):
        truth = random.normal(0.05, 0.03, 8)
        error = random.uniform(0.02, 0.08, 8)
        seen = truth + random.normal(0, error)
        told = groups.shrunk(seen, error)
        nearer.append(((seen - truth) ** 2).mean() - ((told["shrunk"] - truth) ** 2).mean())
        held.append(((told["low"] <= truth) & (truth <= told["high"])).mean())
    assert np.mean(nearer) > 3 * np.std(nearer) / np.sqrt(150)
    assert 0.92 < np.mean(held) < 0.99


def test_groups_of_a_few_are_brought_together_and_rare_responses_are_not_called_an_effect():
    names = np.array(["a"] * 400 + ["b"] * 380 + ["c"] * 15 + ["d"] * 15)
    treated = np.tile([1.0, 0.0], 405)
    outcome = np.zeros(810)
    outcome[[0, 2, 4]] = 1  # three of 200 of the treated, nobody of the others
    told = effects.by_group(pd.DataFrame({"segment": names}), treated, outcome)
    assert told["people"].sum() == 810 and "c" not in set(told["group_value"])
    assert (told["verdict"] == "not_proven").all()
    assert effects.difference(np.array([0, 3]), np.array([200, 200])) == pytest.approx(
        (3 / 202, np.sqrt(1 * 201 + 4 * 198) / 202**1.5)
    )


def test_the_fifths_that_are_harmed_are_named():
    random = np.random.default_rng(3)
    ranks, treated = random.random(5_000), np.tile([1.0, 0.0], 2_500)
    outcome = (random.random(5_000) < 0.3 + treated * np.where(ranks < 0.2, -0.2, 0.1)).astype(float)
    told = effects.bands(ranks, treated, outcome)
    assert told["verdict"].tolist() == ["helped"] * 4 + ["harmed"]
    assert told["people"].tolist() == [1_000] * 5 and told["effect"].iloc[4] == pytest.approx(-0.2, abs=0.08)
