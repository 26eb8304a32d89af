"""The queue: every gate by itself, the cap against brute force, arms, order; running twice adds nothing."""

import itertools
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from trigger_tables import (
    AS_OF,
    UNTIL,
    at,
    days,
    engine,
    event,
    granted,
    line,
    links,
    occasions,
    order,
    product,
    read,
)

from customerbase import holdout
from customerbase.audiences import triggers
from customerbase.audiences.triggers import blocks, evaluating
from customerbase.audiences.triggers.queue import FATES, QUEUE, Known, fill
from customerbase.audiences.triggers.sending import ready

NOON = UNTIL + timedelta(hours=12)
CART = {"kind": "cart_abandoned"}
GUESS = {"assumed": 0.5, "low": 0.1, "high": 1.0, "why": "a guess"}


def consents(*people: str, channels=("email",), state="granted") -> pd.DataFrame:
    return pd.DataFrame([row for channel in channels for row in granted(*people, channel=channel, state=state)])


def fates(found: pd.DataFrame, some: triggers.Triggers, **what) -> dict:
    """(customer, trigger) -> fate."""
    what.setdefault("contactable", consents(*found["customer_id"].unique()))
    _, rows = fill(found, some, Known(**what), until=UNTIL)
    return dict(zip(zip(rows["customer_id"], rows["trigger"], strict=True), rows["fate"], strict=True))


def fate(some: triggers.Triggers | None = None, when=NOON, **what) -> str:
    return fates(occasions(("A", when)), some or read(one=CART), **what)["A", "one"]


def test_consent_is_asked_channel_by_channel_and_unknown_is_no():
    some = read(one=CART | {"channels": ["line", "email"]})
    assert fate(some, contactable=consents("B")) == "no_consent"
    assert fate(some, contactable=consents("A", channels=["sms"])) == "no_consent"
    assert fate(some, contactable=consents("A", state="withdrawn")) == "no_consent"
    both = pd.concat([consents("A"), consents("A", state="withdrawn")])
    assert fate(some, contactable=both) == "no_consent"
    found = occasions(("A", NOON), ("B", NOON))
    queue, _ = fill(
        found,
        some,
        Known(contactable=pd.concat([consents("A", channels=["email", "line"]), consents("B")])),
        until=UNTIL,
    )
    assert dict(zip(queue["customer_id"], queue["channel"], strict=True)) == {"A": "line", "B": "email"}


def test_a_rule_of_its_own():
    assert fate(fitting={"one": {"A"}}) == "queued"
    assert fate(fitting={"one": {"B"}}) == "not_in_rule"
    assert fate(fitting={"other": {"B"}}) == "queued"


def test_what_is_over_before_it_may_be_sent_is_expired():
    assert fate(when=UNTIL - days(7) + timedelta(hours=9, seconds=1)) == "queued"  # due at 09:00, over a second later
    assert fate(when=UNTIL - days(7) + timedelta(hours=9)) == "expired"
    sunday = read(one=CART, quiet={"from": "21:00", "to": "09:00", "days_off": ["sunday"]})  # 1 November 2026 is one
    assert fate(sunday, when=UNTIL - days(6) + timedelta(hours=8)) == "expired"


def test_nothing_is_due_before_the_next_day_nor_in_quiet_hours():
    found = occasions(("A", UNTIL - days(2)), ("B", UNTIL + timedelta(hours=23)), ("C", NOON))
    queue, rows = fill(found, read(one=CART), Known(contactable=consents("A", "B", "C")), until=UNTIL)
    assert dict(zip(queue["customer_id"], queue["due_at"], strict=True)) == {
        "A": at("11-01", "09:00"), "B": at("11-02", "09:00"), "C": NOON,
    }  # fmt: skip
    assert rows.set_index("customer_id")["moved"].to_dict() == {"A": True, "B": True, "C": False}


def earlier(*rows: tuple, trigger: str = "one", channel: str = "email") -> pd.DataFrame:
    """Rows of an earlier queue: (customer, due_at, episode)."""
    made = [
        {
            "queue_id": f"{n}",
            "customer_id": who,
            "trigger": trigger,
            "channel": channel,
            "due_at": due,
            "episode": episode,
        }
        for n, (who, due, episode) in enumerate(rows)
    ]
    return pd.DataFrame(made, columns=list(QUEUE))


def test_an_occasion_is_queued_once_and_a_trigger_rests():
    some = read(one=CART | {"again": 14}, other=CART | {"again": 0})
    assert fate(some, earlier=earlier(("A", UNTIL - days(90), str(NOON)))) == "already_queued"
    assert fate(some, earlier=earlier(("A", NOON - days(13), "other"))) == "already_queued"
    assert fate(some, earlier=earlier(("A", NOON - days(14), "other"))) == "queued"
    assert fate(some, earlier=earlier(("A", NOON - days(13), "x"), trigger="other")) == "queued"
    two = occasions(
        ("A", NOON, "one", "first"), ("A", NOON, "one", "second"), ("A", NOON, "other", "a"), ("A", NOON, "other", "b")
    )
    _, rows = fill(
        two,
        read(one=CART, other=CART | {"again": 0}, caps={"standard": {"contacts": 9}}),
        Known(contactable=consents("A")),
        until=UNTIL,
    )
    assert sorted(zip(rows["trigger"], rows["fate"], strict=True)) == [
        ("one", "already_queued"), ("one", "queued"), ("other", "queued"), ("other", "queued"),
    ]  # fmt: skip


def test_caps_count_earlier_queues_and_campaigns():
    some = read(one=CART | {"again": 0}, caps={"standard": {"contacts": 1, "days": 7}})
    for ago, expected in ((6, "capped"), (7, "queued")):
        assert fate(some, earlier=earlier(("A", NOON - days(ago), "x"))) == expected
        campaign = pd.DataFrame({"customer_id": ["A"], "channel": ["email"], "day": [date(2026, 11, 1) - days(ago)]})
        assert fate(some, contacts=campaign) == expected
        assert fate(some, contacts=campaign.assign(channel="line")) == "queued"
        assert fate(some, contacts=campaign.assign(day=date(2026, 11, 1) + days(ago))) == expected  # planned already
    assert fate(read(one=CART, caps={"standard": {"contacts": 0}})) == "capped"


def test_a_full_channel_gives_way_to_the_next_one():
    some = read(one=CART | {"channels": ["line", "email"]}, caps={"standard": {"contacts": 1, "days": 7}})
    before = earlier(("A", NOON - days(1), "x"), trigger="gone", channel="line")
    queue, _ = fill(
        occasions(("A", NOON)),
        some,
        Known(contactable=consents("A", channels=["line", "email"]), earlier=before),
        until=UNTIL,
    )
    assert queue["channel"].tolist() == ["email"]


def test_priority_chooses_first_then_value_and_classes_are_apart():
    cap = {"standard": {"contacts": 1, "days": 7}, "service": {"contacts": 1, "days": 7}}
    some = read(
        late=CART | {"priority": 2},
        first=CART | {"priority": 1},
        desk=CART | {"priority": 9, "cap": "service"},
        caps=cap,
    )
    found = occasions(*[("A", NOON, code) for code in ("late", "first", "desk")])
    assert fates(found, some) == {("A", "late"): "capped", ("A", "first"): "queued", ("A", "desk"): "queued"}
    worth = occasions(
        ("A", NOON, "late", "poor", 10.0), ("A", NOON, "late", "rich", 20.0), ("A", NOON, "late", "none", None)
    )
    queue, _ = fill(worth, some, Known(contactable=consents("A")), until=UNTIL)
    assert queue["episode"].tolist() == ["rich"]


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 3),
    st.integers(1, 9),
    st.lists(st.integers(-9, 25), max_size=14),
    st.lists(st.integers(-9, 25), max_size=4),
)
def test_the_cap_holds_in_every_window_and_gives_up_no_room(contacts, window, wanted, had):
    """Against brute force: no window with too many, and each occasion that was turned away would have made one."""
    some = read(one=CART | {"again": 0, "expires": 60}, caps={"standard": {"contacts": contacts, "days": window}})
    found = occasions(*[("A", NOON + days(day), "one", str(n)) for n, day in enumerate(wanted)])
    found["expires_at"] = found["not_before"] + days(60)
    campaign = pd.DataFrame(
        {"customer_id": "A", "channel": "email", "day": [date(2026, 11, 1) + days(day) for day in had]}
    )
    queue, rows = fill(found, some, Known(contactable=consents("A"), contacts=campaign), until=UNTIL)
    sent = [(one - pd.Timestamp(UNTIL)).days for one in queue["due_at"]]

    def over(each: list[int], around: int) -> bool:
        """Whether some window of so many days that holds this day has too many contacts."""
        starts = range(around - window + 1, around + 1)
        return any(sum(start <= day < start + window for day in each) > contacts for start in starts)

    assert not any(over(sent + had, day) for day in sent)
    for row in rows[rows["fate"] == "capped"].itertuples():
        day = (row.due_at - pd.Timestamp(UNTIL)).days
        assert over([*sent, *had, day], day)
    assert set(rows["fate"]) <= {"queued", "capped"}


def test_who_is_held_out_stays_in_the_queue_by_the_same_draw_every_time():
    people = [f"K{number:04}" for number in range(2000)]
    found = occasions(*[(who, NOON) for who in people])
    some = read(one=CART | {"holdout": 0.2})
    queue, rows = fill(found, some, Known(contactable=consents(*people), global_control=0.05), until=UNTIL)
    arms = queue.set_index("customer_id")["arm"]
    own, everywhere = holdout.held_out(people, 0.2, "trigger one"), holdout.held_out(people, 0.05, "global")
    expected = np.where(everywhere, "global_control", np.where(own, "holdout", "target"))
    assert arms.loc[people].tolist() == expected.tolist()
    assert rows["fate"].value_counts().to_dict() == {
        {"target": "queued"}.get(arm, arm): int((expected == arm).sum())
        for arm in ("target", "holdout", "global_control")
    }


def test_who_is_held_out_takes_up_the_same_room():
    cap = {"standard": {"contacts": 1, "days": 7}}
    some = read(first=CART | {"priority": 1, "holdout": 0.9}, late=CART | {"priority": 2}, caps=cap)
    out = next(who for who in map(str, range(50)) if holdout.held_out([who], 0.9, "trigger first")[0])
    assert fates(occasions((out, NOON, "first"), (out, NOON, "late")), some) == {
        (out, "first"): "holdout",
        (out, "late"): "capped",
    }


def test_every_occasion_has_one_fate_and_the_order_of_what_is_found_changes_nothing():
    rng, people = np.random.default_rng(3), [f"K{number:03}" for number in range(200)]
    some = read(
        one=CART | {"holdout": 0.1},
        two=CART | {"priority": 2, "channels": ["line", "email"]},
        caps={"standard": {"contacts": 1}},
    )
    rows = [(who, NOON - days(int(rng.integers(0, 9))), code, str(n), float(rng.integers(0, 3)))
            for who, code, n in itertools.product(people, ("one", "two"), range(2))]  # fmt: skip
    what = Known(
        contactable=pd.concat([consents(*people[:150]), consents(*people[100:], channels=["line"])]),
        fitting={"two": set(people[20:])},
    )
    first, fated = fill(occasions(*rows), some, what, until=UNTIL)
    again, _ = fill(occasions(*[rows[n] for n in rng.permutation(len(rows))]), some, what, until=UNTIL)
    pd.testing.assert_frame_equal(first, again)
    assert fated["fate"].isin(FATES).all() and len(fated) == len(rows)
    assert first["queue_id"].is_unique


# --- a whole evaluation -----------------------------------------------------------------------------------------------


def shop(**more):
    """A cart of each of three people, one without consent, one without an order."""
    people = ("A", "B", "C")
    return engine(
        identity_links=links(*people),
        web_events=[event("add_to_cart", who, at("10-30", "18:00"), "P1") for who in people],
        products=[product("P1")],
        orders=[order(1, "A", at("10-01")), order(2, "C", at("10-01"))],
        order_lines=[line(1, "P2"), line(2, "P2")],
        profile=[{"customer_id": who, "orders": int(who != "B")} for who in people],
        contactable=granted("A", "B"),
        **more,
    )


def evaluate(db, some=None, **more):
    some = read(one=CART | {"hours": 24, "rule": "orders > 0"}) if some is None else some
    return triggers.evaluate(db, some, span=triggers.Span.day(AS_OF), **more)


def test_running_twice_adds_nothing():
    first = evaluate(shop())
    assert first.queue["customer_id"].tolist() == ["A"]
    pd.testing.assert_frame_equal(first.queue, evaluate(shop()).queue)
    before = first.queue.to_dict("records")
    again = evaluate(shop(previous_trigger_queue=before), read(one=CART | {"hours": 24, "again": 0}))
    assert again.queue["customer_id"].tolist() == ["B"]  # without the rule; A's stays queued
    days_before = shop()
    days_before.register("days_before", first.queue)
    assert evaluate(days_before, earlier="days_before").queue.empty


def test_a_merged_customer_brings_their_earlier_rows_along():
    before = [row | {"customer_id": "OLD"} for row in evaluate(shop()).queue.to_dict("records")]
    some = read(one=CART | {"hours": 24, "again": 0, "rule": "orders > 0"})
    assert evaluate(shop(previous_trigger_queue=before), some).queue["customer_id"].tolist() == ["A"]
    merged = [{"alias_id": "OLD", "customer_id": "A"}]
    assert evaluate(shop(previous_trigger_queue=before, id_aliases=merged), some).queue.empty


def test_the_counts_add_up_and_say_what_is_missing():
    counts = evaluate(shop(), read(
        one=CART | {"hours": 24, "rule": "orders > 0"}, points={"kind": "points_expiring"}, risk={"kind": "churn_risen"},
    )).counts.set_index("trigger")  # fmt: skip
    assert counts.loc["one", ["conditions", "not_in_rule", "no_consent", "queued", "value"]].tolist() == [
        3,
        1,
        1,
        1,
        500,
    ]
    assert (counts[list(FATES)].sum(axis=1) == counts["conditions"]).all()
    assert counts["missing"].fillna("").to_dict() == {
        "one": "",
        "points": "loyalty_points",
        "risk": "churn;previous_churn",
    }


def test_no_triggers_and_a_company_that_evaluates_daily():
    none = evaluate(engine(), triggers.read_triggers(None))
    assert none.tables() == {"trigger_queue": None, "trigger_counts": None}
    daily = evaluate(shop(), read(evaluated="daily", one=CART | {"hours": 24}))
    assert len(daily.queue) and daily.tables()["trigger_queue"] is None and len(daily.tables()["trigger_counts"])


def crowd() -> triggers.Evaluated:
    """Forty people with carts, birthdays and visits, consents, rests, campaigns and a hold-out that differ among them."""
    rng, people = np.random.default_rng(8), [f"K{number:02}" for number in range(40)]
    carts = [
        event("add_to_cart", who, at("10-30", "18:00"), f"P{n % 3}", session_id=f"c{who}")
        for n, who in enumerate(people)
    ]
    looks = [
        event("view_item", who, at("10-29") + days(n), "P1", session_id=f"{who}{n}") for who in people for n in (0, 1)
    ]
    db = engine(
        identity_links=links(*people),
        web_events=carts + looks,
        products=[product(f"P{n}", price=0.1 + n) for n in range(3)],
        orders=[order(who, who, at("10-01")) for who in people[::2]],
        profile=[{"customer_id": who, "orders": int(rng.integers(3))} for who in people],
        contacts=[{"customer_id": who, "birth_date": date(1990, 11, 1)} for who in people[::3]],
        contactable=granted(*people[5:]) + granted(*people[::2], channel="line") + granted(*people[30:35], state="withdrawn"),
        cltv=[{"customer_id": who, "p_alive": 0.5, "cltv": float(rng.random())} for who in people],
        id_aliases=[{"alias_id": "OLD", "customer_id": people[7]}],
        previous_trigger_queue=[
            {"customer_id": who, "trigger": "party", "episode": "x", "channel": "email", "due_at": at("10-28")}
            for who in ("OLD", people[12], people[18])
        ],
        campaigns=[{"source_system": "shop", "campaign_id": "M", "channel": "email"}],
        campaign_contacts=[
            {"source_system": "shop", "campaign_id": "M", "source_customer_id": who.lower(), "contact_no": n, "arm": "treat",
             "sent_at": at("10-30")} for who in people[20:25] for n in range(2)
        ],
    )  # fmt: skip
    both = {"channels": ["line", "email"], "holdout": 0.2}
    some = read(
        cart=CART | {"hours": 24, "rule": "orders > 0 and cltv.cltv > percentile(20)"} | both,
        party={"kind": "birthday", "priority": 2, "changes": "staying", "effect": GUESS},
        looked={"kind": "browsed", "visits": 2, "priority": 3},
        caps={"standard": {"contacts": 2, "days": 7}},
    )
    return triggers.evaluate(db, some, span=triggers.Span.day(AS_OF), global_control=0.1)


def test_blocks_of_customers_give_the_queue_of_all_at_once(monkeypatch):
    whole, cut = crowd(), []
    monkeypatch.setattr(blocks, "SIZE", 4)
    monkeypatch.setattr(blocks, "_STEP", 2)
    monkeypatch.setattr(
        evaluating, "fill", lambda found, *rest, **more: (cut.append(found), fill(found, *rest, **more))[1]
    )
    parts = crowd()
    assert len(cut) > 10 and sum(map(len, cut)) == whole.counts["conditions"].sum()
    people = [set(found["customer_id"]) for found in cut]
    assert len(set().union(*people)) == sum(map(len, people))  # nobody in two
    pd.testing.assert_frame_equal(parts.queue, whole.queue)
    pd.testing.assert_frame_equal(parts.counts, whole.counts)
    assert set(whole.queue["arm"]) == {"target", "holdout", "global_control"}
    assert (whole.counts[["not_in_rule", "already_queued", "no_consent", "capped", "queued"]].sum() > 0).all()


# --- what is handed over on a day --------------------------------------------------------------------------------------


def test_what_is_handed_over_is_asked_again_and_holds_ids_alone():
    queue = evaluate(shop()).queue
    day, allowed = date(2026, 11, 1), {("A", "email")}
    assert ready(queue, allowed, {}, day=day)["customer_id"].tolist() == ["A"]
    assert list(ready(queue, allowed, {}, day=day)) == [
        "queue_id",
        "customer_id",
        "trigger",
        "channel",
        "due_at",
        "expires_at",
    ]
    assert ready(queue, set(), {}, day=day).empty  # withdrawn meanwhile
    assert ready(queue, {("A", "line")}, {}, day=day).empty
    assert ready(queue, allowed, {"A": at("11-01")}, day=day).empty  # bought meanwhile
    assert len(ready(queue, allowed, {"A": at("10-31", "23:59")}, day=day)) == 1
    assert ready(queue, allowed, {}, day=day + days(1)).empty
    assert ready(queue.assign(arm="holdout"), allowed, {}, day=day).empty
    thanks = queue.assign(reason="first_purchase")
    assert len(ready(thanks, allowed, {"A": at("11-01")}, day=day)) == 1


@pytest.mark.parametrize("column", ["expires_at"])
def test_what_has_expired_is_not_handed_over(column):
    queue = evaluate(shop()).queue
    queue[column] = queue["due_at"]
    assert ready(queue, {("A", "email")}, {}, day=date(2026, 11, 1)).empty


# --- what it should bring ----------------------------------------------------------------------------------------------


def worth(**more):
    """The shop with what is known of A: a chance of 20 % to buy for 1,000, 50 % alive, a lifetime value of 3,000."""
    return shop(
        propensity=[{"customer_id": "A", "p_30": 0.2, "expected_spend": 1000.0}],
        cltv=[{"customer_id": "A", "p_alive": 0.5, "cltv": 3000.0}],
        **more,
    )


def test_an_effect_times_what_the_person_is_worth_is_the_expected_value():
    made = evaluate(worth(), read(one=CART | {"hours": 24, "effect": GUESS}), margin=0.4)
    values = made.queue.set_index("customer_id")["expected_value"]
    more = 0.2 * 0.8 * 0.5 / (1 + 0.2 * 0.5)  # odds of 1 in 4 times 1.5, less 20 %
    assert more == pytest.approx(0.375 / 1.375 - 0.2)
    assert values["A"] == pytest.approx(more * 400) and np.isnan(values["B"])  # of B nothing is known
    told = made.counts.iloc[0]
    assert (told["effect_source"], told["expected"]) == ("assumed", pytest.approx(more * 400))
    assert told["expected_low"] == pytest.approx(0.16 * 0.1 / 1.02 * 400)
    assert told["expected_low"] < told["expected"] < told["expected_high"]
    stays = evaluate(worth(), read(one=CART | {"hours": 24, "changes": "staying", "effect": GUESS}))
    assert stays.queue["expected_value"].max() == pytest.approx((0.6 - 0.5) * 3000 / 0.5)  # odds of 1 times 1.5: 60 %


def test_last_months_campaign_comes_before_the_assumption_and_says_what_was_proven():
    spec = CART | {"hours": 24, "changes": "margin", "effect": GUESS | {"campaign": "K1"}}
    effects = {
        "campaign_id": "K1",
        "outcome": "margin",
        "effect": 30.0,
        "low": -5.0,
        "high": 65.0,
        "mean_control": 100.0,
    }
    found = evaluate(worth(previous_campaign_effects=[effects | {"verdict": "not_proven"}]), read(one=spec))
    assert found.queue["expected_value"].tolist() == [30.0, 30.0]
    told = found.counts.iloc[0]
    assert told[["effect_source", "effect_verdict", "campaign_id"]].tolist() == ["measured", "not_proven", "K1"]
    assert told[["expected", "expected_low", "expected_high"]].tolist() == [60.0, -10.0, 130.0]
    first = evaluate(worth(), read(one=spec)).counts.iloc[0]  # no month before
    assert (first["effect_source"], first["expected"]) == ("assumed", 1.0)
    bare = evaluate(worth(), read(one=spec | {"effect": {"campaign": "K1"}}))
    assert bare.counts["effect_source"].tolist() == ["unknown"] and bare.queue["expected_value"].isna().all()


def test_without_effects_nothing_is_expected():
    made = evaluate(worth())
    assert made.queue["expected_value"].isna().all() and made.counts["expected"].isna().all()
