"""identity link FILE…: one id per person for any list of people, outside of any pipeline.

Reads with the project's own readers, maps columns by heading and content, links (identity.generic), and writes one row
per row of the files: where it stands, who it is, how sure, and why. Nothing of what the files hold is written.
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa

from customerbase.engine import Engine, identifier, literal
from customerbase.errors import ConfigError, InputError, near_miss
from customerbase.identity import generic
from customerbase.identity.generic import Column
from customerbase.identity.ids import customer_ids
from customerbase.pipeline.resolve.headings import columns_of, read_mapping
from customerbase.sources import doctor, readers
from customerbase.sources.guess_headers import fold
from customerbase.tables.export import check_target, export


@dataclass(frozen=True)
class Report:
    """What was done: rows per file, rows that could not be read per reason, people, largest, and the linking itself."""

    rows: dict[str, int]
    unreadable: dict[str, int]
    people: int
    largest: int
    linked: generic.Linked
    out: Path
    notes: list[str] = field(default_factory=list)


@dataclass
class _Part:
    """One file as read: its name in results, the Parquet with its rows, and key -> its column for each unified column."""

    file: str
    parquet: Path | None
    columns: dict[str, Column]
    rows: int = 0
    notes: list[str] = field(default_factory=list)


def link_files(
    files: Sequence[Path],
    out: Path,
    *,
    key: bytes,
    mapping: Path | None = None,
    ids: Sequence[str] = (),
    ignore: Sequence[str] = (),
    threshold: float = generic.THRESHOLD,
) -> Report:
    """Link the rows of `files` and write `out` (.csv or .parquet): row, customer_id, match_weight, evidence, unreadable.

    ids: headings of columns that number the rows; their values are written beside each row, and never compared. key: of
    the customer ids. The same rows in any order get the same ids. Raises InputError or ConfigError before anything is
    written.
    """
    _check(files, out)
    told, left_out = read_mapping(mapping) if mapping else ({}, [])
    told |= dict.fromkeys(ids, "id")
    with tempfile.TemporaryDirectory() as folder:
        parts = [_read(Path(path), name, Path(folder), told, [*left_out, *ignore])
                 for path, name in zip(files, _names(files), strict=True)]  # fmt: skip
        _check_headings(parts, told, ignore)
        db = Engine(temp_directory=folder)
        columns = _unite(db, parts)
        linked = generic.link(db, "list", columns, threshold=threshold)
        _name(db, linked, key)
        _write(db, parts, columns, ids, out)
        return _report(db, parts, linked, out)


def _check(files: Sequence[Path], out: Path) -> None:
    check_target(out)
    for path in files:
        if not Path(path).exists():
            near = near_miss(Path(path).name, (one.name for one in Path(path).absolute().parent.glob("*")))
            raise InputError(f"{path} does not exist; expected a list of people.{near}")
        if Path(path).resolve() == out.resolve():
            raise ConfigError(f"--out {out} is one of the files to read; expected another name.")


def _names(files: Sequence[Path]) -> list[str]:
    """How the files are called in results: by name, or as given where two have the same name."""
    count = Counter(Path(path).name for path in files)
    names = [Path(path).name if count[Path(path).name] == 1 else Path(path).as_posix() for path in files]
    if len(set(names)) < len(names):
        raise ConfigError("a file is given twice; expected each file once.")
    return names


# --- reading -------------------------------------------------------------------------------------------------------


def _read(path: Path, name: str, folder: Path, told: dict[str, str], ignore: Sequence[str]) -> _Part:
    """One file; a file without rows is a part without columns."""
    if not path.stat().st_size:
        return _Part(name, None, {}, notes=["empty"])
    try:
        [found] = doctor.diagnose([path])
    except InputError as error:
        if "no rows below the heading" not in str(error):
            raise
        return _Part(name, None, {}, notes=["no rows below the heading"])
    parquet = folder / f"{len(list(folder.iterdir()))}.parquet"
    bronze = readers.read_bronze(
        path, parquet, format=found.format, encoding=found.encoding or "auto", delimiter=found.delimiter,
        header=found.header, file=name,
    )  # fmt: skip
    columns = columns_of(found, told, ignore)
    return _Part(name, parquet, _keyed(columns), bronze.rows, list(bronze.notes))


def _keyed(columns: Sequence[Column]) -> dict[str, Column]:
    """Columns by what they have in common with those of other files: their role where a file has it once, else heading."""
    count = Counter(column.role for column in columns)
    single = set(generic.ROLES) - {"place", "date", "category", "code", "text", "id", "row", "ignore"}
    keys = [
        column.role if column.role in single and count[column.role] == 1 else fold(column.title) for column in columns
    ]
    return {f"{key}#{number}" if key in keys[:number] or not key else key: column
            for number, (key, column) in enumerate(zip(keys, columns, strict=True))}  # fmt: skip


def _check_headings(parts: Sequence[_Part], told: dict[str, str], ignore: Sequence[str]) -> None:
    known = {column.title for part in parts for column in part.columns.values()}
    folded = {fold(name) for name in known}
    for heading in [
        *(name for name in told if name not in known),
        *(name for name in ignore if fold(name) not in folded),
    ]:
        if known:
            raise ConfigError(f"no column {heading!r} in the files.{near_miss(heading, known)}")


def _unite(db: Engine, parts: Sequence[_Part]) -> list[Column]:
    """Make the table list (record, file, line, bad, c0 …): readable rows of all files in an order of their own."""
    keys = list(dict.fromkeys(key for part in parts for key in part.columns))
    names = {key: f"c{number}" for number, key in enumerate(keys)}
    selects = []
    for number, part in enumerate(parts):
        if part.parquet is None:
            continue
        cells = [
            f"{identifier(part.columns[key].name) if key in part.columns else 'null'} as {names[key]}" for key in keys
        ]
        source = f"read_parquet({literal(str(part.parquet))})"
        selects.append(
            f"select {number} as file, _line as line, _bad as bad{''.join(f', {cell}' for cell in cells)} from {source}"
        )
    empty = "select 0 as file, 0::bigint as line, null::varchar as bad where false"
    db.execute(f"create or replace temp table _every as {' union all '.join(selects) or empty}")
    order = ", ".join([*names.values(), "file", "line"])
    db.execute(
        f"create or replace temp table list as select row_number() over (order by {order}) - 1 as record, * from _every"
        " where bad is null"
    )
    first = {key: next(part.columns[key] for part in parts if key in part.columns) for key in keys}
    return [Column(names[key], one.title, one.role, _formats(parts, key)) for key, one in first.items()]


def _formats(parts: Sequence[_Part], key: str) -> tuple[str, ...]:
    """How the dates of a column are written, in all files together."""
    return tuple(dict.fromkeys(form for part in parts if key in part.columns for form in part.columns[key].formats))


# --- writing -------------------------------------------------------------------------------------------------------


def _name(db: Engine, linked: generic.Linked, key: bytes) -> None:
    """Make the table named (record, customer_id, match_weight, evidence): ids are keyed hashes of what a person's first
    record holds, so they do not depend on where a row stands."""
    columns = [
        name for name in db.query("select * from list limit 0").columns if name not in ("record", "file", "line", "bad")
    ]
    content = " || chr(31) || ".join(f"coalesce({name}, chr(30))" for name in columns) or "''"
    _, first = np.unique(linked.label, return_index=True)
    db.connection.register("_first", pa.table({"record": first}))
    held = db.query(
        f"with held as (select record, {content} as held from list), told as (select record, held || chr(29) ||"
        " row_number() over (partition by held order by record) as told from held)"
        " select told from told inner join _first using (record) order by record"
    ).fetchall()
    order = np.argsort(first, kind="stable")
    made = np.empty(len(first), dtype=object)
    made[order] = customer_ids([text for (text,) in held], key)
    weight = pa.array(np.round(linked.weight, 3), from_pandas=True)
    named = {
        "record": np.arange(len(linked.label)),
        "customer_id": made[linked.label],
        "match_weight": weight,
        "evidence": linked.evidence,
    }
    db.connection.register("_named", pa.table(named))
    db.execute("create or replace temp table named as select * from _named")
    for view in ("_first", "_named"):
        db.connection.unregister(view)


def _write(db: Engine, parts: Sequence[_Part], columns: Sequence[Column], ids: Sequence[str], out: Path) -> None:
    """One line per row of the files, in their order; the file appears whole or not at all."""
    files = pa.table({"file": pa.array(range(len(parts)), pa.int32()), "name": [part.file for part in parts]})
    db.connection.register("_files", files)
    shown = [(column.name, column.title) for column in columns if column.title in ids]
    extra = "".join(f", e.{name} as {identifier('id:' + title)}" for name, title in shown)
    rows = db.query(
        f"select f.name || ':' || e.line as row{extra}, n.customer_id, n.match_weight, nullif(n.evidence, '') as evidence,"
        " e.bad as unreadable from _every as e inner join _files as f using (file)"
        " left join list as l on l.file = e.file and l.line = e.line and e.bad is null"
        " left join named as n on n.record = l.record order by e.file, e.line"
    ).to_arrow_table()
    export(rows, out)


def _report(db: Engine, parts: Sequence[_Part], linked: generic.Linked, out: Path) -> Report:
    unreadable = dict(
        db.query("select bad, count(*) from _every where bad is not null group by 1 order by 1").fetchall()
    )
    notes = [f"{part.file}: {note}" for part in parts for note in part.notes]
    sizes = np.bincount(linked.label) if len(linked.label) else np.zeros(1, dtype=int)
    rows = {part.file: part.rows for part in parts}
    return Report(rows, unreadable, int((sizes > 0).sum()), int(sizes.max()), linked, out, notes)
