"""A small sample company and its month, run once per test session and shared by the modules that look at it.

`sample_month = sample_run.sample_month` in a test module brings the fixture. What it gives is read-only, since tests of
several workers look at it at once: whoever runs or opens something there takes a copy (`copy_of`).
"""

import csv
import fcntl
import io
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
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


def copy_of(month: SampleMonth, folder: Path) -> SampleMonth:
    """The same home once more, for a test that writes."""
    shutil.copytree(month.home, folder / "home", symlinks=True, ignore=shutil.ignore_patterns(".latest-*", "scratch"))
    return SampleMonth(folder / "home")


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


# --- the same company as it was known earlier ------------------------------------------------------------------------

EVENT_COLUMNS = {
    *("予定日時", "変更日時", "受付日時", "回答日時", "投稿日時", "日時", "返金日", "開始日", "入会日", "登録日"),
    *("ordered_at", "refunded_at", "registered_at"),
}


def is_later(value: object, day: date) -> bool:
    """Whether a raw cell is plainly a later day; spoilt dates are left alone."""
    if isinstance(value, datetime):
        return value.date() > day
    try:
        return date.fromisoformat(str(value)[:10].replace("/", "-")) > day
    except ValueError:
        return False


def trim_csv(path: Path, encoding: str, day: date) -> int:
    """Cut the records of later events out of a CSV file, every other byte unchanged; returns how many."""
    text = path.read_bytes().decode(encoding, errors="surrogateescape")
    taken: list[str] = []

    def lines():
        for line in io.StringIO(text, newline=""):
            taken.append(line)
            yield line

    kept, cut, place = [], 0, None
    for row in csv.reader(lines()):
        if place is None:
            columns = (
                ["依頼日時"] if path.stem == "survey_invitations" else EVENT_COLUMNS
            )  # answers go by their own time
            place = next((i for i, name in enumerate(row) if name.lstrip("\ufeff") in columns), -1)
        later = 0 <= place < len(row) and is_later(row[place], day)
        cut += later
        kept += [] if later else taken
        taken.clear()
    path.write_bytes("".join(kept).encode(encoding, errors="surrogateescape"))
    return cut


def trim_parquet(path: Path, late_orders: set, day: date) -> int:
    table = pq.read_table(path)
    key = (
        "order_id" if path.name == "order_lines.parquet" else next(n for n in table.column_names if n in EVENT_COLUMNS)
    )
    values = table[key].to_pylist()
    keep = [value not in late_orders and not is_later(value, day) for value in values]
    if path.name == "orders.parquet":
        late_orders |= {order for order, stays in zip(table["order_id"].to_pylist(), keep, strict=True) if not stays}
    pq.write_table(table.filter(keep), path)
    return keep.count(False)


def forget_after(folder: Path, day: date) -> int:
    """Delete every event after a month's end from the raw files; returns how many records and files went.

    The workbook of survey answers stays as it is.
    """
    cut, late_orders = 0, set()
    for path in sorted(folder.glob("*/*_2*.*")):
        if path.stem[-6:] > f"{day:%Y%m}":
            path.unlink()
            cut += 1
    for name in ("orders", "order_lines", "refunds", "members", "points"):
        cut += trim_parquet(folder / "app" / f"{name}.parquet", late_orders, day)
    for path in sorted(folder.glob("*/*.csv")):
        cp932 = path.parent.name == "pos" and path.stem not in ("consents", "inquiries")
        cut += trim_csv(path, "cp932" if cp932 else "utf-8", day)
    return cut
