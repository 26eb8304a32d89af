"""A pointer that was lost is set again: the runs are still there, and a history must not begin anew for want of it."""

import json
from pathlib import Path

from customerbase.errors import TableError
from customerbase.tables import store


def mend(pipeline: str) -> list[str]:
    """Set current.json again in months that hold whole runs but no readable pointer; returns what was done, in words.

    The run that people's `latest` points to counts, else the one that was finished last. A run is whole when its
    tables and its reports both stand under their final names; a month that was never published has none.
    """
    said = []
    for folder in sorted((store.home() / "data" / "runs" / pipeline).glob("[0-9]*-[0-9]*")):
        if _reads(folder / "current.json"):
            continue
        reports = store.report_folder(pipeline, folder.name)
        runs = store.versions(pipeline, folder.name)
        whole = {run.name: run for run in runs if (reports / run.name / "manifest.json").is_file()}
        if not whole:
            continue
        latest = reports / "latest"
        name = latest.readlink().name if latest.is_symlink() else ""
        if name not in whole:
            name = max(whole, key=lambda one: (_finished(whole[one]), one))
        store.replace(folder / "current.json", json.dumps({"run_id": name.partition("-")[0], "folder": name}))
        said.append(f"{pipeline} {folder.name}: the pointer to the published run was lost; it points to {name} again")
    return said


def _reads(pointer: Path) -> bool:
    try:
        folder = json.loads(pointer.read_text(encoding="utf-8"))["folder"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return (pointer.parent / str(folder) / "manifest.json").is_file()  # what it says is the reader's to judge


def _finished(run: Path) -> str:
    try:
        return store.manifest(run)["finished_at"]
    except (TableError, KeyError):
        return ""
