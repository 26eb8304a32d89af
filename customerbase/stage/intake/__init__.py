"""The intake: raw files of a run's sources -> canonical tables, what was set aside and why, and how good the data are.

landing (find, read, map) -> judgement (what is accepted) -> records (accounts, reasons, readiness, scores).
A raw row is accepted or set aside as a whole: rows_read = rows_accepted + rows_quarantined for every file, asserted.
"""

import shutil
from collections.abc import Iterable
from datetime import date
from functools import cached_property
from pathlib import Path

import duckdb
import pandas as pd

from customerbase import quality
from customerbase.engine import Engine, identifier
from customerbase.errors import RunError, TableError, near_miss
from customerbase.sources.mapping import Source, load_source
from customerbase.stage.intake.judgement import Judgement
from customerbase.stage.intake.landing import Landing
from customerbase.stage.intake.workspace import Workspace
from customerbase.tables import Check, Schema, evaluate, schemas

__all__ = ["Intake"]


class Intake:
    """Everything 01_quality needs; all reading and judging happens on creation, in `work` (scratch, see close()).

    sources: Source objects or paths of their YAML files; data: folder of the raw files; as_of: last day of the month.
    notes: sentences about files (encoding guessed, headings not used). Raises ConfigError for a mapping that cannot be,
    InputError for a file that is missing or not what it should be, RunError should a row ever be lost.
    """

    def __init__(self, db: Engine, sources: Iterable[Source | Path | str], data: Path, as_of: date, work: Path):
        self.db, self.as_of, self.work = db, as_of, Path(work)
        self.schemas: dict[str, Schema] = {name: one for name, one in schemas().items() if one.kind == "source"}
        types = {name: {c.name: c.type for c in one.columns.values()} for name, one in self.schemas.items()}
        self.sources = [one if isinstance(one, Source) else load_source(Path(one), self.schemas) for one in sources]
        space = Workspace(db, self.work)
        landing = Landing(space, self.sources, Path(data), types)
        self._parts, self.notes = landing.parts, landing.notes
        self._judgement = Judgement(space, landing.parts, self.schemas, types, as_of)
        self.fed = self._judgement.fed
        self._account()

    def tables(self) -> list[str]:
        """Names of all canonical source tables, sorted; those without data are empty."""
        return sorted(self.schemas)

    def table(self, name: str) -> duckdb.DuckDBPyRelation:
        """The accepted rows of a canonical table (none when no source feeds it). Raises TableError for other names."""
        if name not in self.schemas:
            raise TableError(f"{name!r} is no source table.{near_miss(name, self.schemas)}")
        columns = ", ".join(map(identifier, self.schemas[name].columns))
        return self.db.connection.sql(f"select {columns} from {identifier(name)}")

    @cached_property
    def files(self) -> pd.DataFrame:
        """source_files: one row per raw file; rows_read = rows_accepted + rows_quarantined."""
        return quality.source_files(self.db, sorted({part.spec.primary.table for part in self._parts}))

    @property
    def quarantine(self) -> duckdb.DuckDBPyRelation:
        """quarantine: one row per raw row, table, column and reason; block was set aside, warn was accepted."""
        return quality.quarantine(self.db)

    @cached_property
    def reasons(self) -> pd.DataFrame:
        """How many raw rows were set aside or warned about, by table, column and reason."""
        return quality.reasons(self.db)

    @property
    def quarantine_raw(self) -> duckdb.DuckDBPyRelation:
        """quarantine_raw: the raw text of every row set aside (contact data)."""
        return quality.quarantine_raw(self.db, [raw for part in self._parts for raw in part.files])

    @cached_property
    def checks(self) -> dict[str, list[Check]]:
        """Table -> results of its expectations on the rows as they came in, up to the month's end."""
        return {table: evaluate(self.db, self.schemas[table], quality.known(self.db, table)) for table in self.fed}

    @cached_property
    def results(self) -> pd.DataFrame:
        """quality_results: the checks as a table."""
        return quality.results([check for checks in self.checks.values() for check in checks])

    @cached_property
    def readiness(self) -> pd.DataFrame:
        """readiness: which record groups are there, how full, and which later stages that unlocks."""
        return quality.readiness(self.db)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """quality_scores: completeness, validity, duplication and staleness of each table that has data."""
        return quality.scores(self.db, {table: self._judgement.made(table) for table in self.fed}, self.as_of)

    @property
    def line_types(self) -> duckdb.DuckDBPyRelation:
        """line_types: lines and amounts per month and type, anonymous ones counted apart."""
        return quality.line_types(self.db)

    def close(self) -> None:
        """Remove the scratch files, which hold raw rows; the tables cannot be read after this."""
        shutil.rmtree(self.work, ignore_errors=True)

    def _account(self) -> None:
        """The identity that holds for every file, from three independent counts: reader, accepted tables, quarantine."""
        lost = self.files[self.files.rows_read != self.files.rows_accepted + self.files.rows_quarantined]
        if len(lost):
            one = lost.iloc[0]
            raise RunError(
                f"{one.file}: {one.rows_read:,} rows read, but {one.rows_accepted:,} accepted and"
                f" {one.rows_quarantined:,} set aside; expected the two to add up. Nothing was written."
            )
