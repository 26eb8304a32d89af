"""Churn from a file without dates: the Telco customers against known scores and curves, and files of every shape."""

import numpy as np
import pandas as pd
import pytest
from conftest import real_data

from customerbase import churn, i18n
from customerbase.churn.contracts.design import Design, read
from customerbase.errors import InputError


def telco() -> pd.DataFrame:
    return pd.read_csv(real_data("telco-churn") / "telco_customer_churn.csv")


def invented(count: int = 1_200, effect: float = 1.5, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    tenure, plan = rng.integers(0, 60, count), rng.choice(["a", "b"], count)
    rate = rng.choice([20.0, 50.0, 90.0], count)
    odds = -1 - 0.02 * tenure + effect * (plan == "a")
    left = rng.random(count) < 1 / (1 + np.exp(-odds))
    total = np.where(tenure == 0, " ", (rate * tenure + rng.normal(0, 3, count)).round(2).astype(str))
    return pd.DataFrame(
        {
            "no": [f"x{one}" for one in range(count)], "plan": plan, "rate": rate, "total": total, "months": tenure,
            "note": None, "same": "z", "left": np.where(left, "Yes", "No"),
        }
    )  # fmt: skip


@pytest.mark.slow
def test_telco_scores_and_curves():
    result = churn.single_snapshot(
        telco(), churned="Churn", tenure="tenure", groups=["Contract"], id="customerID", seeds=(0, 1, 2)
    )
    rows = result.models.set_index("model")
    assert result.model == "mean" and rows.loc["mean", "auc"] >= 0.8500 and rows.loc["mean", "brier"] <= 0.1333
    assert rows.loc["logit", "auc"] >= 0.8485 and rows.loc["boosting", "auc"] >= 0.8485
    assert rows.loc["life_table", "auc"] < 0.74
    # lifelines 0.30.3: KaplanMeierFitter by Contract, multivariate_logrank_test
    curve = result.survival.set_index(["value", "months"])["survival"]
    for contract, wanted in {
        "Month-to-month": [0.703097, 0.585915, 0.397264, 0.128952],
        "One year": [0.990808, 0.978272, 0.916547, 0.568146],
        "Two year": [1.0, 1.0, 0.995719, 0.935739],
    }.items():
        assert [curve[contract, months] for months in (12, 24, 48, 72)] == pytest.approx(wanted, abs=1e-6)
    groups = result.groups.query("dimension == 'Contract'").set_index("value")
    assert groups["log_rank"].iloc[0] == pytest.approx(2352.8725382593416, rel=1e-9)
    assert groups.loc["Month-to-month", "median_months"] == 35
    interval = groups.loc["Month-to-month", ["survival_12_low", "survival_12_high"]].tolist()
    assert interval == pytest.approx([0.68726, 0.71830], abs=1e-5)


def test_columns_of_any_kind_are_read():
    frame = invented()
    rows = read(frame.drop(columns=["left"]))
    assert (
        "no" not in rows and rows["total"].dtype == float and rows["total"].isna().sum() == (frame["months"] == 0).sum()
    )
    design = Design.of(rows, "months")
    assert design.totals == (("total", "rate"),) and "same" not in design.values and "note" not in design.values
    linear = design.linear(rows)
    assert np.isfinite(linear).all() and np.abs(linear.mean(axis=0)).max() < 1e-9
    unseen = rows.head(3).assign(plan="never seen")
    assert np.isfinite(design.linear(unseen)).all()


def test_contributions_add_up_and_the_plan_tells():
    result = churn.single_snapshot(invented(), churned="left", tenure="months", id="no")
    assert (result.reason, result.left_out) == ("folds", ())
    wide = result.reasons.pivot(index="contract", columns="feature", values="contribution")
    odds = result.reasons["base"].iloc[0] + wide.sum(axis=1)
    from customerbase.churn.contracts.models import Logit

    rows = read(invented().drop(columns=["left", "no", "months"]))
    rows = pd.DataFrame({"months": invented()["months"].astype(float)}).join(rows)
    chance = pd.Series(
        Logit(rows, (invented()["left"] == "Yes").to_numpy(int), "months").chance(rows), index=invented()["no"]
    )
    assert (1 / (1 + np.exp(-odds))).to_numpy() == pytest.approx(chance.loc[wide.index].to_numpy(), abs=1e-12)
    assert wide["plan"].abs().mean() > 2 * wide["rate"].abs().mean()


def test_nothing_to_learn_is_refused():
    rng = np.random.default_rng(1)
    frame = invented().assign(left=rng.random(1_200) < 0.3)
    result = churn.single_snapshot(frame, churned="left", tenure="months", id="no")
    assert (result.model, result.reason) == ("life_table", "not_better") and result.reasons.empty


@pytest.mark.parametrize(
    ("left", "reason"), [([True] * 40, "one_kind"), ([False], "one_kind"), ([True] * 5 + [False] * 90, "few_left")]
)
def test_thin_files_give_the_overall_rate(left, reason):
    frame = pd.DataFrame({"gone": left, "months": range(len(left)), "a": None, "b": 1})
    result = churn.single_snapshot(frame, churned="gone", tenure="months")
    assert (result.model, result.reason) == ("life_table", reason)
    assert result.contracts["p_leave"].tolist() == pytest.approx([np.mean(left)] * len(left))
    for language in i18n.LANGUAGES:
        assert "{" not in "".join(result.remarks(language))


def test_both_languages_say_that_no_later_month_was_tested():
    result = churn.single_snapshot(invented(), churned="left", tenure="months")
    assert result.left_out == ("no",)
    assert any("no dates" in one for one in result.remarks("en")) and any(
        "日付のない" in one for one in result.remarks("ja")
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"left": "maybe"}, "says 'maybe'; expected yes or no"),
        ({"months": -1}, "holds '-1'; expected whole months"),
        ({"months": "soon"}, "holds 'soon'"),
        ({"no": "x1"}, "holds 'x1' more than once"),
    ],
)
def test_files_that_cannot_be_read_are_refused(change, words):
    with pytest.raises(InputError, match=words):
        churn.single_snapshot(invented(60).assign(**change), churned="left", tenure="months", id="no")


def test_missing_columns_name_the_near_miss():
    with pytest.raises(InputError, match=r"no column 'tenur'.*Did you mean 'tenure'"):
        churn.single_snapshot(invented().rename(columns={"months": "tenure"}), churned="left", tenure="tenur")
    with pytest.raises(InputError, match="no row"):
        churn.single_snapshot(invented().head(0), churned="left", tenure="months")


def test_every_draw_of_the_folds_is_counted():
    result = churn.single_snapshot(invented(400), churned="left", tenure="months", id="no", seeds=(0, 1))
    assert result.folds == 10 and "mean of 10 folds" in result.remarks("en")[0]
    assert len(result.contracts) == 400 and set(result.models["rows"]) == {800}
