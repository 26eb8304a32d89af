"""The two compiled queries against plain Python, and the rules of the canonical tables against hand-made rows."""

from collections import Counter
from datetime import date, datetime

import pandas as pd
import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.engine import Engine, identifier
from customerbase.errors import TableError
from customerbase.tables.checks import checks_from_json, checks_to_json
from customerbase.tables.compiler import evaluate, evaluate_sql, flag, flag_sql
from customerbase.tables.schema import Column, Expectation, Schema, schema, schemas

ORDER = {
    "source_system": "shop",
    "channel": "web",
    "order_at": datetime(2026, 10, 3, 12),
    "status": "completed",
    "currency": "JPY",
    "total": 100,
}
CUSTOMER = {"source_system": "shop", "email": "a@example.jp", "registered_at": datetime(2026, 1, 1)}


def fill(db, name, rows, view=None):
    """A table with the declared columns and types; unnamed columns are null, source_row_id counts from line 2."""
    columns = schema(name).columns.values()
    frame = pd.DataFrame([{"source_row_id": f"{name}.csv:{n + 2}"} | row for n, row in enumerate(rows)])
    frame = frame.reindex(columns=[column.name for column in columns]).astype(object)
    db.register("_rows", frame.where(frame.notna(), None))
    casts = ", ".join(f'cast("{c.name}" as {c.type}) as "{c.name}"' for c in columns)
    db.execute(f"create or replace table {identifier(view or name)} as select {casts} from _rows")


def reasons(db, name, view=None):
    """Line number -> set of reasons, of the rows that have any."""
    rows = flag(db, schema(name), view or name).project("source_row_id, _reasons").fetchall()
    return {int(row.split(":")[1]): {one.split("|")[2] for one in found} for row, found in rows if found}


def broken(db, name):
    return {c.reason: c.unexpected_count for c in evaluate(db, schema(name), name) if c.unexpected_count}


def made(columns, rules, key=(), name="t"):
    made_of = {c: Column(c, kind, None, "internal", False, "", "") for c, kind in columns.items()}
    return Schema(name, "source", {}, {}, key, made_of, [Expectation(*rule) for rule in rules])


def test_orders_are_blocked_or_warned_about_row_by_row():
    db = Engine()
    fill(
        db,
        "orders",
        [
            ORDER | {"order_id": "1"},
            ORDER | {"order_id": "2", "total": -1},
            ORDER | {"order_id": "3", "total": -1, "status": "credit_note"},
            ORDER | {"order_id": "4", "total": 1, "status": "credit_note"},
            ORDER | {"order_id": "5", "status": "sold", "channel": "fax"},
            ORDER | {"order_id": None, "order_at": None},
            ORDER | {"order_id": "7", "cancelled_at": datetime(2026, 10, 2), "status": "cancelled"},
            ORDER | {"order_id": "8", "order_at": datetime(1899, 12, 30)},
            ORDER | {"order_id": "9", "currency": "yen", "discount": -5},
        ],
    )
    assert reasons(db, "orders") == {
        3: {"negative_total"},
        5: {"positive_credit_note"},
        6: {"unknown_status", "unknown_channel"},
        7: {"missing_order_id", "missing_order_at"},
        8: {"cancelled_before_order"},
        9: {"implausible_date"},
        10: {"malformed_currency", "negative_discount"},
    }


def test_severities_choose_the_flags_and_a_flag_names_severity_column_and_reason():
    db = Engine()
    fill(
        db,
        "orders",
        [
            ORDER | {"order_id": "1", "total": -1, "status": "completed", "channel": "fax"},
            ORDER | {"order_id": "2", "status": "sold"},
        ],
    )
    both = [found for (found,) in flag(db, schema("orders"), "orders").project("_reasons").fetchall()]
    assert both == [["warn|channel|unknown_channel", "warn|total|negative_total"], ["block|status|unknown_status"]]
    only = flag(db, schema("orders"), "orders", severities=["block"]).project("_reasons").fetchall()
    assert only == [([],), (["block|status|unknown_status"],)]


def test_orders_of_unknown_customers_are_named_where_the_system_lists_its_customers():
    db = Engine()
    orders = [
        ORDER | {"order_id": "1", "source_customer_id": "known"},
        ORDER | {"order_id": "2", "source_customer_id": "ghost"},
        ORDER | {"order_id": "3"},
        ORDER | {"order_id": "4", "source_customer_id": "ghost", "source_system": "till"},
    ]
    fill(db, "orders", orders)
    assert reasons(db, "orders") == {}  # no table of customers at all
    fill(db, "customers_src", [])
    assert reasons(db, "orders") == {}  # an empty one
    fill(db, "customers_src", [CUSTOMER | {"source_customer_id": "known"}] * 2)
    assert reasons(db, "orders") == {3: {"unknown_customer"}}  # till lists no customers: its order stays
    assert broken(db, "orders") == {"unknown_customer": 1, "many_anonymous_orders": 1}


def test_orders_before_registration_are_kept_with_a_warning():
    db = Engine()
    fill(db, "customers_src", [CUSTOMER | {"source_customer_id": "c", "registered_at": datetime(2026, 10, 3, 18)}])
    fill(
        db,
        "orders",
        [
            ORDER | {"order_id": "1", "source_customer_id": "c", "order_at": datetime(2026, 10, 2, 23, 59)},
            ORDER
            | {"order_id": "2", "source_customer_id": "c", "order_at": datetime(2026, 10, 3, 0, 0)},  # the same day
        ],
    )
    assert [found for (found,) in flag(db, schema("orders"), "orders").project("_reasons").fetchall()] == [
        ["warn|order_at|before_registration"],
        [],
    ]


def test_lines_of_unknown_orders_are_blocked():
    db = Engine()
    line = {"source_system": "shop", "line_no": 1, "line_type": "goods", "amount": 10, "qty": 1, "unit_price": 10}
    fill(db, "orders", [ORDER | {"order_id": "1"}])
    fill(
        db,
        "order_lines",
        [
            line | {"order_id": "1"},
            line | {"order_id": "2"},
            line | {"order_id": "1", "line_no": 0},
            line | {"order_id": "1", "line_no": 3, "amount": 500},
        ],
    )
    assert reasons(db, "order_lines") == {
        3: {"unknown_order"},
        4: {"line_no_below_one"},
        5: {"amount_not_price_times_quantity"},
    }


def test_customers_contact_data_is_looked_at_but_never_blocks():
    db = Engine()
    rows = [
        {
            "email": "a@example.jp",
            "phone": "03-1234-5678",
            "postal_code": "〒１００－０００１",
            "birth_date": date(1990, 1, 1),
        },
        {"email": "a@b", "phone": "12", "postal_code": "1000", "birth_date": date(1850, 1, 1)},
        {"email": None, "phone": None},
        {"email": "x y@example.jp", "birth_date": date(2026, 6, 1), "gender": "woman", "status": "gone"},
        {"email": "o'neil@example.co.jp", "phone": "（０３）１２３４－５６７８", "updated_at": datetime(2025, 1, 1)},
    ]
    fill(db, "customers_src", [CUSTOMER | {"source_customer_id": str(n)} | row for n, row in enumerate(rows)])
    assert reasons(db, "customers_src") == {
        3: {"malformed_email", "malformed_phone", "malformed_postal_code", "implausible_birth_date"},
        4: {"no_contact_data"},
        5: {"malformed_email", "born_after_registration", "unknown_gender", "unknown_status"},
        6: {"updated_before_registration"},
    }
    assert flag(db, schema("customers_src"), "customers_src", ["block"]).filter("len(_reasons) > 0").fetchall() == []


def test_no_measure_of_a_contact_column_is_reported():
    rules = [("expect_column_min_to_be_between", {"column": "birth_date", "min_value": "1900-01-01"}, "drift", "old")]
    one = Schema("contacts", "analysis", {}, {}, (), schema("contacts").columns, [Expectation(*rule) for rule in rules])
    db = Engine()
    fill(db, "contacts", [{schema("contacts").key[0]: "1", "birth_date": date(1850, 1, 2)}])
    (check,) = evaluate(db, one, "contacts")
    assert (check.success, check.observed) == (False, None)


def test_the_first_of_rows_that_share_a_key_is_kept():
    db = Engine()
    fill(db, "orders", [ORDER | {"order_id": number} for number in ["1", "2"] * 5 + ["3"]])  # lines 2 to 12
    assert reasons(db, "orders") == {line: {"duplicate_key"} for line in range(4, 12)}
    assert broken(db, "orders")["duplicate_key"] == 10  # the library counts every copy


@pytest.mark.parametrize("name", sorted(schemas()))
def test_every_table_compiles_for_an_empty_table_and_for_spark(name):
    db, one = Engine(), schema(name)
    for each in schemas():
        fill(db, each, [])
    checks = evaluate(db, one, name)
    assert len(checks) == len(one.expectations) and all(check.success for check in checks)
    assert {check.executor for check in checks} == {"query"}
    texts = [evaluate_sql(one, name)]
    if "source_row_id" in one.columns:
        assert flag(db, one, name).fetchall() == []
        texts.append(flag_sql(one, name))
    for text in texts:
        sqlglot.transpile(text, read="duckdb", write="spark", unsupported_level=sqlglot.ErrorLevel.RAISE)


def test_analysis_tables_are_exactly_their_columns_and_source_tables_may_carry_more():
    db = Engine()
    fill(db, "kpi", [{"kpi": "orders", "month": date(2026, 10, 1), "value": 3.0}])
    db.execute("create view wider as select *, 'Yamada' as last_name from kpi")
    assert [c.reason for c in evaluate(db, schema("kpi"), "kpi") if not c.success] == []
    assert [c.reason for c in evaluate(db, schema("kpi"), "wider") if not c.success] == ["wrong_columns"]
    fill(db, "stores", [{"source_system": "shop", "store_id": "1"}])
    db.execute("create view helped as select *, 1 as _line from stores")
    assert [c.reason for c in evaluate(db, schema("stores"), "helped") if not c.success] == []


def test_a_missing_column_breaks_the_rules_that_need_it_and_no_other():
    db = Engine()
    fill(db, "orders", [ORDER | {"order_id": "1"}])
    db.execute("create view narrow as select * exclude (total) from orders")
    found = {c.reason: c for c in evaluate(db, schema("orders"), "narrow") if not c.success}
    assert {"wrong_columns", "missing_total", "negative_total"} <= found.keys()
    assert "unknown_status" not in found
    assert found["missing_total"].observed == "no column total"


def test_nan_and_infinity_are_found_in_stored_doubles(tmp_path):
    db = Engine()
    for number, value in enumerate(("nan", "inf", "-inf", "1e300")):
        fill(db, "kpi", [{"kpi": "orders", "month": date(2026, 10, 1), "value": 1.0}])
        db.execute(f"update kpi set n = 1, low = cast('{value}' as double), value = null, high = null")
        db.execute(f"copy kpi to '{tmp_path}/{number}.parquet' (format parquet)")
        db.register("stored", tmp_path / f"{number}.parquet")
        failing = [c.reason for c in evaluate(db, schema("kpi"), "stored") if not c.success]
        assert failing == ([] if value == "1e300" else ["not_finite_low"])


def test_rules_that_need_row_ids_are_refused_without_them():
    rule = (
        "unexpected_rows_expectation",
        {"unexpected_rows_query": "select * from {batch} where a > 1"},
        "warn",
        "big",
    )
    with pytest.raises(TableError, match="source_row_id"):
        flag_sql(made({"a": "BIGINT"}, [rule]), "t")


NASTY = 'total "gross", 50% of $price; drop table t -- 合計'


def test_names_and_patterns_cannot_break_out_of_the_query():
    column, table = NASTY, "the 'table' \"of\" $doom"
    words = ["it's", 'a"b', "x|y", "$price", "100%", "back\\slash", None]
    rules = [
        ("expect_column_values_to_match_regex", {"column": column, "regex": "'"}, "warn", "quote"),
        ("expect_column_values_to_match_regex", {"column": column, "regex": "[$]price$"}, "warn", "dollar"),
        (
            "expect_column_values_to_be_in_set",
            {"column": column, "value_set": ["it's", "$price", "x|y"]},
            "warn",
            "listed",
        ),
        ("expect_column_values_to_be_unique", {"column": column}, "warn", "twice"),
        ("expect_compound_columns_to_be_unique", {"column_list": [column, "{x}"]}, "warn", "pair"),
        ("expect_column_unique_value_count_to_be_between", {"column": "{x}", "max_value": 1}, "drift", "one"),
    ]
    one = made({column: "VARCHAR", "{x}": "BIGINT"}, rules)
    db = Engine()
    db.register(table, pd.DataFrame({column: pd.Series(words, dtype=object), "{x}": [1] * 7}))
    found = {check.reason: check.unexpected_count for check in evaluate(db, one, table)}
    assert found == {"quote": 5, "dollar": 5, "listed": 3, "twice": 0, "pair": 0, "one": None}
    flagged = Counter(one for (row,) in flag(db, one, table).project("_reasons").fetchall() for one in row)
    assert flagged == {f"warn|{column}|quote": 5, f"warn|{column}|dollar": 5, f"warn|{column}|listed": 3}


def test_flags_can_be_run_through_the_engine_that_binds_dollar_names():
    rule = ("expect_column_values_to_match_regex", {"column": "a", "regex": "^x$y|^$z"}, "warn", "odd")
    db = Engine()
    db.register("t", pd.DataFrame({"a": ["x"]}))
    assert db.query(flag_sql(made({"a": "VARCHAR"}, [rule]), "t")).fetchall() == [("x", ["warn|a|odd"])]


def test_checks_travel_as_json():
    db = Engine()
    fill(db, "orders", [ORDER | {"order_id": "1", "total": -1}])
    checks = evaluate(db, schema("orders"), "orders")
    again = checks_from_json(checks_to_json(checks))
    assert checks_to_json(again) == checks_to_json(checks)
    assert [(c.reason, c.success, c.unexpected_count) for c in again] == [
        (c.reason, c.success, c.unexpected_count) for c in checks
    ]
    percent = {check.reason: check.unexpected_percent for check in again}
    assert (percent["negative_total"], percent["unknown_channel"], percent["wrong_columns"]) == (100, 0, None)


VALUES = st.lists(
    st.tuples(
        st.one_of(st.none(), st.integers(-3, 3)),
        st.one_of(st.none(), st.integers(-3, 3)),
        st.one_of(st.none(), st.sampled_from(["", "a", "ab", "b", "あ"])),
    ),
    max_size=30,
)


@settings(max_examples=60, deadline=None)
@given(rows=VALUES, mostly=st.sampled_from([0, 0.5, 0.9, 1]), low=st.integers(-3, 3))
def test_counts_and_flags_equal_plain_python(rows, mostly, low):
    filled = [a for a, _, _ in rows if a is not None]
    words = [w for _, _, w in rows if w is not None]
    pairs = [(a, b) for a, b, _ in rows if a is not None and b is not None]
    expected = {  # reason: (rule, missing, unexpected)
        "filled": (("expect_column_values_to_not_be_null", {"column": "a"}), 0, len(rows) - len(filled)),
        "range": (
            ("expect_column_values_to_be_between", {"column": "a", "min_value": low}),
            len(rows) - len(filled),
            sum(a < low for a in filled),
        ),
        "set": (
            ("expect_column_values_to_be_in_set", {"column": "w", "value_set": ["a", "あ"]}),
            len(rows) - len(words),
            sum(w not in ("a", "あ") for w in words),
        ),
        "regex": (
            ("expect_column_values_to_match_regex", {"column": "w", "regex": "^a"}),
            len(rows) - len(words),
            sum(not w.startswith("a") for w in words),
        ),
        "length": (
            ("expect_column_value_lengths_to_be_between", {"column": "w", "min_value": 1}),
            len(rows) - len(words),
            sum(len(w) < 1 for w in words),
        ),
        "twice": (
            ("expect_column_values_to_be_unique", {"column": "a"}),
            len(rows) - len(filled),
            sum(n for n in Counter(filled).values() if n > 1),
        ),
        "order": (
            (
                "expect_column_pair_values_a_to_be_greater_than_b",
                {"column_A": "a", "column_B": "b", "ignore_row_if": "either_value_is_missing"},
            ),
            len(rows) - len(pairs),
            sum(not a > b for a, b in pairs),
        ),
        "both": (
            ("expect_compound_columns_to_be_unique", {"column_list": ["a", "b"], "ignore_row_if": "never"}),
            0,
            sum(n for n in Counter((a, b) for a, b, _ in rows).values() if n > 1),
        ),
    }
    rules = [(kind, kwargs | {"mostly": mostly}, "warn", reason) for reason, ((kind, kwargs), *_) in expected.items()]
    one = made({"a": "BIGINT", "b": "BIGINT", "w": "VARCHAR"}, rules)
    db = Engine(threads=1)
    db.execute("create table t (a bigint, b bigint, w varchar)")
    if rows:
        db.connection.executemany("insert into t values (?, ?, ?)", rows)
    for check in evaluate(db, one, "t"):
        _, missing, unexpected = expected[check.reason]
        assert (check.element_count, check.missing_count, check.unexpected_count) == (len(rows), missing, unexpected)
        looked_at = len(rows) - missing
        assert check.success == (looked_at == 0 or (looked_at - unexpected) / looked_at >= mostly)
    flagged = Counter(
        each.split("|")[2] for (row,) in flag(db, one, "t").project("_reasons").fetchall() for each in row
    )
    assert flagged == {reason: unexpected for reason, (_, _, unexpected) in expected.items() if unexpected}
