"""The walk through the windows: what is learnt from, what is refused, what never fails; the same bits every time."""

import hashlib
import os
import subprocess
import sys
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from prediction_tables import company, quick_rhythm

from customerbase.errors import ConfigError, InputError
from customerbase.periods import add_months
from customerbase.prediction import Options, design, metrics, scores, study
from customerbase.prediction.models import LADDER, MEAN, RHYTHM, RULE
from customerbase.prediction.rhythm import Rhythm
from customerbase.prediction.study import Walk, choose, over_tests
from customerbase.prediction.windows import Window

THIRTY = Options(horizon_days=30, draws=30)


def bits(db, found) -> str:
    """Digest of all that was predicted: tests and today's scores."""
    made = hashlib.sha256(repr((found.chosen, [note.as_dict() for note in found.notes])).encode())
    for test in found.tests:
        for rung in test.log_odds:
            made.update(np.ascontiguousarray(test.log_odds[rung]).tobytes())
    table = scores(db, found).to_pandas().sort_values("customer_id", ignore_index=True)
    made.update(table["customer_id"].str.cat(sep=",").encode())
    for name in table.columns[1:]:
        made.update(repr(table[name].tolist()).encode())
    return made.hexdigest()


def learnt(made, **given) -> str:
    db = made.engine(**given)
    return bits(db, study(db, cutoff=made.cutoff, options=THIRTY))


@pytest.fixture(scope="module")
def seven():
    return company(months=8, customers=300, seed=4)


# --- known truth -----------------------------------------------------------------------------------------------------------


def test_scores_come_near_the_truth_that_made_the_customers():
    made = company(months=10, customers=1500, seed=1)
    db = made.engine()
    found = study(db, cutoff=made.cutoff, options=THIRTY)
    truth = made.at(made.cutoff)
    p = scores(db, found).to_pandas()["probability"].to_numpy()
    assert metrics.auc(truth["left"], p) > metrics.auc(truth["left"], truth["leaves"]) - 0.01
    assert np.abs(p - truth["leaves"]).mean() < 0.03 and abs(p.mean() - truth["leaves"].mean()) < 0.02
    assert len(found.tests) == 4 and tuple(found.models) == LADDER
    for test in found.tests:
        for rung in LADDER[1:]:
            q = made.at(test.cutoff)["leaves"].to_numpy()
            assert np.abs(test.probability(rung) - q).mean() < 0.06, (test.cutoff, rung)


def test_buying_is_the_other_side_of_leaving(monkeypatch):
    quick_rhythm(monkeypatch)
    made = company(months=8, customers=400, seed=2)
    db = made.engine()
    one = study(db, cutoff=made.cutoff, options=THIRTY)
    other = study(db, cutoff=made.cutoff, options=Options(horizon_days=30, draws=30, leaving=False))
    x = one.newest.x
    for rung in LADDER:
        assert one.log_odds(x, rung) == pytest.approx(-other.log_odds(x, rung), abs=0.02), rung


def test_a_wide_model_of_noise_is_refused_and_the_rule_serves():
    made = company(months=5, customers=60, noise=40, seed=0)
    found = study(made.engine(), cutoff=made.cutoff, options=Options(horizon_days=30))
    assert found.chosen == RULE
    [note] = found.notes
    assert note.code == "refused" and float(note.values["auc_low"]) <= 0


def test_a_wide_model_that_sees_more_than_the_rule_is_taken(seven):
    rows = seven.snapshots.merge(seven.truth, on=["customer_id", "cutoff"])
    hint = np.where(rows["left"], 1.0, 0.0) + np.random.default_rng(0).normal(0, 0.8, len(rows))
    found = study(seven.engine(seven.snapshots.assign(gap_trend=hint)), cutoff=seven.cutoff, options=THIRTY)
    assert found.chosen in LADDER[2:] and found.notes[0].code == "better_than_rule"
    assert found.notes[0].values["model"] == found.chosen
    losses = {rung: np.mean([metrics.log_loss(t.y, t.probability(rung)) for t in found.tests]) for rung in LADDER[2:]}
    assert found.chosen == min(losses, key=losses.get)


# --- embargo and leaks -----------------------------------------------------------------------------------------------------


def test_nothing_later_than_the_cutoff_changes_a_bit(seven):
    today = add_months(seven.cutoff, -2)
    db = seven.engine()
    told = bits(db, study(db, cutoff=today, options=THIRTY))
    ends = np.array([cutoff + timedelta(days=30) for cutoff in seven.labels["cutoff"]])
    labels = seven.labels.assign(bought=np.where(ends > today, ~seven.labels["bought"], seven.labels["bought"]))
    later = seven.snapshots["cutoff"].to_numpy() > today
    rows = seven.snapshots.copy()
    for name in ("days_since_first_purchase", "purchase_days", "spend_365"):
        rows[name] = rows[name] + later * 1000
    old = rows[later].assign(customer_id=lambda frame: "Z" + frame["customer_id"])
    changed = seven.engine(pd.concat([rows, old]), labels)
    assert bits(changed, study(changed, cutoff=today, options=THIRTY)) == told
    before = seven.labels.assign(bought=np.where(ends == ends.min(), ~seven.labels["bought"], seven.labels["bought"]))
    other = seven.engine(labels=before)
    assert bits(other, study(other, cutoff=today, options=THIRTY)) != told  # the digest does see labels


def walk(horizon: int, flipped: date | None = None) -> Walk:
    """Windows of a horizon at the first of seven months; the labels of one may be turned round."""
    made = company(months=8, customers=200, seed=6)
    windows = []
    for cutoff in sorted(made.labels["cutoff"].unique()):
        rows = made.snapshots[made.snapshots["cutoff"] == cutoff]
        x = np.full((200, len(design.names())), np.nan)
        for place, name in enumerate(design.names()):
            if name in rows:
                x[:, place] = rows[name]
        x[:, -1] = 1.0
        bought = (~made.at(cutoff)["left"].to_numpy()).astype(float)
        bought = 1 - bought if cutoff == flipped else bought
        blank = np.zeros(200)
        ends = cutoff + timedelta(days=horizon)
        windows.append(Window(cutoff, ends, x, bought, blank, blank, rows["customer_id"].to_numpy(), 200))
    return Walk(windows, Options(horizon_days=horizon, draws=5))


@pytest.mark.parametrize(("horizon", "used"), [(31, True), (32, False)])
def test_a_window_that_ends_when_the_test_begins_is_used_and_one_day_later_it_is_not(horizon, used):
    # the window of the first of May ends on the first of June, or on the second
    may, june = date(2022, 5, 1), date(2022, 6, 1)
    told, changed = (walk(horizon, flipped).study(date(2022, 9, 1), Rhythm(None)) for flipped in (None, may))
    pairs = {one.cutoff: (one, other) for one, other in zip(told.tests, changed.tests, strict=True)}
    one, other = pairs[june]
    same = [np.array_equal(one.log_odds[rung], other.log_odds[rung]) for rung in LADDER[1:]]
    assert same == [not used] * len(same)
    assert np.array_equal(one.raw[RHYTHM], other.raw[RHYTHM])
    later, later_changed = pairs[date(2022, 7, 1)]
    assert not np.array_equal(later.log_odds[RULE], later_changed.log_odds[RULE])


# --- the same bits -----------------------------------------------------------------------------------------------------------


def test_the_same_rows_in_any_order_give_the_same_bits(seven):
    told = learnt(seven)
    assert learnt(seven) == told
    mixed = [frame.sample(frac=1, random_state=3) for frame in (seven.snapshots, seven.labels)]
    assert learnt(seven, snapshots=mixed[0], labels=mixed[1]) == told


def test_one_thread_or_two_give_the_same_bits(seven):
    code = (
        "import sys; sys.path.insert(0, 'tests'); from test_prediction_study import company, learnt;"
        "print(learnt(company(months=8, customers=300, seed=4)))"
    )
    found = {learnt(seven)}
    for threads in ("1", "2"):
        env = os.environ | {"OMP_NUM_THREADS": threads, "OPENBLAS_NUM_THREADS": threads}
        done = subprocess.run(
            [sys.executable, "-c", code], env=env, cwd=ROOT, check=True, capture_output=True, text=True
        )
        found.add(done.stdout.strip())
    assert len(found) == 1


# --- what never fails --------------------------------------------------------------------------------------------------------


def codes(found) -> list[str]:
    return [note.code for note in found.notes]


@pytest.mark.parametrize("months", [1, 2, 3])
def test_a_young_shop_is_predicted_by_its_rhythm(months):
    made = company(months=months, customers=200)
    db = made.engine()
    found = study(db, cutoff=made.cutoff, options=THIRTY)
    assert (found.chosen, codes(found), found.tests) == (RHYTHM, ["few_windows"], ())
    ended = sum(cutoff + timedelta(days=30) <= made.cutoff for cutoff in made.labels["cutoff"].unique())
    assert found.notes[0].values == {"windows": ended, "needed": 3} and ended < 3
    p = scores(db, found).to_pandas()
    assert len(p) == 200 and p["probability"].between(0, 1).all() and p["reason_1"].isna().all()
    assert metrics.auc(made.at(made.cutoff)["left"], p["probability"]) > 0.55


def test_enough_to_learn_from_but_nothing_to_judge_by_is_left_to_the_rule(seven):
    made = company(months=4, customers=200)
    found = study(made.engine(), cutoff=made.cutoff, options=THIRTY)
    assert (found.chosen, codes(found), found.level_error) == (RULE, ["unjudged"], 0.5)


def test_one_class_only():
    made = company(months=6, customers=100)
    labels = made.labels.assign(bought=False)
    found = study(made.engine(labels=labels), cutoff=made.cutoff, options=THIRTY)
    assert (found.chosen, codes(found)) == (RHYTHM, ["one_class"])


def test_a_test_window_of_one_class_judges_nothing():
    made = company(months=7, customers=150)
    newest = sorted(made.labels["cutoff"].unique())[-4:]
    labels = made.labels.assign(bought=np.where(made.labels["cutoff"].isin(newest), False, made.labels["bought"]))
    found = study(made.engine(labels=labels), cutoff=made.cutoff, options=THIRTY)
    assert (found.chosen, codes(found)) == (RULE, ["unjudged"])
    assert np.isnan(over_tests(found.tests, MEAN, "auc")(np.ones(sum(len(one.y) for one in found.tests))))


@pytest.mark.parametrize("what", ["constant", "nobody comes back", "first constant, then not"])
def test_columns_that_say_nothing(what):
    made = company(months=8, customers=120)
    first = made.snapshots["cutoff"].to_numpy() < date(2022, 6, 1)
    alike = {"days_since_first_purchase": 100, "days_since_last_purchase": 100, "purchase_days": 1, "purchase_days_365": 1,
             "spend_365": 500.0}  # fmt: skip
    if what == "nobody comes back":
        last = made.snapshots["days_since_last_purchase"]
        rows = made.snapshots.assign(days_since_first_purchase=last, purchase_days=1, purchase_days_365=1)
    else:
        where = first if what.startswith("first") else np.ones(len(first), dtype=bool)
        rows = made.snapshots.copy()
        for name, value in alike.items():
            rows[name] = np.where(where, value, rows[name])
    db = made.engine(rows)
    found = study(db, cutoff=made.cutoff, options=THIRTY)
    p = scores(db, found).to_pandas()["probability"]
    assert p.between(0, 1).all()
    assert found.chosen == (RHYTHM if what == "constant" else RULE), codes(found)
    assert np.isfinite(found.level_error)


@pytest.mark.parametrize("customers", [1, 2, 20])
def test_a_handful_of_customers(customers):
    made = company(months=8, customers=customers)
    db = made.engine()
    found = study(db, cutoff=made.cutoff, options=THIRTY)
    assert scores(db, found)["probability"].to_numpy().min() >= 0


def test_a_horizon_without_labels_and_a_month_without_any(seven):
    found = study(seven.engine(), cutoff=seven.cutoff, options=Options(horizon_days=7))
    assert (found.chosen, codes(found)) == (RHYTHM, ["few_windows"])
    gap = sorted(seven.labels["cutoff"].unique())[-2]
    labels = seven.labels[seven.labels["cutoff"] != gap]
    found = study(seven.engine(labels=labels), cutoff=seven.cutoff, options=THIRTY)
    assert gap not in [test.cutoff for test in found.tests] and found.windows == 6


def test_a_sample_of_the_rows_gives_nearly_the_same_scores(seven):
    whole, few = (
        study(seven.engine(), cutoff=seven.cutoff, options=Options(horizon_days=30, draws=5, most_rows=most))
        for most in (10**6, 1000)
    )
    assert few.rows == pytest.approx(1000, abs=100) and whole.rows == 2100
    x = whole.newest.x
    assert np.abs(few.probability(x, RULE) - whole.probability(x, RULE)).mean() < 0.06


def test_nobody_active_is_one_clear_error(seven):
    with pytest.raises(InputError, match="no customer at the cutoff 2030-01-01"):
        study(seven.engine(), cutoff=date(2030, 1, 1), options=THIRTY)


@pytest.mark.parametrize("name", ["horizon_days", "tests", "half_life_months", "most_rows"])
def test_options_that_mean_nothing_are_refused(name):
    with pytest.raises(ConfigError, match=f"{name} is 0; expected more than 0"):
        Options(**{name: 0})


def test_without_tests_or_learnt_rungs_the_plainest_serves():
    assert choose((), (RHYTHM,), THIRTY)[0] == RHYTHM
    assert choose((), LADDER, THIRTY)[0] == RULE
