"""No leak: a snapshot is the same whatever happened at its cutoff or later, and labels begin where features end."""

import re
from datetime import date, timedelta

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from profile_tables import order, when
from snapshot_tables import company, engine, forget_from, linked, one, rows
from sqlglot import exp

import customerbase.features.snapshots as snapshots
from customerbase import features
from customerbase.engine import SQL_FOLDER, sql_text
from customerbase.errors import InputError
from customerbase.features.names import optional_tables
from customerbase.periods import month_end

CUTOFFS = (date(2025, 7, 1), date(2026, 7, 1), date(2026, 3, 15))
CUTOFF = date(2026, 7, 1)


def everything_before(db, cutoff: date) -> str:
    """Features, features per category and eligible customers as text: every bit of a value shows."""
    return repr((rows(features.snapshot(db, cutoff=cutoff)), rows(features.category_features(db, cutoff=cutoff))))


# --- the future is deleted, or altered ---------------------------------------------------------------------------------


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_features_are_the_same_when_all_that_came_later_is_deleted(cutoff):
    before = everything_before(company(), cutoff)
    db = company()
    forget_from(db, cutoff)
    assert everything_before(db, cutoff) == before
    assert before.count("'K") > 40


@pytest.mark.parametrize("cutoff", CUTOFFS)
def test_features_are_the_same_when_all_that_came_later_is_altered(cutoff):
    before = everything_before(company(), cutoff)
    db = company()
    _alter_from(db, cutoff)
    assert everything_before(db, cutoff) == before


def _alter_from(db, cutoff: date) -> None:
    """Later amounts, people, kinds and days are others; every order of the time before is cancelled and answered late."""
    later = {"cutoff": cutoff}
    db.execute("update orders set total = -7, channel = 'phone', discount = 9, store_id = 'S9', source_customer_id = 's1',"
               " order_at = order_at + interval 40 day where order_at >= $cutoff", **later)  # fmt: skip
    db.execute("update orders set status = 'cancelled', cancelled_at = cast($cutoff as timestamp)"
               " where order_at < $cutoff and status = 'completed' and order_id like '%7'", **later)  # fmt: skip
    db.execute("update refunds set amount = 9999 where refunded_at >= $cutoff", **later)
    db.execute("update web_events set event_name = 'add_to_cart' where event_at >= $cutoff", **later)
    db.execute("update campaign_contacts set opened_at = cast($cutoff as timestamp)"
               " where opened_at is null or opened_at >= $cutoff", **later)  # fmt: skip
    db.execute("update inquiries set closed_at = cast($cutoff as timestamp), csat = 1"
               " where closed_at is null or closed_at >= $cutoff", **later)  # fmt: skip
    db.execute("update survey_answers set answer_num = 0 where answered_at >= $cutoff", **later)
    db.execute("update reviews set stars = 1 where posted_at >= $cutoff", **later)
    db.execute("update loyalty_points set delta = 5000 where txn_at >= $cutoff", **later)
    db.execute("update stores set close_date = $cutoff where close_date is null or close_date >= $cutoff", **later)


BOUND = re.compile(r"(<|>=) \$until")
WITHOUT_EFFECT = {("inquiries", 2)}  # closed_at is only read beside a csat, which has a bound of its own
BOUNDS = [
    (name, number)
    for name in snapshots.SEEN
    for number, _ in enumerate(BOUND.finditer(sql_text(f"seen_{name}")))
    if (name, number) not in WITHOUT_EFFECT
]


@pytest.mark.parametrize(("name", "number"), BOUNDS)
def test_any_single_bound_left_out_would_be_found(name, number, monkeypatch):
    def leaky(file: str) -> str:
        text = sql_text(file)
        if file != f"seen_{name}":
            return text
        found = list(BOUND.finditer(text))[number]
        return text[: found.start()] + f"{found[1]} timestamp '2100-01-01'" + text[found.end() :]

    monkeypatch.setattr("customerbase.engine.sql_text", leaky)
    whole, cut = company(), company()
    forget_from(cut, CUTOFF)
    assert everything_before(whole, CUTOFF) != everything_before(cut, CUTOFF)


# --- by construction -----------------------------------------------------------------------------------------------------


def read_by(name: str) -> set[str]:
    tree = sqlglot.parse_one(sql_text(name), read="duckdb")
    return {table.name for table in tree.find_all(exp.Table)} - {cte.alias for cte in tree.ctes}


@pytest.mark.parametrize("name", sorted(path.stem for path in SQL_FOLDER.glob("snapshot*.sql")))
def test_features_and_labels_read_the_seen_views_and_no_source_table(name):
    allowed = {"snapshot_changed": {"identity_links", "previous_identity_links"}}.get(name, set())
    others = {table for table in read_by(name) if not table.startswith(("seen_", "snapshot_"))}
    assert others == allowed


def test_a_seen_view_bounds_every_date_it_reads_and_reads_only_what_is_declared():
    sources = set(optional_tables()) | {"orders"}
    read = set()
    for name in snapshots.SEEN:
        text, tree = sql_text(f"seen_{name}"), sqlglot.parse_one(sql_text(f"seen_{name}"), read="duckdb")
        read |= read_by(f"seen_{name}")
        moments = {column.name for column in tree.find_all(exp.Column) if column.name.endswith(("_at", "close_date"))}
        for column in moments - {"event_at", "expires_at"}:
            assert re.search(rf"\b{column} < \$until|\b{column} >= \$until", text), f"seen_{name}: {column}"
    assert read - {"seen_links", "seen_documents"} == sources


# --- the boundary, to the second -------------------------------------------------------------------------------------


def at(number: int, who: str, moment: str, **values) -> dict:
    return order(number, who, "2026-01-01", order_at=when(moment), **values)


def test_an_order_at_the_cutoff_belongs_to_the_label_and_one_a_second_before_to_the_features():
    db = engine(
        identity_links=linked("A", "B", "C"),
        orders=[
            at(1, "a", "2026-06-30T23:59:59", total=10),
            at(2, "a", "2026-07-01T00:00:00", total=20),
            at(3, "b", "2026-07-01T00:00:00", total=30),  # not yet a customer at the cutoff
            at(4, "c", "2026-06-30T00:00:00", total=40),
            at(5, "c", "2026-07-31T00:00:00", total=50),  # the first second after a window of 30 days
            at(6, "a", "2026-07-30T23:59:59", total=60),  # its last second
        ],
    )
    made = features.snapshot(db, cutoff=CUTOFF)
    assert [row[0] for row in rows(made)] == ["A", "C"]
    a = one(made, "A")
    assert (a["days_since_last_purchase"], a["orders"], a["spend"]) == (1, 1, 10)
    label = features.labels(db, cutoff=CUTOFF, horizon_days=30)
    assert label.columns[3:] == ["bought", "purchase_days", "orders", "net_spend", "days_to_purchase", "is_censored"]
    assert [row[3:] for row in rows(label)] == [(True, 2, 2, 80, 0, False), (False, 0, 0, 0, 30, True)]
    longer = one(features.labels(db, cutoff=CUTOFF, horizon_days=31), "C")
    assert (longer["bought"], longer["days_to_purchase"], longer["is_censored"]) == (True, 30, False)


def test_who_is_eligible_is_known_to_the_day():
    days = {
        "A": "2025-07-01T00:00:00",
        "B": "2025-06-30T23:59:59",
        "C": "2026-06-30T23:59:59",
        "D": "2026-07-01T00:00:00",
    }
    orders = [at(n, who.lower(), moment) for n, (who, moment) in enumerate(days.items())]
    db = engine(identity_links=linked(*days), orders=orders)
    assert [row[0] for row in rows(features.snapshot(db, cutoff=CUTOFF))] == ["A", "C"]
    assert [row[0] for row in rows(features.snapshot(db, cutoff=CUTOFF, eligible_days=366))] == ["A", "B", "C"]
    assert [row[0] for row in rows(features.labels(db, cutoff=CUTOFF, horizon_days=1, eligible_days=1))] == ["C"]


def test_an_order_cancelled_later_counts_until_then():
    for moment, counts in (
        ("2026-06-30T23:59:59", False),
        ("2026-07-01T00:00:00", True),
        ("2026-08-01T00:00:00", True),
    ):
        cancelled = at(1, "a", "2026-06-01T00:00:00", status="cancelled", cancelled_at=when(moment), total=70)
        db = engine(identity_links=linked("A"), orders=[cancelled])
        assert [row[0] for row in rows(features.snapshot(db, cutoff=CUTOFF))] == (["A"] if counts else [])
    bought = [at(2, "a", "2026-07-05T00:00:00", status="cancelled", cancelled_at=when("2026-07-31T00:00:00"), total=1)]
    db = engine(identity_links=linked("A"), orders=[at(1, "a", "2026-06-01T00:00:00"), *bought])
    known = {days: one(features.labels(db, cutoff=CUTOFF, horizon_days=days), "A")["bought"] for days in (30, 31)}
    assert known == {30: True, 31: False}


def test_an_opinion_at_the_cutoff_is_not_known_and_one_a_second_before_is():
    """Every question of a response counts by its own time: single items, too, and answers changed later."""
    before, at = when("2026-06-30T23:59:59"), when("2026-07-01T00:00:00")

    def given(number: int, question: str, scale: str, value: int | None, moment, **more) -> dict:
        keys = {"source_system": "shop", "source_customer_id": "a", "survey_id": "s", "source_row_id": f"s:{number}"}
        return keys | {"response_id": str(number // 4), "question_id": question, "scale": scale, "answer_num": value,
                       "answered_at": moment} | more  # fmt: skip

    db = engine(
        identity_links=linked("A"),
        orders=[at_day(1, "a")],
        survey_answers=[
            given(0, "nps", "nps", 2, before), given(1, "csat", "five", 1, before), given(2, "staff", "seven", 1, before),
            given(3, "why", "text", None, before), given(4, "nps", "nps", 10, at), given(5, "csat", "five", 5, at),
            given(6, "staff", "seven", 7, at), given(7, "nps", "nps", 9, when("2026-09-01T00:00:00"), asked_at=before),
        ],
        reviews=[
            {"source_system": "shop", "source_customer_id": "a", "source_row_id": f"r:{n}", "review_id": str(n), "stars": stars,
             "posted_at": moment} for n, (stars, moment) in enumerate([(1, before), (5, at)])
        ],
    )  # fmt: skip
    a = one(features.snapshot(db, cutoff=CUTOFF), "A")
    assert (a["opinions"], a["opinions_365"], a["days_since_last_opinion"]) == (4, 4, 1)  # three answers and a review
    assert (a["last_satisfaction"], a["last_nps_answer"]) == (pytest.approx(0.0, abs=0.21), 2)
    a = one(features.snapshot(db, cutoff=date(2026, 7, 2)), "A")
    assert (a["opinions"], a["last_satisfaction"], a["last_nps_answer"]) == (8, 1, 10)


def at_day(number: int, who: str) -> dict:
    return at(number, who, "2026-06-01T00:00:00")


def test_labels_do_not_see_what_lies_outside_their_window():
    db = company()
    whole = repr(rows(features.labels(db, cutoff=CUTOFF, horizon_days=60)))
    forget_from(db, CUTOFF + timedelta(days=60))
    assert repr(rows(features.labels(db, cutoff=CUTOFF, horizon_days=60))) == whole
    per_category = rows(features.category_labels(db, cutoff=CUTOFF, horizon_days=60))
    assert per_category
    buyers = {row[0] for row in rows(features.labels(db, cutoff=CUTOFF, horizon_days=60)) if row[3]}
    assert {row[0] for row in per_category} <= buyers


# --- which cutoffs may train -------------------------------------------------------------------------------------------


@given(st.dates(date(2000, 1, 1), date(2100, 1, 1)), st.integers(1, 400), st.integers(1, 24))
def test_label_windows_of_training_end_before_the_test_begins(cutoff, horizon, count):
    chosen = features.training_cutoffs(cutoff, horizon, count)
    assert len(set(chosen)) == count
    assert chosen == sorted(chosen)
    assert all(day.day == 1 and day + timedelta(days=horizon) <= cutoff for day in chosen)
    following = month_end(chosen[-1]) + timedelta(days=1)
    assert following + timedelta(days=horizon) > cutoff  # no later one would do


def test_training_cutoffs_by_hand():
    assert features.training_cutoffs(date(2026, 11, 1), 90, 2) == [date(2026, 7, 1), date(2026, 8, 1)]
    assert features.training_cutoffs(date(2026, 3, 1), 28, 1) == [date(2026, 2, 1)]
    assert features.training_cutoffs(date(2026, 3, 1), 29, 1) == [date(2026, 1, 1)]
    with pytest.raises(InputError, match="horizon_days is 0"):
        features.training_cutoffs(date(2026, 3, 1), 0, 1)


def test_monthly_cutoffs_follow_the_as_of_date():
    assert features.monthly_cutoffs(date(2026, 1, 31), 3) == [date(2025, 12, 1), date(2026, 1, 1), date(2026, 2, 1)]
    with pytest.raises(InputError, match=r"2026-01-30; expected the last day of a month, here 2026-01-31"):
        features.monthly_cutoffs(date(2026, 1, 30), 3)


def test_labels_of_training_are_the_same_without_the_time_of_the_test():
    db, cut = company(), company()
    forget_from(cut, CUTOFF)
    for cutoff in features.training_cutoffs(CUTOFF, 90, 3):
        here = repr(rows(features.labels(db, cutoff=cutoff, horizon_days=90)))
        assert repr(rows(features.labels(cut, cutoff=cutoff, horizon_days=90))) == here
