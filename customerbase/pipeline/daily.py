"""A day between two months: triggers evaluated on today's raw files, and what may be sent on the day that follows.

Who is who, scores and ranks are those of the newest published month; orders, visits, points, stock and above all consents
are read anew from the raw files, so that a word said yesterday counts. docs/triggers.md says why a day is no run.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd

from customerbase import audiences, profile
from customerbase.audiences import triggers
from customerbase.audiences.triggers.sending import ready
from customerbase.engine import Engine
from customerbase.errors import TableError
from customerbase.periods import month_end
from customerbase.stage import company
from customerbase.stage.company import Company
from customerbase.stage.intake import Intake
from customerbase.tables import evaluate, previous, schema, store

REMEMBERED = 93  # days of earlier queues that count towards caps and rests
QUEUE = "trigger_queue"


@dataclass(frozen=True)
class Day:
    """What a day made. month: the published month it rests on; counts: as trigger_counts, without rows where months queue.

    queued: rows of the day's own queue, file: that table, or None; sent: the CSV of ids to be contacted on the day after;
    handed: its rows.
    """

    day: date
    month: str
    counts: pd.DataFrame
    queued: int
    file: Path | None
    sent: Path
    handed: int


def run_day(pipeline: str, day: date, *, data: str | None = None) -> Day:
    """Evaluate a pipeline's triggers as of a day, and write what may be sent on the next; once more gives the same files.

    Raises ConfigError for a pipeline that cannot be, TableError when no month is published that ended before the day.
    """
    found = company.load(pipeline)
    month = _month(pipeline, day)
    folder = store.home() / "data" / "queues" / pipeline
    folder.mkdir(parents=True, exist_ok=True)
    db = Engine(memory_limit=found.settings.get("memory_limit"), temp_directory=str(folder / ".spill"))
    work = folder / ".intake"
    sources = [company.find_source(name) for name in found.sources]
    intake = Intake(db, sources, found.data_folder(data), day, work)
    try:
        return _made(db, found, day, month, folder)
    finally:
        intake.close()


def _made(db: Engine, found: Company, day: date, month: str, folder: Path) -> Day:
    _stand(db, found, day, month)
    earlier = _earlier(db, folder, day)
    some = found.trigger_rules(triggers.READS, (), triggers.PREVIOUS)
    made, path = None, None
    if some.daily:
        control = found.settings.get("global_control", 0.0)
        span = triggers.Span.day(day)
        made = triggers.evaluate(db, some, span=span, global_control=control, earlier=earlier)
        path = _write(db, made.queue, folder / f"{day}.parquet")
        earlier = pd.concat([earlier, made.queue], ignore_index=True) if len(earlier) else made.queue
    handed = ready(earlier, _allowed(db), _ordered(db, day), day=day + timedelta(days=1))
    sent = folder / f"{day + timedelta(days=1)}.csv"
    store.replace(sent, handed.to_csv(index=False, lineterminator="\n"))
    sent.chmod(0o600)
    counts = made.counts if made else pd.DataFrame()
    return Day(day, month, counts, len(made.queue) if made else 0, path, sent, len(handed))


def _month(pipeline: str, day: date) -> str:
    """The newest published month that ended before the day and has the table of consents."""
    for month in reversed(store.published_months(pipeline)):
        if month_end(month) < day and "contactable" in store.published_tables(pipeline, month):
            return month
    raise TableError(
        f"{pipeline}: no month that ended before {day} is published with the table contactable; expected one, since who is"
        f" who comes from it. Run `make report PIPELINE={pipeline}` for the month before."
    )


def _stand(db: Engine, found: Company, day: date, month: str) -> None:
    """Everything that triggers read, as views: the month's tables where no raw file has them, consents as of the day."""
    paths = store.published_tables(found.name, month)
    raw = {name for name in triggers.READS if schema(name).kind == "source"}
    for name in triggers.READS:
        if name in raw or name == "contactable":
            continue
        _view(db, name, paths.get(name))
    db.register("profile_consents", profile.profile_consents(db, as_of=day))
    db.register("contactable", audiences.contactable(db, found.matching, as_of=day))
    for name in triggers.PREVIOUS:
        before = previous.find(found.name, month, [name]).paths if name == "churn" else paths
        previous.register(db, name, before.get(name))


def _view(db: Engine, name: str, path: Path | None) -> None:
    if path is None:
        db.register(name, store.empty(db, schema(name)))
    else:
        db.register(name, path)


def _earlier(db: Engine, folder: Path, day: date) -> pd.DataFrame:
    """Rows of the month's queue and of the days before this one."""
    parts = [db.query(f"select * from previous_{QUEUE}").df()]
    for path in sorted(folder.glob("????-??-??.parquet")):
        if day - timedelta(days=REMEMBERED) <= date.fromisoformat(path.stem) < day:
            parts.append(db.query(f"select * from read_parquet('{path}')").df())
    parts = [part for part in parts if len(part)] or parts[:1]
    return pd.concat(parts, ignore_index=True)


def _allowed(db: Engine) -> set[tuple[str, str]]:
    return set(db.query("select customer_id, channel from contactable where state = 'granted'").fetchall())


def _ordered(db: Engine, day: date) -> dict[str, datetime]:
    """Customer -> last order known at the end of the day."""
    return dict(
        db.query(
            "select identity_links.customer_id, max(order_at) from orders"
            " inner join identity_links using (source_system, source_customer_id)"
            " where status = 'completed' and order_at < $until group by identity_links.customer_id",
            until=datetime.combine(day + timedelta(days=1), datetime.min.time()),
        ).fetchall()
    )


def _write(db: Engine, queue: pd.DataFrame, path: Path) -> Path:
    """The day's queue, met by its expectations before it stands. Raises TableError where one of them fails."""
    declared = schema(QUEUE)
    content = db.connection.from_df(queue) if len(queue) else store.empty(db, declared)
    draft = path.with_name(f".{path.name}.draft")
    store.write_parquet(db, store.as_declared(content, declared), draft)
    db.register("_day_written", draft)
    failed = [check.reason or check.type for check in evaluate(db, declared, "_day_written") if _blocks(check)]
    if failed:
        draft.unlink()
        raise TableError(f"the queue of {path.stem} breaks its expectations: {', '.join(failed)}. Nothing was written.")
    draft.chmod(0o600)
    draft.replace(path)
    return path


def _blocks(check) -> bool:
    return check.severity == "block" and not check.success


def described(done: Day, near) -> Iterable[str]:
    """What a day made, in lines for a person: no customer, no small number kept back, since only the operator sees it."""
    yield f"as of {done.day}, on the published month {done.month}"
    for row in done.counts.to_dict("records"):
        lack = f" (no {row['missing'].replace(';', ', ')})" if isinstance(row["missing"], str) else ""
        yield f"  {row['trigger']}: {row['conditions']:,} occasions, {row['queued']:,} queued{lack}"
    yield f"queue: {near(done.file)} ({done.queued:,} rows)" if done.file else "queue: the monthly run makes it"
    yield f"to be sent on {done.day + timedelta(days=1)}: {near(done.sent)} ({done.handed:,} rows, ids only)"
