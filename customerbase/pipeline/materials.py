"""What a published month is rebuilt from: the archived files, and where one is gone, what stands in for it."""

from dataclasses import dataclass, field
from pathlib import Path

import customerbase.pipeline.archive as archive
import customerbase.tables.previous as before
from customerbase.stage import company
from customerbase.tables import store

FOLDER = "pipelines/"


@dataclass
class Materials:
    """Files by their path below the data folder or the home, tables of the month before by stage, and what is said of them.

    damaged: what is not what was archived, or is nowhere. replaced: where other bytes than those of then are used.
    """

    inputs: dict[str, Path] = field(default_factory=dict)
    configuration: dict[str, Path] = field(default_factory=dict)
    previous: dict[str, before.Previous] = field(default_factory=dict)
    damaged: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def find(published: dict, data: Path | None) -> Materials:
    """The files that a published run was made from: the archive's, else today's with the same bytes, else today's.

    data: where the raw files stand today; None when that is not known.
    """
    found = Materials()
    for name, facts in published["inputs"].items():
        path = _choose(found, f"raw file {name}", facts["sha256"], data / name if data else None)
        if path:
            found.inputs[name] = path
    for name, digest in _configuration(published, found).items():
        path = _choose(found, name, digest, company.find_file(name.removeprefix(FOLDER)))
        if path:
            found.configuration[name] = path
    for stage, told in published.get("previous", {}).items():
        found.previous[stage] = _before(found, published, stage, told)
    if published.get("archive") == "off":
        found.notes.append("raw files were not archived (archive: inputs: off); today's were used")
    return found


def _configuration(published: dict, found: Materials) -> dict[str, str]:
    """Path below the home -> SHA-256; of a run that did not archive, today's files stand for those of then."""
    if "configuration" in published:
        return published["configuration"]
    found.notes.append("published before inputs were archived; today's files were used. --force publishes it with them")
    texts = company.configuration(company.load(published["pipeline"]), remembered=("decisions", "models", "ledger"))
    paths = {name: company.find_file(name.removeprefix(FOLDER)) for name in texts}
    return {name: store.sha256(path) for name, path in paths.items() if path}


def _choose(found: Materials, name: str, digest: str, today: Path | None) -> Path | None:
    archived = archive.place(digest)
    there = archived.is_file()
    if there and store.sha256(archived) == digest:
        return archived
    if there:
        found.damaged.append(f"archive: {name} is not what was archived (edited in place?)")
    if today is None or not today.is_file():
        found.damaged.append(f"{name} is gone, from the archive and from where it was read")
        return None
    if store.sha256(today) != digest:
        found.replaced.append(f"{name} of then is not in the archive, and today's is another one: it was used")
    return today


def _before(found: Materials, published: dict, stage: str, told: dict) -> before.Previous:
    if told["month"] is None:
        return before.Previous()
    places = {table: archive.place(digest) for table, digest in told["tables"].items()}
    kept = before.Previous(told["month"], told["run_id"], places, told["tables"])
    found.damaged += [
        f"archive: table {table} of {told['month']} is not what was archived"
        for table in kept.damaged
        if places[table].is_file()
    ]
    then = kept if not kept.damaged else before.recall(published["pipeline"], told)
    if then is None:
        then = before.find(published["pipeline"], published["month"], told["tables"])
        found.replaced.append(
            f"the tables of {told['month']} (run {told['run_id']}) that {stage} was built on are gone:"
            f" rebuilt with {run_of(then.stated)}"
        )
    return then


def run_of(stated: dict) -> str:
    """The month before, in words."""
    return f"{stated['month']} (run {stated['run_id']})" if stated["month"] else "none"
