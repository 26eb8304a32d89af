"""Two versions of one table compared by key: how many rows and which columns differ, without showing a row."""

from dataclasses import dataclass
from pathlib import Path

import duckdb

from customerbase.engine import Engine, identifier, literal
from customerbase.tables.schema import Schema

NUMBERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "FLOAT", "DOUBLE", "DECIMAL")
OUR_FAULT = (duckdb.BinderException, duckdb.CatalogException, duckdb.ParserException)
ROW = "_whole_row_of_compare"  # a name that no column of a declared table has
ABOUT_PEOPLE = ("pseudonym", "contact")


@dataclass(frozen=True)
class ColumnDifference:
    """One column: rows in which it differs; of numbers the largest difference, as a share and as its two values.

    share: the largest |a - b| / max(|a|, |b|), from 0 to 2, of rows that have both; None where there are none.
    values: both numbers where they are furthest apart; None in a table about people (`may_show`).
    """

    name: str
    rows: int
    share: float | None = None
    values: tuple[float, float] | None = None


@dataclass(frozen=True)
class TableDifference:
    """How a table differs from another version of it, counted by its key; no key and no text of it is held.

    changed: rows with the same key and other values. When the key does not tell rows apart (`by_key` is false), rows
    are compared as a whole, and `added` and `gone` count those that only one of them has.
    """

    key: tuple[str, ...]
    rows: tuple[int, int]
    added: int
    gone: int
    changed: int
    columns: tuple[ColumnDifference, ...]
    only_before: int = 0
    only_now: int = 0
    by_key: bool = True


def may_show(declared: Schema) -> bool:
    """Whether numbers of a table may be printed: an analysis in which no row is about a person."""
    return declared.kind in ("analysis", "view") and not any(
        column.sensitivity in ABOUT_PEOPLE for column in declared.columns.values()
    )


def compare(db: Engine, declared: Schema, before: Path, now: Path) -> TableDifference | None:
    """What differs between two Parquet files of one table; None when one of them is not to be read as Parquet."""
    try:
        columns = [_columns(db, path) for path in (before, now)]
        db.execute(f"create or replace view _before as from read_parquet({literal(str(before))})")
        db.execute(f"create or replace view _now as from read_parquet({literal(str(now))})")
        return _compared(db, declared, *columns)
    except OUR_FAULT:
        raise
    except duckdb.Error:  # a file cut short or overwritten fails in many ways
        return None


def _columns(db: Engine, path: Path) -> dict[str, str]:
    relation = db.query(f"from read_parquet({literal(str(path))})")
    return {name: str(kind) for name, kind in zip(relation.columns, relation.types, strict=True)}


def _compared(db: Engine, declared: Schema, before: dict[str, str], now: dict[str, str]) -> TableDifference:
    [rows] = db.query("select (select count(*) from _before), (select count(*) from _now)").fetchall()
    both = [name for name in before if name in now and name in declared.columns]
    facts = {
        "key": declared.key,
        "rows": rows,
        "only_before": len(before.keys() - now.keys()),
        "only_now": len(now.keys() - before.keys()),
    }
    if not _tells_apart(db, declared.key, both):
        added, gone = _whole_rows(db, both)
        return TableDifference(added=added, gone=gone, changed=0, columns=(), by_key=False, **facts)
    joined = _joined(declared.key)
    others = [name for name in both if name not in declared.key]
    unlike = [_unlike(name, before[name] == now[name]) for name in others]
    counts = [
        "count(*) filter (where not _today)",
        "count(*) filter (where not _then)",
        f"count(*) filter (where _then and _today and ({' or '.join(unlike) or 'false'}))",
        *(f"count(*) filter (where _then and _today and {one})" for one in unlike),
    ]
    [(gone, added, changed, *each)] = db.query(f"select {', '.join(counts)} from {joined}").fetchall()
    differing = [(name, count) for name, count in zip(others, each, strict=True) if count]
    numeric = {
        name for name, kind in before.items() if kind.startswith(NUMBERS) and now.get(name, "").startswith(NUMBERS)
    }
    found = tuple(_column(db, joined, name, count, name in numeric, may_show(declared)) for name, count in differing)
    return TableDifference(added=added, gone=gone, changed=changed, columns=found, **facts)


def _tells_apart(db: Engine, key: tuple[str, ...], both: list[str]) -> bool:
    """Whether the key is there and unique in both versions."""
    if not key or not set(key) <= set(both):
        return False
    names = ", ".join(map(identifier, key))
    repeated = [f"(select count(*) from (select {names} from {one} group by all having count(*) > 1))" for one in
                ("_before", "_now")]  # fmt: skip
    return db.query(f"select {' + '.join(repeated)}").fetchall() == [(0,)]


def _whole_rows(db: Engine, both: list[str]) -> tuple[int, int]:
    names = ", ".join(map(identifier, both)) or "1"
    pairs = (("_now", "_before"), ("_before", "_now"))
    counts = [f"(select count(*) from (select {names} from {a} except all select {names} from {b}))" for a, b in pairs]
    [(added, gone)] = db.query(f"select {', '.join(counts)}").fetchall()
    return added, gone


def _joined(key: tuple[str, ...]) -> str:
    on = " and ".join(f"b.{identifier(name)} is not distinct from n.{identifier(name)}" for name in key)
    before, now = (
        f"(select {one} as {ROW}, {one}.* from _{name} as {one})"
        for name, one in (("before", "_row_of_before"), ("now", "_row_of_now"))
    )
    rows = f"select b.{ROW} as _b, n.{ROW} as _n, b.{ROW} is not null as _then, n.{ROW} is not null as _today"
    return f"({rows} from {before} b full join {now} n on {on})"


def _unlike(name: str, same_type: bool) -> str:
    column = identifier(name)
    if same_type:
        return f"_b.{column} is distinct from _n.{column}"
    return f"cast(_b.{column} as varchar) is distinct from cast(_n.{column} as varchar)"


def _column(db: Engine, joined: str, name: str, rows: int, numeric: bool, shown: bool) -> ColumnDifference:
    if not numeric:
        return ColumnDifference(name, rows)
    a, b = (f"cast({side}.{identifier(name)} as double)" for side in ("_b", "_n"))
    [(share, first, second)] = db.query(
        f"select max(abs(a - b) / nullif(greatest(abs(a), abs(b)), 0)), arg_max(a, abs(a - b)), arg_max(b, abs(a - b))"
        f" from (select {a} as a, {b} as b from {joined} where _then and _today) where a <> b"
    ).fetchall()
    return ColumnDifference(name, rows, share, (first, second) if shown and first is not None else None)


def describe(found: TableDifference | None) -> str:
    """One line for people: counts, names of columns, sizes of differences; nothing that stands in a row about a person."""
    if found is None:
        return "one of the two cannot be read as Parquet"
    counts = {"added": found.added, "gone": found.gone, "changed": found.changed}
    parts = [f"{count:,} {what}" for what, count in counts.items() if count]
    head = f"of {found.rows[0]:,} rows " + (", ".join(parts) or "none differs")
    head += f" (by {' + '.join(found.key)})" if found.by_key else " (compared as whole rows: no key tells them apart)"
    others = {"before": found.only_before, "now": found.only_now}
    lines = [f"{count} columns only {when}" for when, count in others.items() if count]
    lines += [_described(column) for column in sorted(found.columns, key=lambda one: (-one.rows, one.name))]
    if not (parts or lines):
        return "the same rows in other bytes: their order, or how the file is written"
    return "; ".join([head, *lines])


def _described(column: ColumnDifference) -> str:
    text = f"{column.name} in {column.rows:,}"
    if column.values is not None:
        text += f", at most {column.values[0]:,.10g} -> {column.values[1]:,.10g}"
    if column.share is None:
        return text
    return (
        text + f" (up to {column.share:.1%} apart)" if column.share >= 0.001 else text + f" (up to {column.share:.0e})"
    )
