"""Tries the SQL, patterns, constants and date forms of a mapping on empty tables, before any file is read."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import duckdb

from customerbase.engine import identifier, literal
from customerbase.sources.casts import type_of
from customerbase.sources.rows import row_numbers

Fail = Callable[[str, object, str], None]


def dates(formats: Sequence[str], fail: Callable[[object, str], None]) -> None:
    """Refuse a date form that strptime does not know."""
    for form in formats:
        if error := _refused(f"try_strptime('', {literal(form)})"):
            fail(form, f"a strptime form such as %Y/%m/%d ({error})")


def table(item, primary, schemas: Mapping, fail: Fail) -> None:
    """Refuse SQL over unknown columns, broken patterns, and constants or mapped values of another type.

    item, primary: TableMap (primary is None for the first table of a file). fail(key, value, expected) raises.
    """
    types = {name: column.type for name, column in schemas[item.table].columns.items()}
    for part in ("values", "patterns"):
        for column, entries in getattr(item, part).items():
            for entry in entries.values():
                _typed(f"{part}.{column}", entry, type_of(types, column), fail)
    for column, entry in item.constants.items():
        _typed(f"constants.{column}", entry, type_of(types, column), fail)
    for column, entries in item.patterns.items():
        for pattern in entries:
            if error := _refused(f"regexp_matches('', {literal(pattern)})"):
                fail(f"patterns.{column}", pattern, f"a regular expression ({error})")
    _expressions(item, primary, schemas, types, fail)


def _expressions(item, primary, schemas: Mapping, types: dict[str, str], fail: Fail) -> None:
    theirs = {} if primary is None else {name: c.type for name, c in schemas[primary.table].columns.items()}
    first = {name: type_of(theirs, name) for name in (primary.made if primary else [])}
    for column, (kind, text) in item.aggregates.items():
        call = f"sum(({text}))" if kind == "sum" else f"({text})"
        _sql(f"{kind}.{column}", text, call, first, fail)
    own = {name: type_of(types, name) for name in item.made}
    for column, text in item.expressions.items():
        _sql(f"expressions.{column}", text, row_numbers(text, "true"), own if item.derived else first | own, fail)
    if item.where:  # decides on raw rows, so a derived table's expressions are not known yet
        early = {c: kind for c, kind in own.items() if not item.derived or c in {**item.columns, **item.aggregates}}
        _sql("where", item.where, f"cast(({item.where}) as boolean)", first | early, fail)


def _sql(key: str, text: str, tried: str, columns: dict[str, str], fail: Fail) -> None:
    empty = ", ".join(f"cast(null as {kind}) as {identifier(name)}" for name, kind in columns.items())
    if error := _refused(tried, f"(select cast(0 as bigint) as _row{', ' + empty if empty else ''}) where false"):
        fail(key, text, f"SQL over the columns {', '.join(columns)} ({error})")


def _typed(key: str, value: object, sql_type: str, fail: Fail) -> None:
    if isinstance(value, list | dict):
        fail(key, value, f"one value of type {sql_type}")
    if value is not None and _refused(f"cast(cast({literal(value)} as varchar) as {sql_type})"):
        fail(key, value, f"a value of type {sql_type}")


def _refused(expression: str, source: str = "") -> str | None:
    """The first line of DuckDB's complaint about an expression, or None when it is accepted."""
    try:
        _scratch().cursor().execute(f"select {expression}{' from ' + source if source else ''}").fetchall()
    except duckdb.Error as error:
        return str(error).splitlines()[0]
    return None


@cache
def _scratch() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(":memory:")
