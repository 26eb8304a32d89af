"""Actions and their campaigns: results joined, links that lead nowhere, audiences recognised, merged ids, by hand."""

from datetime import date

import pytest
from campaign_world import campaign
from evidence_world import ACTION, OCTOBER, SEPTEMBER, digest, result, shop, world
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.engine import Engine
from customerbase.features import members_hashes
from customerbase.kpi.evidence import CAMPAIGNS, pdca_campaigns
from customerbase.kpi.ledger import HEADER, Entry, read_ledger
from customerbase.kpi.ledger_links import astray, campaign_names
from customerbase.tables import schema


def joined(db: Engine, *entries: Entry, as_of: date = SEPTEMBER) -> list[dict]:
    frame = pdca_campaigns(db, entries or [ACTION], as_of=as_of)
    return frame.astype(object).where(frame.notna(), None).to_dict("records")


def test_the_columns_are_those_declared():
    assert list(schema("pdca_campaigns").columns) == CAMPAIGNS


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text("ab1", min_size=1, max_size=3), min_size=1, max_size=6), st.randoms())
def test_a_hash_depends_on_who_is_in_a_group_alone(people, random):
    mixed = [*people, people[0]]
    random.shuffle(mixed)
    values = ", ".join(f"('g', '{one}')" for one in mixed)
    assert members_hashes(Engine(threads=1), f"select * from (values {values}) as t(label, customer_id)") == {
        "g": digest(tuple(people))
    }


def test_an_action_stands_beside_what_its_campaign_did():
    [row] = joined(shop())
    assert (row["id"], row["campaign"], row["state"], row["verdict"], row["n_control"]) == (
        "A1",
        "K1",
        "judged",
        "harmful",
        50,
    )
    assert [row[f"orders{end}"] for end in ("", "_low", "_high")] == pytest.approx([-20, -30, -10])
    assert (row["margin"], row["margin_low"], row["margin_high"]) == (-900, -1500, -300)
    assert (row["audience_match"], row["audience_only"], row["campaign_only"]) == ("same", 0, 0)


def test_an_audience_that_was_not_used_whole_is_told_by_how_many_differ():
    [row] = joined(shop(contacted=("p1", "p2", "p4", "p5")))
    told = [row[name] for name in ("audience_match", "in_both", "audience_only", "campaign_only")]
    assert told == ["differs", 2, 1, 2]


def test_people_merged_since_are_the_same_people():
    links = [{"source_system": "web", "source_customer_id": f"a-{one}", "customer_id": one} for one in ("p1", "p2")]
    links.append({"source_system": "web", "source_customer_id": "a-p3", "customer_id": "p2"})
    db = shop(
        identity_links=links,
        id_aliases=[{"alias_id": "p3", "customer_id": "p2"}],
        campaign_results=[result(members_hash=digest(("p1", "p2")))],
    )
    [row] = joined(db)
    assert (row["audience_match"], row["in_both"]) == ("same", 2) and row["members_hash"] != row["audience_hash"]


def test_an_audience_of_after_the_campaigns_beginning_is_not_compared_but_what_was_found_before_stays():
    newer = [{"audience": "loyal", "channel": "email", "as_of": SEPTEMBER, "members_hash": "ff"}]
    [row] = joined(shop(previous_audiences=newer), as_of=OCTOBER)
    assert row["audience_match"] == "not_comparable" and row["audience_only"] is None
    [first] = joined(shop(contacted=("p1", "p2", "p4")))
    [row] = joined(shop(previous_audiences=newer, previous_pdca_campaigns=[first]), as_of=OCTOBER)
    assert [row[name] for name in ("audience_match", "in_both", "audience_only", "campaign_only")] == [
        "differs",
        2,
        1,
        1,
    ]
    assert row["audience_hash"] == first["audience_hash"]


def test_in_the_first_month_and_without_campaigns_nothing_is_compared_and_nothing_fails():
    assert joined(world(), Entry("A1", "h", "a", "o")) == []
    [row] = joined(world(campaigns=[campaign("K1")], campaign_results=[result()]))
    assert row["audience_match"] == "not_comparable" and row["verdict"] == "harmful"
    assert joined(shop(), Entry(**{**vars(ACTION), "audience": ""}))[0]["audience_match"] is None


def test_a_link_that_leads_nowhere_is_named_once_the_action_has_begun():
    db = world(campaigns=[campaign("K1"), campaign("K10", start_date=date(2026, 12, 1))])
    some = [Entry(**{**vars(ACTION), "id": one, "campaign": name}) for one, name in (("A1", "K1"), ("A2", "K11"))]
    some.append(Entry("A3", "h", "a", "o", campaign="K3"))
    some.append(Entry("A4", "h", "a", "o", start=date(2026, 10, 5), status="doing", campaign="K4"))
    assert [row["state"] for row in joined(db, *some)] == ["awaited", "missing", "awaited", "awaited"]
    names = campaign_names([("web", "K1", "K1")])
    assert astray(some, names, SEPTEMBER) == [
        "entry 'A2': campaign is 'K11', but there is no such campaign by 2026-09-30. Did you mean 'K1'?"
    ]
    assert len(astray(some, names, OCTOBER)) == 2


def test_a_campaign_is_named_by_its_id_or_by_system_and_id():
    both = [campaign("K1"), campaign("K1", source_system="pos"), campaign("K2")]
    db = world(campaigns=both, campaign_results=[result("web:K1"), result("K2", verdict="worked")])
    [one, two] = joined(db, Entry(**{**vars(ACTION), "campaign": "web:K1；web:K2; K2"}))
    assert [(row["campaign"], row["verdict"], row["place"]) for row in (one, two)] == [
        ("web:K1", "harmful", 1),
        ("K2", "worked", 2),
    ]
    [bare] = joined(db)  # which of the two is meant is not known
    assert bare["state"] == "missing"
    assert astray([ACTION], campaign_names([("web", "K1", "web:K1"), ("pos", "K1", "pos:K1")]), SEPTEMBER)


def test_the_columns_are_optional_and_have_japanese_names():
    [entry] = read_ledger("番号,仮説,施策,担当,キャンペーン,配信対象\nA1,h,a,o,K1；K2,loyal\n")
    assert entry.campaigns == ("K1", "K2") and entry.audience == "loyal"
    assert read_ledger("id,hypothesis,action,owner\nA1,h,a,o\n")[0].campaigns == ()
    assert HEADER[-2:] == ("campaign", "audience")
