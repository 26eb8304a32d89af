"""Scores in record batches, their reasons, and the contributions of trees against Shapley values by definition."""

import itertools
import math

import numpy as np
import pytest
from prediction_tables import company, quick_rhythm

from customerbase.errors import ConfigError
from customerbase.prediction import Options, Scorer, design, reasons, scores, shapley, study
from customerbase.prediction.models import BOOSTING, MEAN, RULE, WIDE, Boosting
from customerbase.prediction.scoring import SCHEMA, batches


@pytest.fixture(scope="module")
def seen():
    """A study whose mean of logit and trees was chosen, and its engine."""
    with pytest.MonkeyPatch.context() as patch:
        quick_rhythm(patch)
        made = company(months=8, customers=400, seed=9)
        rows = made.snapshots.merge(made.truth, on=["customer_id", "cutoff"])
        rng = np.random.default_rng(0)
        hint = np.where(rng.random(len(rows)) < 0.3, np.nan, rows["left"] + rng.normal(0, 0.8, len(rows)))
        db = made.engine(made.snapshots.assign(gap_trend=hint))
        found = study(db, cutoff=made.cutoff, options=Options(horizon_days=30, draws=10))
        yield db, found.__class__(**{**vars(found), "chosen": MEAN}), made


def matrix(db, found) -> np.ndarray:
    rows = db.query("select * from snapshots where cutoff = $cutoff order by customer_id", cutoff=found.cutoff)
    return design.values(rows.to_arrow_table(), found.rhythm, 30)


def test_scores_of_every_customer_in_order_with_the_schema_told_before(seen):
    db, found, made = seen
    table = scores(db, found)
    assert table.schema == SCHEMA
    frame = table.to_pandas()
    assert frame["customer_id"].tolist() == made.at(found.cutoff)["customer_id"].tolist()
    assert np.array_equal(frame["probability"], found.probability(matrix(db, found)))
    bare = scores(db, found, "none")
    assert bare.schema == SCHEMA and bare["reason_1"].null_count == len(bare)


def test_batches_of_any_size_give_the_same_bits(seen):
    db, found, _ = seen
    whole = scores(db, found).to_pylist()
    for size in (1, 33, 399):
        parts = [batch.to_pylist() for batch in batches(db, found, Scorer(found), size)]
        assert list(itertools.chain(*parts)) == whole


@pytest.mark.parametrize("chosen", [RULE, MEAN])
def test_reasons_are_the_strongest_topics_of_the_logit_with_the_customers_own_values(seen, chosen):
    db, study_, _ = seen
    found = study_.__class__(**{**vars(study_), "chosen": chosen})
    x = matrix(db, found)
    parts = found.models[RULE if chosen == RULE else WIDE].contributions(x)
    totals = reasons.by_topic(parts)
    place = {name: number for number, name in enumerate(design.names())}
    for row, told in enumerate(scores(db, found).to_pylist()[:60]):
        order = sorted(range(totals.shape[1]), key=lambda number: (-totals[row, number], number))
        for k, number in enumerate(order[:3], start=1):
            topic = reasons.topics()[number]
            if totals[row, number] < reasons.LEAST:
                assert all(told[f"{name}_{k}"] is None for name in ("reason", "contribution"))
                continue
            assert told[f"reason_{k}"] == topic.code
            assert told[f"contribution_{k}"] == pytest.approx(totals[row, number])
            for side, name in itertools.zip_longest("ab", topic.values):
                value = told[f"value_{k}_{side}"]
                expected = np.nan if name is None else x[row, place[name]]
                assert (np.nan if value is None else value) == pytest.approx(expected, nan_ok=True)


def test_an_explanation_that_is_none_of_the_three_is_refused(seen):
    with pytest.raises(ConfigError, match="explanation is 'lime'; expected one of logit, shap, none"):
        Scorer(seen[1], "lime")


# --- TreeSHAP ------------------------------------------------------------------------------------------------------------


def expectation(nodes: np.ndarray, row: np.ndarray, known: frozenset, place: int = 0) -> float:
    """Mean leaf where the features in `known` go as the row's, and all others as the rows of the fit did."""
    node = nodes[place]
    if node["is_leaf"]:
        return float(node["value"])
    left, right = int(node["left"]), int(node["right"])
    if int(node["feature_idx"]) in known:
        value = row[int(node["feature_idx"])]
        goes_left = bool(node["missing_go_to_left"]) if np.isnan(value) else value <= node["num_threshold"]
        return expectation(nodes, row, known, left if goes_left else right)
    n = [float(nodes[side]["count"]) for side in (left, right)]
    return sum(
        share * expectation(nodes, row, known, side) for share, side in zip(n, (left, right), strict=True)
    ) / sum(n)


def by_definition(model: Boosting, row: np.ndarray) -> np.ndarray:
    """Shapley values over all orders of the columns."""
    columns = range(len(row))
    total = np.zeros(len(row))
    for (predictor,) in model.trees._predictors:
        worth = {
            frozenset(some): expectation(predictor.nodes, row, frozenset(some))
            for size in range(len(row) + 1)
            for some in itertools.combinations(columns, size)
        }
        for one in columns:
            others = [column for column in columns if column != one]
            for size in range(len(row)):
                share = math.factorial(size) * math.factorial(len(row) - size - 1) / math.factorial(len(row))
                for some in map(frozenset, itertools.combinations(others, size)):
                    total[one] += share * (worth[some | {one}] - worth[some])
    return total


def test_contributions_of_trees_are_shapley_values_gaps_included():
    pytest.importorskip("shap", reason="shap is not here: make extras")
    rng = np.random.default_rng(0)
    x = np.full((900, len(design.names())), np.nan)
    x[:, :4] = rng.normal(size=(900, 4))
    x[rng.random(900) < 0.3, 2] = np.nan
    y = (rng.random(900) < 1 / (1 + np.exp(-x[:, 0] * x[:, 1] - np.isnan(x[:, 2])))).astype(float)
    model = Boosting.fit(x, y, np.ones(900))
    found = shapley.contributions(model, x[:6])
    assert not found[:, 4:].any()
    for row in range(6):
        assert found[row, :4] == pytest.approx(by_definition(model, model.classes(x[row : row + 1])[0]), abs=1e-6)


def test_explanations_by_trees_add_up_and_are_averaged_with_the_logits(seen):
    pytest.importorskip("shap", reason="shap is not here: make extras")
    db, found, _ = seen
    x = matrix(db, found)
    parts = Scorer(found, "shap").contributions(x)
    score = found.models[MEAN].log_odds(x)
    off = score - parts.sum(axis=1)
    assert np.ptp(off) < 1e-6  # the mean of the fit, the same for all
    alone = found.__class__(**{**vars(found), "chosen": BOOSTING})
    assert 2 * parts - found.models[WIDE].contributions(x) == pytest.approx(Scorer(alone, "shap").contributions(x))
    assert scores(db, found, "shap").schema == SCHEMA


def test_without_the_package_the_error_says_what_to_do(seen, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "shap", None)
    with pytest.raises(ConfigError, match=r"pip install customerbase\[explain\]"):
        shapley.contributions(seen[1].models[BOOSTING], np.zeros((1, len(design.names()))))
