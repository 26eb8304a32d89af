"""The loop that starts what is ready, side by side as far as memory allows, and stops what depends on a failure."""

import time
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from graphlib import TopologicalSorter

from customerbase.errors import ConfigError, TableError, near_miss
from customerbase.pipeline.contracts import Contract
from customerbase.pipeline.journal import Journal
from customerbase.pipeline.outcome import How, Outcome
from customerbase.pipeline.plan import Plan
from customerbase.pipeline.progress import Progress
from customerbase.pipeline.stages import DATA_DOCS, checked, data_docs, perform
from customerbase.tables import store

AHEAD = "next month's "  # before the name of a stage that is done for the month that follows
UNKNOWN = 1024.0  # MiB that a stage is taken to hold when no run has told yet


class Execution:
    """Executes the stages of a plan.

    ahead: the next month's plan in a row of months: its stages that look back at nothing are done in the gaps, and kept
    under their keys until that month's own run takes them over.
    """

    def __init__(self, plan: Plan, how: How, progress: Progress, journal: Journal, ahead: Plan | None = None):
        self.plan, self.how, self.progress, self.journal, self.ahead = plan, how, progress, journal, ahead
        self.contracts = {contract.name: contract for contract in plan.contracts}
        self.outcomes: dict[str, Outcome] = {}
        self.later: dict[str, Outcome] = {}  # of the next month
        self.last = last_stages(plan.company.name)

    def all(self) -> dict[str, Outcome]:
        """What became of every stage of the plan, by name."""
        graph = self._graph()
        sorter = TopologicalSorter(graph)
        sorter.prepare()
        ready: list[str] = []
        running: dict[Future, str] = {}
        with ThreadPoolExecutor(self.how.jobs) as pool:
            while sorter.is_active():
                ready = sorted([*ready, *sorter.get_ready()], key=lambda name: (name.startswith(AHEAD), name))
                for name in [one for one in ready if self._hopeless(one, graph[one])]:
                    ready.remove(name)
                    sorter.done(name)
                while (name := self._next(ready, running.values())) is not None:
                    ready.remove(name)
                    running[pool.submit(self._one, name)] = name
                for future in wait(running, return_when=FIRST_COMPLETED).done if running else ():
                    name = running.pop(future)
                    future.result()
                    sorter.done(name)
        return self.outcomes

    def _graph(self) -> dict[str, set[str]]:
        graph = {name: self.plan.upstream(contract) for name, contract in self.contracts.items()}
        if self.how.data_docs:
            graph[DATA_DOCS] = {name for name, contract in self.contracts.items() if checked(contract)}
        if self.ahead:
            for contract in without_a_look_back(self.ahead):
                graph[AHEAD + contract.name] = {AHEAD + up for up in self.ahead.upstream(contract)}
        return graph

    def _hopeless(self, name: str, upstream: set[str]) -> bool:
        """Whether a stage need not start, for a failure; noted where it belongs to the plan."""
        if name.startswith(AHEAD):
            return any(outcome.failure for outcome in (*self.outcomes.values(), *self.later.values()))
        if any(self.outcomes[up].failure for up in upstream):
            self.outcomes[name] = Outcome(failure="not run: a stage it reads from failed")
            return True
        return False

    def _next(self, ready: list[str], running) -> str | None:
        """The first ready stage that has a place, and room in memory beside those that run."""
        if len(running) >= self.how.jobs:
            return None
        held = sum(map(self._expected, running))
        room = (self.how.memory_mib or float("inf")) - held
        return next((name for name in ready if not running or self._expected(name) <= room), None)

    def _expected(self, name: str) -> float:
        return self.last.get(name.removeprefix(AHEAD), {}).get("peak_mib") or UNKNOWN

    def _one(self, name: str) -> None:
        started = time.monotonic()
        self.journal.write("stage_started", stage=name)
        try:
            outcome = self._performed(name)
        except OSError as error:  # of the runner's own files: the disk is full, or may not be written
            outcome = Outcome(failure=f"{error.strerror}: {error.filename or self.plan.folder}")
        outcome.seconds = time.monotonic() - started
        (self.later if name.startswith(AHEAD) else self.outcomes)[name.removeprefix(AHEAD)] = outcome
        word = "failed" if outcome.failure else "reused" if outcome.reused else "done"
        told = {"seconds": round(outcome.seconds, 2), "peak_mib": round(outcome.peak_mib)}
        self.journal.write(
            f"stage_{word}", stage=name, **told, **({"cause": outcome.failure} if outcome.failure else {})
        )
        self.progress.done(name, f"{word} in {outcome.seconds:.1f} s")

    def _performed(self, name: str) -> Outcome:
        if name == DATA_DOCS:
            return data_docs(self.plan, self.outcomes, self.how)
        if name.startswith(AHEAD):
            contract = next(one for one in self.ahead.contracts if AHEAD + one.name == name)
            return perform(self.ahead, contract, self.later, self.how, self.progress)
        return perform(self.plan, self.contracts[name], self.outcomes, self.how, self.progress)


def without_a_look_back(plan: Plan) -> list[Contract]:
    """The stages of a plan that write tables and, like all they read from, take nothing from the month before."""
    found: dict[str, Contract] = {}
    for contract in plan.contracts:
        if contract.writes and not contract.previous and plan.upstream(contract) <= found.keys():
            found[contract.name] = contract
    return list(found.values())


def last_stages(pipeline: str) -> Mapping[str, dict]:
    """What the manifest of the newest published month that can be read tells of its stages: seconds, memory."""
    for month in reversed(store.published_months(pipeline)):
        with suppress(TableError):
            return store.current(pipeline, month).get("stages", {})
    return {}


def part_until(plan: Plan, stage: str) -> Plan:
    """The plan of one stage and all that it reads from; the run it belongs to keeps its name.

    Raises ConfigError for a stage that the plan does not have.
    """
    by_name = {contract.name: contract for contract in plan.contracts}
    if stage not in by_name:
        raise ConfigError(f"pipeline {plan.company.name!r} has no stage {stage!r}.{near_miss(stage, by_name)}")
    wanted, unseen = set(), [stage]
    while unseen:
        if (name := unseen.pop()) not in wanted:
            wanted.add(name)
            unseen += plan.upstream(by_name[name])
    part = replace(plan, contracts=tuple(one for one in plan.contracts if one.name in wanted))
    part.__dict__["run_id"] = plan.run_id  # cached: that of the whole
    return part
