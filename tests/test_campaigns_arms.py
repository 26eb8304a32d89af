"""People whose accounts were drawn into both arms: pages 11 and 11b count the same people in the same arms, those of plain SQL."""

from datetime import date, datetime, timedelta

import campaign_world
import numpy as np
import pandas as pd
import pytest
import uplift_world
from campaign_world import SENT, campaign, contact, drawn, links

from customerbase.campaigns import campaigns, uplift
from customerbase.campaigns.people import arms, gather
from customerbase.campaigns.uplift.people import campaigns as studied
from customerbase.campaigns.uplift.people import outcomes
from customerbase.engine import Engine

AS_OF = date(2026, 10, 31)
MIDNIGHT = datetime(2026, 9, 1)
# one row per campaign and person; written from the words of docs/campaigns.md, not from the SQL that is tried
ARMS = """
    with planned as (
        select c.campaign_id, l.customer_id, c.source_customer_id, c.contact_no, c.arm, c.planned_at is null as timeless,
               coalesce(c.planned_at, k.start_date) as moment
        from campaign_contacts as c join campaigns as k using (source_system, campaign_id)
        join identity_links as l using (source_system, source_customer_id)
    ), placed as (
        select *, bool_or(timeless) over (partition by campaign_id, customer_id) as unknown from planned
    ), first as (
        select distinct on (campaign_id, customer_id) campaign_id, customer_id, arm from placed
        order by campaign_id, customer_id, case when unknown then null else moment::date end, source_customer_id, contact_no
    ), people as (
        select campaign_id, customer_id, min(moment) as moment, count(distinct arm) = 2 as crossed from planned group by all
    )
    select campaign_id, customer_id, (arm = 'treat')::int as treated, crossed::int as crossed, (exists (
        select 1 from orders as o join identity_links as l using (source_system, source_customer_id)
        where l.customer_id = people.customer_id and o.order_at >= people.moment and o.order_at < people.moment + interval 30 day
    ))::int as bought
    from people join first using (campaign_id, customer_id) order by campaign_id, customer_id
"""


def of_page_11(db: Engine) -> pd.DataFrame:
    """Campaign, customer, arm and whether they stand in both, as page 11 has them."""
    gather(db, as_of=AS_OF)
    return db.query("""
        select list.campaign_id, accounts.customer_id, people.treated, people.both_arms as crossed
        from campaign_people as people join campaign_list as list using (campaign)
        join (select distinct person, customer_id from campaign_accounts) as accounts using (person)
        order by campaign_id, customer_id
    """).df()


def of_page_11b(db: Engine) -> pd.DataFrame:
    """Campaign, customer, arm and whether they bought, as page 11b has them."""
    found = studied(db, as_of=AS_OF, window_days=30, least_arm=20)
    parts = [outcomes(db, row, 30).assign(campaign_id=row["campaign_id"]) for _, row in found.iterrows()]
    return pd.concat(parts).sort_values(["campaign_id", "customer_id"], ignore_index=True)


def mixed() -> dict[str, pd.DataFrame]:
    """Two campaigns to people of whom a third has two accounts, each drawn on its own and planned its own way.

    K1: a day of its own for every account, some without a time. K2: one day, who is held out booked at midnight.
    """
    tables = drawn(900, seed=8, twice=0.33, effect=0.2)
    random = np.random.default_rng(9)
    one = tables["campaign_contacts"]
    days = pd.to_timedelta(random.integers(0, 4, len(one)), unit="D")
    one = one.assign(planned_at=(pd.Series(one["planned_at"]) + days).mask(random.random(len(one)) < 0.15))
    treated = random.random(len(one)) >= 0.3
    at = np.where(treated, np.datetime64(SENT, "us"), np.datetime64(MIDNIGHT, "us"))
    two = one.assign(campaign_id="K2", arm=np.where(treated, "treat", "control"), planned_at=at)
    plans = pd.concat([tables["campaigns"], pd.DataFrame([campaign("K2")])])
    return tables | {"campaign_contacts": pd.concat([one, two]), "campaigns": plans}


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return mixed()


@pytest.fixture(scope="module")
def truth(tables) -> pd.DataFrame:
    return campaign_world.engine(**tables).query(ARMS).df()


def both_pages(tables: dict[str, pd.DataFrame]) -> Engine:
    """An engine with all that page 11b reads."""
    return uplift_world.engine(**{name: table.to_dict("records") for name, table in tables.items()})


def test_both_pages_count_the_same_people_in_the_arms_of_plain_sql(tables, truth):
    one, two = of_page_11(campaign_world.engine(**tables)), of_page_11b(both_pages(tables))
    keys = ["campaign_id", "customer_id", "treated"]
    assert truth.groupby("campaign_id")["crossed"].sum().gt(80).all()
    pd.testing.assert_frame_equal(one, truth[[*keys, "crossed"]], check_dtype=False)
    pd.testing.assert_frame_equal(two[[*keys, "bought"]], truth[[*keys, "bought"]], check_dtype=False)


def test_both_pages_tell_how_many_stand_in_both_arms_and_the_same_effect(tables, truth):
    whole = campaigns(campaign_world.engine(**tables), as_of=AS_OF, settings={}, trials=0)
    faults = whole.faults[whole.faults["fault"] == "both_arms"].set_index("campaign_id")["people"]
    about = uplift.study(both_pages(tables), as_of=AS_OF, least_arm=100_000).tables()["uplift_campaigns"]
    about = about.set_index("campaign_id").sort_index()
    plain = truth.groupby("campaign_id")["crossed"].sum()
    assert faults.to_dict() == about["crossed"].to_dict() == plain.to_dict()
    effects = whole.effects[whole.effects["outcome"] == "customers"].set_index("campaign_id").sort_index()
    assert effects[["n_treated", "n_control"]].to_numpy().tolist() == about[["treated", "control"]].to_numpy().tolist()
    shares = truth.groupby(["campaign_id", "treated"])["bought"].mean().unstack()
    assert about["effect"].to_numpy() == pytest.approx((shares[1] - shares[0]).to_numpy(), rel=1e-12)
    for told, same in {"effect": "plain", "effect_low": "plain_low", "effect_high": "plain_high"}.items():
        assert about[told].to_numpy() == pytest.approx(effects[same].to_numpy(), rel=1e-9)


@pytest.mark.parametrize(("one", "two", "arm"), [
    ({"planned_at": SENT}, {"planned_at": SENT}, "treat"),  # one draw: the first account
    ({"planned_at": SENT}, {"planned_at": MIDNIGHT}, "treat"),  # an hour of the day is no order of draws
    ({"planned_at": SENT}, {"planned_at": None}, "treat"),  # a time that is not known is not the first
    ({"planned_at": SENT + timedelta(days=7)}, {"planned_at": SENT}, "control"),  # the wave of a week before was the first
    ({"planned_at": SENT}, {"planned_at": SENT + timedelta(days=7)}, "treat"),
])  # fmt: skip
def test_the_first_assignment_is_the_assignment(one, two, arm):
    contacts = [contact("a", "treat", **one), contact("b", "control", **two), contact("c", "control")]
    people = links("c", a="C-1", b="C-1")
    for accounts in (contacts, contacts[::-1]):
        db = campaign_world.engine(campaigns=[campaign()], campaign_contacts=accounts, identity_links=people)
        plan = arms(db, as_of=AS_OF).iloc[0]
        assert (plan["people"], plan["treated"], plan["both_arms"]) == (2, int(arm == "treat"), 1)


BOOKED = {
    "at one time": lambda contacts: contacts,
    "held out at midnight": lambda contacts: contacts.assign(
        planned_at=contacts["planned_at"].where(contacts["arm"] == "treat", MIDNIGHT)
    ),
    "held out without a time, others over five days": lambda contacts: contacts.assign(
        planned_at=(contacts["planned_at"] + pd.to_timedelta(np.arange(len(contacts)) % 5, unit="D")).where(
            contacts["arm"] == "treat"
        )
    ),
}


@pytest.mark.parametrize("booked", BOOKED)
def test_people_of_several_accounts_stand_in_both_arms_alike_however_the_arms_are_booked(booked):
    """Leaving out who is in both arms would leave the contacted arm with 2.3 times as many of them as the control."""
    tables = drawn(6000, seed=6, twice=0.3, effect=0.0)
    tables["campaign_contacts"] = BOOKED[booked](tables["campaign_contacts"])
    db = campaign_world.engine(**tables)
    arms(db, as_of=AS_OF)
    counts = db.query("""
        select treated, count(*) as n, sum(case when accounts > 1 then 1 else 0 end) as twice,
               sum(case when accounts > 1 and both_arms = 0 then 1 else 0 end) as twice_in_one
        from campaign_people inner join (select person, count(*) as accounts from campaign_accounts group by person) using (person)
        group by treated order by treated
    """).df()
    share = counts["twice"] / counts["n"]
    assert share[1] == pytest.approx(share[0], abs=0.04)
    left_out = counts["twice_in_one"] / (counts["n"] - counts["twice"] + counts["twice_in_one"])
    assert left_out[1] > 1.8 * left_out[0]


def test_neither_page_tells_an_interval_of_a_handful_of_buyers():
    tables = drawn(50, seed=1, effect=0.0)
    whole = campaigns(campaign_world.engine(**tables), as_of=AS_OF, settings={}, trials=0)
    one = whole.effects[whole.effects["outcome"] == "customers"].iloc[0]
    two = uplift.study(both_pages(tables), as_of=AS_OF).studied[0].about
    assert (one["reason"], two["state"]) == ("few_events", "few")
    assert two["effect"] == pytest.approx(one["plain"], rel=1e-12)
    assert np.isnan([one["plain_low"], one["plain_high"], two["effect_low"], two["effect_high"]]).all()
    assert np.isfinite(two["needed"])
