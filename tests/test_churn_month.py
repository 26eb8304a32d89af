"""A month's risk of leaving against sums typed here, simulated truth, and lists published before."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from prediction_tables import company, quick_rhythm

from customerbase import churn
from customerbase.errors import ConfigError, InputError
from customerbase.periods import add_months
from customerbase.prediction.profit import Campaign

OPTIONS = churn.Options(churn_days=30, high=0.6, medium=0.3)
CLTV = ["cltv", "cltv_low", "cltv_high"]


class Month:
    """A company, the values and segments of its customers, and its month."""

    def __init__(self, made, db=None, previous: pd.DataFrame | None = None, options=OPTIONS, value: bool = True):
        self.made, self.db = made, db or made.engine()
        self.as_of = made.cutoff - timedelta(days=1)
        ids = made.at(made.cutoff)["customer_id"]
        rng = np.random.default_rng(1)
        worth = rng.lognormal(8, 1, len(ids))
        self.value = pd.DataFrame({"customer_id": ids, "cltv": worth, "cltv_low": worth * 0.2, "cltv_high": worth * 2})
        self.value = self.value.iloc[::2]  # every second customer has no lifetime value
        kinds = np.array(["loyal", "new", None], dtype=object)[np.arange(len(ids)) % 3]
        self.segments = pd.DataFrame({"customer_id": ids, "segment": kinds})
        given = {"segments": self.segments} | ({"value": self.value} if value else {})
        given |= {} if previous is None else {"previous": previous}
        relations = {name: self.db.connection.from_df(frame) for name, frame in given.items()}
        self.result = churn.risk(self.db, as_of=self.as_of, options=options, **relations)

    def sql(self, text: str) -> list[tuple]:
        for name, table in self.result.tables().items():
            self.db.register(name, table)
        self.db.register("segments_now", self.segments)
        return self.db.query(text).fetchall()


@pytest.fixture(autouse=True, scope="module")
def _quick():
    with pytest.MonkeyPatch.context() as patch:
        quick_rhythm(patch)
        yield


@pytest.fixture(scope="module")
def month() -> Month:
    return Month(company(months=8, customers=400, seed=5))


def test_every_customer_once_with_band_and_value_at_risk(month):
    customers = month.result.customers
    assert customers["customer_id"].tolist() == month.made.at(month.made.cutoff)["customer_id"].tolist()
    wrong = month.sql("""select count(*) from churn where as_of <> date '2022-07-31' or horizon_days <> 30
        or risk_band <> case when probability >= 0.6 then 'high' when probability >= 0.3 then 'medium' else 'low' end
        or abs(value_at_risk - probability * cltv) > 1e-9 or abs(value_at_risk_low - probability * cltv_low) > 1e-9
        or (cltv is null) <> (value_at_risk is null)""")
    assert wrong == [(0,)]
    assert customers["cltv"].notna().sum() == 200 and customers["cltv"].sum() == pytest.approx(
        month.value["cltv"].sum()
    )


def test_groups_are_the_sums_of_their_customers(month):
    wanted = month.sql("""
        with parts as (
            select 'all' as dimension, 'all' as value, * from churn
            union all select 'segment', segment, churn.* from churn join segments_now using (customer_id)
                where segment is not null
            union all select 'risk_band', risk_band, * from churn)
        select dimension, value, count(*), sum(probability), sum(cltv), sum(value_at_risk) from parts group by all
        order by all""")
    got = month.sql(
        """select dimension, value, customers, leavers, cltv, value_at_risk from churn_groups order by all"""
    )
    assert len(got) == len(wanted) >= 5
    for one, other in zip(got, wanted, strict=True):
        assert one[:3] == other[:3] and one[3:] == pytest.approx(other[3:])
    groups = month.result.groups.set_index(["dimension", "value"])
    everybody = groups.loc[("all", "all")]
    for name in ("customers", "leavers", "value_at_risk"):
        assert groups.loc["risk_band", name].sum() == pytest.approx(everybody[name])
    assert (groups["leavers_low"] <= groups["leavers"]).all() and (groups["leavers"] <= groups["leavers_high"]).all()
    assert (groups["value_at_risk_low"] < groups["value_at_risk"]).all()
    assert (groups["value_at_risk"] < groups["value_at_risk_high"]).all()
    firsts = month.sql(
        "select reason from churn_reasons where rank = 1 group by 1 order by count(*) desc, reason limit 3"
    )
    assert [code for (code,) in firsts] == [everybody[f"reason_{k}"] for k in (1, 2, 3)][: len(firsts)]


def test_the_other_tables_hold_together(month):
    result = month.result
    assert month.sql("select count(*) from churn_reasons r anti join churn c using (customer_id)") == [(0,)]
    assert month.sql("select max(n) from (select count(*) n from churn_reasons group by customer_id, rank)") == [(1,)]
    assert result.models.query("is_chosen")["cutoff"].nunique() == 4 == len(result.study.tests)
    assert result.drivers["share"].sum() == pytest.approx(1) and result.drivers["contribution"].is_monotonic_decreasing
    best = result.profit[result.profit["is_best"] & (result.profit["ranking"] == "profit")]["profit"].item()
    known = result.customers.dropna(subset="cltv")
    gain = known["probability"] * 0.1 * (known["cltv"] - 500) - (1 - known["probability"]) * 500 - 100
    assert best == pytest.approx(gain[gain > 0].sum())
    assert churn.campaign(OPTIONS) == Campaign(100.0, 500.0, 0.1)
    records = result.records()
    assert records["customers"] == 400 and records["model"] == result.study.chosen and 0.6 < records["auc"] < 1
    assert set(result.predictions["cutoff"]) == {month.made.cutoff} and len(result.predictions) == 400


def test_without_lifetime_values_risk_is_still_told():
    result = Month(company(months=6, customers=150, seed=2), value=False).result
    assert result.customers["value_at_risk"].isna().all() and not len(result.profit)
    assert result.groups["value_at_risk"].isna().all() and result.groups["leavers"].notna().all()
    assert "value_at_risk" not in result.records()


def test_without_a_published_list_the_backtest_is_told(month):
    outcomes, test = month.result.outcomes, month.result.study.tests[-1]
    everybody = outcomes[outcomes["band"] == "all"].iloc[0]
    assert (everybody["source"], everybody["cutoff"], everybody["customers"]) == ("backtest", test.cutoff, 400)
    assert everybody["actual"] == pytest.approx(month.made.at(test.cutoff)["left"].mean())
    assert "backtest" in [note.code for note in month.result.notes]


def published(made, cutoff: date, horizon: int = 30, seed: int = 0) -> pd.DataFrame:
    ids = made.at(made.cutoff)["customer_id"]
    p = np.random.default_rng(seed).random(len(ids))
    return pd.DataFrame(
        {"customer_id": ids, "cutoff": cutoff, "horizon_days": horizon, "model": "mean", "probability": p}
    )


def test_an_earlier_list_is_held_against_what_happened(month):
    made = month.made
    lists = pd.concat([published(made, add_months(made.cutoff, -back), seed=back) for back in range(1, 15)])
    now = Month(made, previous=lists)
    kept = now.result.predictions
    assert sorted(kept["cutoff"].unique()) == [add_months(made.cutoff, -back) for back in reversed(range(13))]
    wanted = now.sql("""
        with told as (
            select probability, 1 - cast(bought as integer) as left_us from churn_predictions p join snapshot_labels l
            on p.customer_id = l.customer_id and p.cutoff = l.cutoff and l.horizon_days = 30
            where p.cutoff = date '2022-07-01')
        select count(*), avg(probability), avg(left_us), count(*) filter (probability >= 0.6),
            avg(left_us) filter (probability >= 0.6) from told""")
    rows = now.result.outcomes.set_index("band")
    assert set(rows["source"]) == {"published"} and set(rows["cutoff"]) == {date(2022, 7, 1)}
    got = (*rows.loc["all", ["customers", "predicted", "actual"]], *rows.loc["high", ["customers", "actual"]])
    assert got == pytest.approx(wanted[0])
    assert "backtest" not in [note.code for note in now.result.notes]
    before = lists[lists["cutoff"] == add_months(made.cutoff, -1)]["probability"]
    assert now.result.customers["previous_probability"].tolist() == before.tolist()


def test_a_list_of_another_horizon_is_kept_and_compared_with_nothing(month):
    other = published(month.made, add_months(month.made.cutoff, -1), horizon=90)
    both = pd.concat([other, published(month.made, month.made.cutoff)])  # a list of this very month is made anew
    result = Month(month.made, previous=both).result
    assert result.customers["previous_probability"].isna().all()
    assert set(result.outcomes["source"]) == {"backtest"}
    assert len(result.predictions) == 800


def test_a_list_without_labels_gives_way_to_the_one_before(month):
    made = month.made
    lists = pd.concat([published(made, add_months(made.cutoff, -back)) for back in (1, 2)])
    newest = made.labels["cutoff"] == add_months(made.cutoff, -1)
    result = Month(made, made.engine(labels=made.labels[~newest]), previous=lists).result
    assert set(result.outcomes["cutoff"]) == {add_months(made.cutoff, -2)}


def test_a_young_shop_and_nobody_active():
    result = Month(company(months=2, customers=80)).result
    assert result.study.chosen == "rhythm" and not len(result.models) and not len(result.reasons)
    assert [note.code for note in result.notes] == ["few_windows", "no_outcome"]
    for name, table in result.tables().items():
        assert len(table.columns) > 3 or name == "churn_drivers", name
    made = company(months=3, customers=20)
    with pytest.raises(InputError, match="nobody can be predicted"):
        churn.risk(made.engine(), as_of=date(2023, 12, 31), options=OPTIONS)


@pytest.mark.parametrize(("medium", "high"), [(0.7, 0.4), (0.0, 0.5), (0.5, 1.0)])
def test_bands_upside_down_are_refused(medium, high):
    with pytest.raises(ConfigError, match="0 < medium < high < 1"):
        churn.Options(medium=medium, high=high)


@pytest.mark.slow
@pytest.mark.parametrize("stray", [0.0, 0.3])
def test_the_interval_of_leavers_holds_the_truth_about_as_often_as_it_says(stray):
    hits = []
    for seed in range(40):
        levels = np.random.default_rng(seed + 100).normal(0, stray, 20)
        made = company(months=9, customers=300, level=lambda cutoff, number, levels=levels: levels[number], seed=seed)
        everybody = Month(made).result.groups.iloc[0]
        hits.append(everybody["leavers_low"] <= made.at(made.cutoff)["left"].sum() <= everybody["leavers_high"])
    assert 0.68 <= np.mean(hits) <= 0.93, np.mean(hits)  # 80 %, of 40 months


def test_a_budget_reaches_the_most_profitable_first_and_never_more_than_pays():
    """Against a plain loop over customers in the order of expected profit."""
    rng = np.random.default_rng(4)
    people = pd.DataFrame({"customer_id": [f"K{n:03}" for n in range(60)], "probability": rng.random(60)})
    people["cltv"] = rng.gamma(2, 4000, 60)
    options = churn.Options(contact_cost=100, offer_cost=300, acceptance=0.3)
    p, v = people["probability"], people["cltv"]
    gain = p * 0.3 * (v - 300) - (1 - p) * 300 - 100
    price = 100 + (p * 0.3 + (1 - p)) * 300
    for money in (0, 99, 1500, 4000, 10**7):
        spent = made = count = 0
        for place in gain.sort_values(ascending=False).index:
            if gain[place] <= 0 or spent + price[place] > money:
                break
            spent, made, count = spent + price[place], made + gain[place], count + 1
        found = churn.within(people, options, money)
        assert found.contacted == count
        assert (found.cost, found.profit) == pytest.approx((spent, made))
    assert churn.within(people.assign(cltv=np.nan), options, 1000) == churn.Affordable(0, 0.0, 0.0)
