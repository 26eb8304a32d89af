"""Readiness, scores and books on tables small enough to count by hand."""

from datetime import date

import pytest

from customerbase import quality
from customerbase.engine import Engine
from customerbase.quality.readiness import GROUPS
from customerbase.quality.setting_aside import EVENT_COLUMNS, order_of
from customerbase.tables import Check, schemas


def company(without: str = "") -> Engine:
    """A company that has one filled row in each group's table, but for the group `without`."""
    db = Engine()
    for table in {group.table for group in GROUPS}:
        here = [group for group in GROUPS if group.table == table]
        kept = {column for group in here if group.name != without for column in group.columns}
        dropped = {column for group in here for column in group.columns} - kept
        cells = [f"{1 if column in kept else 'null'} as {column}" for column in sorted(kept | dropped)]
        db.execute(f"create table {table} as select {', '.join(cells)} where {'true' if kept else 'false'}")
    return db


PAGES = list(quality.NEEDS)
PURCHASE = {
    "profile",
    "segments",
    "cltv",
    "churn",
    "propensity",
    "recommend",
    "audiences",
    "campaigns",
    "kpi",
    "monthly_report",
}
LOST = {
    "": set(),
    "basic": {"identity", "profile", "audiences"},
    "purchase": PURCHASE,
    "satisfaction": set(),  # reviews alone are enough for page 09
    "attributes": set(),
    "communication": {"campaigns"},
    "loyalty": set(),
    "voice": set(),
}


@pytest.mark.parametrize("without", LOST)
def test_each_missing_group_takes_away_the_pages_that_need_it_and_no_other(without):
    table = quality.readiness(company(without))
    assert set(quality.unlocked(table)) == set(PAGES) - LOST[without]
    assert set(quality.locked(table)) == LOST[without]
    absent = set(table[~table.present].group_name)
    assert absent == ({without} if without else set())
    assert table[table.present].fill_rate.eq(1).all()


def test_an_absent_group_names_the_pages_that_it_alone_would_add():
    table = quality.readiness(company("basic")).set_index(["group_name", "table_name"])
    assert table.unlocks[("basic", "customers_src")] == "identity,profile,audiences"
    assert quality.locked(table.reset_index())["identity"] == ["basic.customers_src"]
    assert (
        table.requirement["basic", "customers_src"] == "required"
        and table.requirement["voice", "reviews"] == "optional"
    )


def test_a_customer_table_of_ids_alone_is_no_basic_record():
    db = company()
    columns = ", ".join(f"null as {c}" for group in GROUPS if group.table == "customers_src" for c in group.columns)
    db.execute(f"create or replace table customers_src as select {columns}")
    table = quality.readiness(db)
    rows = table[table.table_name == "customers_src"]
    assert not rows.present.any() and rows.rows.tolist() == [1, 1] and rows.fill_rate.tolist() == [0.0, 0.0]


def test_fill_rate_is_the_share_of_the_groups_cells_that_are_filled():
    db = company()
    db.execute("insert into orders (order_at) values (1)")  # one of three cells
    table = quality.readiness(db)
    assert table[table.table_name == "orders"].fill_rate.tolist() == [pytest.approx(4 / 6)]


def test_groups_and_events_name_columns_that_exist():
    known = schemas()
    for group in GROUPS:
        assert set(group.columns) <= known[group.table].columns.keys(), group
    for table, columns in EVENT_COLUMNS.items():
        assert set(columns) <= known[table].columns.keys(), table
    assert {need for sets in quality.NEEDS.values() for one in sets for need in one} <= {group.id for group in GROUPS}


def books() -> Engine:
    """Two files of orders: five rows came in, one has no total, one is a copy, one lies after the month; a broken record too."""
    db = Engine()
    db.execute(
        "create table _files (number bigint, source_system varchar, file varchar, table_name varchar,"
        " encoding varchar, rows_read bigint, sha256 varchar)"
    )
    db.execute(
        "insert into _files values (0, 'shop', 'a.csv', 'orders', 'cp932', 4, 'x'), (1, 'shop', 'b.csv', 'orders', null, 2, 'y')"
    )
    db.execute("create macro row_file(r) as r // 100")
    db.execute("create macro row_line(r) as r % 100")
    db.execute(
        "create table _flags as select * from (values"
        " (0, 'orders', 3, 'block', 'total', 'missing_total'), (0, 'orders', 3, 'block', 'order_at', 'invalid_date'),"
        " (0, 'orders', 102, 'block', 'source_system+order_id', 'duplicate_key'),"
        " (0, 'orders', 4, 'block', 'order_at', 'after_month'), (0, 'orders', 103, 'block', '-', 'wrong_field_count'),"
        " (0, 'orders', 2, 'warn', 'channel', 'unknown_channel'), (0, 'orders', 3, 'warn', 'channel', 'unknown_channel'),"
        " (1, 'orders', 5, 'warn', 'total', 'negative_total'), (2, 'orders', 2, 'warn', 'total', 'negative_total')"
        ") as f (turn, table_name, _row, severity, column_name, reason)"
    )
    db.execute("create table _rejected as select distinct _row from _flags where severity = 'block'")
    db.execute(
        "create table _first_orders as select * from (values (2, date '2026-10-01', 1.0), (3, null, null),"
        " (4, date '2026-11-01', 1.0), (5, date '2026-10-20', null), (102, date '2026-10-01', 1.0)) as o (_row, order_at, total)"
    )
    db.execute("create view orders as select * from _first_orders anti join _rejected using (_row)")
    return db


def test_the_books_of_each_file():
    table = quality.source_files(books(), ["orders"])
    counts = table[["file", "rows_read", "rows_accepted", "rows_quarantined"]].to_numpy().tolist()
    assert counts == [["a.csv", 4, 2, 2], ["b.csv", 2, 0, 2]]


def test_reasons_count_raw_rows_and_warnings_only_those_accepted_as_they_stood_last():
    rows = quality.reasons(books())[["severity", "reason", "rows"]].to_numpy().tolist()
    assert rows == [
        ["block", "wrong_field_count", 1],
        ["block", "after_month", 1],
        ["block", "invalid_date", 1],
        ["block", "duplicate_key", 1],
        ["block", "missing_total", 1],
        ["warn", "unknown_channel", 1],
        ["warn", "negative_total", 1],
    ]


def test_the_quarantine_names_file_and_line():
    listed = quality.quarantine(books()).filter("reason = 'duplicate_key'").project("file, line, table_name").fetchall()
    assert listed == [("b.csv", 2, "orders")]


def test_the_four_scores():
    table = quality.scores(books(), {"orders": ["order_at", "total"]}, date(2026, 10, 31)).set_index("dimension")
    assert table.score["completeness"] == pytest.approx(3 / 4) and table.n["completeness"] == 4
    assert (
        table.score["validity"] == pytest.approx(1 - 2 / 5) and table.n["validity"] == 5
    )  # 4 up to the month's end + 1 broken
    assert table.score["duplication"] == pytest.approx(1 / 5)
    assert table.score["staleness"] == 11 and table.n["staleness"] == 2


def test_scores_of_a_table_without_rows_are_absent_not_wrong():
    db = books()
    db.execute("create or replace table _first_orders as select * from _first_orders where false")
    db.execute("create or replace table _flags as select * from _flags where false")
    table = quality.scores(db, {"orders": ["order_at", "total"]}, date(2026, 10, 31))
    assert table.score.isna().all() and table.n.eq(0).all()


def test_results_hold_one_row_per_check():
    check = Check(
        "orders",
        "expect_column_values_to_not_be_null",
        {"column": "total"},
        "block",
        "missing_total",
        False,
        10,
        0,
        3,
        None,
        column="total",
    )
    measure = Check("orders", "expect_table_row_count_to_be_between", {}, "drift", "few", True, None, None, None, 10)
    table = quality.results([check, measure])
    assert table.unexpected_percent.tolist()[0] == 30 and table.element_count.isna().tolist() == [False, True]
    assert table.success.tolist() == [False, True]


def test_tables_come_after_those_their_rules_look_into():
    needs = {
        "lines": {"orders", "products"},
        "orders": {"customers", "orders"},
        "customers": set(),
        "products": {"away"},
    }
    found = order_of(needs)
    assert sorted(found) == sorted(needs)
    assert found.index("customers") < found.index("orders") < found.index("lines") > found.index("products")
    assert sorted(order_of({"a": {"b"}, "b": {"a"}})) == ["a", "b"]
