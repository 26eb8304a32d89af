"""The sales priority list: gains by hand, capacities, owners, order, words; nothing it should not say."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from conftest import real_data
from hypothesis import given
from hypothesis import strategies as st
from test_propensity_assignment import brute_force

from customerbase import propensity
from customerbase.engine import Engine
from customerbase.errors import InputError
from customerbase.propensity.sales.priority import COLUMNS, probability_gain
from customerbase.tables import evaluate, schema
from customerbase.tables.store import as_declared

AS_OF = date(2026, 10, 31)


def customers(*rows: tuple, **columns: list) -> pd.DataFrame:
    """(customer_id, probability, expected_margin) each."""
    frame = pd.DataFrame(rows, columns=["customer_id", "probability", "expected_margin"])
    return frame.assign(**columns)


def channels(*rows: tuple, **columns: list) -> pd.DataFrame:
    """(channel, capacity, cost, effect) each."""
    return pd.DataFrame(rows, columns=["channel", "capacity", "cost", "effect"]).assign(**columns)


def listed(people: pd.DataFrame, means: pd.DataFrame, **options) -> dict[str, str]:
    table = propensity.prioritise(people, means, as_of=AS_OF, **options).table
    return dict(zip(table["customer_id"], table["channel"], strict=True))


def many(count: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    names = [f"K{number:05}" for number in rng.permutation(count)]
    return customers(*zip(names, rng.beta(1, 4, count), rng.lognormal(8, 1, count), strict=True))


FOUR = channels(("mail", 50, 5.0, 0.1), ("phone", 10, 300.0, 0.5), ("visit", 3, 2000.0, 1.0), ("post", None, 90.0, 0.2))


def test_a_gain_by_hand():
    # odds 1:4 become 1.5:4, so 0.2 becomes 3/11; the rest of 0.8/11 ... times 11,000, less 100
    found = propensity.prioritise(customers(("A", 0.2, 11_000.0)), channels(("phone", 5, 100.0, 0.5)), as_of=AS_OF)
    row = found.table.iloc[0]
    assert row["probability_gain"] == pytest.approx(3 / 11 - 0.2)
    assert row["gain"] == row["total_gain"] == pytest.approx(3_000 - 2_200 - 100)
    assert (row["rank"], row["channel"], row["cost"], row["as_of"]) == (1, "phone", 100.0, AS_OF)


@given(st.floats(0, 1), st.floats(-0.9, 20))
def test_a_contact_multiplies_the_odds(p, effect):
    raised = p + probability_gain(p, effect)
    assert raised * (1 - p) == pytest.approx((1 + effect) * p * (1 - raised), abs=1e-9)
    assert -1e-12 <= raised <= 1 + 1e-12


@pytest.mark.parametrize("mail", ["Womens E-Mail", "Mens E-Mail"])
def test_odds_are_the_scale_on_which_a_real_campaign_worked_alike(mail):
    """An e-mail that raised visits (10.6 % without it) and purchases (0.6 %) multiplied the odds of both about alike."""
    data = pd.read_csv(real_data("hillstrom") / "hillstrom_email.csv.gz")
    arms = data.groupby("segment")[["visit", "conversion"]].agg(["sum", "count"]).loc[[mail, "No E-Mail"]]
    odds, share, variance = {}, {}, {}
    for what in ("visit", "conversion"):
        yes, all_of = arms[what]["sum"].to_numpy(), arms[what]["count"].to_numpy()
        odds[what] = np.log(yes / (all_of - yes))[0] - np.log(yes / (all_of - yes))[1]
        share[what] = (yes / all_of)[0] - (yes / all_of)[1]
        variance[what] = (1 / yes + 1 / (all_of - yes)).sum()
    assert abs(odds["visit"] - odds["conversion"]) < 1.96 * np.sqrt(sum(variance.values()))
    assert share["visit"] > 10 * share["conversion"]  # points would not carry over
    assert np.exp(odds["conversion"]) - 1 > propensity.EFFECT  # what is assumed is below what this campaign did


def test_what_was_measured_for_a_customer_goes_before_what_is_assumed():
    people = customers(("A", 0.5, 1000.0), ("B", 0.5, 1000.0), ("C", 0.9, 1000.0), uplift_mail=[0.3, None, 0.4])
    table = propensity.prioritise(people, channels(("mail", 9, 0.0, 0.2)), as_of=AS_OF).table.set_index("customer_id")
    assert table.loc["A", "probability_gain"] == pytest.approx(0.3)
    assert table.loc["B", "probability_gain"] == pytest.approx(0.6 / 1.1 - 0.5)
    assert table.loc["C", "probability_gain"] == pytest.approx(0.1)  # no probability is above 1


def test_whom_a_contact_would_put_off_is_never_listed():
    people = customers(("A", 0.5, 1e9), ("B", 0.5, 1e3), uplift_mail=[-0.1, 0.1])
    assert listed(people, channels(("mail", 9, 1.0, 0.2))) == {"B": "mail"}


def test_only_gains_above_the_cost_are_listed():
    people = customers(("A", 0.5, 1000.0), ("B", 0.5, 100.0), ("C", 0.0, 1e9), ("D", 1.0, 1e9))
    assert listed(people, channels(("phone", 9, 20.0, 0.2))) == {"A": "phone"}


def test_the_list_is_ordered_by_gain_and_adds_up():
    found = propensity.prioritise(many(300), FOUR, as_of=AS_OF)
    table = found.table
    assert table["rank"].tolist() == list(range(1, len(table) + 1))
    assert (np.diff(table["gain"]) <= 0).all() and (table["gain"] > 0).all()
    assert table["customer_id"].is_unique
    assert table["total_gain"].iloc[-1] == pytest.approx(table["gain"].sum())
    counts = table.groupby("channel").size()
    assert counts["mail"] <= 50 and counts["phone"] <= 10 and counts["visit"] <= 3
    by_channel = found.by_channel.set_index("channel")
    assert by_channel["contacts"].to_dict() == counts.reindex(by_channel.index).fillna(0).astype(int).to_dict()
    assert by_channel["gain"].sum() == pytest.approx(table["gain"].sum())
    assert found.gap == 0


def test_it_is_the_best_of_all_lists():
    people, means = many(6), channels(("mail", 2, 5.0, 0.1), ("phone", 1, 100.0, 0.5), ("visit", 1, 500.0, 1.0))
    p, margin = people["probability"].to_numpy()[:, None], people["expected_margin"].to_numpy()[:, None]
    odds = p / (1 - p) * (1 + means["effect"].to_numpy())
    gains = (odds / (1 + odds) - p) * margin - means["cost"].to_numpy()
    best = brute_force(gains, means["capacity"].to_numpy())
    assert propensity.prioritise(people, means, as_of=AS_OF).table["gain"].sum() == pytest.approx(best)


def test_the_order_of_rows_decides_nothing():
    people = pd.concat(
        [many(200), many(200).assign(customer_id=lambda one: "L" + one["customer_id"])]
    )  # pairs of equals
    first = propensity.prioritise(people, FOUR, as_of=AS_OF)
    again = propensity.prioritise(people.sample(frac=1, random_state=3), FOUR, as_of=AS_OF)
    pd.testing.assert_frame_equal(first.table, again.table, check_exact=True)
    pd.testing.assert_frame_equal(first.by_channel, again.by_channel, check_exact=True)


def test_the_last_price_is_what_one_more_contact_gains():
    people = many(400)
    before = propensity.prioritise(people, FOUR, as_of=AS_OF)
    for place, name in enumerate(FOUR["channel"][:3]):
        more = FOUR.copy()
        more.loc[place, "capacity"] += 1
        after = propensity.prioritise(people, more, as_of=AS_OF).table["gain"].sum()
        price = before.by_channel.set_index("channel").loc[name, "price"]
        assert after - before.table["gain"].sum() == pytest.approx(price, abs=1e-6)


def test_only_allowed_channels_are_used():
    people = customers(*[(name, 0.5, 10_000.0) for name in "ABCD"], channels=["mail", "post; mail", "fax", None])
    found = listed(people, channels(("phone", 9, 1.0, 0.9), ("mail", 9, 1.0, 0.1), ("post", 9, 1.0, 0.2)))
    assert found == {"A": "mail", "B": "post", "D": "phone"}


def test_persons_contact_their_own_accounts_and_those_of_nobody():
    people = customers(*[(name, 0.5, 10_000.0) for name in "ABC"], owner=["sato", "gone", None])
    means = channels(
        ("sato", 1, 10.0, 0.5), ("ito", 9, 10.0, 0.5), ("mail", 9, 1.0, 0.1), kind=["person"] * 2 + ["channel"]
    )
    found = propensity.prioritise(people, means, as_of=AS_OF)
    assert dict(zip(found.table["customer_id"], found.table["channel"], strict=True)) == {
        "A": "sato", "B": "mail", "C": "ito",
    }  # fmt: skip
    assert any("1 customers are not among the persons" in one for one in found.remarks("en"))


def test_low_and_high_follow_margin_and_effect():
    people = customers(("A", 0.5, 1000.0), expected_margin_low=[-100.0], expected_margin_high=[2000.0])
    means = channels(("mail", 9, 10.0, 0.5), effect_low=[0.0], effect_high=[1.0])
    row = propensity.prioritise(people, means, as_of=AS_OF).table.iloc[0]
    assert row["gain"] == pytest.approx(100.0 - 10)
    assert row["gain_high"] == pytest.approx((2 / 3 - 0.5) * 2000 - 10)
    assert row["gain_low"] == pytest.approx((2 / 3 - 0.5) * -100 - 10)


def test_an_effect_that_nobody_stated_is_assumed_and_said():
    means = pd.DataFrame({"channel": ["mail"], "capacity": [9], "cost": [1.0]})
    found = propensity.prioritise(customers(("A", 0.5, 1000.0)), means, as_of=AS_OF)
    assert found.table["probability_gain"].iloc[0] == pytest.approx(0.6 / 1.1 - 0.5)
    assert any("mail was not measured" in one and "1.2" in one for one in found.remarks("en"))
    assert any("仮定" in one for one in found.remarks("ja"))


def test_who_lacks_a_number_is_left_out_and_counted():
    people = customers(("A", 0.5, 1000.0), ("B", None, 1000.0), ("C", 0.5, None))
    found = propensity.prioritise(people, channels(("mail", 9, 1.0, 0.2)), as_of=AS_OF)
    assert found.table["customer_id"].tolist() == ["A"] and found.considered == 1
    assert "2 customers without a probability or a margin are left out." in found.remarks("en")


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_first_remark_is_the_finding(language):
    people = many(300).assign(expected_margin_low=0.0, expected_margin_high=1e5)
    first, second, *_ = propensity.prioritise(people, FOUR, as_of=AS_OF).remarks(language)
    assert ("連絡すると" if language == "ja" else "should gain") in first
    assert ("あと1件" if language == "ja" else "one more contact") in second


def test_nobody_to_contact_is_said_and_is_a_table_all_the_same():
    found = propensity.prioritise(customers(("A", 0.5, 10.0)), channels(("visit", 9, 1000.0, 0.2)), as_of=AS_OF)
    assert len(found.table) == 0 and list(found.table.columns) == list(COLUMNS)
    assert found.remarks("en")[0].startswith("No contact is expected")
    assert found.records() == {
        "priority_contacts": 0, "priority_gain": 0.0, "priority_cost": 0.0, "priority_gap": 0.0, "priority_considered": 1,
    }  # fmt: skip


FULL = {"best_day": [date(2026, 11, 5), None], "best_weekday": [6, None], "best_hours": ["18-21", None]}


@pytest.mark.parametrize("extra", [{}, FULL, {"reason_1": ["silent_for_long", None]}])
def test_the_table_is_as_declared(extra):
    people = customers(("A", 0.5, 1000.0), ("B", 0.4, 1000.0), **extra)
    table = propensity.prioritise(people, channels(("mail", 9, 1.0, 0.2)), as_of=AS_OF).table
    db = Engine(threads=1)
    db.register("made", as_declared(db.connection.from_df(table), schema("sales_priority")))
    assert [check for check in evaluate(db, schema("sales_priority"), "made") if not check.success] == []
    told = db.query("select best_day, best_weekday, best_hours, reason_1 from made order by rank").fetchall()
    assert told[1] == (None,) * 4
    assert told[0] == tuple(
        extra.get(name, [None])[0] for name in ("best_day", "best_weekday", "best_hours", "reason_1")
    )


def test_the_table_of_nobody_is_as_declared():
    table = propensity.prioritise(many(3), channels(("visit", 0, 1.0, 0.2)), as_of=AS_OF).table
    db = Engine(threads=1)
    db.register("made", as_declared(db.connection.from_df(table), schema("sales_priority")))
    assert db.query("select count(*) from made").fetchall() == [(0,)]


@pytest.mark.parametrize(
    ("people", "means", "words"),
    [
        ({"drop": "probability"}, {}, "customers have no column 'probability'"),
        ({"probability": 1.2}, {}, "'probability' is 1.2; expected 0 to 1"),
        ({"customer_id": "K00001"}, {}, "twice"),
        ({"uplift_mial": 0.1}, {}, "no channel 'mial'. Did you mean 'mail'"),
        ({}, {"drop": "cost"}, "channels have no column 'cost'"),
        ({}, {"cost": -1.0}, "'cost' is -1"),
        ({}, {"cost": None}, "no cost"),
        ({}, {"capacity": -1}, "'capacity' is -1"),
        ({}, {"capacity": 1.5}, "capacity is 1.5"),
        ({}, {"effect": -1.0}, "'effect' is -1"),
        ({}, {"kind": "persn"}, "Did you mean 'person'"),
    ],
)
def test_what_cannot_be_is_refused(people, means, words):
    def changed(frame, changes):
        changes = dict(changes)
        dropped = changes.pop("drop", None)
        frame = frame.assign(**changes)
        return frame.drop(columns=dropped) if dropped else frame

    with pytest.raises(InputError, match=words):
        propensity.prioritise(changed(many(5), people), changed(FOUR, means), as_of=AS_OF)


def test_no_contact_column_stands_in_the_table():
    declared = schema("sales_priority")
    assert list(declared.columns) == list(COLUMNS)
    assert {one.sensitivity for one in declared.columns.values()} == {"internal", "pseudonym"}
