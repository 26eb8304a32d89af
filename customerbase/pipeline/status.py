"""Where a pipeline stands: its months, versions, what is missing, who runs, how the last run ended."""

import shutil
from datetime import date

import customerbase.pipeline.backfill as backfill
import customerbase.pipeline.journal as journal
import customerbase.pipeline.lock as lock
from customerbase.errors import ConfigError
from customerbase.tables import store

ENDS = ("published", "up_to_date", "stands", "run_failed")


def status(pipeline: str, newest: date, *, check: bool = False) -> tuple[list[str], bool]:
    """Lines about a pipeline, and whether all is well: no whole month missing, the last run did not fail.

    newest: the newest month that has ended. check: compare every published table with what was published.
    """
    months = store.published_months(pipeline)
    missing = backfill.missed(pipeline, newest) if months else []
    lines = [f"{pipeline}: {len(months)} months published" + (f", newest {months[-1]}" if months else "")]
    damaged = False
    for month in sorted({*months, *missing}):
        if month in missing:
            lines.append(f"  {month}  missing (--catch-up makes it)")
            continue
        line, bad = _month(pipeline, month, check)
        lines.append(line)
        damaged = damaged or bad
    if holder := lock.holder(store.home() / "data" / "runs" / pipeline / "lock"):
        lines.append(f"  running: {holder}")
    last = next((one for one in reversed(journal.read(journal.path(pipeline))) if one.get("event") in ENDS), None)
    if last:
        cause = f": {str(last.get('cause')).splitlines()[0]}" if last.get("cause") else ""
        lines.append(f"  last run: {last['month']} {last['event'].replace('_', ' ')}, {last['at'][:19]}Z{cause}")
    free = shutil.disk_usage(store.home()).free / 2**30
    lines.append(f"  journal: {journal.path(pipeline)}; {free:,.1f} GiB free on its disk")
    return lines, not (missing or damaged or (last and last["event"] == "run_failed"))


def _month(pipeline: str, month: str, check: bool) -> tuple[str, bool]:
    about = store.current(pipeline, month)
    seconds = sum(one["seconds"] for one in about["stages"].values() if not one["reused"])
    versions = store.versions(pipeline, month)
    told = f"  {month}  run {about['run_id']}, finished {about['finished_at'][:16]}, {len(about['tables'])} tables, {seconds:.0f} s of stages"
    if len(versions) > 1:
        told += f", {len(versions)} versions"
    if about.get("restates"):
        told += f", restates {about['restates']}"
    bad = store.damaged(pipeline, month) if check else []
    return told + (f", DAMAGED on disk: {', '.join(bad)} (run it again)" if bad else ""), bool(bad)


def names() -> list[str]:
    """Pipelines that have a published month or a journal."""
    folder = store.home() / "data" / "runs"
    names = sorted(path.name for path in folder.glob("*") if path.is_dir())
    if not names:
        raise ConfigError(f"nothing has been run below {store.home()} yet.")
    return names
