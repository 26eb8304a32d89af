"""A run: stages executed in the order of their data, kept under their keys, published whole or not at all."""

import contextlib
import shutil
import time
from pathlib import Path

import customerbase.pipeline.journal as journal_file
import customerbase.pipeline.lock as lock
import customerbase.pipeline.publish as publish
from customerbase.errors import RunError, TableError
from customerbase.pipeline.execution import Execution, part_until
from customerbase.pipeline.journal import Journal
from customerbase.pipeline.outcome import How, Outcome
from customerbase.pipeline.plan import Plan
from customerbase.pipeline.progress import Progress
from customerbase.tables import store


def run(
    plan: Plan,
    *,
    progress: Progress | None = None,
    ahead: Plan | None = None,
    until: str | None = None,
    **how,
) -> Path:
    """Execute a plan and publish it; returns the folder of the published report.

    A stage whose key is already there is reused; a plan that is already published is up to date. A month that is
    published and whose raw files have changed since stays as it is unless `restate`: what people were told must not
    change silently. how: see How. ahead: the plan of the month that follows, whose first stages may be done in the gaps.
    until: a stage; it and what it reads from are done and kept, nothing is published, and its folder is returned.
    Raises RunError when another run holds the lock, when a stage failed, or when the disk is full: then nothing is published.
    """
    progress = progress or Progress()
    run_id = plan.run_id
    journal = Journal(journal_file.path(plan.company.name), pipeline=plan.company.name, month=plan.month, run_id=run_id)
    how = How(**how)
    for said in plan.mended:
        progress.say(said)
        journal.write("pointer_mended", cause=said)
    try:
        with lock.held(plan.folder.parent / "lock", plan.month):
            if until is None and (standing := _standing(plan, how, progress, journal)):
                return standing
            return _executed(plan, how, progress, journal, ahead, until)
    except OSError as error:
        cause = f"{error.strerror or type(error).__name__}: {error.filename or plan.folder}"
        journal.write("run_failed", cause=cause)
        there = (store.current(plan.company.name, plan.month) or {}).get("run_id") == run_id
        state = (
            "the month is published, but what is made after that is not complete"
            if there
            else "nothing was published, and what was published before stands"
        )
        raise RunError(
            f"{plan.company.name} {plan.month}: {cause}; {state}. The next start goes on from what finished."
        ) from error
    except RunError as error:
        journal.write("run_failed", cause=str(error))
        raise


def _standing(plan: Plan, how: How, progress: Progress, journal: Journal) -> Path | None:
    """The report that stands when there is nothing to do, or nothing that may be done; None when the plan is to be run."""
    name = f"{plan.company.name} {plan.month}"
    try:
        published = store.current(plan.company.name, plan.month)
    except TableError as error:
        progress.say(f"{name}: {error}")
        return None
    if published is None or how.force:
        return None
    if published["run_id"] == plan.run_id:
        if damaged := store.damaged(plan.company.name, plan.month):
            progress.say(f"{name}: published tables are damaged on disk ({', '.join(damaged)}); made again")
            return None
        progress.say(f"{name}: up to date (run {plan.run_id})")
        journal.write("up_to_date")
        return publish.repair(plan)
    if how.restate or not (changes := changed_inputs(published["inputs"], plan.inputs)):
        return None
    progress.say(
        f"{name}: stands as published (run {published['run_id']}); raw files changed since: {changes}."
        " --restate (make report RESTATE=1) makes it anew and keeps both."
    )
    journal.write("stands", inputs=changes)
    return publish.repair(plan)


def changed_inputs(before: dict, now: dict) -> str:
    """How raw files differ from those a month was made of, such as "2 new, 1 changed"; "" when they do not."""
    counts = {
        "new": len(now.keys() - before.keys()),
        "changed": sum(before[name] != now[name] for name in before.keys() & now.keys()),
        "gone": len(before.keys() - now.keys()),
    }
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count)


def _executed(
    plan: Plan, how: How, progress: Progress, journal: Journal, ahead: Plan | None, until: str | None
) -> Path:
    progress.say(f"{plan.company.name} {plan.month}: run {plan.run_id}, as of {plan.as_of}, data in {plan.data}")
    journal.write("run_started", as_of=plan.as_of, inputs=len(plan.inputs))
    for leftover in plan.folder.glob("stages/.work-*"):
        shutil.rmtree(leftover)
    part = plan if until is None else part_until(plan, until)
    outcomes = Execution(part, how if until is None else how.without_pages(), progress, journal, ahead).all()
    failed = {name: outcome for name, outcome in outcomes.items() if outcome.failure}
    if failed:
        with contextlib.suppress(OSError):  # the failure itself is what has to be said
            publish.list_months()
        raise RunError(_failure_text(plan, failed, outcomes))
    if until is not None:
        return outcomes[until].folder
    folder = publish.publish(plan, outcomes)
    seconds = time.monotonic() - progress.started
    progress.say(f"  published in {seconds:.1f} s")
    journal.write("published", seconds=round(seconds, 2))
    return folder


def _failure_text(plan: Plan, failed: dict[str, Outcome], outcomes: dict[str, Outcome]) -> str:
    count = f"{len(failed)} of {len(outcomes)} stages did not finish"
    lines = [f"{plan.company.name} {plan.month}: {count}; nothing was published."]
    lines += [f"  {name}: {outcome.failure}" for name, outcome in sorted(failed.items())]
    lines.append("  What finished is kept: the next start goes on from there.")
    return "\n".join(lines)
