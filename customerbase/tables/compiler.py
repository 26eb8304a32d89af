"""A table's expectations as two queries: one aggregate that judges the table, one that flags each row with reasons.

Why not Great Expectations' own executors: importing the library costs seconds, its pandas executor some thirty times
one query, and its SQL executor does not run on DuckDB. The words and the results stay the library's; a seeded test
holds both to the same counts. Types outside `rules` are handed to the library itself, on a frame of the columns they
need (at most FALLBACK_ROWS rows), and say so in `Check.executor`.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import duckdb

from customerbase.engine import Engine, identifier, literal
from customerbase.errors import TableError
from customerbase.tables.checks import Check
from customerbase.tables.rules import Types, UniqueRule, constant, measure, row_rule, unique_rule
from customerbase.tables.schema import Expectation, Schema

FALLBACK_ROWS = 1_000_000
_SEPARATOR = "chr(31)"
# what the library's pandas executor calls the types, beside the engine's own names
_TYPE_NAMES = {
    "VARCHAR": {"str", "string", "object", "object_"},
    "BIGINT": {"int", "int64"},
    "INTEGER": {"int32"},
    "DOUBLE": {"float", "float64"},
    "BOOLEAN": {"bool"},
    "TIMESTAMP": {"datetime64", "datetime64[ns]", "datetime64[us]"},
}


@dataclass(frozen=True)
class _Part:
    """One expectation's columns in the aggregate query, as SQL; success None: judged by counts and `mostly`."""

    expectation: Expectation
    missing: str = "0"
    unexpected: str = "null"
    observed: str = "null"
    success: str = "null"
    counts_rows: bool = True


def evaluate(db: Engine, schema: Schema, relation: str) -> list[Check]:
    """Judge `relation` (a table or view of `db`) by all its expectations, in the order of the schema.

    One query for everything compiled, however many expectations. Rules that read tables `db` does not have are left
    out: they were not checked, so they are neither met nor broken. A rule whose columns are missing is broken.
    """
    view = db.connection.sql(f"select * from {identifier(relation)}")
    types = dict(zip(view.columns, map(str, view.types), strict=True))
    there = tables_in(db)
    run = [each for each in schema.expectations if each.tables <= there]
    parts = [_part(each, schema, relation, types) for each in run]
    compiled = [part for part in parts if part is not None]
    results = iter(_run(db, relation, compiled))
    return [
        _by_the_library(db, schema, each, relation) if part is None else _check(schema, part, next(results))
        for each, part in zip(run, parts, strict=True)
    ]


def evaluate_sql(schema: Schema, relation: str) -> str:
    """The aggregate query of the compiled expectations, for reading; column types are taken as declared."""
    types = _declared(schema)
    parts = [_part(each, schema, relation, types) for each in schema.expectations]
    return _sql(relation, [part for part in parts if part is not None])


def flag_sql(
    schema: Schema,
    relation: str,
    severities: Collection[str] = ("block", "warn"),
    tables: Collection[str] | None = None,
) -> str:
    """A query that gives `relation` one more column: _reasons VARCHAR[], empty when the row is clean.

    Each reason reads '<severity>|<column>|<reason>'. `mostly` plays no part here: a row is expected or it is not.
    Of rows that share their key the first (by source_row_id) is kept clean, so that a row delivered twice is not lost
    twice; other uniqueness rules flag every copy. `tables`: the tables at hand; rules that read others are left out
    (None: all are there). Measures of whole columns flag no row.
    Raises TableError when a rule needs source_row_id to find its rows and the table has none.
    """
    types = _declared(schema)
    words, joins = [], []
    for number, each in enumerate(schema.expectations):
        if each.severity not in severities or (tables is not None and not each.tables <= set(tables)):
            continue
        word = constant(f"{each.severity}|{each.column}|{each.reason}")
        if rule := row_rule(each, types):
            words.append(rule.unexpected(word))
        elif hits := _hits(each, schema, relation, f"rule_{number}"):
            joins.append(hits)
            words.append(f"case when rule_{number}.hit is not null then {word} end")
    joined = f"concat_ws({_SEPARATOR}, {', '.join(words)})" if words else "''"
    return "\n".join(
        [
            "select batch.*,",
            f"    coalesce(string_split(nullif({joined}, ''), {_SEPARATOR}), cast([] as varchar[])) as _reasons",
            f"from {identifier(relation)} as batch",
            *joins,
        ]
    )


def flag(
    db: Engine,
    schema: Schema,
    relation: str,
    severities: Collection[str] = ("block", "warn"),
) -> duckdb.DuckDBPyRelation:
    """The relation of flag_sql, with the rules that the tables of `db` allow."""
    return db.connection.sql(flag_sql(schema, relation, severities, tables_in(db)))


def tables_in(db: Engine) -> set[str]:
    """Names of the tables and views the engine knows."""
    return {name for (name,) in db.connection.sql("select table_name from information_schema.tables").fetchall()}


def _declared(schema: Schema) -> Types:
    return {column.name: column.type for column in schema.columns.values()}


def _part(each: Expectation, schema: Schema, relation: str, types: Types) -> _Part | None:
    """The SQL of one expectation; None when only the library itself can judge it."""
    needed = set(schema.columns) if each.tables or each.type == "unexpected_rows_expectation" else set(each.columns)
    if absent := sorted(needed - types.keys()):
        if each.type == "expect_column_to_exist":
            return _Part(each, success="false", counts_rows=False)
        return _Part(each, success="false", observed=literal(f"no column {', '.join(absent)}"), counts_rows=False)
    if rule := row_rule(each, types):
        return _Part(each, f"count(case when {rule.ignored} then 1 end)", f"count({rule.unexpected('1')})")
    if rule := unique_rule(each):
        repeated = f"(select cast(coalesce(sum(n), 0) as bigint) from ({rule.repeated(relation)}) as repeated)"
        return _Part(each, f"count(case when {rule.ignored} then 1 end)", repeated)
    if each.type == "unexpected_rows_expectation":
        rows = f"(select count(*) from ({_query(each, relation)}) as unexpected)"
        return _Part(each, unexpected=rows, observed=rows)
    if measured := measure(each, types):
        return _Part(each, observed=measured[0], success=measured[1], counts_rows=False)
    return _shape(each, types)


def _shape(each: Expectation, types: Types) -> _Part | None:
    """Expectations about the columns there are and their types: judged without reading a row."""
    kwargs, names = each.kwargs, list(types)
    match each.type:
        case "expect_column_to_exist":
            place = kwargs.get("column_index")
            good, seen = place is None or names.index(kwargs["column"]) == place, None
        case "expect_table_columns_to_match_set":
            wanted, exact = set(kwargs["column_set"]), kwargs.get("exact_match", True)
            good, seen = (wanted == set(names)) if exact else (wanted <= set(names)), names
        case "expect_table_columns_to_match_ordered_list":
            good, seen = list(kwargs["column_list"]) == names, names
        case "expect_table_column_count_to_equal":
            good, seen = len(names) == kwargs["value"], len(names)
        case "expect_table_column_count_to_be_between":
            low, high = kwargs.get("min_value"), kwargs.get("max_value")
            good, seen = (low is None or len(names) >= low) and (high is None or len(names) <= high), len(names)
        case "expect_column_values_to_be_of_type":
            seen = types[kwargs["column"]]
            good = _is_type(seen, kwargs["type_"])
        case "expect_column_values_to_be_in_type_list":
            seen = types[kwargs["column"]]
            good = any(_is_type(seen, one) for one in kwargs["type_list"])
        case _:
            return None
    shown = literal(", ".join(seen) if isinstance(seen, list) else seen)
    return _Part(each, success="true" if good else "false", observed=shown, counts_rows=False)


def _is_type(engine_type: str, wanted: str) -> bool:
    return engine_type == wanted.upper() or wanted in _TYPE_NAMES.get(engine_type, ())


def _query(each: Expectation, relation: str) -> str:
    return each.kwargs["unexpected_rows_query"].replace("{batch}", identifier(relation)).strip().rstrip(";")


def _sql(relation: str, parts: list[_Part]) -> str:
    cells = ["count(*) as n"]
    for number, part in enumerate(parts):
        cells += [
            f"{part.missing} as missing_{number}",
            f"{part.unexpected} as unexpected_{number}",
            f"{part.observed} as observed_{number}",
            f"{part.success} as success_{number}",
        ]
    return "select\n    " + ",\n    ".join(cells) + f"\nfrom {identifier(relation)}"


def _run(db: Engine, relation: str, parts: list[_Part]) -> Iterable[tuple]:
    """Per part: rows, missing, unexpected, observed, success."""
    row = db.connection.sql(_sql(relation, parts)).fetchall()[0]
    return [(row[0], *row[1 + 4 * number : 5 + 4 * number]) for number in range(len(parts))]


def _check(schema: Schema, part: _Part, result: tuple) -> Check:
    rows, missing, unexpected, observed, success = result
    each = part.expectation
    if set(each.columns) & set(schema.contact_columns):
        observed = None  # the smallest birth date is somebody's birth date
    if success is None:
        success = _mostly(rows - missing, unexpected, each.kwargs.get("mostly", 1))
    counts = (rows, missing, unexpected) if part.counts_rows else (None, None, None)
    if isinstance(observed, float):
        observed = float(f"{observed:.12g}")  # the last digits of a sum of doubles depend on how threads met
    return Check(
        schema.name,
        each.type,
        each.kwargs,
        each.severity,
        each.reason,
        bool(success),
        *counts,
        observed,
        column=each.column,
    )


def _mostly(looked_at: int, unexpected: int, mostly: float) -> bool:
    return looked_at == 0 or (looked_at - unexpected) / looked_at >= mostly


def _by_the_library(db: Engine, schema: Schema, each: Expectation, relation: str) -> Check:
    import customerbase.tables.gx as gx  # imported here: seconds of import for the few types that need it

    columns = ", ".join(identifier(name) for name in each.columns) or "*"
    frame = db.connection.sql(f"select {columns} from {identifier(relation)} limit {FALLBACK_ROWS}").df()
    return gx.judge(schema.name, each, frame)


def _hits(each: Expectation, schema: Schema, relation: str, alias: str) -> str | None:
    """A join that gives rows an expectation does not want a non-null `hit`; None when it wants no row in particular."""
    if rule := unique_rule(each):
        keep_first = each.implied and "source_row_id" in schema.columns
        return _later_copies(rule, relation, alias) if keep_first else _all_copies(rule, relation, alias)
    if each.type != "unexpected_rows_expectation":
        return None
    if "source_row_id" not in schema.columns:
        raise TableError(
            f"table {schema.name!r}: the rows of rule {each.reason!r} cannot be flagged without a column "
            "source_row_id; evaluate() counts them."
        )
    return _by_row_id(f"select source_row_id from ({_query(each, relation)}) as unexpected", alias)


def _by_row_id(rows: str, alias: str) -> str:
    return (
        f"left join (select distinct source_row_id as {alias}_id, 1 as hit from ({rows}) as found) as {alias}"
        f" on batch.source_row_id = {alias}.{alias}_id"
    )


def _later_copies(rule: UniqueRule, relation: str, alias: str) -> str:
    same = " and ".join(f"copies.{identifier(c)} is not distinct from twice.{identifier(c)}" for c in rule.columns)
    keys = ", ".join(f"copies.{identifier(c)}" for c in rule.columns)
    # line numbers are compared as numbers: a longer id of the same file stands later
    order = "length(copies.source_row_id), copies.source_row_id"
    numbered = (
        f"select copies.source_row_id, row_number() over (partition by {keys} order by {order}) as copy"
        f" from {identifier(relation)} as copies inner join ({rule.repeated(relation)}) as twice on {same}"
    )
    return _by_row_id(f"select source_row_id from ({numbered}) as numbered where copy > 1", alias)


def _all_copies(rule: UniqueRule, relation: str, alias: str) -> str:
    names = list(enumerate(rule.columns))
    keys = ", ".join(f"{identifier(c)} as {alias}_{n}" for n, c in names)
    same = " and ".join(f"batch.{identifier(c)} is not distinct from {alias}.{alias}_{n}" for n, c in names)
    return f"left join (select {keys}, n as hit from ({rule.repeated(relation)}) as found) as {alias} on {same}"
