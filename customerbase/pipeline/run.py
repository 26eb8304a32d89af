"""A run: stages executed in the order of their data, kept under their keys, published whole or not at all."""

import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from graphlib import TopologicalSorter
from pathlib import Path

import customerbase.pipeline.kernel as kernel
import customerbase.pipeline.lock as lock
import customerbase.pipeline.publish as publish
from customerbase.errors import RunError
from customerbase.pipeline.contracts import Contract
from customerbase.pipeline.outcome import Outcome
from customerbase.pipeline.plan import Plan, keeps_ledger
from customerbase.pipeline.progress import Progress
from customerbase.tables import store

DATA_DOCS = "data_docs"


def run(
    plan: Plan, *, jobs: int = 2, force: bool = False, data_docs: bool = True, progress: Progress | None = None
) -> Path:
    """Execute a plan and publish it; returns the folder of the published report.

    A stage whose key is already there is reused (unless `force`); a plan that is already published is up to date.
    Without `data_docs` the pages of Great Expectations are left out (about ten seconds less).
    Raises RunError when another run holds the lock, or when a stage failed: then nothing is published.
    """
    progress = progress or Progress()
    with lock.held(plan.folder.parent / "lock", plan.month):
        published = store.current(plan.company.name, plan.month)
        if published and published["run_id"] == plan.run_id and not force:
            progress.say(f"{plan.company.name} {plan.month}: up to date (run {plan.run_id})")
            return publish.repair(plan)
        progress.say(f"{plan.company.name} {plan.month}: run {plan.run_id}, as of {plan.as_of}, data in {plan.data}")
        for leftover in plan.folder.glob("stages/.work-*"):
            shutil.rmtree(leftover)
        outcomes = _Execution(plan, jobs, force, progress).all(data_docs)
        failed = {name: outcome for name, outcome in outcomes.items() if outcome.failure}
        if failed:
            publish.list_months()
            raise RunError(_failure_text(plan, failed, outcomes))
        folder = publish.publish(plan, outcomes)
        progress.say(f"  published in {time.monotonic() - progress.started:.1f} s")
        return folder


class _Execution:
    """The loop that starts what is ready, side by side, and stops what depends on a failure."""

    def __init__(self, plan: Plan, jobs: int, force: bool, progress: Progress):
        self.plan, self.jobs, self.force, self.progress = plan, jobs, force, progress
        self.contracts = {contract.name: contract for contract in plan.contracts}
        self.outcomes: dict[str, Outcome] = {}

    def all(self, data_docs: bool) -> dict[str, Outcome]:
        graph = {name: self.plan.upstream(contract) for name, contract in self.contracts.items()}
        if data_docs:
            graph[DATA_DOCS] = {name for name, contract in self.contracts.items() if contract.writes}
        sorter = TopologicalSorter(graph)
        sorter.prepare()
        running: dict[Future, str] = {}
        with ThreadPoolExecutor(self.jobs) as pool:
            while sorter.is_active():
                for name in sorted(sorter.get_ready()):
                    if any(self.outcomes[up].failure for up in graph[name]):
                        self.outcomes[name] = Outcome(failure="not run: a stage it reads from failed")
                        sorter.done(name)
                    else:
                        running[pool.submit(self._one, name)] = name
                if not running:
                    continue
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    name = running.pop(future)
                    self.outcomes[name] = future.result()
                    sorter.done(name)
        return self.outcomes

    def _one(self, name: str) -> Outcome:
        started = time.monotonic()
        outcome = self._data_docs() if name == DATA_DOCS else self._stage(self.contracts[name], started)
        outcome.seconds = time.monotonic() - started
        word = "failed" if outcome.failure else "reused" if outcome.reused else "done"
        self.progress.done(name, f"{word} in {outcome.seconds:.1f} s")
        return outcome

    def _stage(self, contract: Contract, started: float) -> Outcome:
        inputs = self._inputs(contract)
        key = self.plan.key(contract, {table: digest for table, (_, digest) in inputs.items()})
        final = self.plan.folder / "stages" / f"{contract.path.stem}-{key}"
        result = final / f"{contract.name}.stage.json"
        if result.is_file() and not self.force:
            return Outcome(final, reused=True, result=json.loads(result.read_text(encoding="utf-8")))
        work = final.with_name(f".work-{final.name}")
        work.mkdir(parents=True)
        self._context(contract, work, {table: path for table, (path, _) in inputs.items()})
        try:
            kernel.execute(
                contract.path,
                work / contract.path.name,
                self.plan.parameters(contract),
                work / "context.json",
                lambda done, total: self.progress.update(contract.name, done, total, started),
            )
        except kernel.CellFailure as failure:
            return Outcome(failure=self._report_failure(contract, work, failure))
        return self._keep(contract, work, final)

    def _inputs(self, contract: Contract) -> dict[str, tuple[Path, str]]:
        """For each table the stage reads: its file and the SHA-256 of its bytes."""
        found = {}
        for outcome in list(self.outcomes.values()):  # stages side by side add to it
            for table, facts in outcome.result.get("tables", {}).items():
                found[table] = (outcome.folder / f"{table}.parquet", facts["sha256"])
        return {table: found[table] for table in contract.reads}

    def _context(self, contract: Contract, work: Path, paths: dict[str, Path]) -> None:
        content = {
            "run_id": self.plan.run_id,
            "data": str(self.plan.data),
            "folder": str(work),
            "tables": {table: str(path) for table, path in paths.items()},
        }
        if contract.previous:
            memory = self.plan.memory
            before = memory.previous[contract.name]
            content["previous"] = {
                "month": before.month,
                "tables": {table: str(path) for table, path in before.paths.items()},
            }
            content |= {"decisions": memory.decisions, "model": memory.model}
            content["key_file"] = str(memory.key_file)  # the key itself stays there
        if keeps_ledger(contract):
            content |= {"ledger": self.plan.memory.ledger, "ledger_runs": self.plan.memory.ledger_runs}
        store.replace(work / "context.json", json.dumps(content, indent=1))

    def _keep(self, contract: Contract, work: Path, final: Path) -> Outcome:
        result_file = work / f"{contract.name}.stage.json"
        if not result_file.is_file():
            store.replace(
                result_file, json.dumps({"stage": contract.name, "tables": {}, "incoming": {}, "records": {}})
            )
        result = json.loads(result_file.read_text(encoding="utf-8"))
        missing = sorted(set(contract.writes) - result["tables"].keys())
        if missing:
            return Outcome(failure=f"{contract.path.name} declares writes={missing}, but did not write them")
        for scrap in (work / ".intake", work / ".spill"):
            shutil.rmtree(scrap, ignore_errors=True)
        for note in ("context.json", "kernel.log"):
            (work / note).unlink(missing_ok=True)
        if final.exists():  # --force: the old result gives way to the new one
            shutil.rmtree(final)
        os.replace(work, final)
        store.sync(final.parent)
        return Outcome(final, result=result)

    def _report_failure(self, contract: Contract, work: Path, failure: kernel.CellFailure) -> str:
        kept = store.report_folder(self.plan.company.name, self.plan.month) / "failed" / contract.path.name
        kept.parent.mkdir(parents=True, exist_ok=True)
        if (work / contract.path.name).is_file():
            shutil.copyfile(work / contract.path.name, kept)
        source = "\n".join(f"    | {line}" for line in failure.source.strip().splitlines()[:15])
        return (
            f"{contract.path.name}, code cell {failure.cell}:\n{source}\n    {failure}\n"
            f"    open it: make lab NOTEBOOK={os.path.relpath(kept)}"
        )

    def _data_docs(self) -> Outcome:
        """Great Expectations' own pages of this run's checks, rendered in a process of their own."""
        checks = {}
        for outcome in list(self.outcomes.values()):  # stages side by side add to it
            checks |= {f"{table} (as received)": rows for table, rows in outcome.result.get("incoming", {}).items()}
            checks |= {table: facts["checks"] for table, facts in outcome.result.get("tables", {}).items()}
        text = json.dumps(
            {
                "run_name": f"{self.plan.company.name} {self.plan.month}",
                "as_of": str(self.plan.as_of),
                "checks": checks,
            },
            sort_keys=True,
            ensure_ascii=False,
        )
        final = self.plan.folder / "stages" / f"{DATA_DOCS}-{publish.digest(text)}"
        if final.is_dir() and not self.force:
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


def _failure_text(plan: Plan, failed: dict[str, Outcome], outcomes: dict[str, Outcome]) -> str:
    count = f"{len(failed)} of {len(outcomes)} stages did not finish"
    lines = [f"{plan.company.name} {plan.month}: {count}; nothing was published."]
    lines += [f"  {name}: {outcome.failure}" for name, outcome in sorted(failed.items())]
    lines.append("  What finished is kept: the next start goes on from there.")
    return "\n".join(lines)
