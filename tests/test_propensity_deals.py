"""Open deals beside customers: owners, stage and amount by the stated rule; without deals it says so."""

from datetime import date, datetime

import pandas as pd
import pytest
from profile_tables import engine, fill, link

from customerbase import propensity
from customerbase.engine import identifier
from customerbase.errors import InputError
from customerbase.propensity import STAGES
from customerbase.propensity.sales.priority import probability_gain
from customerbase.tables import schemas

AS_OF = date(2026, 10, 31)
MEANS = pd.DataFrame({"channel": ["phone"], "capacity": [9], "cost": [10.0], "effect": [0.5]})


def people(*names: str) -> pd.DataFrame:
    return pd.DataFrame({"customer_id": list(names), "probability": 0.2, "expected_margin": 1000.0})


def deal(customer: str, stage: str, amount: float | None = 1000.0, owner: str | None = None) -> dict:
    return {"customer_id": customer, "owner_id": owner, "stage": stage, "amount": amount}


def gains(frame: pd.DataFrame, notes=()) -> dict[str, float]:
    table = propensity.prioritise(frame, MEANS, as_of=AS_OF, notes=notes).table
    return dict(zip(table["customer_id"], table["gain"], strict=True))


def database(*deals: dict):
    db = engine(identity_links=[link("K1", "crm", "a"), link("K1", "crm", "b"), link("K2", "crm", "c")])
    columns = ", ".join(f"{identifier(one.name)} {one.type}" for one in schemas()["deals"].columns.values())
    db.execute(f"create table deals ({columns})")
    fill(
        db,
        "deals",
        [{"source_system": "crm", "source_row_id": f"d:{i}", "deal_id": f"D{i}"} | one for i, one in enumerate(deals)],
    )
    return db


def test_of_several_open_deals_the_one_furthest_on_then_the_largest_counts():
    db = database(
        {"source_customer_id": "a", "stage": "proposal", "amount": 10, "owner_id": "x"},
        {"source_customer_id": "b", "stage": "proposal", "amount": 30, "owner_id": "y"},
        {"source_customer_id": "a", "stage": "lead", "amount": 900, "owner_id": "z"},
        {"source_customer_id": "a", "stage": "won", "amount": 999},
        {"source_customer_id": "c", "stage": "lost", "amount": 5},
        {"source_customer_id": None, "stage": "negotiation", "amount": 5},
    )
    [row] = propensity.open_deals(db, as_of=AS_OF).to_dict("records")
    assert (row["customer_id"], row["owner_id"], row["stage"], float(row["amount"])) == ("K1", "y", "proposal", 30.0)
    assert row["deals"] == 3


def test_deals_opened_after_the_as_of_date_are_not_known():
    late = {"source_customer_id": "a", "stage": "lead", "opened_at": datetime(2026, 11, 1, 0, 0)}
    assert len(propensity.open_deals(database(late), as_of=AS_OF)) == 0
    assert len(propensity.open_deals(database(late), as_of=date(2026, 11, 1))) == 1


@pytest.mark.parametrize("deals", [None, pd.DataFrame(columns=["customer_id", "owner_id", "stage", "amount"])])
def test_without_deals_it_runs_and_says_so(deals):
    joined, notes = propensity.with_deals(people("A"), deals)
    pd.testing.assert_frame_equal(joined, people("A"))
    found = propensity.prioritise(joined, MEANS, as_of=AS_OF, notes=notes)
    assert len(found.table) == 1
    assert any("There is no data of deals" in one for one in found.remarks("en"))
    assert any("商談データ" in one for one in found.remarks("ja"))


def test_an_empty_table_of_a_company_without_deals_gives_none():
    deals = propensity.open_deals(database(), as_of=AS_OF)
    assert [note.code for note in propensity.with_deals(people("A"), deals)[1]] == ["no_deals"]


def test_a_deal_adds_what_the_contact_adds_to_its_chance():
    joined, notes = propensity.with_deals(people("A", "B"), pd.DataFrame([deal("A", "proposal", 2000.0)]), margin=0.3)
    found = gains(joined, notes)
    # 0.5 becomes 0.6 at odds times 1.5, of an amount of 2,000 at a margin of 0.3
    assert found["A"] - found["B"] == pytest.approx((0.6 - STAGES["proposal"]) * 2000 * 0.3)


def test_more_amount_means_more_priority_and_no_deal_lowers_it():
    plain = gains(people("A"))["A"]
    for stage in STAGES:
        by_amount = [
            gains(propensity.with_deals(people("A"), pd.DataFrame([deal("A", stage, amount)]))[0])["A"]
            for amount in (None, 0.0, 100.0, 10_000.0)
        ]
        assert by_amount[0] == by_amount[1] == plain
        assert by_amount[1] < by_amount[2] < by_amount[3]


def test_the_stage_counts_as_its_chance():
    deals = pd.DataFrame([deal(name, stage) for name, stage in zip("ABCD", STAGES, strict=True)])
    found = gains(propensity.with_deals(people(*"ABCD"), deals)[0])
    order = sorted(STAGES, key=lambda stage: probability_gain(STAGES[stage], 0.5))
    names = dict(zip(STAGES, "ABCD", strict=True))
    assert sorted(found, key=found.get) == [names[stage] for stage in order]


def test_the_owner_of_the_deal_calls_and_the_deal_is_the_first_reason():
    frame = people("A", "B").assign(reason_1=["silent", "silent"], reason_2="x", reason_3="y", owner=["ito", "ito"])
    joined, notes = propensity.with_deals(frame, pd.DataFrame([deal("A", "lead", owner="sato"), deal("Z", "lead")]))
    assert joined["owner"].tolist() == ["sato", "ito"]
    assert joined[["reason_1", "reason_2", "reason_3"]].values.tolist() == [
        ["open_deal", "silent", "x"], ["silent", "x", "y"],
    ]  # fmt: skip
    assert {note.code: dict(note.values) for note in notes}["deals_of_others"] == {"deals": "1"}
    means = pd.DataFrame({"channel": ["sato", "ito"], "capacity": 9, "cost": 1.0, "kind": "person"})
    table = propensity.prioritise(joined, means, as_of=AS_OF).table.set_index("customer_id")
    assert table["channel"].to_dict() == {"A": "sato", "B": "ito"}


@pytest.mark.parametrize(
    ("deals", "stages", "words"),
    [
        ([deal("A", "propsal")], STAGES, "stage is 'propsal'.*Did you mean 'proposal'"),
        ([deal("A", "lead")], {"lead": 1.5}, "chance of stage 'lead' is 1.5"),
        ([deal("A", "lead"), deal("A", "lead")], STAGES, "customer 'A' has two deals"),
    ],
)
def test_what_cannot_be_is_refused(deals, stages, words):
    with pytest.raises(InputError, match=words):
        propensity.with_deals(people("A"), pd.DataFrame(deals), stages=stages)
