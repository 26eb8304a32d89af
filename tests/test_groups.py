"""Groups of customers: known ones are found, a continuum is called one, indices are those of others, effects by hand."""

import numpy as np
import pandas as pd
import pytest
from group_bases import buyers, engine, kinds, planted
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau, mannwhitneyu
from sklearn.metrics import adjusted_rand_score, silhouette_score

from customerbase.errors import InputError
from customerbase.segments.clusters import agreement, behaviour, choice, continuum, effects, explaining, models
from customerbase.segments.clusters.behaviour import FEATURES, People

FEW = {"bootstraps": 8, "draws": 5}  # enough to see, not to measure


def people(columns: dict[str, np.ndarray]) -> People:
    values = np.column_stack([np.asarray(column, dtype=float) for column in columns.values()])
    return People(np.array([f"c{row}" for row in range(len(values))], dtype=object), tuple(columns), values)


def scaled(columns: dict[str, np.ndarray]) -> np.ndarray:
    found = people(columns)
    how, _ = behaviour.scale(found, list(columns))
    return how(found)


# --- indices --------------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=2, max_size=60))
def test_the_adjusted_rand_index_is_that_of_scikit_learn(pairs):
    one, other = (np.array(side) for side in zip(*pairs, strict=True))
    assert agreement.adjusted_rand(one, other) == pytest.approx(adjusted_rand_score(one, other), abs=1e-12)


def test_the_published_example_of_the_adjusted_rand_index():
    """Steinley (2004), Psychological Methods 9: the table 50 0 0 / 0 48 2 / 0 14 36 of iris by k-means gives 0.730."""
    cells = [(0, 0, 50), (1, 1, 48), (1, 2, 2), (2, 1, 14), (2, 2, 36)]
    one, other = (np.repeat([cell[side] for cell in cells], [cell[2] for cell in cells]) for side in (0, 1))
    assert agreement.adjusted_rand(one, other) == pytest.approx(0.730, abs=0.001)


def test_jaccard_by_hand():
    one, other = np.array([0, 0, 0, 1, 1, 1]), np.array([0, 0, 1, 1, 1, 1])
    assert agreement.jaccard(one, other, 2, 2) == pytest.approx(np.array([[2 / 3, 1 / 6], [0, 3 / 4]]))
    assert agreement.recovered(one, other, 2) == pytest.approx([2 / 3, 3 / 4])


@pytest.mark.parametrize("seed", range(3))
def test_the_silhouette_is_that_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    x, labels = rng.normal(size=(80, 3)), rng.integers(0, 4, 80)
    labels[0] = 4  # alone in a group
    found = choice.silhouette(choice.distances(x), labels)
    assert found == pytest.approx(silhouette_score(x, labels), abs=1e-12)


def test_one_group_has_no_silhouette():
    assert np.isnan(choice.silhouette(choice.distances(np.ones((5, 2))), np.zeros(5, dtype=int)))


def test_stability_is_the_mean_index_over_bootstrap_samples():
    x, _ = planted(1, 3, n=300)
    labels = models.fit("kmeans", x, 3, seed=0, starts=10).labels(x)
    aris, jaccard = choice.stability("kmeans", x, 3, labels, seed=5, bootstraps=4)
    rng, truth = np.random.default_rng([5, 3]), []
    for draw in range(4):
        rows = rng.integers(0, len(x), len(x))
        truth.append(adjusted_rand_score(labels, models.fit("kmeans", x[rows], 3, seed=6 + draw, starts=3).labels(x)))
    assert aris == pytest.approx(truth, abs=1e-12) and jaccard.shape == (3,)
    assert (jaccard > 0).all() and (jaccard <= 1).all()


# --- how many -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("k", [3, 4, 5, 6])
def test_planted_groups_are_found(k):
    right, agreed = 0, []
    for seed in range(3):
        x, truth = planted(seed, k)
        found = choice.choose(x, most=8, **FEW)
        right += found.clear and found.fitted.k == k
        agreed.append(adjusted_rand_score(truth, found.fitted.labels(x)))
    assert right >= 2 and np.median(agreed) > 0.9


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_continuum_of_buyers_is_called_one(seed):
    found = choice.choose(scaled(buyers(seed)), most=8, **FEW)
    assert not found.clear and found.reason == "division" and 3 <= found.fitted.k <= 6
    assert "clear" not in set(found.table["verdict"])


@pytest.mark.parametrize("seed", [1, 2])
def test_a_correlated_normal_cloud_is_a_continuum(seed):
    rng = np.random.default_rng(seed)
    assert not choice.choose(rng.normal(size=(800, 6)) @ rng.normal(size=(6, 6)) / 2.4, most=6, **FEW).clear


def test_customers_without_groups_keep_distributions_and_rank_correlations():
    x = scaled(buyers(4))
    [other] = continuum.continuum(x, 1, seed=1)
    for one, two in zip(x.T, other.T, strict=True):
        assert np.array_equal(np.sort(one), np.sort(two))
    tau = np.array([[kendalltau(a, b).statistic for b in x.T] for a in x.T])
    drawn = np.array([[kendalltau(a, b).statistic for b in other.T] for a in other.T])
    assert np.abs(tau - drawn).max() < 0.12 and np.abs(tau - drawn).mean() < 0.03


def test_same_rows_same_seed_same_bytes():
    x, _ = planted(2, 4, n=400)
    one, other = (choice.choose(x, most=6, seed=3, **FEW) for _ in range(2))
    pd.testing.assert_frame_equal(one.table, other.table, check_exact=True)
    assert one.fitted.centres.tobytes() == other.fitted.centres.tobytes()


def test_last_months_number_is_kept_unless_another_is_clearly_better():
    x, _ = planted(1, 4, n=500)
    assert choice.choose(x, most=6, before=("kmeans", 3), **FEW).reason == "changed_clear"
    assert choice.choose(x, most=6, before=("kmeans", 4), **FEW).reason == "clear"
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(500, 4))
    kept = choice.choose(cloud, most=6, before=("kmeans", 5), **FEW)
    assert (kept.reason, kept.fitted.k, kept.clear) == ("kept", 5, False)
    asked = choice.choose(cloud, most=6, number=2, **FEW)
    assert (asked.reason, asked.fitted.k) == ("asked", 2)
    assert choice.choose(cloud, most=6, before=("kmeans", 9), **FEW).fitted.k <= 6  # a number that cannot be tried


# --- assignment -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("algorithm", models.ALGORITHMS)
def test_memberships_by_plain_numpy(algorithm, monkeypatch):
    x, _ = planted(3, 4, n=300)
    fitted = models.fit(algorithm, x, 4, seed=0, starts=10)
    whole = fitted.memberships(x)
    monkeypatch.setattr(models, "BATCH", 37)
    for name, values in fitted.memberships(x).items():
        assert np.array_equal(values, whole[name], equal_nan=True), name  # whoever else is in the batch
    apart = np.linalg.norm(x[:, None] - fitted.centres[None], axis=2)
    if algorithm == "kmeans":
        assert np.array_equal(whole["group"], apart.argmin(axis=1))
        assert np.array_equal(whole["second"], apart.argsort(axis=1)[:, 1])
        assert np.isnan(whole["sure"]).all()
    else:
        from scipy.stats import norm

        density = np.stack(
            [
                np.exp(fitted.log_shares[g]) * norm.pdf(x, fitted.centres[g], np.sqrt(fitted.variances[g])).prod(axis=1)
                for g in range(4)
            ],
            axis=1,
        )
        chances = density / density.sum(axis=1, keepdims=True)
        assert whole["sure"] == pytest.approx(chances.max(axis=1), rel=1e-6)
    assert whole["distance"] == pytest.approx(apart[np.arange(300), whole["group"]])


# --- behaviour ------------------------------------------------------------------------------------------------------------


def test_the_scale_by_hand():
    values = np.arange(101.0)
    found = people({"online_share": values, "mean_order_365": np.expm1(values / 10)})
    how, notes = behaviour.scale(found, ["online_share"])
    made = how(found)[:, 0]
    assert notes == () and made[50] == 0
    assert made[75] == pytest.approx(
        25 / (50 / 1.3489795)
    )  # quartiles at 25 and 75 are half an interquartile range away
    assert made[100] == made[99] == pytest.approx(49 / (50 / 1.3489795))  # the tail is drawn in to the 99 % point
    how, _ = behaviour.scale(found, ["mean_order_365"])
    assert how(found)[:, 0] == pytest.approx(made, abs=1e-9)  # of money the logarithm


def test_what_cannot_be_used_is_left_out_and_said():
    rng = np.random.default_rng(1)
    days = rng.permutation(np.arange(1.0, 201))
    columns = {
        "purchase_days_365": days,
        "orders_365": days * 2,
        "online_share": np.full(200, 0.5),
        "open_rate_365": np.where(np.arange(200) < 120, np.nan, rng.random(200)),
        "median_gap": np.where(np.arange(200) < 60, np.nan, rng.random(200) * 99),
    }
    how, notes = behaviour.scale(people(columns), list(columns))
    assert how.names == ("purchase_days_365", "median_gap")
    assert [(note.code, note.values["feature"]) for note in notes] == [
        ("same", "orders_365"),
        ("constant", "online_share"),
        ("sparse", "open_rate_365"),
        ("missing", "median_gap"),
    ]
    assert (how(people(columns))[:60, 1] == 0).all()  # what is not defined is the median
    for note in notes:
        assert all(note.text(language) for language in ("ja", "en"))


def test_a_feature_nobody_knows_is_refused_with_its_near_miss():
    with pytest.raises(InputError, match="purchase_days_365"):
        behaviour.people(engine(buyers(1, 50)), ["purchase_day_365"])


def test_kinds_of_customers_are_found_through_skew_spikes_and_counts():
    columns, truth = kinds(1, {"web": 250, "shop": 400, "bargain": 150})
    x = scaled(columns)
    found = choice.choose(x, most=7, **FEW)
    assert found.clear and found.fitted.k == 3
    assert adjusted_rand_score(truth, found.fitted.labels(x)) > 0.95


# --- effects and rules ----------------------------------------------------------------------------------------------------


@settings(deadline=None, max_examples=50)
@given(st.lists(st.integers(0, 6), min_size=2, max_size=30), st.lists(st.integers(0, 6), min_size=2, max_size=30))
def test_cliffs_delta_counts_all_pairs(inside, outside):
    a, b = np.array(inside, dtype=float), np.array(outside, dtype=float)
    truth = float(np.sign(a[:, None] - b[None, :]).mean())
    found = effects.cliff(np.append(a, np.nan), b)
    assert found.delta == pytest.approx(truth, abs=1e-12) and (found.inside, found.outside) == (len(a), len(b))
    assert found.delta == pytest.approx(2 * mannwhitneyu(a, b).statistic / len(a) / len(b) - 1, abs=1e-12)
    assert -1 <= found.low <= found.delta + 1e-12 and found.delta - 1e-12 <= found.high <= 1


def test_the_interval_of_cliffs_delta_holds_the_truth_as_often_as_it_says():
    rng = np.random.default_rng(0)
    truth, held = 0.5205, 0  # two normal distributions one standard deviation apart: 2 Phi(1/sqrt 2) - 1
    for _ in range(400):
        found = effects.cliff(rng.normal(1, 1, 40), rng.normal(0, 1, 120))
        held += found.low <= truth <= found.high
    assert 0.92 <= held / 400 <= 0.98


def test_sizes_have_their_names():
    assert effects.Effect(0.5, 0.4, 0.6, 9, 9).size == "large"
    assert effects.Effect(-0.35, -0.5, -0.1, 9, 9).size == "medium"
    assert effects.Effect(0.2, 0.1, 0.3, 9, 9).size == "small"
    assert effects.Effect(0.1, 0.05, 0.15, 9, 9).size == effects.Effect(0.5, -0.1, 0.9, 9, 9).size == "none"
    assert effects.Effect(float("nan"), float("nan"), float("nan"), 1, 9).size == "none"


def test_rules_say_what_they_are_measured_to_say():
    columns, truth = kinds(2, {"web": 300, "shop": 300, "bargain": 300})
    rng = np.random.default_rng(0)
    order = rng.permutation(900)
    values = np.column_stack([columns[name] for name in FEATURES])[order]
    groups = np.array([["web", "shop", "bargain"].index(kind) + 1 for kind in truth[order]])
    found = explaining.explain(values, FEATURES, groups)
    assert found.fidelity > 0.97
    test, of = pd.DataFrame(values[1::2], columns=FEATURES), groups[1::2]
    for group, rule in found.rules.items():
        assert rule is not None and 1 <= len(rule.conditions) <= explaining.DEPTH
        holds = test.eval(rule.code).to_numpy()  # the text itself, read by another
        assert rule.caught == pytest.approx((holds & (of == group)).sum() / (of == group).sum())
        assert rule.right == pytest.approx((holds & (of == group)).sum() / holds.sum())
