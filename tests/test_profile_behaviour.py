"""What customers did, by hand; empty tables; what is written; every account accounted for."""

from decimal import Decimal

import pytest
import sqlglot
from profile_tables import (
    AS_OF,
    READS,
    account,
    engine,
    everything,
    fill,
    link,
    of_accounts,
    order,
    profiles,
    shop,
    when,
)
from sqlglot import exp

from customerbase import profile
from customerbase.engine import Engine
from customerbase.errors import RunError
from customerbase.profile.rules import RULES
from customerbase.profile.survivorship import survivors_sql, winners_sql
from customerbase.tables import evaluate, schema
from customerbase.tables.store import as_declared

# --- behaviour -------------------------------------------------------------------------------------------------------


def test_behaviour_by_hand():
    found = profiles(shop())["K"]
    expected = {
        "accounts": 3,
        "systems": "app;shop",
        "orders": 3,
        "net_spend": Decimal("1000.00"),  # 500 + 400 + 250 − 50 − 100; the refund of the cancelled order is none
        "first_order_at": when("2026-01-05T12:00"),
        "last_order_at": when("2026-10-31T23:59:59"),
        "channels": "app;store;web",
        "main_channel": "app",  # one order each: by name
        "main_store": "shop:S1",
        "stores": 2,
        "favourite_category": "Cups",  # 400 against 300
        "web_views": 2,
        "web_last_at": when("2026-10-03T00:00"),
        "mails_sent": 3,
        "mails_opened": 2,
        "mails_clicked": 1,
        "inquiries": 2,
        "last_inquiry_at": when("2026-06-01T00:00"),
        "reviews": 3,
        "mean_rating": 3.5,
        "survey_score": 9,
        "survey_scale": "nps",
        "survey_at": when("2026-02-01T00:00"),
        "survey_score__source": "app:s:1",
        "points_balance": Decimal("32.00"),
        "member_rank": "silver",
        "member_rank__source": "app:t:1",
    }
    assert {name: found[name] for name in expected} == expected


def test_a_customer_known_by_orders_alone_has_behaviour_and_no_attributes():
    found = profiles(shop())["L"]
    assert (found["orders"], found["net_spend"], found["systems"]) == (1, Decimal("80.00"), "shop")
    assert [name for name, value in found.items() if name.endswith("__source") and value is not None] == []
    assert (found["has_email"], found["has_phone"], found["has_address"]) == (False, False, False)
    assert (found["points_balance"], found["web_views"], found["mean_rating"]) == (None, 0, None)


def test_without_a_question_of_recommendation_the_latest_rating_stands():
    answer = {"source_system": "a", "survey_id": "S", "source_customer_id": "1", "response_id": "1"}
    rows = [
        answer | {"question_id": q, "answered_at": when(d), "scale": s, "answer_num": v, "source_row_id": f"s:{q}"}
        for q, d, s, v in [
            ("1", "2026-02-01", "five", 4),
            ("2", "2026-01-01", "seven", 7),
            ("3", "2026-03-01", "choice", 2),
        ]
    ]
    db = of_accounts([account("c", "a", "1")], survey_answers=rows)
    found = profiles(db)["c"]
    assert (found["survey_score"], found["survey_scale"], found["survey_score__source"]) == (4, "five", "a:s:1")


def test_the_order_in_which_tables_were_loaded_does_not_matter():
    before = everything(shop())
    db = shop()
    for name in READS:
        db.execute(f"create or replace table {name} as select * from {name} order by all desc")
    assert everything(db) == before


# --- empty tables ----------------------------------------------------------------------------------------------------


def test_everything_works_on_empty_tables():
    assert {name: rows for name, rows in everything(engine()).items() if rows} == {}
    db = engine()
    profile.profile(db, as_of=AS_OF)
    assert profile.check_accounting(db).empty
    assert set(profile.known(db)["customers"]) == {0} and profile.merged(db).empty
    assert list(profile.merging(db)["buyers"]) == [0, 0]
    assert profile.example(db, 1) is None


def test_only_orders_and_ids_are_enough():
    db = engine(orders=[order(1, "1", "2026-01-05", 500)], identity_links=[link("c", "shop", "1")])
    found = everything(db)
    assert [len(found[name]) for name in ("profile", "contacts", "timeline", "overlap", "phones")] == [1, 1, 1, 1, 0]
    assert profiles(db)["c"]["net_spend"] == 500


@pytest.mark.parametrize("missing", [name for name in READS if name not in ("identity_links", "source_files")])
def test_each_table_alone_may_be_empty(missing):
    db = shop()
    before = profiles(db)
    db.execute(f"delete from {missing}")
    assert set(profiles(db)) == set(before) == {"K", "L"}
    assert everything(db)["profile"]


# --- what is written -------------------------------------------------------------------------------------------------


def test_every_table_is_as_its_expectations_say():
    db = shop()
    written = {"profile": profile.profile(db, as_of=AS_OF), "contacts": profile.contacts(db)}
    written |= {name: getattr(profile, name)(db) for name in ("contact_phones", "contact_emails", "contact_addresses")}
    written |= {name: getattr(profile, name)(db, as_of=AS_OF) for name in ("profile_consents", "timeline")}
    written["channel_overlap"] = profile.channel_overlap(db)
    for name, relation in written.items():
        db.register(f"_{name}", as_declared(relation, schema(name)))
        failed = [check for check in evaluate(db, schema(name), f"_{name}") if not check.success]
        assert failed == [], name


def test_the_generated_queries_are_portable():
    every = [*profile.fields().values()]
    odd = profile.fields({"email": list(RULES[:-1]), "gender": ["most_recent"], "phone": ["earliest"]}).values()
    for text in (winners_sql(every), winners_sql(odd), survivors_sql(every, {c for f in every for c in f.carried})):
        spark = sqlglot.transpile(text, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)[0]
        assert sqlglot.parse_one(spark, read="spark").find(exp.Select)
        assert not [w for w in sqlglot.parse_one(text, read="duckdb").find_all(exp.Window) if w.args.get("order")]


# --- accounting ------------------------------------------------------------------------------------------------------


def base() -> Engine:
    db = of_accounts([account("K", "a", "1"), account("K", "a", "2"), account("L", "b", "3")])
    profile.profile(db, as_of=AS_OF)
    return db


def test_accounts_are_accounted_for():
    found = profile.check_accounting(base())
    assert found.to_dict("list")["accounts"] == found.to_dict("list")["in_one_profile"] == [2, 1]


def test_rows_of_the_files_are_accounted_for():
    db = base()
    file = {"source_system": "a", "file": "a.csv", "table_name": "customers_src", "sha256": "x"}
    fill(db, "source_files", [file | {"rows_read": 5, "rows_accepted": 2, "rows_quarantined": 3}])
    found = profile.check_accounting(db)
    assert found[["rows_read", "rows_quarantined", "accounts"]].iloc[0].tolist() == [5, 3, 2]
    db.execute("update source_files set rows_accepted = 4, rows_quarantined = 1")
    with pytest.raises(RunError, match="4 rows of 'a' were accepted from the files, but 2 stand in the table"):
        profile.check_accounting(db)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        ("delete from identity_links where source_customer_id = '2'", "of 2 accounts of 'a' 1 stand in no profile"),
        ("insert into identity_links by name select 'L' as customer_id, 'a' as source_system, '1' as source_customer_id",
         "of 2 accounts of 'a' 0 stand in no profile and 1 in several"),
        ("delete from profile where customer_id = 'L'", "of 1 accounts of 'b' 1 stand in no profile"),
        ("insert into profile select * from profile where customer_id = 'L'", "0 stand in no profile and 1 in several"),
        ("insert into identity_links by name select 'M' as customer_id, 'a' as source_system, '8' as source_customer_id",
         "2 rows for 2 customers, but identity_links knows 3"),
    ],
)  # fmt: skip
def test_what_is_lost_or_doubled_stops_the_page(spoil, words):
    db = base()
    db.execute(spoil)
    with pytest.raises(RunError, match=words):
        profile.check_accounting(db)
