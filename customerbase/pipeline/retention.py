"""What is kept, and what may go: versions of a month beyond the newest, and what stages left that no kept run names."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import customerbase.pipeline.lock as lock
from customerbase.errors import InputError
from customerbase.pipeline.plan import read_ledger
from customerbase.tables import store

KEEP = 3  # versions of a month
GONE = ".gone-"  # before the name of what is being removed: a reader sees it whole or not at all


@dataclass(frozen=True)
class Removable:
    """A folder that may go, what it is, and the bytes that go with it (files that no other name holds)."""

    path: Path
    what: str
    size: int


def removable(pipeline: str, keep: int = KEEP) -> list[Removable]:
    """What may go of a pipeline, oldest month first.

    Kept are: the published run of every month and its newest `keep` versions in all; a run that the ledger of actions
    names; a run whose tables a kept run was built on; what stages left that a kept run names, and all of it in a month
    that is not published yet, since the next start goes on from there.
    """
    folder = store.home() / "data" / "runs" / pipeline
    months = sorted(path for path in folder.glob("[0-9]*-[0-9]*") if path.is_dir())
    runs = {
        month.name: {run.name: store.manifest(run) for run in store.versions(pipeline, month.name)} for month in months
    }
    named = _of_ledger(pipeline)
    kept = {month: _kept(pipeline, month, found, keep, named) for month, found in runs.items()}
    for month, before in _built_on(runs, kept):
        kept.setdefault(month, set()).update(before)
    gone = []
    for month in months:
        reports = store.report_folder(pipeline, month.name)
        for name in sorted(runs[month.name].keys() - kept[month.name]):
            gone += [_removable(month / name, "version"), _removable(reports / name, "reports of a version")]
        if store.pointed(pipeline, month.name):
            used = {one["folder"] for name in kept[month.name] for one in runs[month.name][name]["stages"].values()}
            left = sorted(path for path in month.glob("stages/*") if path.name not in used)
            gone += [_removable(path, "stage") for path in left]
        for place in (month, reports):  # of a removal that was killed
            gone += [_removable(path, "rest of a removal") for path in sorted(place.glob(f"{GONE}*"))]
    return [one for one in gone if one.path.exists()]


def prune(pipeline: str, keep: int = KEEP) -> list[Removable]:
    """Remove what may go; returns it. Raises BusyError while a run is under way."""
    with lock.held(store.home() / "data" / "runs" / pipeline / "lock", "prune"):
        found = removable(pipeline, keep)
        for one in found:
            trash = one.path.with_name(GONE + one.path.name.removeprefix(GONE))
            os.replace(one.path, trash)
            shutil.rmtree(trash)
    return found


def _kept(pipeline: str, month: str, runs: dict[str, dict], keep: int, named: set[str]) -> set[str]:
    newest, one = [], store.pointed(pipeline, month)
    while one in runs and one not in newest:  # each names the version before it, whatever the clock said
        newest.append(one)
        one = runs[one].get("restates")
    others = runs.keys() - set(newest)
    newest += sorted(others, key=lambda name: (runs[name]["finished_at"], name), reverse=True)
    return {*newest[:keep]} | {name for name in runs if runs[name]["run_id"] in named}


def _of_ledger(pipeline: str) -> set[str]:
    try:
        return set(read_ledger(pipeline)[1])
    except InputError:  # one that cannot be read may name any run
        return set(store.kept_runs(pipeline))


def _built_on(runs: dict[str, dict[str, dict]], kept: dict[str, set[str]]) -> list[tuple[str, set[str]]]:
    """Runs that hold the very tables on which kept runs were built; of several with the same tables any one will do."""
    found = []
    for month, names in kept.items():
        for name in sorted(names):
            for then in runs[month][name].get("previous", {}).values():
                if not then["month"] or not then["tables"]:
                    continue
                holders = [
                    one
                    for one, about in sorted(runs.get(then["month"], {}).items())
                    if all(about["tables"].get(t, {}).get("sha256") == s for t, s in then["tables"].items())
                ]
                if holders and not set(holders) & kept[then["month"]]:
                    found.append((then["month"], {holders[0]}))
    return found


def _removable(path: Path, what: str) -> Removable:
    files = [one.stat() for one in path.rglob("*") if one.is_file() and not one.is_symlink()]
    return Removable(path, what, sum(one.st_size for one in files if one.st_nlink == 1))
