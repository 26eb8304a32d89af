"""Every SQL file stays in the portable subset: it transpiles to Spark, and obeys the rules learnt by measurement."""

import re

import pytest
import sqlglot
from sqlglot import exp

from customerbase.engine import SQL_FOLDER, sql_text, translate, transpile
from customerbase.identity import shipped

NAMES = sorted(path.stem for path in SQL_FOLDER.glob("*.sql"))
# last sort keys that are unique in their partitions
UNIQUE_WITHIN = {
    "campaign_id",
    "customer_id",
    "contract",
    "month",
    "score",
    "channel",
    "record_id",
    "response_id",
    "review_id",
    "valid_from",
    "other_record",
    "day",
    "order_day",
    "source_customer_id",
    "deal_id",
    "account_b",
    "detail",
    "inquiry_id",
    "order_id",
    "product_id",
    "unit",
    "basket",
    "next_product_id",
    "product_2",
    "txn_id",
}


def tree(name: str) -> exp.Expression:
    return sqlglot.parse_one(sql_text(name), read="duckdb")


def code(name: str) -> str:
    return re.sub(r"--.*", "", sql_text(name))


def test_there_is_sql_to_check():
    assert {"customer_orders", "customer_months", "rfm", "kpi_facts", "cohorts"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_transpiles_to_spark_and_parses_there(name):
    spark = transpile(name)
    assert sqlglot.parse_one(spark, read="spark").find(exp.Select)
    assert "::" not in spark


@pytest.mark.parametrize("name", NAMES)
def test_every_sum_is_cast(name):
    for total in tree(name).find_all(exp.Sum):
        above = total.parent
        while isinstance(above, exp.Window | exp.Paren):
            above = above.parent
        assert isinstance(above, exp.Cast), f"{name}.sql: {total.sql()} is not cast"


@pytest.mark.parametrize("name", NAMES)
def test_every_window_that_sorts_ends_with_a_unique_key(name):
    for window in tree(name).find_all(exp.Window):
        order = window.args.get("order")
        if order is not None:
            last = order.expressions[-1].this.name
            assert last in UNIQUE_WITHIN, f"{name}.sql: {window.sql()} has no unique tie-break"
        elif isinstance(window.this, exp.RowNumber | exp.Rank | exp.Lag | exp.Lead):
            pytest.fail(f"{name}.sql: {window.sql()} sorts by nothing")


@pytest.mark.parametrize("name", NAMES)
def test_a_difference_of_times_starts_at_a_whole_unit(name):
    # DuckDB counts the boundaries between two times, Spark the whole units that have passed
    for difference in tree(name).find_all(exp.DateDiff):
        start = difference.expression
        assert isinstance(start, exp.Cast | exp.TimestampTrunc | exp.DateTrunc), f"{name}.sql: {difference.sql()}"


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_differs_between_engines(name):
    text = code(name).lower()
    for word in (
        r"\bhash\(",
        "timestamptz",
        "time zone",
        r"\bmode\(",
        r"::",
        r"\bqualify\b",
        r"\bexclude\b",
        r"\bcurrent_date\b",
        r"\bnow\(",
        r"\brandom\(",
        r"levenshtein",
    ):
        assert not re.search(word, text), f"{name}.sql uses {word}"


@pytest.mark.parametrize("name", NAMES)
def test_shape_import_ctes_then_final(name):
    text, parsed = code(name).strip(), tree(name)
    assert text.startswith("with\n"), f"{name}.sql: starts with something else than `with`"
    assert re.search(r"\nselect \* from final( order by [a-z_, ]+)?$", text), f"{name}.sql: last line"
    assert parsed.ctes[-1].alias == "final"
    assert sql_text(name).startswith("-- One row per "), f"{name}.sql: the first line states the grain"


@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_used(name):
    parsed = tree(name)
    used = {table.name for table in parsed.find_all(exp.Table)}
    assert {cte.alias for cte in parsed.ctes} <= used


@pytest.mark.parametrize("name", NAMES)
def test_lower_case_outside_quotes(name):
    bare = re.sub(r"'[^']*'", "''", code(name))
    assert bare == bare.lower()


def test_every_condition_of_the_shipped_model_has_spark_words_for_its_lists():
    levels = [level for one in shipped().settings["comparisons"] for level in one["comparison_levels"]]
    conditions = [level["sql_condition"] for level in levels if level["sql_condition"] != "ELSE"]
    assert sum("list_intersect" in condition for condition in conditions) == 2
    for condition in conditions:
        spark = translate(condition)
        assert sqlglot.parse_one(spark, read="spark")
        assert not re.search(r"list_|string_split|len\(|'\\\\Q'|length\(array", spark, re.IGNORECASE), spark


def test_the_lint_finds_what_it_looks_for():
    bad = sqlglot.parse_one("select sum(a) from t", read="duckdb")
    assert not isinstance(next(bad.find_all(exp.Sum)).parent, exp.Cast)
    late = sqlglot.parse_one("select date_diff('second', a, b) from t", read="duckdb")
    assert isinstance(next(late.find_all(exp.DateDiff)).expression, exp.Column)


@pytest.mark.parametrize("name", NAMES)
def test_no_condition_of_a_left_join_looks_at_one_side_alone(name):
    """DuckDB then compares every row with every row, which never ends at a million; `case when … end = …` hashes."""
    for join in tree(name).find_all(exp.Join):
        on = join.args.get("on")
        if join.side != "LEFT" or on is None:
            continue
        for one in on.flatten() if isinstance(on, exp.And) else [on]:
            tables = {column.table for column in one.find_all(exp.Column)}
            assert join.this.alias_or_name in tables, f"{name}.sql: {one.sql()}"
