"""Campaigns of sample companies of many seeds: intervals hold the true effects as often as they say, signs are right, harm is found."""

from types import SimpleNamespace

import campaign_seeds as seeds
import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr, ndtri

import customerbase.campaigns.judge as judge
from customerbase.campaigns import campaigns, power
from customerbase.campaigns.people import gather

SEEDS, PEOPLE = range(30), 5_000  # docs/campaigns.md: the same over 200 seeds and at 20,000 people
CARE = "お手入れ便り"  # the sample's campaign without any effect

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def made() -> seeds.Companies:
    return seeds.companies(SEEDS, PEOPLE)


@pytest.fixture(scope="module")
def truth(made) -> pd.DataFrame:
    return seeds.truth(made)


def judged(made: seeds.Companies) -> SimpleNamespace:
    """Effects and campaigns as each company alone would see them: a month has one campaign, so it is its own family."""
    found = gather(made.engine(), as_of=seeds.AS_OF)
    table = judge.effects(found)
    table = judge.settled(table.assign(campaign=table["campaign_id"], family=table["campaign_id"]))
    return SimpleNamespace(effects=table, results=judge.results(found, table))


@pytest.fixture(scope="module")
def found(made) -> SimpleNamespace:
    return judged(made)


def told(found: SimpleNamespace, truth: pd.DataFrame) -> pd.DataFrame:
    """Effects with an interval, each beside its truth."""
    table = found.effects.merge(truth, on=["campaign_id", "outcome"], validate="one_to_one")
    return table[table["reason"] == ""]


def test_intervals_hold_the_true_effect_as_often_as_they_say(found, truth):
    table = told(found, truth)
    held = (table["low"] <= table["truth"]) & (table["truth"] <= table["high"])
    assert set(table["outcome"]) == {"customers", "orders", "revenue", "margin"}
    assert table["truth"].between(0, 0).any() and table["truth"].gt(0.1).any()
    for _, mine in held.groupby(table["outcome"]):
        assert len(mine) > 250
        assert abs(mine.mean() - 0.95) < 3 * np.sqrt(0.95 * 0.05 / len(mine)), mine.mean()


def test_signs_of_the_return_are_right(found, truth):
    margin = truth[truth["outcome"] == "margin"]
    rows = found.results.merge(margin[["campaign_id", "truth"]], on="campaign_id").dropna(subset=["roi"])
    rows["true_roi"] = (rows["truth"] * rows["n_treated"] - rows["cost"]) / rows["cost"]
    sure = rows[(rows["roi_low"] > 0) | (rows["roi_high"] < 0)]
    assert len(sure) > 30
    assert (np.sign(sure["roi"].astype(float)) == np.sign(sure["true_roi"])).mean() >= 0.95
    rows["brought"] = rows["truth"] * rows["n_treated"]
    kinds = rows.groupby(rows["name"].str.split(" ").str[0])[["margin", "brought", "cost"]].sum().astype(float)
    true, measured = ((kinds[name] - kinds["cost"]) / kinds["cost"] for name in ("brought", "margin"))
    assert true.max() > 0.5 and true.min() == -1  # what brings nothing loses all that it cost
    assert (np.sign(true) == np.sign(measured)).all()


def kept_away(made: seeds.Companies, share: float) -> seeds.Companies:
    """The same companies, had the campaign without effect kept those it reached from a share of their orders of 30 days.

    The campaigns with an effect are left out.
    """
    orders = made.rows(f"""
        select o.order_id from orders as o inner join campaign_contacts as c on o.customer_id = c.customer_id
        inner join campaigns as k on c.campaign_id = k.campaign_id
        where c.arm = 'treat' and starts_with(k.name, '{CARE}') and o.order_at >= c.planned_at
            and o.order_at < c.planned_at + interval 30 day order by o.order_id
    """)["order_id"]  # fmt: skip
    plans = made.tables["campaigns"]
    without = made.without(orders[np.random.default_rng(0).random(len(orders)) < share])
    return seeds.Companies(without.tables | {"campaigns": plans[plans["name"].str.startswith(CARE)]})


def care(found: SimpleNamespace) -> pd.DataFrame:
    """Orders of the campaigns without an effect of their own."""
    names = found.results[found.results["name"].str.startswith(CARE)]["campaign_id"]
    table = found.effects
    return table[table["campaign_id"].isin(names) & (table["outcome"] == "orders") & (table["reason"] == "")]


def test_harm_is_found_as_often_as_power_says(made, found):
    idle, harmed = care(found), care(judged(kept_away(made, 0.6)))
    assert len(idle) > 50 and len(harmed) > 50
    assert (idle["verdict"] != "not_proven").mean() <= 0.12  # P(8 or more of 60 at 5 %) = 1.1 %
    error = (harmed["high"] - harmed["low"]) / 2 / 1.96
    true = 0.6 * harmed["mean_control"].mean()
    chances = {level: ndtr(true / error + ndtri(level / 2)).mean() for level in (0.05, 0.05 / 4)}
    luck = 3 * np.sqrt(0.25 / len(harmed))
    assert (harmed["p_value"] < 0.05).mean() == pytest.approx(chances[0.05], abs=luck)
    # adjusted over four outcomes: stricter than one test alone, never stricter than a quarter of the level
    assert chances[0.05 / 4] - luck < (harmed["verdict"] == "harmful").mean() < chances[0.05] + luck
    assert (harmed["verdict"] != "worked").all()


def test_a_harmful_campaign_of_a_company_that_is_large_enough_is_called_so():
    company = kept_away(seeds.companies(range(1), 20_000), 0.9)
    results = campaigns(company.engine(), as_of=seeds.AS_OF, settings={}, trials=0).results
    assert len(results) == 2
    error = (results["high"] - results["low"]) / 2 / 1.96
    spread = error / np.sqrt(1 / results["n_treated"] + 1 / results["n_control"])
    assert (power(0.09, spread, results["n_treated"], results["n_control"]) > 0.99).all()
    assert (results["verdict"] == "harmful").all()
    assert (results["high"] < 0).all() and (results["roi"] < -1).all()  # it cost money and took sales
