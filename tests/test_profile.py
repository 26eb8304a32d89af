"""The profile against an independent definition: each rule of survivorship, every field and its source row."""

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profile_tables import AS_OF, account, by_key, everything, of_accounts, profiles, when

from customerbase import profile
from customerbase.errors import ConfigError
from customerbase.tables import schema

OLD, NEW = when("2024-01-01T00:00"), when("2026-01-01T00:00")


def one(*accounts: dict, **options) -> dict:
    return profiles(of_accounts(accounts), **options)["c"]


# --- each rule -------------------------------------------------------------------------------------------------------


def test_most_recent_non_empty_wins_whether_it_was_changed_or_registered():
    found = one(
        account("c", "a", "1", occupation="clerk", registered_at=OLD, updated_at=OLD),
        account("c", "b", "2", occupation="nurse", registered_at=NEW),
        account("c", "d", "3", registered_at=OLD, updated_at=when("2026-10-01T00:00")),
        account("c", "e", "4", occupation="cook"),  # of no known age: last
    )
    assert (found["occupation"], found["occupation__source"]) == ("nurse", "b:people.csv:2")


def test_a_trusted_system_wins_over_a_recent_one_and_unnamed_systems_follow_as_equals():
    accounts = [
        account("c", "a", "1", occupation="clerk", updated_at=NEW),
        account("c", "b", "2", occupation="nurse", updated_at=OLD),
        account("c", "d", "3", occupation="cook", updated_at=when("2025-01-01T00:00")),
    ]
    assert one(*accounts, source_priority=["b", "d"])["occupation"] == "nurse"
    assert one(*accounts, source_priority=["d"])["occupation"] == "cook"
    assert one(*accounts[:2], source_priority=["x"])["occupation"] == "clerk"


def test_most_frequent_wins_over_recent():
    found = one(
        account("c", "a", "1", gender="female", updated_at=OLD),
        account("c", "b", "2", gender="female", updated_at=OLD),
        account("c", "d", "3", gender="male", updated_at=NEW),
        account("c", "e", "4", gender="unknown", updated_at=NEW),
        account("c", "f", "5", gender="unknown", updated_at=NEW),
    )
    assert (found["gender"], found["gender__source"]) == ("female", "a:people.csv:2")


def test_longest_preferred_and_earliest():
    found = one(
        account("c", "a", "1", interests="tea;books", status="withdrawn", registered_at=NEW),
        account("c", "b", "2", interests="tea", status="active", registered_at=when("2025-01-01T00:00")),
        account("c", "d", "3", status="provisional", registered_at=OLD, updated_at=NEW),
    )
    assert (found["interests"], found["member_status"]) == ("tea;books", "active")
    assert (found["registered_at"], found["registered_at__source"]) == (OLD, "d:people.csv:2")


def test_equals_are_told_apart_by_system_then_row():
    found = one(
        account("c", "b", "1", occupation="nurse", updated_at=OLD),
        account("c", "a", "2", 9, occupation="clerk", updated_at=OLD),
        account("c", "a", "3", 8, occupation="cook", updated_at=OLD),
    )
    assert (found["occupation"], found["occupation__source"]) == ("cook", "a:people.csv:8")


def test_other_rules_for_single_fields():
    accounts = [
        account("c", "a", "1", occupation="clerk", updated_at=OLD),
        account("c", "b", "2", occupation="clerk", updated_at=OLD),
        account("c", "d", "3", occupation="lighthouse keeper", updated_at=NEW),
    ]
    assert one(*accounts, rules={"occupation": ["most_frequent"]})["occupation"] == "clerk"
    assert one(*accounts, rules={"occupation": ["longest", "most_frequent"]})["occupation"] == "lighthouse keeper"
    assert one(*accounts)["occupation"] == "lighthouse keeper"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"rules": {"ocupation": ["longest"]}}, "unknown field 'ocupation'.*Did you mean 'occupation'"),
        ({"rules": {"occupation": ["most_recnt"]}}, "unknown rule 'most_recnt'.*Did you mean 'most_recent'"),
        ({"rules": {"occupation": ["preferred"]}}, "'preferred', but survivorship.yaml lists no values"),
        ({"source_priority": ["a", "a"]}, "names a system twice: a, a"),
    ],
)
def test_rules_that_cannot_be_are_refused(options, words):
    with pytest.raises(ConfigError, match=words):
        one(account("c", "a", "1"), **options)


# --- against an independent definition -------------------------------------------------------------------------------

SYSTEMS = ("app", "pos", "web")
FIRST_OF = {"name": ("family_name", "family_kana"), "address": ("city", "town")}
DAYS = [None, OLD, when("2025-05-05T05:05"), NEW]
words = st.sampled_from([None, "x", "yy", "zzz"])
statuses = st.sampled_from(["ok", "fixed", "unparsed", "blocked"])


@st.composite
def bases(draw) -> list[dict]:
    """Up to nine accounts of three customers, with few different values so that rules have to decide."""
    found = []
    for number in range(draw(st.integers(1, 9))):
        row = {name: draw(words) for name in ("family_name", "family_kana", "company", "city", "town", "postal_code")}
        row |= {name: draw(words) for name in ("email", "phone", "occupation", "interests")}
        row |= {f"{name}_status": draw(statuses) for name in ("name", "kana", "company", "postal_code", "address")}
        row |= {f"{name}_status": draw(statuses) for name in ("email", "phone", "birth_date")}
        row["birth_date"] = draw(st.sampled_from([None, date(1980, 1, 1), date(2000, 10, 31), date(2000, 11, 1)]))
        row["gender"] = draw(st.sampled_from([None, "female", "male", "unknown"]))
        row["status"] = draw(st.sampled_from([None, "active", "provisional", "withdrawn"]))
        row["registered_at"], row["updated_at"] = draw(st.sampled_from(DAYS)), draw(st.sampled_from(DAYS))
        row["address_level"] = "town" if row["town"] else "city"
        customer, system = draw(st.sampled_from("KLM")), draw(st.sampled_from(SYSTEMS))
        found.append(account(customer, system, str(number), draw(st.integers(1, 3)), **row))
    return found


def taken(row: dict, *columns: str, status: str | None = None) -> dict:
    """The usable values of one account."""
    usable = status is None or row[f"{status}_status"] in ("ok", "fixed")
    return {column: row.get(column) if usable else None for column in columns}


def values_of(field: str, row: dict) -> dict:
    if field == "name":
        return taken(row, "family_name", status="name") | taken(row, "family_kana", status="kana")
    if field == "address":
        return taken(row, "postal_code", status="postal_code") | taken(row, "city", "town", status="address")
    if field == "gender":
        return {"gender": None if row["gender"] == "unknown" else row["gender"]}
    if field in ("company", "email", "phone", "birth_date"):
        return taken(row, field, status=field)
    return taken(row, {"member_status": "status"}.get(field, field))


def recency(row: dict) -> float:
    changed = row["updated_at"] or row["registered_at"]
    return -changed.timestamp() if changed else float("inf")


def rank(field: str, row: dict, rivals: list[dict], trusted: list[str]) -> tuple:
    """The rules of survivorship.yaml, written once more by hand."""
    trust = trusted.index(row["source_system"]) if row["source_system"] in trusted else 99
    values = values_of(field, row)
    first: tuple = ()
    if field in FIRST_OF:
        first = (-sum(values[column] is not None for column in FIRST_OF[field]),)
    if field in ("birth_date", "gender"):
        first = (-sum(values_of(field, rival) == values for rival in rivals),)
    if field == "interests":
        first = (-len(values["interests"]),)
    if field == "member_status":
        first = (["active", "provisional", "withdrawn"].index(values["status"]),)
    if field == "registered_at":
        first = (values["registered_at"],)
    return (*first, trust, recency(row), row["source_system"], row["source_row_id"], row["source_customer_id"])


def survivor(field: str, accounts: list[dict], trusted: list[str]) -> dict | None:
    rivals = [row for row in accounts if any(value is not None for value in values_of(field, row).values())]
    return min(rivals, key=lambda row: rank(field, row, rivals, trusted), default=None)


def source_of(row: dict | None) -> str | None:
    return f"{row['source_system']}:{row['source_row_id']}" if row else None


@settings(max_examples=50, deadline=None)
@given(bases(), st.sampled_from([[], ["web"], ["pos", "app"]]))
def test_every_field_and_its_source_as_an_independent_definition_says(accounts, trusted):
    db = of_accounts(accounts)
    found = profiles(db, source_priority=trusted)
    contacts = by_key(profile.contacts(db), "customer_id")
    assert set(found) == set(contacts) == {row["customer_id"] for row in accounts}
    for customer, got in found.items():
        own = [row for row in accounts if row["customer_id"] == customer]
        for field in ("gender", "occupation", "interests", "member_status", "registered_at"):
            best = survivor(field, own, trusted)
            assert got[field] == (next(iter(values_of(field, best).values())) if best else None), field
            assert got[f"{field}__source"] == source_of(best), field
        for field in ("name", "company", "address", "email", "phone", "birth_date"):
            best = survivor(field, own, trusted)
            assert contacts[customer][f"{field}__source"] == source_of(best), field
            for column, value in (values_of(field, best) if best else {}).items():
                assert contacts[customer][column] == value, (field, column)
        assert got["has_email__source"] == contacts[customer]["email__source"]
        assert got["has_email"] == (contacts[customer]["email"] is not None)
        assert got["systems"] == ";".join(sorted({row["source_system"] for row in own}))
        assert got["accounts"] == len(own)


@settings(max_examples=20, deadline=None)
@given(bases(), st.randoms(use_true_random=False))
def test_the_order_of_rows_and_of_loading_does_not_matter(accounts, dice):
    shuffled = [dict(row) for row in accounts]
    dice.shuffle(shuffled)
    assert everything(of_accounts(accounts)) == everything(of_accounts(shuffled))


# --- people ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("born", "band"),
    [
        (date(2006, 10, 31), "20-29"),  # twenty on the as-of day
        (date(2006, 11, 1), "0-19"),
        (date(1956, 10, 31), "70+"),
        (date(1956, 11, 1), "60-69"),
        (date(2026, 11, 1), None),  # not born yet
        (date(1906, 10, 31), None),  # a hundred and twenty: nobody
        (None, None),
    ],
)
def test_age_bands_on_the_as_of_day(born, band):
    found = one(account("c", "a", "1", birth_date=born))
    assert found["age_band"] == band
    assert found["age_band__source"] == ("a:people.csv:2" if band else None)


def test_an_address_counts_from_the_town_on_and_gives_the_prefecture():
    short = account("c", "a", "1", prefecture="大阪府", address_level="prefecture", updated_at=NEW)
    found = one(short)
    assert (found["prefecture"], found["has_address"], found["has_address__source"]) == ("大阪府", False, None)
    full = {"prefecture": "京都府", "city": "京都市北区", "town": "小山", "address_level": "town", "updated_at": OLD}
    found = one(short, account("c", "b", "2", **full))
    assert (found["prefecture"], found["prefecture__source"]) == ("京都府", "b:people.csv:2")
    assert (found["has_address"], found["has_address__source"]) == (True, "b:people.csv:2")


def test_no_contact_value_stands_in_the_profile_or_the_timeline():
    secret = {"family_name": "秘密姓", "given_name": "秘密名", "family_kana": "ヒミツ", "given_kana": "ナイショ"}
    secret |= {"company": "株式会社秘密", "city": "秘密市", "town": "秘密町", "block": "9-8-7", "building": "秘密荘"}
    secret |= {"postal_code": "9876543", "email": "secret@example.jp", "phone": "+819098765432"}
    db = of_accounts([account("c", "a", "1", birth_date=date(1999, 12, 31), address_level="block", **secret)])
    text = repr(profile.profile(db, as_of=AS_OF).fetchall()) + repr(profile.timeline(db, as_of=AS_OF).fetchall())
    assert not [value for value in (*secret.values(), "1999") if value in text]
    assert repr(profile.contacts(db).fetchall()).count("秘密") == 6
    for name in ("profile", "timeline", "profile_consents", "channel_overlap"):
        assert schema(name).contact_columns == ()
