"""The folder of an audience: the published months with the audience's tables and not one table more.

<home>/data/serving/<pipeline>-<audience>-<random>/
    lock                                           held while the server runs; what nobody holds is swept away
    home/data/runs/<pipeline>/<month>/<run>/       tables (hard links) and a manifest with what a page needs
    home/data/runs/<pipeline>/<month>/current.json the pointer, replaced last
    own/                                           settings and caches of the kernels, instead of the user's

For the server `home/` is $CUSTOMERBASE_HOME: pages read it through customerbase.tables.store like any other.
"""

import fcntl
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from customerbase.serving.audiences import Audience
from customerbase.tables import store

SHOWN = (
    "run_id",
    "pipeline",
    "month",
    "as_of",
    "finished_at",
    "settings",
    "goals",
    "segments",
)  # of a manifest; not its records


@contextmanager
def opened(pipeline: str, audience: Audience) -> Iterator[Path]:
    """A private folder (mode 700) for one server, filled; removed afterwards."""
    place = store.home() / "data" / "serving"
    place.mkdir(parents=True, exist_ok=True)
    sweep(place)
    folder = Path(tempfile.mkdtemp(dir=place, prefix=f"{pipeline}-{audience.name}-"))
    try:
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (folder / "own").mkdir()
            refresh(pipeline, audience, folder / "home")
            yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def sweep(place: Path) -> None:
    """Remove the folders of servers that were killed."""
    for lock in place.glob("*/lock"):
        with lock.open("w") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(lock.parent, ignore_errors=True)


def refresh(pipeline: str, audience: Audience, home: Path) -> bool:
    """Bring `home` to what is published now, each month whole or not at all; True when something changed.

    The run that was shown until now stays until the next change: a page may be reading it.
    """
    runs, changed = home / "data" / "runs" / pipeline, False
    months = store.published_months(pipeline)
    for month in months:
        run, shown = store.published_run(pipeline, month), _pointed(runs / month)
        if run is not None and run.name != shown:
            _show(run, audience, runs / month, shown)
            changed = True
    for gone in (path for path in runs.glob("*") if path.name not in months):
        (gone / "current.json").unlink(missing_ok=True)
        shutil.rmtree(gone, ignore_errors=True)
        changed = True
    return changed


def stamp(home: Path, pipeline: str) -> str:
    """What is shown now, as one text: two stamps are equal as long as no month was published or taken back."""
    runs = home / "data" / "runs" / pipeline
    return " ".join(f"{month.name}:{_pointed(month)}" for month in sorted(runs.glob("*")))


def _pointed(month: Path) -> str | None:
    try:
        return json.loads((month / "current.json").read_text(encoding="utf-8"))["folder"]
    except FileNotFoundError:
        return None


def _show(run: Path, audience: Audience, month: Path, shown: str | None) -> None:
    about = store.manifest(run)
    tables = [table for table in audience.tables if table in about["tables"]]
    work = month / f".work-{run.name}"
    shutil.rmtree(work, ignore_errors=True)
    store.link([run / "tables" / f"{table}.parquet" for table in tables], work / "tables")
    mine = {key: about[key] for key in SHOWN if key in about}
    mine["tables"] = {table: about["tables"][table] for table in tables}
    store.replace(work / "manifest.json", json.dumps(mine, ensure_ascii=False))
    shutil.rmtree(month / run.name, ignore_errors=True)
    os.replace(work, month / run.name)
    store.replace(month / "current.json", json.dumps({"run_id": mine["run_id"], "folder": run.name}))
    for old in month.glob("*/"):
        if old.is_dir() and old.name not in (run.name, shown):
            shutil.rmtree(old, ignore_errors=True)
