"""Where tables live: immutable Parquet in the directory of a run, found through one small pointer file a month.

<home>/data/runs/<pipeline>/<month>/stages/<stage>-<key>/   what one stage wrote, under the key of all it depends on
<home>/data/runs/<pipeline>/<month>/<run id>/tables/        the tables of one whole run (hard links) and its manifest
<home>/data/runs/<pipeline>/<month>/current.json            the pointer: which run is published
<home>/data/archive/<ab>/<SHA-256>                          what published months were made from (pipeline/archive.py)
<home>/data/identity.key                                    the key of the ids (tables/secret.py)
<home>/reports/<pipeline>/<month>/<run id>/                 what people receive
"""

import hashlib
import json
import os
from collections.abc import Iterable
from pathlib import Path

import duckdb

from customerbase.engine import Continued, Engine, identifier, literal
from customerbase.errors import TableError, near_miss
from customerbase.tables.schema import Schema

ROW_GROUP = 122_880  # rows
ROOT = Path(__file__).resolve().parents[2]  # the project: notebooks/, pipelines/, expectations/


def home() -> Path:
    """The folder that holds data/ and reports/: $CUSTOMERBASE_HOME, else the project itself."""
    return Path(os.environ.get("CUSTOMERBASE_HOME") or ROOT).resolve()


def month_folder(pipeline: str, month: str) -> Path:
    """Everything kept of one month of one pipeline."""
    return home() / "data" / "runs" / pipeline / month


def report_folder(pipeline: str, month: str) -> Path:
    """The published reports of one month of one pipeline."""
    return home() / "reports" / pipeline / month


def scratch_folder(pipeline: str, month: str) -> Path:
    """Where a page opened by hand writes: never read by a run or a dashboard."""
    return home() / "data" / "scratch" / pipeline / month


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sync(path: Path) -> None:
    """Force a file or a folder's entries to disk, so that a later rename cannot expose less than it names."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace(path: Path, content: str | bytes) -> None:
    """Write a small file so that readers see the old content or the new, never a part."""
    data = content.encode("utf-8") if isinstance(content, str) else content
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    temporary.write_bytes(data)
    sync(temporary)
    os.replace(temporary, path)
    sync(path.parent)


def empty(db: Engine, schema: Schema) -> duckdb.DuckDBPyRelation:
    """The table as declared, without a row: a page had nothing to say."""
    columns = ", ".join(f"cast(null as {one.type}) as {identifier(one.name)}" for one in schema.columns.values())
    return db.query(f"select {columns} where false")


def as_declared(content: duckdb.DuckDBPyRelation | Continued, schema: Schema) -> duckdb.DuckDBPyRelation:
    """The content with exactly the declared columns, in their order and types, no NaN, sorted by key.

    Sorting by the unique key makes the bytes on disk a function of the content alone; of Continued only the rest is sorted.
    Raises TableError for a missing or an undeclared column, and for a rest that does not follow what stands before it.
    """
    if isinstance(content, duckdb.DuckDBPyRelation):
        relation = _projected(content, schema)
        return relation.order(", ".join(identifier(column) for column in schema.key) or "all")
    first = (*schema.key, *schema.columns)[0]
    [(last,)] = content.before.max(identifier(first)).fetchall()
    [(next_one,)] = content.rest.min(identifier(first)).fetchall()
    if None not in (last, next_one) and last >= next_one:
        raise TableError(
            f"table {schema.name!r}: rows that stand in order already reach to {first} = {last}, and those that follow"
            f" begin at {next_one}; they must begin later."
        )
    # whole row groups only, else a group of another size would stand where the two meet
    [(rows,)] = content.before.aggregate("count(*)").fetchall()
    stay = rows // ROW_GROUP * ROW_GROUP
    follow = content.before.limit(rows - stay, offset=stay).union(content.rest)
    return _projected(content.before.limit(stay), schema).union(as_declared(follow, schema))


def _projected(relation: duckdb.DuckDBPyRelation, schema: Schema) -> duckdb.DuckDBPyRelation:
    given = set(relation.columns)
    for column in schema.columns:
        if column not in given:
            raise TableError(f"table {schema.name!r}: column {column!r} is missing.{near_miss(column, given)}")
    for column in sorted(given - schema.columns.keys()):
        hint = near_miss(column, schema.columns)
        raise TableError(f"table {schema.name!r}: column {column!r} is not in expectations/{schema.name}.yaml.{hint}")
    return relation.project(", ".join(_cast(column.name, column.type) for column in schema.columns.values()))


def _cast(name: str, kind: str) -> str:
    value = f"cast({identifier(name)} as {kind})"
    if kind == "DOUBLE":  # NaN on disk confuses the statistics of Parquet files: unknown is NULL
        value = f"nullif({value}, cast('NaN' as double))"
    return f"{value} as {identifier(name)}"


def write_parquet(db: Engine, relation: duckdb.DuckDBPyRelation, path: Path) -> int:
    """Write a relation to `path` under a temporary name, sync, rename; returns the number of rows."""
    temporary = path.with_name(f".{path.name}.tmp")
    relation.create_view("_to_write", replace=True)
    options = f"format parquet, compression zstd, row_group_size {ROW_GROUP}"
    db.execute(f"copy (select * from _to_write) to {literal(str(temporary))} ({options})")
    sync(temporary)
    os.replace(temporary, path)
    return db.connection.execute(f"select count(*) from read_parquet({literal(str(path))})").fetchall()[0][0]


def pointed(pipeline: str, month: str) -> str | None:
    """The folder name of the published run of a month, or None when nothing is published."""
    pointer = month_folder(pipeline, month) / "current.json"
    return json.loads(pointer.read_text(encoding="utf-8"))["folder"] if pointer.is_file() else None


def published_run(pipeline: str, month: str) -> Path | None:
    """The folder of the published run of a month (its manifest and tables), or None when nothing is published."""
    name = pointed(pipeline, month)
    return month_folder(pipeline, month) / name if name else None


def manifest(run: Path) -> dict:
    """What the run in a folder was made from and what it made; raises TableError where its record cannot be read."""
    try:
        about = json.loads((run / "manifest.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        about = type(error).__name__
    if not isinstance(about, dict) or not {"run_id", "tables"} <= about.keys():
        raise TableError(
            f"the record {run / 'manifest.json'} cannot be read ({type(about).__name__ if not isinstance(about, str) else about}). Run that month again."
        )
    return about


def current(pipeline: str, month: str) -> dict | None:
    """The manifest of the published run of a month, or None when nothing is published."""
    run = published_run(pipeline, month)
    return manifest(run) if run else None


def published_tables(pipeline: str, month: str) -> dict[str, Path]:
    """Paths of the tables of the published run; raises TableError when the month is not published."""
    run = published_run(pipeline, month)  # read once: a run may be published between two reads
    if run is None:
        known = published_months(pipeline)
        there = f"published months: {', '.join(known)}" if known else "no month is published"
        raise TableError(
            f"nothing is published for pipeline {pipeline!r}, month {month!r} ({there})."
            f" Run `make report PIPELINE={pipeline} MONTH={month}` first."
        )
    return {table: run / "tables" / f"{table}.parquet" for table in manifest(run)["tables"]}


def damaged(pipeline: str, month: str) -> list[str]:
    """Tables of the published run whose file is not the one that was published."""
    facts = (current(pipeline, month) or {"tables": {}})["tables"]
    paths = published_tables(pipeline, month) if facts else {}
    return [one for one, path in paths.items() if not path.is_file() or sha256(path) != facts[one]["sha256"]]


def published_months(pipeline: str) -> list[str]:
    """The months of a pipeline that have a published run, oldest first."""
    folder = home() / "data" / "runs" / pipeline
    return sorted(pointer.parent.name for pointer in folder.glob("*/current.json"))


def versions(pipeline: str, month: str) -> list[Path]:
    """The folders of all whole runs of a month, published today or once, by name."""
    found = (path.parent for path in month_folder(pipeline, month).glob("*/manifest.json"))
    return sorted(run for run in found if not run.name.startswith("."))  # those are being made or removed


def kept_runs(pipeline: str) -> dict[str, str]:
    """Run id -> month (YYYY-MM) of every run of a pipeline that is kept, published today or once, oldest month first."""
    months = sorted(path.name for path in (home() / "data" / "runs" / pipeline).glob("*"))
    abouts = [manifest(run) for month in months for run in versions(pipeline, month)]
    return {about["run_id"]: about["month"] for about in abouts}


def link(sources: Iterable[Path], folder: Path) -> None:
    """Hard-link files into `folder` (copy where the file system cannot): one more name, no more bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources:
        try:
            os.link(source, folder / source.name)
        except OSError:
            (folder / source.name).write_bytes(source.read_bytes())
    sync(folder)
