"""A small sample company and its month, run once per test session and shared by the modules that look at it.

`from sample_run import sample_month  # noqa: F401` brings the fixture; mark the tests with
`@pytest.mark.xdist_group("sample_month")`, so that one worker has them all. Treat what it gives as read-only.
"""

import fcntl
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import duckdb
import pytest

from customerbase import pipeline, sample
from customerbase.pipeline.progress import Progress
from customerbase.tables import store

PEOPLE, MONTHS, SEED = 700, 24, 1
PIPELINE, MONTH, FIRST_DAY, AS_OF = "sample", "2026-10", "2026-10-01", "2026-10-31"
LOG = "run.log"


@contextmanager
def at_home(home: Path) -> Iterator[None]:
    """Everything inside reads and publishes below `home`."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CUSTOMERBASE_HOME", str(home))
        patch.delenv("CUSTOMERBASE_CONTEXT", raising=False)
        yield


def run_month(home: Path, month: str = MONTH, **options) -> str:
    """Run the sample pipeline below `home` by the public API; returns everything it said on either stream."""
    said = io.StringIO()
    data = options.pop("data", None)
    with at_home(home), redirect_stdout(said), redirect_stderr(said):
        plan = pipeline.make_plan(PIPELINE, month, data=data)
        said.write(f"{pipeline.run(plan, progress=Progress(said), **options)}\n")
    return said.getvalue()


def published(home: Path, month: str = MONTH) -> dict[str, Path]:
    """Paths of the published tables of a month below `home`."""
    with at_home(home):
        return store.published_tables(PIPELINE, month)


@dataclass(frozen=True)
class SampleMonth:
    """The run's home, the raw files, the truth about them, and what the run left."""

    home: Path

    @property
    def data(self) -> Path:
        return self.home / "data" / "sample"

    @property
    def truth(self) -> Path:
        return sample.truth_folder(self.data)

    @property
    def report(self) -> Path:
        return (self.home / "reports" / PIPELINE / MONTH / "latest").resolve()

    @property
    def log(self) -> str:
        return (self.home / LOG).read_text(encoding="utf-8")

    @cached_property
    def tables(self) -> dict[str, Path]:
        return published(self.home)

    @cached_property
    def manifest(self) -> dict:
        with at_home(self.home):
            return store.current(PIPELINE, MONTH)

    @cached_property
    def db(self) -> duckdb.DuckDBPyConnection:
        """One view per published table, and one per table of the truth (truth_…)."""
        connection = duckdb.connect()
        for name, path in self.tables.items():
            connection.execute(f"create view {name} as from read_parquet('{path}')")
        for path in sorted(self.truth.glob("*.parquet")):
            connection.execute(f"create view truth_{path.stem} as from read_parquet('{path}')")
        return connection

    def rows(self, query: str) -> list[tuple]:
        return self.db.execute(query).fetchall()

    def one(self, query: str):
        """The single value of a query."""
        [(value,)] = self.rows(query)
        return value


@pytest.fixture(scope="session")
def sample_month(tmp_path_factory) -> SampleMonth:
    """The month of the sample company; whichever worker comes first runs it, the others wait and read."""
    base = tmp_path_factory.getbasetemp()
    if os.environ.get("PYTEST_XDIST_WORKER"):
        base = base.parent
    home = base / "sample_month"
    with (base / "sample_month.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (home / LOG).is_file():
            shutil.rmtree(home, ignore_errors=True)
            sample.generate(PEOPLE, seed=SEED, months=MONTHS, out=home / "data" / "sample")
            store.replace(home / LOG, run_month(home))
    return SampleMonth(home)
