"""From the text of a raw cell to a typed value: a fast path in SQL, and the general parser for what it cannot read.

The general parser (customerbase.text) runs once per distinct value that the fast path refused, so a file of ten
million well-formed dates costs no Python, and one with a thousand spellings costs a thousand calls.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal

import duckdb
import pyarrow as pa

from customerbase.engine import literal
from customerbase.text import parse_amount, parse_timestamp

SPACES = "' \t\r\n' || chr(160) || chr(8203) || chr(12288) || chr(65279)"  # also no-break, zero-width, ideographic, BOM
_ISO = r"[0-9]{4}[-/][0-9]{1,2}[-/][0-9]{1,2}([ T][0-9]{1,2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?)?"
_OFFSET = r"(:[0-9]{2}([.][0-9]+)?) ?([+-][0-9]{2}:?[0-9]{2}|Z)$"
_TRUE, _FALSE = "('1', 'true', 't', 'yes', 'y')", "('0', 'false', 'f', 'no', 'n')"
_LARGEST_EXPONENT = 40  # no type here holds more digits; Decimal('1e999999') must not become a million characters
_CODES = {"date": "invalid_date", "amount": "invalid_amount", "integer": "invalid_integer"}


def type_of(types: Mapping[str, str], column: str) -> str:
    """The SQL type of a column; helper columns of a mapping (their names begin with _) are text."""
    return "VARCHAR" if column.startswith("_") else types[column]


def kind(sql_type: str) -> str:
    """How a column of this SQL type is read: text, date, amount, integer or boolean."""
    base = sql_type.upper().split("(")[0].strip()
    if base in ("DATE", "TIMESTAMP"):
        return "date"
    if base in ("DECIMAL", "DOUBLE", "NUMERIC"):
        return "amount"
    return "integer" if base.endswith("INT") or base == "INTEGER" else "boolean" if base == "BOOLEAN" else "text"


def error_code(sql_type: str) -> str:
    """The quarantine reason for a value that is not one of this type."""
    return _CODES.get(kind(sql_type), "unknown_value")


def cell(column: str) -> str:
    """SQL for a raw cell without surrounding space; an empty cell is NULL."""
    return f"nullif(trim({column}, {SPACES}), '')"


def fast(value: str, sql_type: str, formats: Sequence[str] = ()) -> str:
    """SQL that reads the well-formed values of a type and gives NULL for all others.

    Times with an offset keep their wall-clock reading: every date in the house is local.
    """
    match kind(sql_type):
        case "date":
            iso = f"try_cast(case when regexp_full_match({value}, '{_ISO}') then replace({value}, '/', '-') end as timestamp)"
            local = f"try_cast(regexp_replace({value}, '{_OFFSET}', '\\1') as timestamp)"
            local = f"case when regexp_matches({value}, '{_OFFSET}') then {local} end"
            declared = [f"try_strptime({value}, [{', '.join(map(literal, formats))}])"] if formats else []
            return f"cast(coalesce({', '.join([*declared, iso, local])}) as {sql_type})"
        case "amount" if sql_type.upper() == "DOUBLE":
            return f"case when isfinite(try_cast({value} as double)) then try_cast({value} as double) end"
        case "amount":
            return (
                f"case when not contains({value}, '_') then try_cast({value} as {sql_type}) end"  # 1_000: not a number
            )
        case "integer":
            return (
                f"case when regexp_full_match({value}, '[+-]?[0-9]+([.]0*)?') then try_cast({value} as {sql_type}) end"
            )
        case "boolean":
            return f"case when lower({value}) in {_TRUE} then true when lower({value}) in {_FALSE} then false end"
        case _:
            return value


def slow(text: str, how: str, formats: Sequence[str] = ()) -> str | None:
    """The canonical spelling of a date or number written in any way the house understands, or None."""
    if how == "date":
        moment = parse_timestamp(text, formats)
        return moment.isoformat(sep=" ") if moment else None
    number = parse_amount(text)
    return _plain(number) if number is not None and (how == "amount" or number == number.to_integral_value()) else None


def _plain(number: Decimal) -> str | None:
    if not number.is_finite() or abs(number.adjusted()) > _LARGEST_EXPONENT:
        return None
    return re.sub(r"[.]0+$", "", format(number, "f"))


def parse_distinct(
    connection: duckdb.DuckDBPyConnection, texts: str, table: str, how: str, formats: Sequence[str], batch: int = 20_000
) -> int:
    """Read every value of the query `texts` (one VARCHAR column) into `table` (text, value); returns how many there are.

    Works in batches, so the number of distinct spellings does not bound memory.
    """
    connection.execute(f"create or replace temp table {table} (text varchar, value varchar)")
    count = 0
    cursor = connection.cursor()  # its own result, so that inserts below do not end it
    for values in _batches(cursor.execute(texts), batch):
        parsed = pa.table({"text": values, "value": pa.array([slow(v, how, formats) for v in values], pa.string())})
        connection.register("_parsed_batch", parsed)
        connection.execute(f"insert into {table} select text, value from _parsed_batch")
        connection.unregister("_parsed_batch")
        count += len(values)
    return count


def _batches(result: duckdb.DuckDBPyConnection, size: int) -> Iterator[list[str]]:
    while rows := result.fetchmany(size):
        yield [row[0] for row in rows]
