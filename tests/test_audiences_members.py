"""Audiences of a month: nobody without consent whatever the rule says, arms that can be compared, rows in = rows out."""

import hashlib
from datetime import date

import numpy as np
import pandas as pd
import pytest
from audience_world import AS_OF, UNTIL, counts, empty, known, ledger, lists, shop, spec, verdict
from hypothesis import given, settings
from hypothesis import strategies as st
from rule_tables import table
from test_audiences_consent import people, stops, words

from customerbase.audiences import consent, evaluating, reading
from customerbase.audiences.withholding import REFUSED, shown_counts, withheld


def made(db, settings_=None, *, as_of=AS_OF, **audiences):
    read = reading.read_audiences(audiences, known(), settings_ or {}, "tiny.yaml")
    return evaluating.make(db, read, as_of=as_of)


def ids(n: int) -> list[str]:
    return [f"k{number:06d}" for number in range(n)]


def crowd(n: int) -> pd.DataFrame:
    random = np.random.default_rng(5)
    columns = {
        "customer_id": ids(n),
        "orders": random.integers(0, 9, n),
        "segment": random.choice(["champions", "lost"], n),
    }
    return pd.DataFrame(columns | {"net_spend": random.integers(1, 40, n) * 1000.0})


def all_granted(frame: pd.DataFrame, *channels: str) -> dict:
    return {who: dict.fromkeys(channels or ("email",), "granted") for who in frame["customer_id"]}


RULES = ["orders >= 0", "orders is null or orders > -1", "not (orders > 99)", "orders <> 1 or orders = 1"]


@settings(max_examples=15, deadline=None)
@given(people, words, stops, st.sampled_from(RULES), st.sampled_from(consent.MODES[::2]), st.integers(1, 3))
def test_nobody_without_an_opt_in_gets_in_whatever_the_rule_says(owners, said, stopped, rule, mode, most):
    db = ledger(owners, said, stopped)
    for name in ("rfm", "segment_members"):
        empty(db, name)
    state = consent.contactable(db, consent.Matching(mode), as_of=AS_OF)
    db.execute(f"create or replace temp table contactable as {state.sql_query()}")
    everything = spec(rule=rule, channels=list(consent.CHANNELS), holdout=0.3, cap={"most": most, "by": "orders"})
    found = made(db, {"global_control": 0.2}, all_of_them=everything, again=spec(rule=rule, channels=["sms", "ads"]))
    members = found.members.fetchall()
    for _, who, channel, _, _ in members:
        if channel == "ads":
            assert mode != consent.OFF and lists(owners, said, stopped, who) == "granted"
        else:
            assert verdict(owners, said, stopped, who, channel) == "granted"
    assert all(word[5] < UNTIL for word in said) or found  # words of later are among what was drawn
    left = found.drops.groupby(["audience", "channel"])["customers"].sum()
    assert (left == found.everybody).all()


def test_every_step_is_where_it_should_be():
    frame = crowd(400)
    states = {
        who: {"email": ("granted", "granted", "granted", "withdrawn")[place % 4]}
        for place, who in enumerate(frame["customer_id"])
        if place % 5
    }
    db = shop(frame, states, quiet=ids(40))
    one = spec(
        rule="orders >= 3", exclude=["quiet", "orders = 8"], holdout=0.2, cap={"most": 50, "by": "rfm.net_spend"}
    )
    found = made(db, {"global_control": 0.1}, first=one)
    assert counts(found, "first") == _by_hand(frame, states, 0.2, 0.1, 50)
    assert counts(found, "first")["target"] == 50
    rows = found.drops.sort_values("place")
    assert list(rows["step"]) == list(evaluating.STEPS)
    assert list(rows["customers_left"])[-1] == 50 and rows["customers_left"].is_monotonic_decreasing


def _by_hand(frame: pd.DataFrame, states: dict, share: float, control: float, most: int) -> dict[str, int]:
    """The steps of that audience, person by person."""

    def below(key: str, who: str, part: float) -> bool:
        return int(hashlib.sha256(f"{key}:{who}".encode()).hexdigest()[:16], 16) < part * 16**16

    steps, waiting = {}, []
    for row in frame.to_dict("records"):
        who, state = row["customer_id"], states.get(row["customer_id"], {}).get("email")
        if row["orders"] < 3:
            steps[who] = "rule"
        elif who in ids(40) or row["orders"] == 8:
            steps[who] = "excluded"
        elif state != "granted":
            steps[who] = "opted_out" if state else "no_consent"
        else:
            arm = "global_control" if below("global", who, control) else "target"
            arm = "holdout" if arm == "target" and below("audience first", who, share) else arm
            waiting.append((-row["net_spend"], hashlib.sha256(f"order first:{who}".encode()).hexdigest(), who, arm))
    targets = 0
    for *_, who, arm in sorted(waiting):
        steps[who] = "cap" if targets == most else arm
        targets += steps[who] == "target"
    found = pd.Series(steps).value_counts()
    return {step: int(n) for step, n in found.items()}


def test_the_cap_cuts_all_arms_at_one_rank_so_that_they_can_be_compared():
    frame = crowd(20_000)
    found = made(
        shop(frame, all_granted(frame)),
        big=spec(holdout=0.3, cap={"most": 4000, "by": "rfm.net_spend"}, value="rfm.net_spend"),
    )
    told = found.members.df()
    arms = told.groupby("arm")["value"]
    assert arms.size()["target"] == 4000
    assert abs(arms.size()["holdout"] / len(told) - 0.3) < 4 * (0.21 / len(told)) ** 0.5
    assert arms.min()["target"] == arms.min()["holdout"]
    apart = arms.mean()["target"] - arms.mean()["holdout"]
    assert abs(apart) < 4 * told["value"].std() * (1 / 4000 + 1 / arms.size()["holdout"]) ** 0.5


def test_who_stands_in_enough_audiences_is_left_out_of_the_next_in_every_arm_alike():
    frame = crowd(3000)
    db = shop(frame, all_granted(frame, "email", "line"))
    found = made(
        db,
        {"audiences_per_person": {"email": 1}},
        first=spec(rule="orders >= 4", holdout=0.3),
        second=spec(channels=["email", "line"]),
    )
    fit = int((frame["orders"] >= 4).sum())
    assert counts(found, "second")["frequency"] == fit  # those held out of the first count too
    assert counts(found, "second", "line") == {"target": 3000}


def test_an_audience_above_is_excluded_with_its_hold_out():
    frame = crowd(1000)
    found = made(
        shop(frame, all_granted(frame)), first=spec(rule="orders >= 5", holdout=0.5), rest=spec(exclude=["first"])
    )
    assert counts(found, "rest")["excluded"] == int((frame["orders"] >= 5).sum())
    both = found.overlap.set_index(["audience", "other"])["customers"]
    assert both["first", "rest"] == 0 and both["rest", "rest"] == int((frame["orders"] < 5).sum())
    assert both["first", "first"] == counts(found, "first")["target"]


def test_segments_by_name_and_by_rule_say_who_is_in_it():
    frame = crowd(500)
    db = shop(frame, all_granted(frame), quiet=ids(30))
    either = spec(segments=["champions", "quiet"], rule=None)
    found = made(db, either=either, both=spec(segments="quiet", rule="orders >= 0 and rfm.segment = 'champions'"))
    champions, quiet = frame["segment"] == "champions", frame["customer_id"].isin(ids(30))
    assert counts(found, "either")["target"] == int((champions | quiet).sum())
    assert counts(found, "both")["target"] == int((champions & quiet).sum())


@pytest.mark.parametrize(("when", "state"), [("2026-09", "not_yet"), ("2026-10", "valid"), ("2026-12", "ended")])
def test_an_audience_is_made_in_its_months_only(when, state):
    frame = crowd(50)
    day = reading.months({"until": when}, "x")[1]
    found = made(shop(frame, all_granted(frame)), as_of=day, some=spec(**{"from": "2026-10", "until": "2026-11"}))
    assert found.sizes["state"].tolist() == [state]
    assert len(found.members.fetchall()) == (50 if state == "valid" else 0)
    assert len(found.drops) == (len(evaluating.STEPS) if state == "valid" else 0)


def test_small_overlaps_are_withheld_and_what_would_give_them_back():
    frame = crowd(300)
    db = shop(frame, all_granted(frame))
    few = spec(rule="orders >= 0 and orders < 1 and rfm.net_spend <= 3000")
    found = made(db, few=few, everybody=spec(rule="orders >= 0"))
    size = counts(found, "few")["target"]
    assert 0 < size < 10
    shown = found.overlap.set_index(["audience", "other"])["customers"]
    assert shown.isna()["few", "few"] and shown.isna()["few", "everybody"] and shown["everybody", "everybody"] == 300


def test_what_is_shown_of_the_steps():
    none = dict.fromkeys(evaluating.STEPS, 0) | {"rule": 500}
    told = none | {"no_consent": 300, "opted_out": 4, "holdout": 40, "target": 30}
    assert withheld(told, 10) == {"opted_out", "kept_back"}  # one more, since the total is known: not the targets
    assert withheld(none | {"opted_out": 4, "holdout": 3, "target": 200}, 10) == {"opted_out", "kept_back", "target"}
    assert withheld(none | {"cap": 3, "holdout": 3, "target": 200}, 10) >= {"asked", "rule"}  # 200 stands in the file
    assert withheld(none | {"target": 4}, 10) >= {"rule", "asked", "target"}
    assert withheld(none | {"no_consent": 90, "holdout": 30, "target": 300}, 10) == set()


def test_nothing_shown_can_be_solved_for_what_is_not():
    random = np.random.default_rng(2)
    for _ in range(400):
        counts = {step: int(random.choice([0, 0, 3, 8, 40, 200])) for step in evaluating.STEPS}
        shown, hidden = shown_counts(counts), withheld(counts, 10)
        told_by_file = {"target"} if counts["cap"] else set()
        assert {name for name, n in shown.items() if 0 < n < 10} <= hidden | told_by_file
        unknown = [name for name in shown if name in hidden - told_by_file]
        lines = [dict.fromkeys(("rule", "excluded", "asked"), 1)]
        lines.append({"asked": -1} | dict.fromkeys((*REFUSED, "kept_back", "target"), 1))
        matrix = np.array([[line.get(name, 0) for name in unknown] for line in lines]).reshape(2, len(unknown))
        for place, name in enumerate(unknown):
            pick = np.eye(len(unknown))[place]
            solved = np.linalg.matrix_rank(np.vstack([matrix, pick])) == np.linalg.matrix_rank(matrix)
            whole = sum(shown[one] for one in ("rule", "excluded", "asked")) < 20  # so few customers hide nothing
            assert whole or not solved or not 0 < shown[name] < 10, (counts, hidden, name)


def test_no_audience_at_all_still_tells_who_can_be_reached():
    frame = crowd(30)
    found = made(shop(frame, {ids(1)[0]: {"email": "withdrawn", "line": "granted"}}))
    reach = found.reach.set_index("channel")
    assert reach.loc["line", ["granted", "withdrawn", "unknown"]].tolist() == [1, 0, 29]
    assert found.tables()["audiences"] is None and not found.members.fetchall()
    assert found.records()["audiences"] == 0 and found.everybody == 30
    empty(db := shop(frame, {}), "profile")
    table(db, "rfm", pd.DataFrame({"customer_id": pd.Series(dtype="object")}))
    nobody = made(db, some=spec())
    assert counts(nobody, "some") == {} and nobody.everybody == 0


def test_the_same_people_twice():
    frame = crowd(500)
    one, two = (
        made(
            shop(frame.sample(frac=1, random_state=seed), all_granted(frame)),
            some=spec(cap={"most": 50, "by": "orders"}),
        )
        for seed in (1, 2)
    )
    assert sorted(one.members.fetchall()) == sorted(two.members.fetchall())
    assert date(2026, 10, 31) == one.as_of
