"""One stage done in a kernel of its own, or taken over under its key when that is whole."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import customerbase.pipeline.kernel as kernel
from customerbase.pipeline.contracts import Contract
from customerbase.pipeline.guard import DIED, KernelDied
from customerbase.pipeline.outcome import How, Outcome
from customerbase.pipeline.plan import Plan, digest, keeps_ledger
from customerbase.pipeline.progress import Progress
from customerbase.tables import schema, store

DATA_DOCS = "data_docs"
USAGE = "usage.json"  # seconds and memory of a stage: beside its result, never in it
ATTEMPTS = 2  # a kernel that dies by itself is tried once more; a page that fails, or goes beyond its limits, is not


def perform(plan: Plan, contract: Contract, outcomes: Mapping[str, Outcome], how: How, progress: Progress) -> Outcome:
    """Execute one page, or reuse its result. outcomes: of the stages it reads from."""
    started = time.monotonic()
    inputs = inputs_of(contract, outcomes)
    final = stage_folder(plan, contract, inputs)
    if not how.force and (kept := whole(final, contract, progress)):
        return kept
    work = final.with_name(f".work-{final.name}")
    paths = {table: path for table, (path, _) in inputs.items()}
    for attempt in range(1, ATTEMPTS + 1):
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        _context(plan, contract, work, paths)
        try:
            peak = kernel.execute(
                contract.path,
                work / contract.path.name,
                plan.parameters(contract),
                work / "context.json",
                lambda done, total: progress.update(contract.name, done, total, started),
                how.limits,
            )
        except kernel.CellFailure as failure:
            return Outcome(failure=_report_failure(plan, contract, work, failure))
        except KernelDied as death:
            if death.reason != DIED or attempt == ATTEMPTS:
                return Outcome(failure=f"{contract.path.name}: {death}", peak_mib=death.peak_mib)
            progress.retried(contract.name, str(death))
        else:
            return _keep(contract, work, final, time.monotonic() - started, peak)
    raise AssertionError("unreachable")


def stage_folder(plan: Plan, contract: Contract, inputs: Mapping[str, tuple[Path, str]]) -> Path:
    """Where the result of a stage stands: under the key of all it depends on."""
    key = plan.key(contract, {table: sha256 for table, (_, sha256) in inputs.items()})
    return plan.folder / "stages" / f"{contract.path.stem}-{key}"


def whole(final: Path, contract: Contract, progress: Progress | None = None) -> Outcome | None:
    """The kept result of a stage when every file is the one that was written; None otherwise, and progress says why."""
    result = final / f"{contract.name}.stage.json"
    if not result.is_file():
        return None
    told = json.loads(result.read_text(encoding="utf-8"))
    for table, facts in told.get("tables", {}).items():
        path = final / f"{table}.parquet"
        if not path.is_file() or store.sha256(path) != facts["sha256"]:
            if progress:
                progress.say(f"  {contract.name}: table {table!r} on disk is not the one that was written; made again")
            return None
    usage = _usage(final)
    return Outcome(final, reused=True, peak_mib=usage.get("peak_mib", 0.0), result=told)


def _usage(final: Path) -> dict:
    try:
        return json.loads((final / USAGE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def inputs_of(contract: Contract, outcomes: Mapping[str, Outcome]) -> dict[str, tuple[Path, str]]:
    """For each table the stage reads: its file and the SHA-256 of its bytes."""
    found = {}
    for outcome in list(outcomes.values()):  # stages side by side add to it
        for table, facts in outcome.result.get("tables", {}).items():
            found[table] = (outcome.folder / f"{table}.parquet", facts["sha256"])
    return {table: found[table] for table in contract.reads}


def _context(plan: Plan, contract: Contract, work: Path, paths: dict[str, Path]) -> None:
    content = {
        "run_id": plan.run_id,
        "data": str(plan.data),
        "folder": str(work),
        "tables": {table: str(path) for table, path in paths.items()},
    }
    if contract.previous:
        memory = plan.memory
        before = memory.previous[contract.name]
        content["previous"] = {
            "month": before.month,
            "tables": {table: str(path) for table, path in before.paths.items()},
        }
        content |= {"decisions": memory.decisions, "model": memory.model}
        content["key_file"] = str(memory.key_file)  # the key itself stays there
    if keeps_ledger(contract):
        content |= {"ledger": plan.memory.ledger, "ledger_runs": plan.memory.ledger_runs}
    store.replace(work / "context.json", json.dumps(content, indent=1))


def _keep(contract: Contract, work: Path, final: Path, seconds: float, peak_mib: float) -> Outcome:
    result_file = work / f"{contract.name}.stage.json"
    if not result_file.is_file():
        store.replace(result_file, json.dumps({"stage": contract.name, "tables": {}, "incoming": {}, "records": {}}))
    result = json.loads(result_file.read_text(encoding="utf-8"))
    missing = sorted(set(contract.writes) - result["tables"].keys())
    if missing:
        return Outcome(failure=f"{contract.path.name} declares writes={missing}, but did not write them")
    for scrap in (work / ".intake", work / ".spill"):
        shutil.rmtree(scrap, ignore_errors=True)
    for note in ("context.json", "kernel.log"):
        (work / note).unlink(missing_ok=True)
    store.replace(work / USAGE, json.dumps({"seconds": round(seconds, 2), "peak_mib": round(peak_mib)}))
    if final.exists():  # --force, or a damaged one: the old result gives way to the new one
        shutil.rmtree(final)
    os.replace(work, final)
    store.sync(final.parent)
    return Outcome(final, result=result, peak_mib=peak_mib)


def _report_failure(plan: Plan, contract: Contract, work: Path, failure: kernel.CellFailure) -> str:
    kept = store.report_folder(plan.company.name, plan.month) / "failed" / contract.path.name
    kept.parent.mkdir(parents=True, exist_ok=True)
    if (work / contract.path.name).is_file():
        shutil.copyfile(work / contract.path.name, kept)
    source = "\n".join(f"    | {line}" for line in failure.source.strip().splitlines()[:15])
    return (
        f"{contract.path.name}, code cell {failure.cell}:\n{source}\n    {failure}\n"
        f"    open it: make lab NOTEBOOK={os.path.relpath(kept)}"
    )


def checked(contract: Contract) -> bool:
    """Whether a stage writes tables whose checks Great Expectations shows: any that are not views."""
    return any(schema(table).kind != "view" for table in contract.writes)


def data_docs(plan: Plan, outcomes: Mapping[str, Outcome], how: How) -> Outcome:
    """Great Expectations' own pages of this run's checks, rendered in a process of their own.

    Without those of views, so that nobody waits for the letter: the two take the longest of all.
    """
    checks = {}
    for outcome in [outcomes[contract.name] for contract in plan.contracts if checked(contract)]:
        checks |= {f"{table} (as received)": rows for table, rows in outcome.result.get("incoming", {}).items()}
        checks |= {table: facts["checks"] for table, facts in outcome.result.get("tables", {}).items()}
    text = json.dumps(
        {"run_name": f"{plan.company.name} {plan.month}", "as_of": str(plan.as_of), "checks": checks},
        sort_keys=True,
        ensure_ascii=False,
    )
    final = plan.folder / "stages" / f"{DATA_DOCS}-{digest(text)}"
    if final.is_dir() and not how.force:
        return Outcome(final, reused=True)
    work = final.with_name(f".work-{final.name}")
    store.replace(work / "checks.json", text)
    command = [
        sys.executable,
        "-m",
        "customerbase.tables.gx",
        str(work / "checks.json"),
        str(work / "published" / DATA_DOCS),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return Outcome(failure=f"Great Expectations' data docs: {done.stderr.strip().splitlines()[-1:]}")
    shutil.rmtree(final, ignore_errors=True)
    os.replace(work, final)
    return Outcome(final)
