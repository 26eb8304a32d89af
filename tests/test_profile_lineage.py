"""Timeline and lineage: every event and every value is followed to its source row, and points at nobody when shown."""

from collections import Counter
from datetime import date

import pytest
from profile_tables import AS_OF, account, fill, of_accounts, profiles, shop, when

from customerbase import i18n, profile
from customerbase.engine import Engine
from customerbase.errors import InputError

OLD, NEW = when("2024-01-01T00:00"), when("2026-01-01T00:00")
SOURCES = {
    "order": "orders",
    "refund": "refunds",
    "inquiry": "inquiries",
    "web": "web_events",
    "mail": "campaign_contacts",
    "survey": "survey_answers",
    "review": "reviews",
    "points": "loyalty_points",
    "consent": "consents",
    "registration": "customers_std",
}


def events(db: Engine) -> list[dict]:
    relation = profile.timeline(db, as_of=AS_OF)
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.fetchall()]


def told() -> Engine:
    db = shop()
    said = {"source_system": "app", "source_customer_id": "2", "channel": "email", "purpose": "marketing"}
    fill(db, "consents", [said | {"changed_at": NEW, "state": "granted", "source_row_id": "c:1"}])
    fill(db, "consents", [said | {"changed_at": NEW, "state": "granted", "source_row_id": "c:1", "channel": "post"}])
    return db


# --- timeline --------------------------------------------------------------------------------------------------------


def test_every_kind_of_event_up_to_as_of_and_none_after():
    found = Counter((one["customer_id"], one["kind"]) for one in events(told()))
    assert found == {
        ("K", "order"): 6,  # cancelled, returned and credit note as well; not the one of November
        ("K", "refund"): 2,
        ("K", "inquiry"): 2,
        ("K", "web"): 3,
        ("K", "mail"): 6,  # three sent, two opened, one clicked
        ("K", "survey"): 4,
        ("K", "review"): 3,
        ("K", "points"): 3,
        ("K", "consent"): 2,
        ("K", "registration"): 2,
        ("L", "order"): 1,
    }
    assert max(one["event_at"] for one in events(told())) == when("2026-10-31T23:59:59")


def test_every_event_leads_to_its_source_row():
    db = told()
    rows = {
        kind: set(db.query(f"select source_system, source_row_id from {table}").fetchall())
        for kind, table in SOURCES.items()
    }
    for one in events(db):
        assert (one["source_system"], one["source_row_id"]) in rows[one["kind"]], one
    keys = [tuple(str(one[key]) for key in one if key != "amount") for one in events(db)]
    assert len(set(keys)) == len(keys)


def test_amounts_add_up_to_net_spend():
    db = told()
    found = profiles(db)
    for customer in found:
        amounts = [one["amount"] for one in events(db) if one["customer_id"] == customer and one["amount"] is not None]
        assert sum(amounts) == found[customer]["net_spend"]


def test_inquiries_answers_and_reviews_say_how_they_stand_on_the_day():
    db = told()
    last = when("2026-10-31T12:00:00")
    said = {"source_system": "app", "source_customer_id": "2", "opened_at": last, "category": "delivery", "csat": 2}
    closings = {"closed today": last, "closed later": when("2026-11-01"), "never closed": None}
    rows = [said | {"inquiry_id": name, "closed_at": end, "source_row_id": name} for name, end in closings.items()]
    fill(db, "inquiries", rows)
    found = {
        one["reference"]: (one["state"], one["score"], one["scale"])
        for one in events(db)
        if one["detail"] == "delivery"
    }
    assert found["closed today"] == ("closed", 2, "five")
    assert found["closed later"] == found["never closed"] == ("open", None, None)  # nothing of November is known yet
    scored = {(one["detail"], one["score"], one["scale"]) for one in events(db) if one["kind"] == "survey"}
    assert {("nps", 3, "nps"), ("nps", 9, "nps"), ("csat", 4, "five")} <= scored
    for one in events(db):
        assert (one["state"] is not None) == (one["kind"] == "inquiry"), one
        if one["kind"] == "review":
            stars = one["detail"]  # an empty text without any
            assert (one["score"], one["scale"]) == ((int(stars), "five") if stars else (None, None))
        if one["kind"] not in ("inquiry", "survey", "review"):
            assert one["score"] is one["scale"] is None, one


def test_what_people_wrote_is_not_in_the_timeline():
    assert "my own words" not in repr(events(told()))


# --- lineage ---------------------------------------------------------------------------------------------------------


def people() -> Engine:
    db = of_accounts(
        [
            account("c", "a", "1", gender="female", occupation="nurse", email="a@x.jp", updated_at=OLD, status="active",
                    birth_date=date(1990, 1, 1), registered_at=OLD, interests="tea", city="港区", town="芝", prefecture="東京都"),
            account("c", "b", "2", gender="female", occupation="clerk", email="b@x.jp", updated_at=NEW, status="withdrawn",
                    registered_at=NEW, phone="+811", phone_status="blocked", interests="tea"),
            account("c", "d", "3", gender="male", email="a@x.jp", updated_at=NEW, birth_date=date(1990, 1, 1)),
        ]
    )  # fmt: skip
    profile.profile(db, as_of=AS_OF)
    return db


def trail(db: Engine, customer: str = "c") -> dict[str, dict]:
    return profile.lineage(db, customer, as_of=AS_OF).set_index("field").to_dict("index")


def test_the_rule_that_decided_and_what_it_beat():
    found = trail(people())
    expected = {  # source, rule, accounts with a value, other values
        "gender": ("b:people.csv:2", "most_frequent", 3, 1),  # of the two that agree the newer
        "occupation": ("b:people.csv:2", "most_recent", 2, 1),
        "member_status": ("a:people.csv:2", "preferred", 2, 1),
        "registered_at": ("a:people.csv:2", "earliest", 2, 1),
        "interests": ("b:people.csv:2", "all_agree", 2, 0),
        "birth_date": ("d:people.csv:2", "all_agree", 2, 0),
        "age_band": ("d:people.csv:2", "all_agree", 2, 0),
        "address": ("a:people.csv:2", "only_one", 1, 0),
        "prefecture": ("a:people.csv:2", "only_one", 1, 0),
        "email": ("b:people.csv:2", "source_order", 3, 1),  # two of the same day: by the name of the system
        "phone": (None, None, 0, 0),
    }
    assert {
        name: tuple(found[name][k] for k in ("source", "rule", "rows", "losing_values")) for name in expected
    } == expected
    assert {name: row["unusable"] for name, row in found.items() if row["unusable"]} == {"phone": 1}


def test_values_of_attributes_are_those_of_the_profile_and_contact_values_never_shown():
    db = people()
    found, row = trail(db), profiles(db)["c"]
    for name in ("gender", "occupation", "interests", "member_status", "prefecture", "age_band"):
        assert found[name]["value"] == row[name]
        assert found[name]["source"] == row[f"{name}__source"]
    for name in ("name", "company", "address", "email", "phone", "birth_date"):
        assert found[name]["value"] is None
    assert not [secret for secret in ("@x.jp", "1990", "芝", "港区") if secret in repr(found)]


def test_every_source_is_a_row_that_holds_the_value():
    db = people()
    found = trail(db)
    columns = {"gender": "gender", "occupation": "occupation", "member_status": "status", "prefecture": "prefecture"}
    for name, column in columns.items():
        query = f"select {column} from customers_std where source_system || ':' || source_row_id = $source"
        assert db.query(query, source=found[name]["source"]).fetchall() == [(found[name]["value"],)]


def test_other_rules_are_followed_too():
    db = people()
    rules = {"occupation": ["longest"], "email": ["most_frequent"]}
    profile.profile(db, as_of=AS_OF, rules=rules, source_priority=["d"])
    found = trail(db)
    assert (found["email"]["rule"], found["email"]["source"]) == ("most_frequent", "d:people.csv:2")
    assert found["occupation"]["rule"] == "source_order"
    assert found["gender"]["rule"] == "most_frequent"


def test_behaviour_leads_to_events():
    db = shop()
    profile.profile(db, as_of=AS_OF)
    found = trail(db, "K")
    expected = {
        "orders": ("3", None, "count", 3),
        "net_spend": ("1000.00", None, "sum", 5),
        "first_order_at": ("2026-01-05 12:00:00", "shop:orders.csv:1", "first", 3),
        "last_order_at": ("2026-10-31 23:59:59", "app:orders.csv:3", "last", 3),
        "web_views": ("2", None, "count", 2),
        "web_last_at": ("2026-10-03 00:00:00", "shop:w:2", "last", 3),
        "last_inquiry_at": ("2026-06-01 00:00:00", "shop:i:1", "last", 2),
        "survey_score": ("9.0000", "app:s:1", "last", 4),
        "member_rank": ("silver", "app:t:1", "last", 3),
        "points_balance": ("32.00", None, "sum", 3),
    }
    got = {name: tuple(found[name][k] for k in ("value", "source", "rule", "rows")) for name in expected}
    numbers = {
        name: (float(row[0]), *row[1:])
        for name, row in got.items()
        if name in ("net_spend", "survey_score", "points_balance")
    }
    assert got | numbers == expected | {n: (float(expected[n][0]), *expected[n][1:]) for n in numbers}


@pytest.mark.parametrize("customer", ["x", "'; drop table profile; --"])
def test_an_unknown_customer_is_said_to_be_unknown(customer):
    with pytest.raises(InputError, match="there is no customer"):
        trail(people(), customer)


# --- shown to others -------------------------------------------------------------------------------------------------


def crowd() -> Engine:
    """Twelve alike in two systems, of whom one has a rare occupation; three in three systems."""
    alike = {"gender": "female", "prefecture": "東京都", "city": "港区", "town": "芝", "status": "active"}
    rows = []
    for n in range(12):
        rows.append(
            account(
                f"p{n:02d}",
                "pos",
                str(n),
                n,
                occupation="clerk" if n else "lighthouse keeper",
                company="X" if n < 9 else None,
                **alike,
            )
        )
        rows.append(account(f"p{n:02d}", "web", str(n), n, email=f"{n}@x.jp", updated_at=NEW))
    rows += [account(f"q{n}", system, f"q{n}", n, gender="male") for n in range(3) for system in ("app", "pos", "web")]
    db = of_accounts(rows)
    profile.profile(db, as_of=AS_OF)
    return db


def test_the_example_stands_in_many_systems_but_is_one_of_many():
    db = crowd()
    assert profile.example(db, 10) == "p00"
    assert profile.example(db, 3) == "q0"
    assert profile.example(db, 13) is None
    assert profile.short("p00abcdef") == "p00abc…" and profile.short(None) == i18n.MISSING


@pytest.mark.parametrize("language", ["ja", "en"])
def test_an_example_shows_only_what_many_share(language):
    db = crowd()
    found = profile.anonymous_lineage(db, "p00", as_of=AS_OF, k_min=10, language=language)
    shown = dict(zip(found.iloc[:, 0], found.iloc[:, 1], strict=True))
    withheld = i18n.word("profile.withheld", language)
    assert shown[i18n.word("profile.field.gender", language)] == i18n.word("profile.value.female", language)
    assert shown[i18n.word("profile.field.prefecture", language)] == "東京都"
    assert shown[i18n.word("profile.field.occupation", language)] == withheld  # nobody else keeps a lighthouse
    assert shown[i18n.word("profile.field.email", language)] == withheld
    assert i18n.word("profile.field.company", language) not in shown  # nine of the twelve have one
    text = found.to_string()
    assert "x.jp" not in text and "lighthouse" not in text and "p00" not in text and ":" not in text
    nobody = profile.anonymous_lineage(db, None, as_of=AS_OF, k_min=10, language=language)
    assert nobody.empty and list(nobody.columns) == list(found.columns)


def test_nothing_is_told_of_somebody_like_few_others():
    assert profile.anonymous_lineage(crowd(), "q0", as_of=AS_OF, k_min=4, language="en").empty


def test_every_field_and_rule_has_a_name():
    db = people()
    for name, row in trail(db).items():
        assert i18n.word(f"profile.field.{name}", "ja") and (
            row["rule"] is None or i18n.word(f"profile.rule.{row['rule']}", "ja")
        )
    for field in profile.fields().values():
        assert all(i18n.word(f"profile.rule.{rule}", "en") for rule in field.rules)
