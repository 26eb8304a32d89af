"""The SQL that turns raw rows (bronze Parquet: every cell a text) into rows of canonical tables.

One statement per kind of file: raw cells -> typed columns of each table the file feeds, side by side in one row, named
"<table>.<column>", so that a raw row stays one row until it is accepted or set aside. Besides them stand
_row (file number and line in one BIGINT, the order of the raw data), _file, _line, _bad (why the row as a whole cannot
be used) and per table "<table>._errors" ('severity|column|code') and "<table>._keep" (whether it feeds that table).
"""

import re
from collections.abc import Mapping, Sequence

from customerbase.engine import identifier, literal
from customerbase.sources import casts
from customerbase.sources.raw import RawFile, raw_sql, slots

_ROW_IN = re.compile(r"\brow_in\(([^)]*)\)")
_AGGREGATE = {"first": "arg_min({0}, _row)", "sum": "sum({0})", "min": "min({0})", "max": "max({0})"}


Parsed = Mapping[tuple[str, str], str]  # (cell, kind) -> table (text, value) of what the fast path could not read


def mapped_sql(spec, files: Sequence[RawFile], types, parsed: Parsed, overlaps: str | None) -> str:
    """The whole statement: one row per raw row, all tables side by side (see the module's text).

    types: table -> column -> SQL type. parsed: where the values that the fast path cannot read were parsed.
    overlaps: name of a table of _row to be marked as 'overlap'.
    """
    steps = [("raw", raw_sql(spec, files)), ("step0", _joined(parsed, overlaps))]
    for item in spec.tables:
        steps += _table_steps(spec, item, types[item.table], parsed, len(steps) - 2)
    ctes = ",\n".join(f"{name} as ({text})" for name, text in steps)
    columns = [f"{item.table}.{c}" for item in spec.tables for c in ["_keep", "_errors", *_held(item)]]
    return f"with {ctes}\nselect _row, _file, _line, _bad, {', '.join(map(identifier, columns))} from {steps[-1][0]}"


def _joined(parsed: Parsed, overlaps: str | None) -> str:
    """The raw cells beside what the general parser made of them, records standing twice marked."""
    joins = [
        f"left join {table} as {_beside(*key)} on raw.{key[0]} = {_beside(*key)}.text" for key, table in parsed.items()
    ]
    beside = "".join(f", {_beside(*key)}.value as {_beside(*key)}_value" for key in parsed)
    if not overlaps:
        return f"select raw.*{beside} from raw {' '.join(joins)}"
    marked = "coalesce(raw._bad, case when o._row is not null then 'overlap' end) as _bad"
    joins.append(f"left join {overlaps} as o on raw._row = o._row")
    return f"select raw.* replace ({marked}){beside} from raw {' '.join(joins)}"


def _beside(slot: str, how: str) -> str:
    return f"parsed_{slot}_{how}"


def _held(item) -> list[str]:
    """The columns of a table that stand in the mapped rows: for a derived one, those known before collapsing."""
    return [c for c in item.made if not item.derived or c in {**item.columns, **item.constants, **item.aggregates}]


def _table_steps(spec, item, types: Mapping[str, str], parsed: Parsed, at: int) -> list[tuple[str, str]]:
    """The steps that add one table: read its cells, apply expressions, then put all under its name."""
    names = slots(spec)
    reads = {
        column: _read(item, column, names[h], casts.type_of(types, column), spec, parsed)
        for column, h in item.columns.items()
    }
    reads |= {c: f"cast({literal(_text(v))} as {casts.type_of(types, c)})" for c, v in item.constants.items()}
    reads |= {column: identifier(f"{item.table}.{column}") for column in item.aggregates}
    if item is not spec.primary:
        first = spec.primary
        reads |= {c: identifier(f"{first.table}.{c}") for c in first.made if c not in {**reads, **item.expressions}}
    select = [f"{expression} as {identifier(column)}" for column, expression in reads.items()]
    steps = [(f"step{at + 1}", f"select *, {', '.join(select)} from step{at}")]
    checks = [
        _check(item, column, names[headings], casts.type_of(types, column)) for column, headings in item.columns.items()
    ]
    known = set(reads)
    for column, text in ({} if item.derived else item.expressions).items():
        last = steps[-1][0]
        steps.append(
            (
                f"step{at + len(steps) + 1}",
                f"select {expression_sql(column, text, casts.type_of(types, column), known)} from {last}",
            )
        )
        if casts.kind(casts.type_of(types, column)) in ("amount", "integer") and not _ROW_IN.search(text):
            checks.append(
                ("block", column, f"{identifier('_wide_' + column)} is not null and {identifier(column)} is null")
            )
        known.add(column)
    steps.append((f"step{at + len(steps) + 1}", _named(spec, item, types, checks, known, steps[-1][0])))
    return steps


def expression_sql(column: str, text: str, sql_type: str, known: set[str], guard: str = "_bad is null") -> str:
    """The select list that sets one column by an expression; a value too large for the type becomes NULL.

    Beside a number stands _wide_<column>, so that such a value can be told from one that is absent.
    """
    computed = row_numbers(text, guard)
    safe = computed if _ROW_IN.search(text) else f"try({computed})"
    value = f"try_cast({safe} as {sql_type}) as {identifier(column)}"
    number = casts.kind(sql_type) in ("amount", "integer")
    wide = f", try(cast(({text}) as double)) as {identifier('_wide_' + column)}" if safe != computed and number else ""
    return f"* replace ({value}){wide}" if column in known else f"*, {value}{wide}"


def row_numbers(text: str, guard: str) -> str:
    """An expression with row_in(a, b) written out: the position of the row among those with the same a and b."""
    return _ROW_IN.sub(rf"row_number() over (partition by \1, {guard} order by _row)", text)


def _named(spec, item, types, checks, known: set[str], last: str) -> str:
    """Everything carried on, this table's columns under "<table>.<column>", and what derived tables take from it."""
    wide = [
        f"_wide_{c}"
        for c in ({} if item.derived else item.expressions)
        if casts.kind(casts.type_of(types, c)) in ("amount", "integer") and not _ROW_IN.search(item.expressions[c])
    ]
    drop = ", ".join(map(identifier, [*sorted(known), *wide]))
    held = [f"{identifier(c)} as {identifier(f'{item.table}.{c}')}" for c in _held(item) if c not in item.aggregates]
    if item is spec.primary:
        for other in spec.tables[1:]:
            held += [f"({text}) as {identifier(f'{other.table}.{c}')}" for c, (_, text) in other.aggregates.items()]
    keep = [f"coalesce(cast(({item.where}) as boolean), false)"] if item.where else []
    keep += [f"{identifier(c)} is not null" for c in item.one_row_per]
    errors = ", ".join(
        f"case when {bad} then '{severity}|{c}|{_code(item, c, casts.type_of(types, c))}' end"
        for severity, c, bad in checks
    )
    any_bad = " or ".join(f"({bad})" for _, _, bad in checks) or "false"
    listed = f"case when {any_bad} then list_filter([{errors}], lambda x: x is not null) else cast([] as varchar[]) end"
    return (
        f"select * exclude ({drop}), {', '.join(held)}, {listed} as {identifier(item.table + '._errors')},"
        f" {' and '.join(keep) or 'true'} as {identifier(item.table + '._keep')} from {last}"
    )


def _code(item, column: str, sql_type: str) -> str:
    return "unknown_value" if column in item.values or column in item.patterns else casts.error_code(sql_type)


def _read(item, column: str, slot: str, sql_type: str, spec, parsed: Parsed) -> str:
    """SQL for one mapped column: value map, patterns, or the typed reading of its cell."""
    if column in item.values:
        known = item.values[column]
        cases = " ".join(f"when {literal(key)} then {literal(_text(value))}" for key, value in known.items())
        return f"cast(case coalesce({slot}, '') {cases} end as {sql_type})"
    if column in item.patterns:
        known = item.patterns[column]
        cases = " ".join(f"when {_matches(slot, key)} then {literal(_text(value))}" for key, value in known.items())
        return f"cast(case {cases} end as {sql_type})"
    quick, key = casts.fast(slot, sql_type, spec.dates), (slot, casts.kind(sql_type))
    return f"coalesce({quick}, try_cast({_beside(*key)}_value as {sql_type}))" if key in parsed else quick


def _check(item, column: str, slot: str, sql_type: str) -> tuple[str, str, str]:
    """(severity, column, SQL condition) under which the cell of a mapped column could not be read."""
    severity = "warn" if column in item.tolerate else "block"
    if column in item.values:
        return severity, column, f"{slot} is not null and {slot} not in {literal(list(item.values[column]))}"
    if column in item.patterns:
        return (
            severity,
            column,
            f"{slot} is not null and not ({' or '.join(_matches(slot, p) for p in item.patterns[column])})",
        )
    return (
        severity,
        column,
        "false" if casts.kind(sql_type) == "text" else f"{slot} is not null and {identifier(column)} is null",
    )


def _matches(slot: str, pattern: str) -> str:
    return f"regexp_matches(coalesce({slot}, ''), {literal(pattern)})" if pattern else "true"


def _text(value: object) -> str | None:
    return None if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def collapse_sql(item, types: Mapping[str, str], mapped: str, rejected: str) -> str:
    """One row per key of a derived table, from the mapped rows that are not in the table `rejected` (of _row).

    Each column is the first filled cell in the order of the raw rows, or the declared sum, min or max; _row is the
    first row's. Expressions apply to the collapsed row.
    """
    kinds = {c: kind for c, (kind, _) in item.aggregates.items()}
    select = [f"{identifier(f'{item.table}.{c}')} as {identifier(c)}" for c in item.one_row_per]
    for column in _held(item):
        if column not in item.one_row_per:
            call = _AGGREGATE[kinds.get(column, "first")].format(identifier(f"{item.table}.{column}"))
            select.append(f"try_cast({call} as {casts.type_of(types, column)}) as {identifier(column)}")
    keys = ", ".join(identifier(f"{item.table}.{c}") for c in item.one_row_per)
    kept = f"_bad is null and {identifier(item.table + '._keep')}"
    text = (
        f"select min(_row) as _row, {', '.join(select)} from {mapped} anti join {rejected} using (_row)"
        f" where {kept} group by {keys}"
    )
    known = set(_held(item))
    for column, expression in item.expressions.items():
        text = f"select {expression_sql(column, expression, casts.type_of(types, column), known, 'true')} from ({text})"
        known.add(column)
    return text
