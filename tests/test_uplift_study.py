"""Campaigns of an invented shop: the arms as drawn, nothing known later, planted effects found, and plain words where nothing can be told."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest
import uplift_world as world
from uplift_world import AS_OF, NEWEST, campaign, contact, order

from customerbase import features
from customerbase.campaigns import uplift
from customerbase.campaigns.uplift import Options, looks
from customerbase.campaigns.uplift.people import campaigns, known_before, outcomes
from customerbase.errors import ConfigError

QUICK = Options(repeats=1, draws=60)


def studied(db, **options):
    return uplift.study(db, as_of=AS_OF, options=QUICK, **{"least_arm": 50} | options)


@pytest.fixture(scope="module")
def shop():
    return world.shop(600, harmed=0.2)


@pytest.fixture(scope="module")
def found(shop):
    segments = pd.DataFrame({"customer_id": [f"K{who:05}" for who in range(0, 600, 2)], "segment": "loyal"})
    return studied(shop, newest=1, segments=lambda day: segments if day == date(2026, 8, 31) else None)


def test_effect_and_arms_are_those_of_plain_counting(shop, found):
    plain = shop.query("""
        select arm, count(*), count(*) filter (exists (select 1 from orders where orders.source_customer_id = c.source_customer_id
            and order_at >= '2026-09-10' and order_at < '2026-10-10'))
        from campaign_contacts as c where campaign_id = 'C0' group by arm order by arm""").fetchall()
    (_, held, bought_held), (_, sent, bought_sent) = plain
    about = found.studied[0].about
    assert (about["campaign_id"], about["state"], about["treated"], about["control"]) == ("C0", "ready", sent, held)
    assert (about["share_treated"], about["share_control"]) == pytest.approx((bought_sent / sent, bought_held / held))
    assert about["effect_low"] < about["effect"] < about["effect_high"]
    assert found.studied[1].about["state"] == "older" and found.studied[1].about["effect"] > 0


def test_planted_effects_are_found_and_who_is_harmed_is_named(found):
    one = found.studied[0]
    assert one.about["verdict"] == "proven" and one.about["qini_low"] > 0
    rules = one.policy[one.policy["outcome"] == "customers"].set_index("rule")
    assert rules.loc["top", "share"] == pytest.approx(0.3) and rules.loc["everybody", "everybody"] == 0
    # a third gains 0.5 each: the top 30 % of all 150 per 1,000; everybody (0.5 − 0.2) / 3, 100
    assert rules.loc["top", "value"] == pytest.approx(150, abs=50)
    assert rules.loc["everybody", "value"] == pytest.approx(100, abs=80)
    assert rules.loc["top", "random_low"] > 0 and rules.loc["random", "random"] == 0
    revenue = one.policy[one.policy["outcome"] == "revenue"].set_index("rule")
    assert revenue.loc["everybody", "value"] == pytest.approx(1_000 * rules.loc["everybody", "value"], rel=0.5)
    assert rules.loc["everybody", "cost"] == pytest.approx(5_000)
    groups = one.groups.set_index(["dimension", "group_value"])
    assert (
        groups.loc[("recency", "more"), "verdict"] == "harmed" and groups.loc[("frequency", "2"), "verdict"] == "helped"
    )
    assert groups.loc[("rank", "1"), "effect"] > 0.3 > 0 > groups.loc[("rank", "5"), "effect"]
    assert set(groups.loc["segment"].index) == {"loyal", "never"}


def test_what_is_said_of_it(found):
    tables = found.tables()
    told = dict(
        looks.lines(
            *(tables[f"uplift_{one}"] for one in ("campaigns", "policy", "groups")),
            language="en",
            k_min=10,
            segment=str,
        )
    )
    assert (
        "newest 1" in told["Campaigns"]
        and "can be told beforehand" in told["Whom to contact"]
        and "95 % interval" in told["Whom to contact"]
    )
    assert "Days since last purchase: 366 or more" in told["Whom not to"] and "bought less" in told["Whom not to"]
    assert "clearly differs" in told["Groups"] and "and clear" in told["Contacting some"]
    japanese = looks.lines(
        *(tables[f"uplift_{one}"] for one in ("campaigns", "policy", "groups")), language="ja", k_min=10, segment=str
    )
    assert [label for label, _ in japanese] == [
        "施策",
        "配信先の選び方",
        "配信を絞ると",
        "配信しない相手",
        "顧客グループ",
    ]


def test_no_feature_knows_the_campaign_or_what_came_after():
    """Features are the same when everything from the first planned day on is deleted."""
    db = world.shop(60, seed=3)
    features.customer_orders(db, as_of=AS_OF)
    row = campaigns(db, as_of=AS_OF, window_days=30, least_arm=5).iloc[0]
    frame = outcomes(db, row, 30)
    whole = known_before(db, frame, row["first_day"])
    db.execute("delete from orders where order_at >= '2026-09-10'")
    db.execute("update campaign_contacts set sent_at = null where planned_at >= '2026-09-10'")
    later = known_before(db, frame, row["first_day"])
    pd.testing.assert_frame_equal(whole, later)
    assert frame["bought"].sum() > 0 and whole["purchase_days"].notna().all()


def test_a_person_in_both_arms_stays_in_the_one_drawn_first_and_counts_once():
    day, rows = NEWEST, []
    rows += [contact("C0", f"k{who}", who % 2 == 0, day) for who in range(10)]
    rows += [contact("C0", "x3", True, day + timedelta(minutes=5))]
    links = [world.link(f"K{who}", "shop", f"k{who}") for who in range(10)] + [world.link("K3", "shop", "x3")]
    db = world.engine(
        campaign_contacts=rows, campaigns=[campaign("C0", day, 0.5)], identity_links=links, orders=[order(3, day)]
    )
    about = campaigns(db, as_of=AS_OF, window_days=30, least_arm=2).iloc[0]
    assert (about["people"], about["treated"], about["control"], about["crossed"]) == (10, 5, 5, 1)
    features.customer_orders(db, as_of=AS_OF)
    frame = outcomes(db, about, 30).set_index("customer_id")
    assert frame.loc["K3", ["treated", "bought", "revenue"]].tolist() == [0, 1, 1_000] and frame["bought"].sum() == 1


@pytest.mark.parametrize(("day", "last", "arms", "holdout", "state"), [
    (NEWEST, NEWEST, (50, 50), 0.5, "ready"), (NEWEST, NEWEST, (100, 0), 0.0, "one_arm"), (NEWEST, NEWEST, (90, 10), 0.1, "few"),
    (datetime(2026, 10, 10), datetime(2026, 10, 10), (50, 50), 0.5, "not_over"), (datetime(2026, 7, 1), datetime(2026, 9, 1), (50, 50), 0.5, "drawn_out"),
    (NEWEST, NEWEST, (50, 50), 0.2, "arms_off"), (NEWEST, NEWEST, (50, 50), None, "ready"),
])  # fmt: skip
def test_which_campaigns_can_be_studied(day, last, arms, holdout, state):
    rows = [contact("C0", f"k{who}", who < arms[0], last if who == 1 else day) for who in range(sum(arms))]
    links = [world.link(f"K{who}", "shop", f"k{who}") for who in range(sum(arms))]
    db = world.engine(campaign_contacts=rows, campaigns=[campaign("C0", day, holdout)], identity_links=links)
    told = campaigns(db, as_of=AS_OF, window_days=30, least_arm=20)
    assert told["state"].tolist() == [state]


def test_too_few_people_are_told_how_many_are_needed():
    found = studied(world.shop(80, campaigns=1), least_arm=100)
    about = found.studied[0].about
    assert about["state"] == "few" and not found.ranked and 100 < about["needed"] < 100_000
    told = dict(looks.lines(found.tables()["uplift_campaigns"], None, None, language="en", k_min=10, segment=str))
    assert "too few to tell whom it moves" in told["People"] and looks.people(about["needed"], "en") in told["People"]


def test_hardly_any_buyers_are_not_ranked():
    found = studied(world.shop(300, campaigns=1, holdout=0.2), least_arm=20, window_days=1)
    assert found.studied[0].about["state"] == "few_buyers" and found.tables()["uplift_models"] is None


def test_a_company_without_campaigns_reads_so_in_both_languages():
    db = world.engine(orders=[order(1, NEWEST)], identity_links=[world.link("K1", "shop", "k1")])
    found = studied(db)
    assert found.studied == () and all(table is None for table in found.tables().values())
    for language, words in (("en", "held out at random"), ("ja", "無作為に除外した顧客")):
        assert words in looks.lines(None, None, None, language=language, k_min=10, segment=str)[0][1]


def test_the_same_month_gives_the_same_tables():
    one, two = (studied(world.shop(200, seed=5, campaigns=1)).tables() for _ in range(2))
    for name in one:
        pd.testing.assert_frame_equal(one[name], two[name])


@pytest.mark.parametrize(
    ("options", "words"),
    [({"share": 1.5}, "share is 1.5"), ({"least_arm": 5}, "least_arm is 5"), ({"newest": 0}, "newest is 0")],
)
def test_options_that_cannot_be_are_refused(options, words):
    with pytest.raises(ConfigError, match=words):
        studied(world.engine(), **options)


def test_arms_of_a_few_are_withheld():
    table = pd.DataFrame(
        [
            {
                "name": "A",
                "people": 12,
                "treated": 9,
                "control": 3,
                "state": "few",
                "effect": 0.1,
                "effect_low": -0.1,
                "effect_high": 0.3,
                "needed": 500.0,
            }
        ]
    )
    told = looks.campaign_table(table, "en", 10)
    assert told.iloc[0].tolist() == ["12", "<10", "–", "–", "–", "too few people"]
    assert np.isfinite(table["needed"]).all()
