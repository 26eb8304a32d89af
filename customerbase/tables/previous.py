"""What the month before left: tables that go on from one published month to the next, such as the history of ids."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from customerbase.engine import Engine, identifier, literal
from customerbase.errors import TableError
from customerbase.tables import store
from customerbase.tables.schema import schema


@dataclass(frozen=True)
class Previous:
    """Tables of an earlier published month: the month, its run, and file and SHA-256 of each table it has."""

    month: str | None = None
    run_id: str | None = None
    paths: dict[str, Path] = field(default_factory=dict)
    sha256: dict[str, str] = field(default_factory=dict)

    @property
    def content(self) -> dict:
        """What a result depends on: the month and the bytes, not the run that made them."""
        return {"month": self.month, "tables": self.sha256}

    @property
    def stated(self) -> dict:
        """What a manifest says of it."""
        return {"month": self.month, "run_id": self.run_id, "tables": self.sha256}

    @property
    def damaged(self) -> list[str]:
        """Tables whose file is not the one that was published."""
        return [
            table
            for table, path in self.paths.items()
            if not path.is_file() or store.sha256(path) != self.sha256[table]
        ]

    def check(self) -> None:
        """Raise TableError when a table is damaged: what is built on it would be wrong for good."""
        for table in self.damaged:
            raise TableError(
                f"table {table!r} of the month before ({self.month}) is not the one that was published:"
                f" {self.paths[table]}. Run that month again with --force first."
            )


def find(pipeline: str, month: str, tables: Iterable[str]) -> Previous:
    """The newest published month before `month` that has any of the tables; no month and no tables when there is none.

    A month published without them, say by an earlier version, is passed over: a history must not begin anew because
    of a gap.
    """
    tables = list(tables)
    for earlier in reversed(store.published_months(pipeline)):
        run = store.published_run(pipeline, earlier) if earlier < month else None
        if run and (found := _tables_of(run, earlier, tables)).paths:
            return found
    return Previous()


def recall(pipeline: str, stated: dict) -> Previous | None:
    """The very tables a manifest names, from whichever run of that month still holds them; None when none does."""
    if stated["month"] is None:
        return Previous()
    for run in store.versions(pipeline, stated["month"]):
        found = _tables_of(run, stated["month"], stated["tables"])
        if found.sha256 == stated["tables"] and not found.damaged:
            return found
    return None


def _tables_of(run: Path, month: str, tables: Iterable[str]) -> Previous:
    about = store.manifest(run)
    facts = {table: about["tables"][table] for table in tables if table in about["tables"]}
    paths = {table: run / "tables" / f"{table}.parquet" for table in facts}
    return Previous(month, about["run_id"], paths, {table: fact["sha256"] for table, fact in facts.items()})


def register(db: Engine, table: str, path: Path | None) -> None:
    """Make the view previous_<table>, with the columns declared today; without a file it has no rows.

    A column that an older month did not have yet is empty, one that is no longer declared is left out.
    """
    there = db.query(f"select * from read_parquet({literal(str(path))})").columns if path else []
    columns = (
        f"cast({identifier(one.name) if one.name in there else 'null'} as {one.type}) as {identifier(one.name)}"
        for one in schema(table).columns.values()
    )
    rows = f"read_parquet({literal(str(path))})" if path else "(select 1) where false"
    db.execute(f"create or replace view {identifier(f'previous_{table}')} as select {', '.join(columns)} from {rows}")
