"""Scratch of one intake: views and tables in the engine, large intermediate results as Parquet in a folder."""

import shutil
from pathlib import Path

from customerbase.engine import Engine, identifier, literal


class Workspace:
    """Statements written by the intake itself; no $names are bound, since raw headings may contain them."""

    def __init__(self, db: Engine, folder: Path):
        self.connection, self.folder = db.connection, folder
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)

    def run(self, statement: str) -> None:
        """Run a statement that returns nothing."""
        self.connection.execute(statement)

    def view(self, name: str, query: str) -> None:
        """Make `name` stand for a query."""
        self.run(f"create or replace view {identifier(name)} as {query}")

    def table(self, name: str, query: str) -> None:
        """Keep the result of a query as a small table of the engine."""
        self.run(f"create or replace table {identifier(name)} as {query}")

    def empty(self, name: str, columns: str) -> None:
        """An empty table with these typed columns."""
        self.run(f"create or replace table {identifier(name)} ({columns})")

    def store(self, name: str, query: str) -> None:
        """Write the result of a query to <folder>/<name>.parquet and make it a view; never held in memory as a whole."""
        path = literal(str(self.folder / f"{name}.parquet"))
        self.run(f"copy ({query}) to {path} (format parquet, compression zstd)")
        self.view(name, f"select * from read_parquet({path})")

    def count(self, query: str) -> int:
        """The one number a query gives."""
        return self.connection.execute(query).fetchall()[0][0]
