"""Offers of a month: what they should bring by the formula typed here, who may get them, and what the tables say."""

import numpy as np
import pandas as pd
import pytest
from budget_world import AS_OF, COLUMNS, offer, world

from customerbase import i18n
from customerbase.audiences.budget import plan, read_budget
from customerbase.audiences.budget import said as looks
from customerbase.errors import ConfigError
from customerbase.holdout import held_out


def planned(content: dict, db=None, **given):
    """The plan of a `budget:` on the small world."""
    return plan(db or world(), read_budget(content, COLUMNS), as_of=AS_OF, **given)


def test_gain_is_odds_times_margin_less_contact_and_voucher():
    made = planned({"offers": {"mail": offer(cost_response=50, redeemed=0.5)}}, margin=0.4)
    row = made.plan.set_index("customer_id").loc["C020"]
    p = 20 / 41
    odds = p / (1 - p) * 1.2
    raised = odds / (1 + odds) - p
    assert row["margin"] == pytest.approx(raised * 1_000 * 0.4)
    assert row["cost"] == pytest.approx(2 + 50 * 0.5 * (p + raised))
    assert row["gain"] == pytest.approx(row["margin"] - row["cost"])
    assert row["gain_low"] == pytest.approx(-(2 + 25 * p))
    assert (made.plan["gain"] > 0).all()
    assert made.plan["rank"].tolist() == list(range(1, len(made.plan) + 1))
    # who buys anyway costs a voucher and adds little: the likeliest get nothing
    assert "C040" not in set(made.plan["customer_id"])


def test_staying_is_worth_the_lifetime_value_of_who_stays():
    made = planned({"offers": {"card": offer(changes="staying")}})
    row = made.plan.set_index("customer_id").loc["C010"]
    assert row["margin"] == pytest.approx((1.2 / 2.2 - 0.5) * 1_000 / 0.5)


def test_only_with_consent_and_never_of_the_control_group():
    db = world()
    db.execute("update contactable set state = 'withdrawn' where customer_id in ('C011', 'C012')")
    db.execute("delete from contactable where customer_id = 'C013'")
    made = planned({"offers": {"mail": offer()}}, db, control=0.3)
    ids = [f"C{one:03}" for one in range(1, 41)]
    kept_back = {one for one, out in zip(ids, held_out(ids, 0.3, "global"), strict=True) if out}
    assert kept_back
    assert not {"C011", "C012", "C013", *kept_back} & set(made.plan["customer_id"])
    assert made.offers["eligible"].tolist() == [len(set(ids) - {"C011", "C012", "C013"} - kept_back)]
    assert not len(planned({"offers": {"sms": offer(channel="sms")}}).plan)


def test_rules_audiences_and_owners_narrow_who_gets_it():
    ruled = planned({"offers": {"mail": offer(eligible="cltv.cltv > 3500")}})
    assert set(ruled.plan["customer_id"]) == {f"C{one:03}" for one in range(36, 41)}
    assert set(planned({"offers": {"mail": offer(audience="vip")}}).plan["customer_id"]) == {"C001", "C002"}
    people = {"sato": {"contacts": 1}, "ito": {"contacts": 2}}
    owned = planned({"channels": {"email": {"people": people}}, "offers": {"mail": offer(audience="vip")}})
    assert dict(zip(owned.plan["customer_id"], owned.plan["person"], strict=True)) == {"C001": "sato", "C002": "ito"}
    whole = planned({"channels": {"email": {"people": people}}, "offers": {"mail": offer()}})
    assert whole.plan.groupby("person").size().to_dict() == {"sato": 1, "ito": 2}


def test_money_and_hours_bind_and_have_a_price():
    content = {"total": 20, "channels": {"email": {"hours": 100}}, "offers": {"mail": offer(hours=0.5)}}
    made = planned(content)
    assert len(made.plan) == 10  # 20 of money at 2 each
    best = planned({"offers": {"mail": offer()}}).plan
    assert made.plan["customer_id"].tolist() == best["customer_id"].head(10).tolist()
    money, hours = made.limits.to_dict("records")
    assert (money["used"], hours["used"], hours["price"]) == (20, 5, 0)
    # between the gain of the last one served and of the first one not served, for 2 of money
    assert best["gain"].iloc[10] / 2 - 1e-9 <= money["price"] <= best["gain"].iloc[9] / 2 + 1e-9
    curve = made.curve.set_index("share")
    assert curve.loc[1.0, "gain"] == pytest.approx(made.plan["gain"].sum())
    assert (np.diff(curve["gain"]) >= -1e-9).all()
    assert (np.diff(curve["price"]) <= 1e-9).all()
    ways = made.ways.set_index("way")
    assert ways.loc["best", "gain"] >= ways.loc[["score", "random"], "gain"].max()
    assert (ways["cost"] <= 20 + 1e-9).all()
    assert ways.loc["if_low", "gain_low"] >= ways.loc["best", "gain_low"]


def measured(**changes: object) -> pd.DataFrame:
    """campaign_effects with one campaign: 30 % bought instead of 20 %, 7 of margin more a person."""
    row = {"campaign_id": "C1", "low": 0.05, "high": 0.15, "verdict": "worked"}
    rows = [row | {"outcome": "customers", "mean_control": 0.2, "effect": 0.1}]
    rows.append(row | {"outcome": "margin", "mean_control": 30.0, "effect": 7.0, "low": 3.0, "high": 11.0})
    return pd.DataFrame([one | changes for one in rows])


def test_a_measured_effect_counts_before_an_assumed_one():
    content = {
        "offers": {"mail": offer(effect={"campaign": "C1", "assumed": 0.2, "low": 0, "high": 1, "why": "a test"})}
    }
    row = planned(content, effects=measured()).offers.iloc[0]
    assert row["source"] == "measured"
    assert row["effect"] == pytest.approx((0.3 / 0.7) / (0.2 / 0.8) - 1)
    assert row["effect_low"] == pytest.approx((0.25 / 0.75) / 0.25 - 1)
    assert planned(content, effects=measured(campaign_id="C2")).offers["source"].tolist() == ["assumed"]
    flat = planned({"offers": {"mail": offer(changes="margin", effect={"campaign": "C1"})}}, effects=measured())
    assert flat.plan["margin"].unique().tolist() == [7]


def test_a_harmful_campaign_and_an_unknown_effect_are_never_offered():
    content = {"offers": {"mail": offer(effect={"campaign": "C1"})}}
    harmful = planned(content, effects=measured(effect=-0.1, low=-0.15, high=-0.05, verdict="harmful"))
    assert not len(harmful.plan)
    unknown = planned(content)
    assert unknown.offers["source"].tolist() == ["unknown"]
    assert not len(unknown.plan)
    tables = {name: table if table is not None else pd.DataFrame() for name, table in unknown.tables().items()}
    for language in ("en", "ja"):
        told = looks.lines(tables, language, str, 10)
        assert told[0][1] == i18n.word("budget.nobody", language)


def test_two_offers_a_person_only_where_channels_count_apart():
    db = world()
    db.execute("insert into contactable select customer_id, 'post', 'granted' from propensity")
    offers = {"mail": offer(), "card": offer(channel="post")}
    assert planned({"offers": offers}, db).plan["customer_id"].is_unique
    assert planned({"per": "channel", "offers": offers}, db).plan.groupby("customer_id").size().max() == 2


def test_without_offers_or_customers_there_is_no_plan():
    assert all(table is None for table in planned({}).tables().values())
    assert all(table is None for table in planned({"offers": {"mail": offer()}}, world(0)).tables().values())


def test_small_numbers_are_withheld():
    made = planned({"offers": {"few": offer(eligible="cltv.cltv > 3600"), "mail": offer(effect={"campaign": "no"})}})
    shown = looks.offer_table(made.offers, "en", lambda one: f"{one:.0f}", 10)
    assert shown["Offered"].tolist()[0] == "*"
    assert shown["Eligible"].tolist() == ["fewer than 10", "40"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"totl": 3}, "'total'"),
        ({"total": -3}, "budget.total is -3"),
        ({"offers": {"mail": offer(channel="mail")}}, "unknown 'mail'"),
        ({"offers": {"mail": offer(effect={"assumed": 0.2})}}, "low, high and why"),
        ({"offers": {"mail": offer(effect={"assumed": 2, "low": 0, "high": 1, "why": "x"})}}, "not within"),
        ({"offers": {"mail": offer(eligible="cltv.clv > 3")}}, "eligible.*'cltv'"),
        ({"offers": {"mail": offer(changes="staying", effect={"campaign": "C1"})}}, "not staying"),
        ({"offers": {"mail": offer(redeemed=2)}}, "share from 0 to 1"),
        ({"channels": {"email": {"people": {"sato": {"hour": 3}}}}}, "'hours'"),
        ({"offers": {"Mail": offer()}}, "no code of an offer"),
    ],
)
def test_faults_in_the_file_are_named(content, said):
    with pytest.raises(ConfigError, match=said):
        read_budget(content, COLUMNS, "sample.yaml")
