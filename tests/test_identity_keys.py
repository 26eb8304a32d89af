"""Standard records, keys, blocked values and constraints on records written by hand, each an ugly case."""

from datetime import date

import identity_base as base_of
import pytest

import customerbase.identity.looks as looks
from customerbase import identity
from customerbase.errors import InputError
from customerbase.identity.decisions import Decision

SATO = {"last_name": "佐藤", "first_name": "花子", "last_kana": "サトウ", "first_kana": "ハナコ"}
HOME = {"pref": "東京都", "city": "千代田区", "address1": "霞が関1-2-3", "postal_code": "100-0013"}


def same(base, one: str, other: str) -> bool:
    """Whether two records (numbers in the shop) are one customer."""
    [(count,)] = base.rows(
        "select count(distinct customer_id) from identity_links where source_customer_id in $ids", ids=[one, other]
    )
    return count == 1


def resolve(*rows: dict, **options):
    return base_of.resolve(base_of.hand_written(list(rows)), **options)


def test_one_person_in_many_spellings():
    base = resolve(
        {**SATO, **HOME, "phone": "090-1111-2222", "email": "hanako@mail.example"},
        {"last_name": "サトウ", "first_name": "ハナコ", "phone": "+81 90 1111 2222"},
        {"last_name": "SATO", "first_name": "Hanako", "email": "HANAKO@mail.example "},
        {"last_name": "佐藤　花子", "last_kana": "ｻﾄｳ ﾊﾅｺ", "phone": "０９０（１１１１）２２２２"},
        {**SATO, "phone": "03-9999-1111"},
    )
    assert all(same(base, "001", other) for other in ("002", "003", "004"))
    assert not same(base, "001", "005")


def test_old_characters_are_the_same_name():
    born = {"birth_date": date(1980, 5, 6), "postal_code": "100-0013", "last_kana": "ワタナベ", "first_kana": "ケン"}
    base = resolve({"last_name": "渡邊", "first_name": "健", **born}, {"last_name": "渡邉", "first_name": "健", **born})
    assert base.rows("select distinct family_folded from customers_std") == [("渡辺",)]
    assert same(base, "001", "002")


def test_a_family_telephone_is_not_a_person():
    family = [
        SATO | HOME | {"first_name": name, "first_kana": kana, "phone": "03-3333-4444"}
        for name, kana in (("花子", "ハナコ"), ("太郎", "タロウ"), ("次郎", "ジロウ"))
    ]
    base = resolve(*family)
    assert base.rows("select count(distinct customer_id) from identity_links") == [(3,)]


def test_twins_are_two_people_even_with_one_email():
    twins = [
        SATO
        | HOME
        | {
            "first_name": name,
            "first_kana": kana,
            "birth_date": date(2000, 1, 2),
            "gender": "female",
            "phone": "03-3333-4444",
            "email": "sato-family@mail.example",
        }
        for name, kana in (("優子", "ユウコ"), ("優花", "ユウカ"))
    ]
    base = resolve(*twins)
    assert not same(base, "001", "002")
    assert ("email", "cardinality") in {(row["rule"], row["reason"]) for row in base.audit}


def test_values_of_nobody_join_nobody():
    base = resolve(*[
        {"last_name": name, "first_name": name, "email": "test@test.com", "phone": "000-0000-0000", "birth_date": date(1900, 1, 1)}
        for name in ("青木", "石井", "上田")
    ])  # fmt: skip
    assert base.rows("select count(distinct customer_id) from identity_links") == [(3,)]
    assert base.rows(
        "select distinct email, email_status, phone, birth_date, birth_date_status from customers_std"
    ) == [(None, "blocked", None, None, "blocked")]


def test_a_value_that_too_many_share_is_set_aside_and_named_only_by_digest():
    rows = [
        SATO | {"first_kana": f"ハナ{chr(0x30AB + n)}", "first_name": f"花{n}", "email": "info@shop.example"}
        for n in range(12)
    ]
    base = resolve(*rows)
    [row] = [row for row in base.audit if row["reason"] == "shared_by_many"]
    assert row["rule"] == "email" and row["records"] == 12 and "info" not in str(row)
    assert base.rows("select count(email) from customers_std") == [(0,)]


def test_member_numbers_join_across_systems_and_keep_apart():
    shop = {"source_system": "shop", "source_customer_id": "80001", **SATO}
    web = {"source_system": "web", "source_customer_id": "7", "last_name": "旧姓", "member_number": "80001"}
    other = {
        "source_system": "web",
        "source_customer_id": "8",
        **SATO,
        "phone": "090-1111-2222",
        "member_number": "80002",
    }
    third = {
        "source_system": "app",
        "source_customer_id": "9",
        **SATO,
        "phone": "090-1111-2222",
        "member_number": "80001",
    }
    base = resolve(shop, web, other, third, member_system="shop")
    assert same(base, "80001", "7") and same(base, "80001", "9")
    assert not same(base, "8", "9")
    assert base.rows("select state from identity_edges where rule = 'phone_and_name' and record_b = 'web:8'") == [
        ("cut_conflict",)
    ]


def test_a_system_with_one_account_per_person_keeps_its_accounts_apart():
    one = SATO | {"source_system": "app", "email": "hanako@mail.example"}
    base = resolve(one, one | {"source_system": "app"}, unique_sources=["app"])
    assert not same(base, "001", "002")
    with pytest.raises(InputError, match=r"'ap'.*app"):
        resolve(one, one, unique_sources=["ap"])


def test_people_decide():
    one, other = {**SATO, "phone": "090-1111-2222"}, {"last_name": "鈴木", "first_name": "一郎"}
    said = [
        Decision("same", "shop:001", "shop:003", "k.sato", "called", date(2026, 10, 5)),
        Decision("not_same", "shop:001", "shop:002", "k.sato", "father and son", date(2026, 10, 5)),
    ]
    base = resolve(one, one, other, decisions=said)
    assert same(base, "001", "003") and not same(base, "001", "002")
    assert base.rows("select count(*) from identity_review where record_b = 'shop:002'") == [(0,)]
    assert base.rows("select distinct rule from identity_links where source_customer_id = '003'") == [("decision",)]


def test_nothing_to_compare_is_no_reason_to_fail():
    empty = [{}, {}, {}]
    base = resolve(*empty)
    assert base.rows("select count(*), count(distinct customer_id) from identity_links") == [(3, 3)]
    assert base_of.resolve(base_of.hand_written([])).rows("select count(*) from identity_links") == [(0,)]


def test_ids_without_a_customer_record_are_people_of_their_own():
    db = base_of.hand_written([SATO])
    db.execute("insert into orders values ('shop', '001'), ('till', 'A1'), ('till', 'A1'), ('till', null)")
    base = base_of.resolve(db)
    assert base.rows(
        "select source_system, source_customer_id, rule, in_customers_src from identity_links order by 1"
    ) == [("shop", "001", "alone", True), ("till", "A1", "alone", False)]


@pytest.mark.parametrize(
    "name", ["😀😀", "\x00\x07佐藤", "a" * 10_000, "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "\u200b", "Ａ́"]
)
def test_hostile_text_is_only_text(name):
    base = resolve(
        {"last_name": name, "first_name": name, "email": name, "phone": name, "address1": name},
        {"last_name": name, "first_kana": name, "postal_code": name, "company": name},
    )
    assert base.rows("select count(*) from identity_links") == [(2,)]


def test_one_value_in_every_row_costs_no_square_of_the_rows():
    db = base_of.hand_written([])
    db.execute(
        "create or replace temp table customers_src as select * replace ('shop' as source_system, i::varchar as source_customer_id,"
        " '佐藤' as last_name, '花子' as first_name, 'サトウ' as last_kana, 'ハナコ' as first_kana, 'same@mail.example' as email,"
        " '100-0013' as postal_code, date '1980-01-01' as birth_date, 'm.csv:' || i as source_row_id)"
        " from range(20000) as r(i) left join customers_src on false".replace(
            "select * replace", "select * exclude (i) replace"
        )
    )
    base = base_of.resolve(db)
    assert base.rows("select count(distinct customer_id) from identity_links") == [(20000,)]
    reasons = {(row["rule"], row["reason"]) for row in base.audit}
    assert ("email", "shared_by_many") in reasons and ("birth_date", "shared_by_many") in reasons
    assert ("block_name_place", "block_too_large") in reasons


def test_explanation_adds_up_to_the_weight():
    born = {"birth_date": date(1980, 5, 6)}
    base = resolve(SATO | HOME | born, SATO | HOME | {"birth_date": date(1980, 6, 5)}, SATO | HOME)
    [(a, b, weight)] = base.rows("select record_a, record_b, match_weight from identity_edges order by 1, 2 limit 1")
    parts = identity.breakdown(base.db, base.linked.model, a, b)
    assert sum(part.bits for part in parts) == pytest.approx(weight)
    level = {part.field: part.level for part in parts}
    assert level["birth_date"] == "one digit wrong, or day and month swapped"
    assert level["given_name"] == "same kanji and reading" and level["email"] == "no value on one side"
    with pytest.raises(InputError, match="shop:999"):
        identity.breakdown(base.db, base.linked.model, a, "shop:999")


def test_a_company_of_orders_alone_has_figures_too():
    db = base_of.hand_written([])
    db.execute("insert into orders values ('till', 'A1'), ('till', 'A2')")
    base = base_of.resolve(db)
    db.execute(
        "create view customer_orders as select source_system, source_customer_id, 1 as is_order, 10.0 as net_amount from orders"
    )
    [row, *_] = identity.threshold_effect(db, identity.read_pairs(db), identity.Thresholds(), [])
    assert (row["customers"], row["orders"], row["repeat_rate"], row["spend_per_customer"]) == (2, 2, 0.0, 10.0)
    assert set(looks.titles(base.db, "ja")) == {"standardised", "rules", "sizes", "weights", "waterfall"}
    assert len(looks.standardised(base.db, "en")) == 0 and len(looks.rules(base.db, "en")) == 1
