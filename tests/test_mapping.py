"""Mapping files are refused in words; raw cells become typed values, or a reason."""

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from customerbase.errors import ConfigError
from customerbase.sources import casts
from customerbase.sources.mapping import load_source
from customerbase.sources.rows import row_numbers
from customerbase.tables import schemas

SHIPPED = sorted((Path(__file__).parents[1] / "pipelines" / "sources").glob("*.yaml"))


def good() -> dict:
    """A small mapping that is right in every part; tests spoil one part each."""
    lines = {
        "columns": {"order_id": "Invoice", "qty": "Quantity", "unit_price": "Price", "line_type": "Code"},
        "patterns": {"line_type": {"^POST$": "shipping", "": "goods"}},
        "expressions": {"line_no": "row_in(order_id)", "amount": "qty * unit_price"},
    }
    orders = {
        "one_row_per": ["order_id"],
        "columns": {"order_id": "Invoice", "order_at": "Date", "channel": "Shop"},
        "values": {"channel": {"1": "store", "2": "web"}},
        "constants": {"status": "completed"},
        "sum": {"total": "amount"},
    }
    file = {"pattern": "sales_*.csv", "dates": ["%d.%m.%Y"], "tables": {"order_lines": lines, "orders": orders}}
    return {"system": "till", "title": {"en": "Till", "ja": "レジ"}, "files": [file]}


def load(tmp_path: Path, content: object):
    path = tmp_path / "till.yaml"
    path.write_text(
        content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    )
    return load_source(path, schemas())


def test_a_good_mapping_is_read_as_written(tmp_path):
    source = load(tmp_path, good())
    spec = source.files[0]
    assert (source.system, spec.pattern, spec.encoding, spec.dates) == ("till", "sales_*.csv", "auto", ("%d.%m.%Y",))
    assert spec.primary.table == "order_lines" and not spec.primary.derived
    assert spec.tables[1].derived and spec.tables[1].aggregates == {"total": ("sum", "amount")}
    assert spec.tables[1].columns["order_at"] == ("Date",)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_every_shipped_mapping_loads_and_names_its_system_in_two_languages(path):
    source = load_source(path, schemas())
    assert source.files and {"en", "ja"} <= source.title.keys()


def spoil(content: dict, path: str, value: object) -> dict:
    """Set one place of the mapping, given as keys joined by dots."""
    *parents, last = path.split(".")
    place = content
    for key in parents:
        place = place[int(key)] if key.isdigit() else place[key]
    place[int(last) if last.isdigit() else last] = value
    return content


ORDERS, LINES = "files.0.tables.orders", "files.0.tables.order_lines"
SPOILED = [
    ("sytem", "x", ["sytem", "Did you mean 'system'"]),
    ("system", "", ["system is ''"]),
    ("system", "a:b", ["'a:b'", "':'"]),
    ("files", [], ["files is []"]),
    ("files.0.patern", "x", ["files[0].patern", "Did you mean 'pattern'"]),
    ("files.0.pattern", "../secret.csv", ["below the data folder"]),
    ("files.0.format", "cvs", ["files[0].format is 'cvs'", "Did you mean 'csv'"]),
    ("files.0.encoding", "shift_jis", ["files[0].encoding is 'shift_jis'", "cp932"]),
    ("files.0.optional", "perhaps", ["files[0].optional is 'perhaps'", "true or false"]),
    ("files.0.dates", ["%Q"], ["files[0].dates is '%Q'", "strptime"]),
    ("files.0.dates", "%Y", ["files[0].dates", "a list of texts"]),
    ("files.0.sheet", [1], ["files[0].sheet is [1]"]),
    ("files.0.tables", {"ordr_lines": {"columns": {"x": "y"}}}, ["'ordr_lines'", "Did you mean 'order_lines'"]),
    ("files.0.tables", {"rfm": {"columns": {"x": "y"}}}, ["'rfm'", "canonical table"]),
    (f"{LINES}.columns.quantty", "Q", ["order_lines.columns.quantty", "a column of order_lines", "qty"]),
    (f"{LINES}.columns.source_system", "Q", ["source_system"]),
    (f"{LINES}.columns._bad", "Q", ["_bad"]),
    (f"{LINES}.columns.qty", [], ["columns.qty is []", "at least one entry"]),
    (f"{LINES}.constant", {"sku": "x"}, ["order_lines.constant", "Did you mean 'constants'"]),
    (f"{LINES}.constants", {"line_no": "first"}, ["order_lines.constants.line_no is 'first'", "INTEGER"]),
    (f"{LINES}.where", "qty > 0", ["order_lines is 'where'", "all counted"]),
    (f"{LINES}.one_row_per", ["order_id"], ["first table of a file"]),
    (f"{LINES}.sum", {"amount": "qty"}, ["only together with one_row_per"]),
    (f"{LINES}.optional", ["sku"], ["optional is 'sku'", "a column mapped"]),
    (
        f"{LINES}.patterns",
        {"line_type": {"^(POST$": "shipping"}},
        ["patterns.line_type is '^(POST$'", "regular expression"],
    ),
    (f"{LINES}.patterns", {"sku": {"": "x"}}, ["patterns is 'sku'", "a column mapped"]),
    (f"{LINES}.expressions.amount", "qty * unitprice", ["expressions.amount is 'qty * unitprice'", "unit_price"]),
    (f"{LINES}.expressions.amount", "qty *", ["expressions.amount is 'qty *'", "SQL"]),
    (f"{LINES}.expressions", {"amount": "qty"}, ["'line_no'", "part of the key"]),
    (f"{ORDERS}.sum.total", "amuont", ["orders.sum.total is 'amuont'", "amount"]),
    (f"{ORDERS}.where", "totl > 0", ["orders.where is 'totl > 0'"]),
    (f"{ORDERS}.one_row_per", ["store_id"], ["one_row_per is 'store_id'"]),
    (f"{ORDERS}.values", {"channel": {True: "web"}}, ["orders.values.channel is True", "quotes"]),
    (f"{ORDERS}.values", {"order_at": {"1": "yesterday"}}, ["orders.values.order_at is 'yesterday'", "TIMESTAMP"]),
]


@pytest.mark.parametrize(
    ("place", "value", "words"), SPOILED, ids=[f"{place}={value}"[:60] for place, value, _ in SPOILED]
)
def test_what_cannot_be_is_refused_naming_file_place_value_and_near_miss(tmp_path, place, value, words):
    with pytest.raises(ConfigError) as refused:
        load(tmp_path, spoil(good(), place, value))
    for word in ["till.yaml", *words]:
        assert word in str(refused.value)


@pytest.mark.parametrize("text", ["system: [", "just a text", "", "- a\n- b"])
def test_a_file_that_is_no_mapping_is_refused(tmp_path, text):
    with pytest.raises(ConfigError, match=r"till\.yaml"):
        load(tmp_path, text)


def test_row_in_counts_within_its_columns():
    assert (
        row_numbers("row_in(order_id) + 1", "ok") == "row_number() over (partition by order_id, ok order by _row) + 1"
    )


CELLS = [
    ("DECIMAL(18,2)", "¥1,234", Decimal("1234.00")),
    ("DECIMAL(18,2)", "１２３４", Decimal("1234.00")),
    ("DECIMAL(18,2)", "(500)", Decimal("-500.00")),
    ("DECIMAL(18,2)", "-12.345", Decimal("-12.35")),
    ("DECIMAL(18,2)", "1e400", None),
    ("DECIMAL(18,2)", "1e999999999", None),
    ("DECIMAL(18,2)", "1" + "0" * 30, None),
    ("DECIMAL(18,2)", "NaN", None),
    ("DECIMAL(18,2)", "1_000", None),
    ("DECIMAL(18,2)", "=cmd|' /C calc'!A0", None),
    ("DECIMAL(18,4)", "12345678901234.5", Decimal("12345678901234.5000")),
    ("DECIMAL(18,4)", "123456789012345", None),
    ("INTEGER", "1,200", 1200),
    ("INTEGER", "3.0", 3),
    ("INTEGER", "3.5", None),
    ("INTEGER", "99999999999", None),
    ("DOUBLE", "1e400", None),
    ("DOUBLE", "0.25", 0.25),
    ("TIMESTAMP", "2026-10-03", "2026-10-03 00:00:00"),
    ("TIMESTAMP", "2026/1/3 9:05", "2026-01-03 09:05:00"),
    ("TIMESTAMP", "2026-10-03T10:00:01Z", "2026-10-03 10:00:01"),
    ("TIMESTAMP", "2026-10-03 23:59:59 +0900", "2026-10-03 23:59:59"),
    ("TIMESTAMP", "令和8年10月3日", "2026-10-03 00:00:00"),
    ("TIMESTAMP", "20261003", "2026-10-03 00:00:00"),
    ("TIMESTAMP", "46298.5", "2026-10-03 12:00:00"),
    ("TIMESTAMP", "2026/13/45", None),
    ("TIMESTAMP", "2026-02-30", None),
    ("TIMESTAMP", "yesterday", None),
    ("DATE", "2026年2月28日", "2026-02-28"),
    ("BOOLEAN", "Yes", True),
    ("BOOLEAN", "maybe", None),
]


def read_cell(sql_type: str, text: str, formats: tuple[str, ...] = ()):
    """A cell through the fast path, and where that gives nothing through the general parser."""
    connection = duckdb.connect()
    connection.execute("create table raw as select trim(?) as r0", [text])
    quick = casts.fast("r0", sql_type, formats)
    missed = f"select r0 from raw where r0 is not null and {quick} is null"
    casts.parse_distinct(connection, missed, "parsed", casts.kind(sql_type), formats)
    value = connection.execute(
        f"select coalesce({quick}, try_cast(p.value as {sql_type})) from raw left join parsed as p on r0 = p.text"
    ).fetchall()[0][0]
    return value if value is None or isinstance(value, Decimal | int | float) else str(value)


@pytest.mark.parametrize(
    ("sql_type", "text", "expected"), CELLS, ids=[f"{kind} {text[:20]}" for kind, text, _ in CELLS]
)
def test_a_cell_becomes_its_value_or_nothing(sql_type, text, expected):
    assert read_cell(sql_type, text) == expected


def test_declared_date_forms_come_first():
    assert read_cell("TIMESTAMP", "03/10/2026", ("%d/%m/%Y",)) == "2026-10-03 00:00:00"
    assert read_cell("TIMESTAMP", "10/03/2026", ("%m/%d/%Y",)) == "2026-10-03 00:00:00"
    assert read_cell("TIMESTAMP", "03/10/2026") is None


@settings(max_examples=40, deadline=None)
@given(
    st.decimals(min_value=Decimal("-1e15"), max_value=Decimal("1e15"), places=2),
    st.sampled_from(["{}", "¥{:,}", " {} "]),
)
def test_every_amount_is_read_back_whatever_its_spelling(amount, form):
    assert read_cell("DECIMAL(18,2)", form.format(amount)) == amount


@settings(max_examples=40, deadline=None)
@given(st.datetimes(), st.sampled_from(["%Y-%m-%d %H:%M:%S", "%Y/%m/%d %H:%M:%S", "%Y年%m月%d日 %H時%M分%S秒"]))
def test_every_moment_is_read_back_whatever_its_spelling(moment, form):
    moment = moment.replace(microsecond=0, year=1900 + moment.year % 200, day=min(moment.day, 28))
    assert read_cell("TIMESTAMP", moment.strftime(form)) == str(moment)


def test_surrounding_space_of_every_kind_goes_and_an_empty_cell_is_absent():
    connection = duckdb.connect()
    for raw, expected in [("\u3000a b\u00a0\t", "a b"), ("\ufeff", None), ("  ", None), ("", None)]:
        assert connection.execute(f"select {casts.cell('x')} from (select ? as x)", [raw]).fetchall()[0][0] == expected
