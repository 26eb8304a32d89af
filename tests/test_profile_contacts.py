"""Contact data and consent: values taken together, nothing unusable, every one kept aside, the strictest consent."""

from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from profile_tables import AS_OF, account, by_key, of_accounts, when

from customerbase import profile

OLD, NEW = when("2024-01-01T00:00"), when("2026-01-01T00:00")


def contact(*accounts: dict, **options) -> dict:
    db = of_accounts(accounts)
    profile.profile(db, as_of=AS_OF, **options)
    return by_key(profile.contacts(db), "customer_id")["c"]


def address(*parts: str | None) -> dict:
    names = ("postal_code", "prefecture", "city", "town", "block", "building")
    return dict(zip(names, parts, strict=True)) | {"address_level": "block" if parts[4] else "city"}


def address_of(found: dict) -> tuple:
    return tuple(found[name] for name in ("postal_code", "prefecture", "city", "town", "block", "building"))


# --- taken together --------------------------------------------------------------------------------------------------


def test_an_address_is_never_mixed_from_two_accounts():
    old = ("1000005", "東京都", "千代田区", "丸の内", "1-1-1", "ビル101")
    new = ("5300001", "大阪府", "大阪市北区", "梅田", None, None)
    found = contact(
        account("c", "a", "1", **address(*old), updated_at=OLD), account("c", "b", "2", **address(*new), updated_at=NEW)
    )
    assert address_of(found) == new  # the newer one, without the block and the building of the older
    assert found["address__source"] == "b:people.csv:2"


def test_a_fuller_address_beats_a_newer_one_that_nobody_could_write_to():
    old = ("1000005", "東京都", "千代田区", "丸の内", "1-1-1", None)
    new = ("5300001", "大阪府", None, None, None, None)
    found = contact(
        account("c", "a", "1", **address(*old), updated_at=OLD), account("c", "b", "2", **address(*new), updated_at=NEW)
    )
    assert address_of(found) == old


def test_a_postal_code_comes_with_its_address_and_no_other():
    first = account("c", "a", "1", **address(None, "東京都", "千代田区", "丸の内", "1-1-1", None), updated_at=NEW)
    second = account("c", "b", "2", **address("5300001", None, None, None, None, None), updated_at=NEW)
    assert address_of(contact(first, second))[:2] == (None, "東京都")


def test_a_name_comes_with_its_own_kana():
    married = account(
        "c", "a", "1", family_name="佐藤", given_name="花", family_kana="サトウ", given_kana="ハナ", updated_at=NEW
    )
    before = account(
        "c", "b", "2", family_name="鈴木", given_name="花", family_kana="スズキ", given_kana="ハナ", updated_at=OLD
    )
    newest = account("c", "d", "3", family_name="高橋", given_name="花", updated_at=when("2026-05-01T00:00"))
    found = contact(married, before)
    assert (found["family_name"], found["family_kana"]) == ("佐藤", "サトウ")
    found = contact(before, newest)  # complete before recent: the kana of 鈴木 never stand beside 高橋
    assert (found["family_name"], found["family_kana"], found["name__source"]) == ("鈴木", "スズキ", "b:people.csv:2")
    found = contact(newest)
    assert (found["family_name"], found["family_kana"]) == ("高橋", None)


# --- nothing unusable ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["blocked", "unparsed"])
@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("email", {"email": "test@example.jp"}),
        ("phone", {"phone": "+81000000000", "phone_kind": "fixed"}),
        ("birth_date", {"birth_date": datetime(1900, 1, 1).date()}),
        ("company", {"company": "なし"}),
        ("name", {"family_name": "テスト"}),
        ("address", {"town": "不明", "block": "1"}),
        ("postal_code", {"postal_code": "0000000"}),
    ],
)
def test_what_is_blocked_or_unparsed_is_taken_nowhere(field, values, status):
    db = of_accounts([account("c", "a", "1", **values, **{f"{field}_status": status})])
    row = profile.profile(db, as_of=AS_OF).fetchall()
    found = by_key(profile.contacts(db), "customer_id")["c"]
    assert {name: value for name, value in found.items() if value is not None} == {"customer_id": "c"}
    assert row and "a:people.csv:2" not in repr(row)
    for child in (profile.contact_phones, profile.contact_emails, profile.contact_addresses):
        assert child(db).fetchall() == []


def test_a_usable_value_of_another_account_takes_its_place():
    bad = account("c", "a", "1", phone="+81000000000", phone_status="blocked", updated_at=NEW)
    good = account("c", "b", "2", phone="+819011112222", phone_status="fixed", phone_kind="mobile", updated_at=OLD)
    found = contact(bad, good)
    assert (found["phone"], found["phone_kind"], found["phone__source"]) == (
        "+819011112222",
        "mobile",
        "b:people.csv:2",
    )


# --- every value, aside ----------------------------------------------------------------------------------------------


def rows(relation) -> list[dict]:
    return [dict(zip(relation.columns, row, strict=True)) for row in relation.order("all").fetchall()]


def test_every_number_is_kept_with_when_and_where_it_was_seen():
    db = of_accounts(
        [
            account("c", "b", "1", phone="+811", phone_kind="fixed", registered_at=OLD, updated_at=when("2024-05-01")),
            account("c", "a", "2", phone="+811", phone_kind="fixed", registered_at=when("2025-01-01")),
            account("c", "a", "3", 3, phone="+812", phone_kind="mobile", registered_at=OLD, updated_at=NEW),
            account("d", "a", "4", 4, phone="+811"),
        ]
    )
    profile.profile(db, as_of=AS_OF)
    first, second, other = rows(profile.contact_phones(db))
    assert (first["records"], first["sources"], first["source"]) == (2, "a;b", "a:people.csv:2")
    assert (first["first_seen"], first["last_seen"], first["preferred"]) == (OLD, when("2025-01-01"), False)
    assert (second["phone"], second["phone_kind"], second["preferred"]) == ("+812", "mobile", True)
    assert (other["customer_id"], other["preferred"], other["first_seen"]) == ("d", True, None)


def test_exactly_one_preferred_value_and_it_is_the_one_in_contacts():
    people = [account("c", s, str(n), n, email=f"{n % 3}@x.jp", updated_at=OLD) for n, s in enumerate("aabbcc")]
    people.append(account("c", "d", "9", **address("1", "東京都", "港区", "芝", "1", None)))
    db = of_accounts(people)
    profile.profile(db, as_of=AS_OF)
    best = by_key(profile.contacts(db), "customer_id")["c"]
    assert [row["email"] for row in rows(profile.contact_emails(db)) if row["preferred"]] == [best["email"]]
    [kept] = rows(profile.contact_addresses(db))
    assert address_of(kept) == address_of(best) and kept["preferred"] and kept["source"] == best["address__source"]


# --- consent ---------------------------------------------------------------------------------------------------------


def word(number: int, system: str, who: str, state: str, day: str, channel: str = "email", purpose: str = "marketing"):
    row = {"source_system": system, "source_customer_id": who, "channel": channel, "purpose": purpose}
    return row | {"changed_at": when(day), "state": state, "source_row_id": f"consents.csv:{number}"}


def consents(*said: dict, customers: dict[tuple, str] | None = None) -> dict[tuple, dict]:
    owners = customers or {(row["source_system"], row["source_customer_id"]): "c" for row in said}
    db = of_accounts([account(customer, system, who) for (system, who), customer in owners.items()], consents=said)
    found = rows(profile.profile_consents(db, as_of=AS_OF))
    return {(row["customer_id"], row["channel"], row["purpose"]): row for row in found}


MAIL = ("c", "email", "marketing")


def test_the_latest_word_of_an_account_holds():
    found = consents(
        word(1, "a", "1", "granted", "2025-01-01"),
        word(2, "a", "1", "withdrawn", "2025-02-01"),
        word(3, "a", "1", "granted", "2025-03-01"),
        word(4, "a", "1", "withdrawn", "2026-11-01"),  # after the as-of date
    )[MAIL]
    assert (found["state"], found["state__source"], found["changed_at"]) == (
        "granted",
        "a:consents.csv:3",
        when("2025-03-01"),
    )


def test_withdrawn_in_one_account_is_withdrawn_for_the_person():
    found = consents(word(1, "a", "1", "withdrawn", "2025-01-01"), word(2, "b", "2", "granted", "2026-01-01"))[MAIL]
    assert (found["state"], found["state__source"]) == ("withdrawn", "a:consents.csv:1")
    assert (found["accounts"], found["accounts_granted"]) == (2, 1)


def test_channels_and_purposes_are_apart():
    found = consents(word(1, "a", "1", "granted", "2025-01-01"), word(2, "a", "1", "withdrawn", "2025-01-02", "post"))
    assert {key[1]: row["state"] for key, row in found.items()} == {"email": "granted", "post": "withdrawn"}


def test_a_word_about_all_channels_counts_for_each_until_a_later_one():
    refused = word(1, "a", "1", "withdrawn", "2025-03-01", "all")
    assert consents(word(2, "a", "1", "granted", "2025-01-01"), refused)[MAIL]["state"] == "withdrawn"
    assert consents(word(2, "a", "1", "granted", "2025-04-01"), refused)[MAIL]["state"] == "granted"
    assert consents(word(2, "b", "2", "granted", "2026-01-01"), refused)[MAIL]["state"] == "withdrawn"  # other account
    assert consents(word(2, "a", "1", "granted", "2025-03-01"), refused)[MAIL]["state"] == "withdrawn"  # same moment


def test_consents_of_somebody_nobody_knows_are_not_lost_to_others():
    said = [word(1, "a", "1", "granted", "2025-01-01"), word(2, "a", "2", "withdrawn", "2025-01-01")]
    found = consents(*said, customers={("a", "1"): "c", ("a", "2"): "d"})
    assert (found[MAIL]["state"], found["d", "email", "marketing"]["state"]) == ("granted", "withdrawn")


spoken = st.lists(
    st.tuples(
        st.sampled_from("ab"),
        st.sampled_from("12"),
        st.booleans(),
        st.integers(1, 28),
        st.sampled_from(["email", "all"]),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda one: (one[0], one[1], one[3], one[4]),
)


@settings(max_examples=40, deadline=None)
@given(spoken)
def test_bringing_accounts_together_never_widens_a_consent(said):
    words = [
        word(n, system, who, "granted" if yes else "withdrawn", f"2025-01-{day:02d}", channel)
        for n, (system, who, yes, day, channel) in enumerate(said)
    ]
    alone = consents(*words, customers={(s, w): f"{s}{w}" for s, w, *_ in said})
    together = consents(*words)
    for (_, channel, purpose), row in together.items():
        states = {own["state"] for (_, c, p), own in alone.items() if (c, p) == (channel, purpose)}
        assert row["state"] == "withdrawn" or states == {"granted"}
    # and with one account only, the definition written by hand
    for (customer, channel, _), row in alone.items():
        own = [one for one in said if one[0] + one[1] == customer and one[4] in (channel, "all")]
        last = [one for one in own if one[3] == max(day for *_, day, _ in own)]
        assert row["state"] == ("granted" if all(one[2] for one in last) else "withdrawn")
