"""Rebuild a published month in a separate place and compare it, table by table."""

import os
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import customerbase.tables.previous as previous
from customerbase.errors import RunError
from customerbase.pipeline.plan import Plan, code_hash
from customerbase.pipeline.progress import Progress
from customerbase.pipeline.publish import remembered
from customerbase.pipeline.run import run
from customerbase.tables import store

CAUSES = {
    "decisions": "the decisions of people (pipelines/decisions/) changed",
    "model": "the model of this pipeline (pipelines/models/) changed",
    "ledger": "the ledger of actions (pipelines/ledger/) changed",
    "id_key": "the key of the ids is another one",
}


def verify(plan: Plan, say: Callable[[str], None] = print) -> bool:
    """Whether the published month is what its inputs give: every table's bytes on disk, rebuilt and recorded.

    Rebuilt from today's inputs and, where they still exist, from the very tables of the month before that were used.
    Says what differs (inputs, code, the month before, a table changed on disk, a table that rebuilds otherwise).
    Raises RunError when the month is not published.
    """
    published = store.current(plan.company.name, plan.month)
    if published is None:
        raise RunError(f"{plan.company.name} {plan.month} is not published; run `make report` first.")
    differences = [*_changed_causes(plan, published), *_tampered(plan, published)]
    rebuilt = _rebuild(_with_what_was_used(plan, published))
    for table, facts in published["tables"].items():
        found = rebuilt["tables"].get(table)
        if found != facts:
            differences.append(f"table {table}: published {_short(facts)}, rebuilt {_short(found)}")
    for stage, records in published["records"].items():
        for name, value in records.items():
            found = rebuilt["records"].get(stage, {}).get(name)
            if found != value:
                differences.append(f"number {stage}.{name}: published {value}, rebuilt {found}")
    for line in differences:
        say(f"  differs: {line}")
    count = len(published["tables"])
    say(
        f"{plan.company.name} {plan.month}: "
        + (f"{len(differences)} differences" if differences else f"all {count} tables equal")
    )
    return not differences


def _changed_causes(plan: Plan, published: dict) -> list[str]:
    names = sorted(published["inputs"].keys() | plan.inputs.keys())
    found = [f"input {name} changed" for name in names if published["inputs"].get(name) != plan.inputs.get(name)]
    if published["code"]["sha256"] != code_hash():
        found.append("the code of the package changed since the month was published")
    return found + _changed_memory(plan, published)


def _changed_memory(plan: Plan, published: dict) -> list[str]:
    found = []
    for stage, then in published.get("previous", {}).items():
        now = plan.memory.previous.get(stage, previous.Previous())
        if now.content != {"month": then["month"], "tables": then["tables"]}:
            gone = "" if previous.recall(plan.company.name, then) else "; what was used is gone, rebuilt with this one"
            found.append(f"the month before {stage} changed: built on {_run(then)}, now {_run(now.stated)}{gone}")
    now = remembered(plan.memory)
    return found + [words for name, words in CAUSES.items() if published.get(name) != now[name]]


def _run(stated: dict) -> str:
    return f"{stated['month']} (run {stated['run_id']})" if stated["month"] else "none"


def _with_what_was_used(plan: Plan, published: dict) -> Plan:
    then = {stage: previous.recall(plan.company.name, told) for stage, told in published.get("previous", {}).items()}
    used = {stage: then.get(stage) or now for stage, now in plan.memory.previous.items()}
    return replace(plan, memory=replace(plan.memory, previous=used))


def _tampered(plan: Plan, published: dict) -> list[str]:
    paths = store.published_tables(plan.company.name, plan.month)
    return [
        f"table {name}: the file on disk is not the one that was published"
        for name, facts in published["tables"].items()
        if not paths[name].is_file() or store.sha256(paths[name]) != facts["sha256"]
    ]


def _rebuild(plan: Plan) -> dict:
    before = os.environ.get("CUSTOMERBASE_HOME")
    with tempfile.TemporaryDirectory(prefix="customerbase-verify-") as folder:
        if (store.home() / "pipelines").is_dir():
            (Path(folder) / "pipelines").symlink_to(store.home() / "pipelines")
        os.environ["CUSTOMERBASE_HOME"] = str(Path(folder).resolve())
        try:
            run(plan, data_docs=False, progress=Progress())
            return store.current(plan.company.name, plan.month)
        finally:
            os.environ.pop("CUSTOMERBASE_HOME")
            if before is not None:
                os.environ["CUSTOMERBASE_HOME"] = before


def _short(facts: dict | None) -> str:
    return f"{facts['rows']:,} rows, {facts['sha256'][:12]}" if facts else "nothing"
