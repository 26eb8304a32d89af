"""What a run would do, without doing it: which stages are taken over, which are executed, and why."""

from collections.abc import Iterator

from customerbase.pipeline.backfill import before
from customerbase.pipeline.contracts import Contract
from customerbase.pipeline.execution import last_stages
from customerbase.pipeline.outcome import How, Outcome
from customerbase.pipeline.plan import Plan, code_hash
from customerbase.pipeline.publish import remembered
from customerbase.pipeline.run import changed_inputs
from customerbase.pipeline.stages import inputs_of, stage_folder, whole
from customerbase.tables import store

REUSED, EXECUTED, MAYBE = "reused", "executed", "executed, or reused if its tables come out as they are"


def preview(plan: Plan, how: How) -> list[str]:
    """The plan of a run in lines: the month, why it is not up to date, then each stage and what becomes of it."""
    published = store.current(plan.company.name, plan.month)
    lines = [f"{plan.company.name} {plan.month}: run {plan.run_id}, as of {plan.as_of}, data in {plan.data}"]
    if published and published["run_id"] == plan.run_id and not how.force:
        return [*lines, "  up to date: nothing to do"]
    changed = published and changed_inputs(published["inputs"], plan.inputs)
    if changed and not (how.restate or how.force):
        return [*lines, f"  stands as published; raw files changed since: {changed}. --restate would make it anew."]
    lines += [f"  because {cause}" for cause in causes(plan, published)]
    last = last_stages(plan.company.name)
    seconds = {name: one["seconds"] for name, one in last.items() if not one["reused"]}
    for contract, state in stages(plan, how):
        took = f", took {seconds[contract.name]:.0f} s the last time" if contract.name in seconds else ""
        lines.append(f"  {contract.name:<22} {state}{took}")
    return lines


def causes(plan: Plan, published: dict | None) -> list[str]:
    """Why the published month, if any, is not what the plan would make."""
    if published is None:
        last = before(plan.month)
        there = "" if store.pointed(plan.company.name, last) else f" (nor is {last}, which it would look back to)"
        return [f"the month is not published{there}"]
    found = []
    if changed := changed_inputs(published["inputs"], plan.inputs):
        found.append(f"raw files changed: {changed}")
    for name, now in plan.company.says.items():
        if (published.get(name) or {}) != now:
            found.append(f"{name} of the pipeline changed")
    if published["parameters"] != {contract.name: plan.parameters(contract) for contract in plan.contracts}:
        found.append("parameters of stages changed")
    if published["code"]["sha256"] != code_hash():
        found.append("the code of the package changed")
    now = remembered(plan.memory)
    found += [f"{name.replace('_', ' ')} changed" for name in now if published.get(name) != now[name]]
    for stage, then in published.get("previous", {}).items():
        kept = plan.memory.previous.get(stage)
        if kept and kept.content != {"month": then["month"], "tables": then["tables"]}:
            found.append(f"the month before, which {stage} looks back to, changed")
    return found or ["a notebook or a source file changed"]


def stages(plan: Plan, how: How) -> Iterator[tuple[Contract, str]]:
    """Each stage with what becomes of it; what follows an executed one depends on the tables that one will write."""
    known: dict[str, Outcome] = {}
    for contract in plan.contracts:
        unknown = [name for name in plan.upstream(contract) if name not in known]
        if how.force:
            yield contract, EXECUTED
        elif unknown:
            yield contract, MAYBE if contract.writes else EXECUTED
        elif kept := whole(stage_folder(plan, contract, inputs_of(contract, known)), contract):
            known[contract.name] = kept
            yield contract, REUSED
        else:
            yield contract, EXECUTED
