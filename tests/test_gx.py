"""The compiler held to Great Expectations itself, and the pages the library makes of our results."""

import re
from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from customerbase.engine import Engine
from customerbase.tables import gx
from customerbase.tables.checks import Check, checks_from_json, checks_to_json
from customerbase.tables.compiler import evaluate
from customerbase.tables.rules import _MEASURES, _ROW
from customerbase.tables.schema import Column, Expectation, Schema, schema
from customerbase.tables.vocabulary import EXPECTATIONS

ROWS = 20_000
ONE, TWO, EITHER = "both_values_are_missing", "either_value_is_missing", "neither"
TYPES = {
    "n": "BIGINT",
    "whole": "DOUBLE",
    "price": "DOUBLE",
    "cost": "DOUBLE",
    "word": "VARCHAR",
    "code": "VARCHAR",
    "empty": "VARCHAR",
    "at": "TIMESTAMP",
    "until": "TIMESTAMP",
    "yes": "BOOLEAN",
}
RULES = [
    ("not_be_null", {"column": "price"}),
    ("not_be_null", {"column": "price", "mostly": 0.8}),
    ("not_be_null", {"column": "n"}),
    ("be_null", {"column": "empty"}),
    ("be_null", {"column": "price"}),
    ("be_null", {"column": "price", "mostly": 0.05}),
    ("be_unique", {"column": "n"}),
    ("be_unique", {"column": "code"}),
    ("be_unique", {"column": "code", "mostly": 0.1}),
    ("be_in_set", {"column": "word", "value_set": ["東京", "大阪", "it's", 'say "x"']}),
    ("be_in_set", {"column": "word", "value_set": ["東京", 3, None]}),
    ("be_in_set", {"column": "word", "value_set": []}),
    ("be_in_set", {"column": "whole", "value_set": [1, 2, 3.0, "4"], "mostly": 0.25}),
    ("not_be_in_set", {"column": "word", "value_set": ["東京"]}),
    ("not_be_in_set", {"column": "word", "value_set": ["nowhere", 5]}),
    ("be_between", {"column": "price", "min_value": -50, "max_value": 150.5}),
    ("be_between", {"column": "whole", "min_value": 2, "max_value": 8, "strict_min": True, "strict_max": True}),
    ("be_between", {"column": "whole", "min_value": 2, "strict_min": True, "mostly": 0.5}),
    ("be_between", {"column": "whole", "max_value": 8}),
    ("be_between", {"column": "at", "min_value": "2026-01-05T00:00:00", "max_value": datetime(2026, 1, 20)}),
    ("match_regex", {"column": "word", "regex": "^[a-z]+'s$"}),
    ("match_regex", {"column": "code", "regex": "1"}),
    ("match_regex", {"column": "word", "regex": 'say "x"$', "mostly": 0.1}),
    ("match_regex", {"column": "word", "regex": "^(東京|大阪)"}),
    ("not_match_regex", {"column": "code", "regex": "7$"}),
    ("not_match_regex", {"column": "word", "regex": "a$b"}),
    ("match_regex_list", {"column": "code", "regex_list": ["^c", "1$"], "match_on": "all"}),
    ("match_regex_list", {"column": "code", "regex_list": ["9$", "1$"], "match_on": "any", "mostly": 0.1}),
    ("not_match_regex_list", {"column": "code", "regex_list": ["9$", "1$"]}),
    ("be_of_type", {"column": "n", "type_": "int64"}),
    ("be_of_type", {"column": "price", "type_": "float64"}),
    ("be_of_type", {"column": "n", "type_": "float64"}),
    ("be_in_type_list", {"column": "price", "type_list": ["int64", "float64"]}),
    ("be_in_type_list", {"column": "price", "type_list": ["int64"]}),
    ("lengths_to_be_between", {"column": "word", "min_value": 2, "max_value": 4}),
    ("lengths_to_be_between", {"column": "word", "min_value": 2, "strict_min": True, "mostly": 0.4}),
    ("lengths_to_equal", {"column": "word", "value": 2}),
    *[
        ("pair_a_greater", {"column_A": "price", "column_B": "cost", "ignore_row_if": mode, "or_equal": equal})
        for mode in (ONE, TWO, EITHER)
        for equal in (True, False)
    ],
    ("pair_a_greater", {"column_A": "until", "column_B": "at", "mostly": 0.7}),
    ("pair_a_greater", {"column_A": "until", "column_B": "at", "or_equal": True, "ignore_row_if": TWO, "mostly": 0.9}),
    ("pair_equal", {"column_A": "price", "column_B": "cost", "ignore_row_if": TWO}),
    ("pair_equal", {"column_A": "price", "column_B": "cost"}),
    *[
        ("compound_unique", {"column_list": ["word", "whole"], **extra})
        for extra in ({}, {"ignore_row_if": "any_value_is_missing"}, {"ignore_row_if": "never"}, {"mostly": 0.1})
    ],
    ("compound_unique", {"column_list": ["n", "word"]}),
    ("within_record", {"column_list": ["price", "cost"]}),
    ("within_record", {"column_list": ["price", "cost", "whole"], "ignore_row_if": "any_value_is_missing"}),
    ("multi_sum", {"column_list": ["price", "whole"], "sum_total": 7}),
    ("multi_equal", {"column_list": ["price", "cost"], "ignore_row_if": "never"}),
    *[
        (measure, {"column": column, "min_value": low, "max_value": high})
        for measure in ("max", "mean", "median", "min", "stdev", "sum")
        for column, low, high in (("price", 0, 120), ("whole", -1, 10**9), ("cost", None, 0), ("none", 0, None))
    ],
    ("min", {"column": "whole", "min_value": 0, "strict_min": True}),
    ("max", {"column": "at", "max_value": datetime(2026, 3, 1)}),
    ("unique_count", {"column": "whole", "min_value": 10, "max_value": 10}),
    ("unique_count", {"column": "code", "max_value": 5}),
    ("share_unique", {"column": "code", "min_value": 0.2}),
    ("share_unique", {"column": "empty", "max_value": 0}),
    ("share_filled", {"column": "price", "min_value": 0.85}),
    ("share_filled", {"column": "n", "max_value": 0.9}),
    ("exist", {"column": "n"}),
    ("exist", {"column": "nn"}),
    ("exist", {"column": "whole", "column_index": 1}),
    ("exist", {"column": "whole", "column_index": 2}),  # 0 would be "anywhere" to the library, a slip of its own
    ("columns_match", {"column_set": [*TYPES, "none"]}),
    ("columns_match", {"column_set": ["n", "price"]}),
    ("columns_match", {"column_set": ["n", "price"], "exact_match": False}),
    ("columns_ordered", {"column_list": [*TYPES, "none"]}),
    ("columns_ordered", {"column_list": ["none", *TYPES]}),
    ("column_count", {"value": 11}),
    ("column_count_between", {"min_value": 12}),
    ("row_count", {"min_value": 1, "max_value": ROWS}),
    ("row_count", {"min_value": ROWS, "strict_min": True}),
    ("row_equal", {"value": ROWS}),
    ("row_equal", {"value": 1}),
]
NAMES = {
    "lengths_to_be_between": "expect_column_value_lengths_to_be_between",
    "lengths_to_equal": "expect_column_value_lengths_to_equal",
    "pair_a_greater": "expect_column_pair_values_a_to_be_greater_than_b",
    "pair_equal": "expect_column_pair_values_to_be_equal",
    "compound_unique": "expect_compound_columns_to_be_unique",
    "within_record": "expect_select_column_values_to_be_unique_within_record",
    "multi_sum": "expect_multicolumn_sum_to_equal",
    "multi_equal": "expect_multicolumn_values_to_be_equal",
    "unique_count": "expect_column_unique_value_count_to_be_between",
    "share_unique": "expect_column_proportion_of_unique_values_to_be_between",
    "share_filled": "expect_column_proportion_of_non_null_values_to_be_between",
    "exist": "expect_column_to_exist",
    "columns_match": "expect_table_columns_to_match_set",
    "columns_ordered": "expect_table_columns_to_match_ordered_list",
    "column_count": "expect_table_column_count_to_equal",
    "column_count_between": "expect_table_column_count_to_be_between",
    "row_count": "expect_table_row_count_to_be_between",
    "row_equal": "expect_table_row_count_to_equal",
    **{name: f"expect_column_{name}_to_be_between" for name in ("max", "mean", "median", "min", "stdev", "sum")},
}
# judged by a query over several tables, which the library's pandas executor cannot run
NOT_ON_PANDAS = {"unexpected_rows_expectation", "expect_column_pair_values_to_be_in_set"}


def full_name(short):
    return NAMES.get(short) or f"expect_column_values_to_{short}"


def frame(rows, seed=20261031):
    """Every kind of column, nulls in most of them."""
    random = np.random.default_rng(seed)

    def holes(values, share):
        return pd.Series(values).mask(pd.Series(random.random(rows) < share))

    start = datetime(2026, 1, 1)
    at = [start + timedelta(minutes=int(m)) for m in random.integers(0, 40_000, rows)]
    until = [
        moment + timedelta(minutes=int(m)) for moment, m in zip(at, random.integers(-200, 1000, rows), strict=True)
    ]
    price = random.integers(-60, 200, rows).astype(float)
    words = random.choice(np.array(["東京", "大阪", "it's", 'say "x"', "髙﨑①", ""], dtype=object), rows)
    return pd.DataFrame(
        {
            "n": np.arange(rows),
            "whole": holes(random.integers(0, 10, rows).astype(float), 0.05),
            "price": holes(price, 0.1),
            "cost": holes(np.where(random.random(rows) < 0.3, price, 5.0), 0.1),
            "word": holes(words, 0.1).astype("str"),
            "code": holes([f"c{v}" for v in random.integers(0, 9000, rows)], 0.02),
            "empty": pd.Series([None] * rows, dtype="str"),
            # the library compares nanosecond columns only with times written as text
            "at": holes(at, 0.1).astype("datetime64[ns]"),
            "until": holes(until, 0.1).astype("datetime64[ns]"),
            "yes": random.random(rows) < 0.5,
            "none": pd.Series([np.nan] * rows, dtype="float64"),
        }
    )


def suite():
    rules = [
        Expectation(full_name(name), kwargs, "warn", f"rule_{number}") for number, (name, kwargs) in enumerate(RULES)
    ]
    types = TYPES | {"none": "DOUBLE"}
    columns = {name: Column(name, kind, None, "internal", False, "", "") for name, kind in types.items()}
    return Schema("mixed", "source", {}, {}, (), columns, rules)


def both(data):
    db, one = Engine(), suite()
    db.register("mixed", data)
    return evaluate(db, one, "mixed"), gx.judge_all("mixed", one.expectations, data)


@pytest.fixture(scope="module")
def judged():
    return both(frame(ROWS))


def told(check):
    return check.success, check.element_count, check.missing_count, check.unexpected_count


@pytest.mark.parametrize("number", range(len(RULES)), ids=[f"{n}-{name}" for n, (name, _) in enumerate(RULES)])
def test_compiler_and_library_count_the_same(judged, number):
    ours, theirs = judged[0][number], judged[1][number]
    assert (ours.executor, theirs.executor) == ("query", "great_expectations")
    assert told(ours) == told(theirs), ours
    if isinstance(theirs.observed, float | int) and not isinstance(theirs.observed, bool):
        assert ours.observed == pytest.approx(theirs.observed, rel=1e-9)


def test_the_comparison_sees_both_outcomes_of_most_rules(judged):
    outcomes = {}
    for check in judged[0]:
        outcomes.setdefault(check.type, set()).add(check.success)
    assert sum(len(seen) == 2 for seen in outcomes.values()) >= 20
    assert sum(bool(check.unexpected_count) for check in judged[0]) >= 30


def test_an_empty_table_is_judged_alike():
    ours, theirs = both(frame(ROWS).head(0))
    differing = [a.type for a, b in zip(ours, theirs, strict=True) if told(a) != told(b)]
    assert differing == []


def test_every_compiled_type_is_compared():
    compared = {full_name(name) for name, _ in RULES}
    compiled = (
        _ROW.keys() | _MEASURES.keys() | {"expect_column_values_to_be_unique", "expect_compound_columns_to_be_unique"}
    )
    assert compiled - compared == NOT_ON_PANDAS & compiled


def test_the_expectation_names_are_the_librarys():
    gx.load()
    from great_expectations.expectations.registry import get_expectation_impl

    for name, words in EXPECTATIONS.items():
        fields = get_expectation_impl(name).__fields__
        for word in words.split():
            assert word.rstrip("*") in fields, (name, word)
        needed = {key for key, one in fields.items() if one.required}
        assert needed <= {word[:-1] for word in words.split() if word.endswith("*")}, name


def test_types_outside_the_compiler_go_to_the_library_and_say_so():
    rules = [
        Expectation("expect_column_values_to_be_increasing", {"column": "n"}, "warn", "up"),
        Expectation(
            "expect_column_quantile_values_to_be_between",
            {"column": "n", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0, 10]]}},
            "drift",
            "middle",
        ),
        Expectation("expect_column_values_to_not_be_null", {"column": "n"}, "warn", "filled"),
    ]
    one = Schema("t", "source", {}, {}, (), {"n": Column("n", "BIGINT", None, "internal", False, "", "")}, rules)
    db = Engine()
    db.register("t", pd.DataFrame({"n": [1, 2, 3, 2, 100]}))
    up, middle, filled = evaluate(db, one, "t")
    assert [c.executor for c in (up, middle, filled)] == ["great_expectations", "great_expectations", "query"]
    assert (up.success, up.element_count, up.unexpected_count) == (False, 5, 1)
    assert middle.success
    assert checks_from_json(checks_to_json([up, middle]))[0].reason == "up"


def test_what_the_library_cannot_judge_is_not_met_and_says_so():
    rule = Expectation("expect_column_values_to_be_increasing", {"column": "n"}, "warn", "up")
    check = gx.judge("t", rule, pd.DataFrame({"n": ["a", 1, None]}))
    assert (check.success, check.element_count, check.observed) == (False, None, "could not be computed")


def order(number, **change):
    row = {
        "source_system": "shop",
        "order_id": f"A{number}",
        "source_customer_id": None,
        "channel": "web",
        "order_at": datetime(2026, 10, 3),
        "status": "completed",
        "currency": "JPY",
        "total": 100,
        "source_row_id": f"o.csv:{number + 2}",
    }
    return row | change


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Two publications of the same checks, of orders with one row that breaks rules and a telling customer name."""
    db, out = Engine(), []
    for name, rows in (
        ("orders", [order(0), order(1, channel="<script>alert(1)</script>", total=-5), order(2, status="odd")]),
        (
            "customers_src",
            [
                {
                    "source_system": "shop",
                    "source_customer_id": "1",
                    "last_name": "山田秘密",
                    "email": "secret@example",
                    "birth_date": date(1850, 1, 2),
                    "source_row_id": "c.csv:2",
                }
            ],
        ),
    ):
        columns = schema(name).columns.values()
        db.register("_rows", pd.DataFrame(rows).reindex(columns=[c.name for c in columns]).astype(object))
        casts = ", ".join(f'cast("{c.name}" as {c.type}) as "{c.name}"' for c in columns)
        db.execute(f"create table {name} as select {casts} from _rows")
    checks = {name: evaluate(db, schema(name), name) for name in ("orders", "customers_src")}
    checks = {name: checks_from_json(checks_to_json(found)) for name, found in checks.items()}
    for _ in range(2):
        folder = tmp_path_factory.mktemp("docs")
        assert gx.publish(checks, folder, "sample 2026-10", date(2026, 10, 31)) == folder / "index.html"
        out.append(
            {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
        )
    return checks, out


def test_the_pages_are_the_same_bytes_each_time(pages):
    first, second = pages[1]
    assert first == second
    assert first.keys() == {"index.html"} | {
        f"{kind}/{table}.{end}"
        for kind, end in (("tables", "html"), ("suites", "html"), ("results", "json"))
        for table in ("orders", "customers_src")
    }


def test_the_pages_ask_no_other_host_for_anything(pages):
    for name, content in pages[1][0].items():
        if name.endswith(".html"):
            assert re.findall(rb"https?://|src=|@import|url\(", content) == [], name


def test_the_pages_show_the_outcome_and_no_value_of_a_row(pages):
    checks, (files, _) = pages
    index, orders = files["index.html"].decode(), files["tables/orders.html"].decode()
    broken = [check for check in checks["orders"] if not check.success]
    assert {check.reason for check in broken} == {
        "unknown_status",
        "unknown_channel",
        "negative_total",
        "many_anonymous_orders",
    }
    assert f'<td class="number">{len(checks["orders"])}</td><td class="number">4</td>' in index
    assert re.search(r"Unsuccessful Expectations.*?>4<", orders, re.DOTALL)
    assert "sample 2026-10" in index and "2026-10-31" in index
    for content in files.values():
        for secret in ("山田秘密", "secret@example", "1850", "alert(1)"):
            assert secret.encode() not in content


def test_a_run_name_of_any_letters_and_a_run_without_checks_have_pages(tmp_path):
    rule = {"column": "q", "value_set": ["<i>"], "mostly": 0.5}
    check = Check("things", "expect_column_values_to_be_in_set", rule, "block", "unknown_q", False, 5, 1, 3, None)
    index = gx.publish(
        {"things": [check]}, tmp_path / "one", "demo/2026-10 <b>日本</b>", date(2026, 10, 31)
    ).read_text()
    assert "demo/2026-10 &lt;b&gt;日本&lt;/b&gt; · 2026-10-31" in index
    page = (tmp_path / "one" / "tables" / "things.html").read_text()
    assert "&lt;i&gt;" in page and "<i>" not in page and "<b>日本" not in page
    assert "75% unexpected" in page and "Data asset: things" in page
    assert gx.publish({}, tmp_path / "none", "empty", date(2026, 10, 31)).is_file()


def test_the_stored_results_are_the_librarys(pages):
    gx.load()
    from great_expectations.core.expectation_validation_result import expectationSuiteValidationResultSchema

    checks, (files, _) = pages
    result = expectationSuiteValidationResultSchema.loads(files["results/orders.json"].decode())
    assert result["success"] is False and result["suite_name"] == "orders"
    assert result["statistics"]["evaluated_expectations"] == len(checks["orders"])
    stored = {one["expectation_config"]["meta"]["reason"]: one for one in result["results"]}
    assert stored["unknown_channel"]["result"]["unexpected_count"] == 1
    assert stored["unknown_channel"]["result"]["element_count"] == 3
    assert stored["unknown_channel"]["expectation_config"]["severity"] == "warning"
    assert stored["unknown_status"]["expectation_config"]["severity"] == "critical"
    assert stored["many_anonymous_orders"]["expectation_config"]["severity"] == "info"
