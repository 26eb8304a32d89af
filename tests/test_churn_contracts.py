"""Churn of contracts: curves by plain SQL and published numbers, hazards with known truth, no leak, thin data."""

from datetime import date, timedelta

import contract_tables as tables
import numpy as np
import pandas as pd
import pytest
from contract_tables import AS_OF

from customerbase import churn, i18n
from customerbase.churn.contracts.curves import curves, log_rank
from customerbase.errors import ConfigError, InputError
from customerbase.tables import evaluate, schema, store

NAMES = (
    *("churn_survival", "churn_survival_groups", "churn_contracts"),
    *("churn_contract_reasons", "churn_contract_models", "churn_contract_calibration"),
)


@pytest.fixture(scope="module")
def given() -> pd.DataFrame:
    return tables.simulated(3_000, 1, 1.0)


@pytest.fixture(scope="module")
def found(given) -> churn.Contractual:
    return churn.contractual(tables.engine(given.drop(columns="true")), as_of=AS_OF)


# --- how long they last ---------------------------------------------------------------------------------------------------


def test_curve_by_plain_sql(given, found):
    rows = (
        tables.engine(given.drop(columns="true"))
        .query("""
        with l as (select plan, ended_at is not null as gone,
            case when ended_at is null then date_diff('month', started_at, date '2026-11-01')
                    - case when started_at + to_months(cast(date_diff('month', started_at, date '2026-11-01') as int)) > date '2026-10-31' then 1 else 0 end
                 else date_diff('month', started_at, ended_at)
                    + case when started_at + to_months(cast(date_diff('month', started_at, ended_at) as int)) < ended_at then 1 else 0 end
            end as life from subscriptions where plan = 'basic'),
        m as (select distinct life from l where gone),
        h as (select m.life, sum(case when l.life = m.life and gone then 1 else 0 end) / sum(case when l.life >= m.life then 1.0 else 0 end) as h
              from m, l group by m.life)
        select life, exp(sum(ln(1 - h)) over (order by life)) as s from h where h < 1 order by life""")
        .df()
    )
    curve = found.survival.query("dimension == 'plan' and value == 'basic'").set_index("months")["survival"]
    assert len(rows) > 20
    assert curve.loc[rows["life"]].to_numpy() == pytest.approx(rows["s"].to_numpy(), abs=1e-9)


def test_curve_is_the_one_that_was_drawn_from(given, found):
    for plan, rows in found.survival.query("dimension == 'plan'").groupby("value"):
        chance = given.loc[given["plan"] == plan, "true"].iloc[0]
        inside = rows[(rows["months"].between(1, 24))]
        truth = (1 - chance) ** inside["months"]
        assert ((inside["low"] <= truth) & (truth <= inside["high"])).mean() > 0.6
        assert (inside["survival"] - truth).abs().max() < 0.06
    plans = found.groups.query("dimension == 'plan'").set_index("value")
    assert (
        plans.loc["basic", "median_low"] <= np.log(0.5) / np.log(1 - given.query("plan == 'basic'")["true"].iloc[0]) + 1
    )
    assert (plans["log_rank_p"] < 1e-6).all()
    assert found.groups.query("dimension == 'cohort'")["log_rank_p"].iloc[0] > 0.001


def test_log_rank_as_published():
    # leukaemia, 6-MP against placebo (Freireich et al. 1963): R prints chi-squared 16.8 on 1 degree of freedom, p = 4e-05
    treated = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    placebo = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]
    ended = np.array([True] * 9 + [False] * 12 + [True] * 21)
    group = np.array(["6-MP"] * 21 + ["placebo"] * 21)
    test = log_rank(np.array(treated + placebo), ended, group)
    assert test["log_rank"] == pytest.approx(16.79, abs=0.01) and test["degrees"] == 1
    assert test["log_rank_p"] == pytest.approx(4.17e-5, rel=0.01)
    assert np.isnan(log_rank(np.array([1, 2]), np.array([True, True]), np.array(["a", "a"]))["log_rank"])


def test_many_small_groups_are_taken_together():
    months, ended = np.arange(1, 201), np.ones(200, dtype=bool)
    _, groups = curves(months, ended, {"city": pd.Series([f"t{one % 40:02}" for one in range(200)])})
    rows = groups[groups["dimension"] == "city"]
    assert len(rows) == 13 and rows["contracts"].sum() == 200 and "other" in set(rows["value"])


# --- who will end ---------------------------------------------------------------------------------------------------------


def test_chances_are_those_that_were_drawn_from(given, found):
    assert (found.reason, found.model != "life_table") == ("judged", True)
    truth = pd.Series(given["true"].to_numpy(), index=[f"s:k{one:05}" for one in range(len(given))])
    true = 1 - (1 - truth.loc[found.contracts["contract"]].to_numpy()) ** 3
    assert np.corrcoef(true, found.contracts["p_leave"])[0, 1] > 0.9
    assert found.contracts["p_leave"].sum() == pytest.approx(true.sum(), rel=0.15)
    month_ends = np.array([((1 - truth.loc[one]) ** np.arange(1, 25)).sum() for one in found.contracts["contract"]])
    assert found.contracts["expected_months"].mean() == pytest.approx(month_ends.mean(), rel=0.06)
    used = found.models[found.models["is_used"]].iloc[0]
    plain = found.models[found.models["model"] == "life_table"].iloc[0]
    assert used["auc"] > plain["auc"] + 0.08 and used["brier"] < plain["brier"] and used["brier_gain_low"] > 0
    assert abs(used["predicted"] - used["left"]) < 4 * np.sqrt(used["left"])
    mean, low, high = found.expected()
    assert low < mean < high and mean == pytest.approx(found.contracts["p_leave"].sum())


def test_the_plain_rate_stays_where_nothing_else_tells():
    data = tables.simulated(2_000, 2, 0.0)
    result = churn.contractual(tables.engine(data.drop(columns="true")), as_of=AS_OF)
    assert (result.model, result.reason) == ("life_table", "not_better")
    assert (
        result.contracts["p_leave"].tolist() == result.contracts["p_leave_life_table"].tolist() and result.reasons.empty
    )
    assert result.contracts["p_leave_next"].mean() == pytest.approx(0.06, abs=0.01)


def test_contributions_add_up_to_the_logit(given, found):
    wide = found.reasons.pivot(index="contract", columns="feature", values="contribution")
    odds = found.reasons.groupby("contract")["base"].first() + wide.sum(axis=1)
    plans = found.contracts.set_index("contract")["plan"].loc[wide.index]
    by_plan = wide["plan"].groupby(plans).mean()
    assert by_plan["basic"] > by_plan["plus"] > by_plan["pro"]
    assert by_plan["basic"] - by_plan["pro"] == pytest.approx(2.0, abs=0.3)
    next_month = found.contracts.set_index("contract")["p_leave_next"].loc[wide.index]
    assert np.corrcoef(1 / (1 + np.exp(-odds)), next_month)[0, 1] > 0.95


def test_renewals_of_yearly_contracts_are_seen_coming():
    rng = np.random.default_rng(3)
    started = np.datetime64(AS_OF) - rng.integers(0, 1_700, 1_500).astype("timedelta64[D]")
    ended = tables.months_after(started, 12 * rng.geometric(0.4, 1_500))
    ended[ended > np.datetime64(AS_OF)] = np.datetime64("NaT")
    data = pd.DataFrame({"started": started, "ended": ended, "period_months": 12})
    result = churn.contractual(tables.engine(data), as_of=AS_OF)
    first = pd.Series(started, index=[f"s:k{one:05}" for one in range(1_500)]).loc[result.contracts["contract"]]
    in_year = result.contracts["tenure_months"].to_numpy() % 12
    due = in_year >= 9  # the anniversary lies within three months
    assert len(first) == len(due)
    assert result.contracts.loc[due, "p_leave"].mean() == pytest.approx(0.4, abs=0.08)
    assert result.contracts.loc[~due, "p_leave"].max() < 0.06


def test_what_came_after_as_of_changes_nothing(given):
    early = date(2026, 4, 30)
    later = given.drop(columns="true")
    cut = later[later["started"] <= np.datetime64(early)].copy()
    cut.loc[cut["ended"] > np.datetime64(early), "ended"] = pd.NaT
    numbers = [f"k{one:05}" for one in cut.index]
    cut = cut.assign(subscription_id=numbers, source_customer_id=numbers)
    all_ = later.assign(
        subscription_id=[f"k{one:05}" for one in later.index], source_customer_id=[f"k{one:05}" for one in later.index]
    )
    full, known = (churn.contractual(tables.engine(one), as_of=early, horizon_months=2) for one in (all_, cut))
    for name in NAMES:
        pd.testing.assert_frame_equal(full.tables()[name], known.tables()[name])


def test_behaviour_before_a_cutoff_is_counted_not_after_it():
    from customerbase.churn.contracts.months import book, months

    db = tables.engine(pd.DataFrame({"started": [np.datetime64("2026-01-10")], "ended": [np.datetime64("NaT")]}))
    db.execute(
        "create table orders as select * from (values"
        " ('s', 'c00000', 'web', timestamp '2026-08-31 23:59:00', 'completed', cast(null as timestamp)),"
        " ('s', 'c00000', 'web', timestamp '2026-09-01 00:00:00', 'completed', null),"
        " ('s', 'c00000', 'store', timestamp '2026-01-09 10:00:00', 'completed', null),"
        " ('s', 'c00000', 'app', timestamp '2026-01-11 10:00:00', 'completed', null),"
        " ('s', 'c00000', 'web', timestamp '2026-08-20 10:00:00', 'cancelled', timestamp '2026-09-02 10:00:00'))"
        " as o(source_system, source_customer_id, channel, order_at, status, cancelled_at)"
    )
    rows = months(db, book(db, as_of=AS_OF))
    assert set(rows.frame["channel"]) == {"store"}
    counted = dict(zip(rows.cutoff.astype(str), rows.frame["orders"], strict=True))
    assert (counted["2026-08-31"], counted["2026-09-30"]) == (2, 2)


def test_customers_with_several_contracts(given):
    data = given.drop(columns="true").iloc[:1_000].assign(source_customer_id=[f"c{one % 700}" for one in range(1_000)])
    result = churn.contractual(tables.engine(data), as_of=AS_OF)
    people = result.customers().set_index("customer_id")
    both = result.contracts[result.contracts["customer_id"].duplicated(keep=False)]
    name = both["customer_id"].iloc[0]
    chances = result.contracts.loc[result.contracts["customer_id"] == name, "p_leave"]
    assert people.loc[name, "p_leave"] == pytest.approx(chances.prod())
    assert people.loc[name, "p_any"] == pytest.approx(1 - (1 - chances).prod())
    assert people["contracts"].sum() == len(result.contracts)


# --- thin data ------------------------------------------------------------------------------------------------------------

DAY = np.datetime64(AS_OF)
NAT = np.datetime64("NaT")
THIN = {
    "one runs": ([DAY - 400], [NAT], "nobody_left"),
    "one ended": ([DAY - 400], [DAY - 200], "few_left"),
    "began on the last day": ([DAY], [NAT], "nobody_left"),
    "ended on its first day": ([DAY - 50], [DAY - 50], "few_months"),
    "all ended": ([DAY - 900] * 300, [DAY - 600 - one % 90 for one in range(300)], "few_left"),
    "nobody ended": ([DAY - 40 - one for one in range(300)], [NAT] * 300, "nobody_left"),
    "two months old": ([DAY - 70 - one % 5 for one in range(300)], [DAY - 20 if one % 2 else NAT for one in range(300)], "few_months"),
}  # fmt: skip


@pytest.mark.parametrize("case", THIN)
@pytest.mark.parametrize("price", [980.0, None])
def test_thin_data_fall_back_to_the_plain_rate_and_say_so(case, price):
    started, ended, reason = THIN[case]
    data = pd.DataFrame(
        {
            "started": np.array(started, dtype="datetime64[D]"), "ended": np.array(ended, dtype="datetime64[D]"),
            "price": np.array([price] * len(started), dtype=float), "plan": None,
        }
    )  # fmt: skip
    result = churn.contractual(tables.engine(data), as_of=AS_OF)
    assert (result.model, result.reason) == ("life_table", reason)
    assert len(result.contracts) == sum(np.isnat(one) for one in ended)
    assert result.contracts["p_leave"].between(0, 1).all() and result.contracts["expected_months"].between(0, 24).all()
    for language in i18n.LANGUAGES:
        said = "".join(result.remarks(language))
        assert said and "nan" not in said and "{" not in said


def test_no_contract_and_impossible_settings_are_refused():
    db = tables.engine(pd.DataFrame({"started": [DAY - 5], "ended": [NAT]}))
    with pytest.raises(InputError, match="holds no contract of a known customer begun by 2026-10-25"):
        churn.contractual(db, as_of=AS_OF - timedelta(days=6))
    with pytest.raises(ConfigError, match="horizon_months is 0"):
        churn.contractual(db, as_of=AS_OF, horizon_months=0)
    with pytest.raises(InputError, match="expected customer_id"):
        churn.contractual(db, as_of=AS_OF, attributes=pd.DataFrame({"id": ["c00000"]}))
    with pytest.raises(InputError, match="c00000 more than once"):
        churn.contractual(db, as_of=AS_OF, attributes=pd.DataFrame({"customer_id": ["c00000"] * 2, "a": 1}))


def test_attributes_are_covariates_and_groups(given):
    rng = np.random.default_rng(5)
    names = [f"c{one:05}" for one in range(len(given))]
    attributes = pd.DataFrame(
        {"customer_id": names, "kind": given["plan"], "noise": rng.normal(size=len(names)), "same": 1, "empty": None}
    )
    hidden = given.drop(columns=["true", "plan"])
    result = churn.contractual(tables.engine(hidden), as_of=AS_OF, attributes=attributes)
    assert result.reason == "judged" and "kind" in set(result.reasons["feature"])
    assert {"kind", "same", "empty"} <= set(result.groups["dimension"])


@pytest.mark.parametrize("table", NAMES)
def test_tables_are_as_declared(given, found, table):
    db, declared = tables.engine(given.drop(columns="true")), schema(table)
    made = found.tables()[table]
    assert len(made)
    db.register("_written", store.as_declared(db.connection.from_df(made), declared).to_arrow_table())
    assert [check.reason for check in evaluate(db, declared, "_written") if not check.success] == []


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_remarks_tell_the_model_and_what_to_expect(found, language):
    said = found.remarks(language)
    assert len(said) == 2 and f"{len(found.contracts):,}" in said[1]
    assert i18n.word(f"survival.model.{found.model}", language) in said[0]
