import subprocess
import sys

import pytest

from customerbase.errors import ConfigError, TableError
from customerbase.tables.schema import CONTACT_COLUMNS, FOLDER, load, schema, schemas

SOURCE = [
    "customers_src",
    "orders",
    "order_lines",
    "refunds",
    "products",
    "stores",
    "inquiries",
    "web_events",
    "surveys",
    "survey_answers",
    "survey_invitations",
    "reviews",
    "loyalty_points",
    "campaigns",
    "campaign_contacts",
    "consents",
    "deals",
    "identifiers",
    "subscriptions",
    "fx_rates",
    "calendar_jp",
]
ANALYSIS = [
    "customers_std",
    "identity_links",
    "identity_edges",
    "identity_review",
    "identity_audit",
    "identity_thresholds",
    "identity_model",
    "contacts",
    "customer_months",
    "rfm",
    "segment_summary",
    "segment_migration",
    "segment_attributes",
    "kpi",
    "kpi_cohorts",
]
RECORD = [
    "source_files",
    "quarantine",
    "quarantine_raw",
    "quality_results",
    "quality_scores",
    "readiness",
    "line_types",
]

GOOD = """
table: things
kind: source
title: {en: Things, ja: 物}
grain: {en: One row per thing., ja: 物1つにつき1行。}
key: [thing_id]
columns:
  thing_id: {type: VARCHAR, unit: null, sensitivity: internal, en: Its id., ja: 番号。}
  price: {type: "DECIMAL(18,2)", unit: yen, sensitivity: internal, required: true, en: Its price., ja: 価格。}
  share: {type: DOUBLE, unit: share, sensitivity: internal, en: A share., ja: 割合。}
  size: {type: DOUBLE, unit: cm, sensitivity: internal, en: A size., ja: 寸法。}
expectations:
  - type: expect_column_values_to_be_between
    kwargs: {column: share, min_value: 0, max_value: 1}
    severity: warn
    reason: not_a_share
"""


def loaded(folder, text, name="things"):
    path = folder / f"{name}.yaml"
    path.write_text(text, encoding="utf-8")
    return load(path)


def test_all_tables_are_declared():
    for names, kind in ((SOURCE, "source"), (ANALYSIS, "analysis"), (RECORD, "record")):
        assert {schema(name).kind for name in names} == {kind}


@pytest.mark.parametrize("name", SOURCE)
def test_source_rows_say_where_they_come_from(name):
    columns = schema(name).columns
    assert next(iter(columns)) == "source_system" and list(columns)[-1] == "source_row_id"
    assert columns["source_row_id"].required


def test_contact_data_stands_in_few_tables_only():
    found = {name for name, one in schemas().items() if one.contact_columns}
    assert found == CONTACT_COLUMNS.keys()
    assert schema("reviews").contact_columns == ("text",)
    for name in ("last_name", "email", "phone", "birth_date", "address1", "postal_code", "last_kana"):
        assert name in schema("customers_src").contact_columns


def test_the_order_columns_of_the_month():
    assert " ".join(schema("orders").columns) == (
        "source_system order_id source_customer_id store_id channel order_at status currency subtotal discount shipping"
        " fee tax points_used total payment_method cancelled_at source_row_id"
    )
    assert schema("orders").columns["total"].type == "DECIMAL(18,2)"


def test_key_required_columns_and_doubles_imply_rules(tmp_path):
    implied = [(each.reason, each.type) for each in loaded(tmp_path, GOOD).expectations if each.implied]
    assert implied == [
        ("wrong_columns", "expect_table_columns_to_match_set"),
        ("missing_thing_id", "expect_column_values_to_not_be_null"),
        ("missing_price", "expect_column_values_to_not_be_null"),
        ("duplicate_key", "expect_column_values_to_be_unique"),
        ("not_finite_size", "expect_column_values_to_be_between"),  # share has its own range
    ]
    assert all(each.severity == "block" for each in loaded(tmp_path, GOOD).expectations if each.implied)


def test_rules_name_their_column_and_the_tables_they_read():
    rule = {each.reason: each for each in schema("orders").expectations}
    assert rule["duplicate_key"].column == "source_system+order_id"
    assert rule["unknown_customer"].column == "source_customer_id"
    assert rule["unknown_customer"].tables == {"customers_src"}
    assert rule["unknown_customer"].severity == "warn"
    assert rule["wrong_columns"].column == "-"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("severity: warn", "severity: warning", "expectations[0].severity is 'warning'; expected one of block, warn"),
        ("kind: source", "kind: sorce", "Did you mean 'source'?"),
        ("kind: source", "kind: source\nowner: me", "the file has the unknown key 'owner'"),
        ("grain: ", "grian: ", "Did you mean 'grain'?"),
        ("key: [thing_id]", "key: [thing]", "Did you mean 'thing_id'?"),
        ("type: VARCHAR", "type: VARCHARS", "columns.thing_id.type is 'VARCHARS'"),
        ('"DECIMAL(18,2)"', '"DECIMAL(18)"', "columns.price.type is 'DECIMAL(18)'"),
        ("ja: 番号。", "ja: ''", "columns.thing_id.ja is empty"),
        ("ja: 番号。}", "jp: 番号。}", "the unknown key 'jp'; expected type, unit"),
        (
            "expect_column_values_to_be_between",
            "expect_column_value_to_be_between",
            "Did you mean 'expect_column_values_to_be_between'?",
        ),
        ("min_value", "min_values", "expectations[0].kwargs has the unknown key 'min_values'"),
        ("column: share, ", "", "has no 'column'"),
        ("column: share", "column: shares", "Did you mean 'share'?"),
        ("max_value: 1", "mostly: 95", "mostly is 95; expected a share from 0 to 1"),
        ("reason: not_a_share", "reason: Not a share", "expected a short code"),
        (
            "type: DOUBLE, unit: share, sensitivity: internal",
            "type: DOUBLE, unit: share, sensitivity: contact",
            "columns.share.sensitivity is 'contact', allowed in contact_addresses, contact_emails, contact_phones, contacts",
        ),
        ("table: things", "table: thing", "table is 'thing'; expected 'things'"),
        ("table: things", "table: [", "is not YAML"),
    ],
)
def test_a_wrong_file_is_refused_in_plain_words(tmp_path, old, new, message):
    assert old in GOOD
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, GOOD.replace(old, new, 1))
    assert message in str(caught.value)
    assert str(caught.value).startswith("expectations/things.yaml")


@pytest.mark.parametrize(
    ("kwargs", "kind", "message"),
    [
        (r"{column: thing_id, regex: '^\d+$'}", "expect_column_values_to_match_regex", r"with '\\d'"),
        ("{column: thing_id, regex: '(?=a)b'}", "expect_column_values_to_match_regex", "with '(?='"),
        ("{column: thing_id, regex: '['}", "expect_column_values_to_match_regex", ", no regular expression"),
        ("{column: thing_id, value_set: abc}", "expect_column_values_to_be_in_set", "expected a list"),
        ("{unexpected_rows_query: select 1}", "unexpected_rows_expectation", "does not read {batch}"),
    ],
)
def test_a_rule_that_could_not_work_is_refused(tmp_path, kwargs, kind, message):
    rule = f"  - type: {kind}\n    kwargs: {kwargs}\n    severity: warn\n    reason: another\n"
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, GOOD + rule)
    assert message in str(caught.value)


def test_the_same_rule_twice_and_a_query_on_no_table_are_refused(tmp_path):
    with pytest.raises(ConfigError, match="stands twice"):
        loaded(tmp_path, GOOD + GOOD.split("expectations:\n")[1])
    query = "select b.* from {batch} as b join (select 1 as x) as o on true join thinks as t on true"
    rule = (
        f"  - type: unexpected_rows_expectation\n    kwargs: {{unexpected_rows_query: '{query}'}}\n"
        "    severity: warn\n    reason: another\n"
    )
    loaded(tmp_path, GOOD + rule)
    with pytest.raises(ConfigError, match=r"reads 'thinks', which is no table[.] Did you mean 'things'"):
        schemas(tmp_path)


def test_an_unknown_table_is_named_with_its_near_miss():
    with pytest.raises(TableError, match="Did you mean 'orders'"):
        schema("order")


def test_every_file_in_the_folder_is_a_table():
    assert {path.stem for path in FOLDER.glob("*.yaml")} == schemas().keys()


def test_reading_schemas_imports_nothing_heavy():
    code = (
        "import sys, customerbase.tables.gx; from customerbase.tables import schemas; schemas();"
        "print([m for m in ('pandas', 'great_expectations', 'numpy', 'pyarrow') if m in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
