"""A day between two months: triggers evaluated on today's raw files, and what may be sent on the day that follows.

Who is who, scores and ranks are those of the newest published month; orders, visits, points, stock and above all consents
are read anew from the raw files, so that a word said yesterday counts. docs/triggers.md says why a day is no run.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path

import pandas as pd

from customerbase import audiences, features, profile
from customerbase.audiences import triggers
from customerbase.audiences.triggers.queue import TARGET
from customerbase.audiences.triggers.sending import ready
from customerbase.engine import Engine, literal
from customerbase.errors import InputError, TableError
from customerbase.periods import month_end
from customerbase.pipeline import lock
from customerbase.stage import company
from customerbase.stage.company import Company
from customerbase.stage.intake import Intake
from customerbase.tables import evaluate, previous, schema, store

REMEMBERED = 93  # days of earlier queues that count towards caps and rests
STALE = 31  # days after the newest row of the raw files on which a day is taken for a slip of the pen
QUEUE, EARLIER = "trigger_queue", "earlier_queues"
_NEWEST = {"orders": "order_at", "web_events": "event_at", "loyalty_points": "txn_at", "consents": "changed_at"}


@dataclass(frozen=True)
class Day:
    """What a day made. month: the published month it rests on; counts: as trigger_counts, without rows where months queue.

    queued: rows of the day's own queue, file: that table, or None; sent: the CSV of ids to be contacted on the day after;
    handed: its rows. newest: last day that anything in the raw files is of. later: the day after this one whose queue was
    made first. skipped: days before the one after, since the last that has a CSV -> rows of theirs never handed over.
    """

    day: date
    month: str
    counts: pd.DataFrame
    queued: int
    file: Path | None
    sent: Path
    handed: int
    newest: date | None = None
    later: date | None = None
    skipped: dict[date, int] = field(default_factory=dict)


def run_day(pipeline: str, day: date, *, data: str | None = None) -> Day:
    """Evaluate a pipeline's triggers as of a day, and write what may be sent on the next; once more gives the same files.

    Raises ConfigError for a pipeline that cannot be, TableError when no month is published that ended before the day,
    InputError when the raw files end long before it, BusyError while another day of the pipeline is made.
    """
    found = company.load(pipeline)
    month = _month(pipeline, day)
    folder = store.home() / "data" / "queues" / pipeline
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)  # raw rows stand here for a while
    with lock.held(folder / "lock", str(day)):
        db = Engine(memory_limit=found.settings.get("memory_limit"), temp_directory=str(folder / ".spill"))
        sources = [company.find_source(name) for name in found.sources]
        intake = Intake(db, sources, found.data_folder(data), day, folder / ".intake")
        try:
            return _made(db, found, day, month, folder)
        finally:
            intake.close()


def _made(db: Engine, found: Company, day: date, month: str, folder: Path) -> Day:
    newest = _newest(db, day)
    _stand(db, found, day, month)
    _earlier(db, _queues(folder, day - timedelta(days=REMEMBERED), day - timedelta(days=1)))
    some = found.trigger_rules(triggers.READS, (), triggers.PREVIOUS)
    made, path = None, folder / f"{day}.parquet"
    following = _queues(folder, day + timedelta(days=1), day + timedelta(days=REMEMBERED))
    later = date.fromisoformat(following[0].stem) if some.daily and following and not path.is_file() else None
    if some.daily and not later:
        control = found.settings.get("global_control", 0.0)
        made = triggers.evaluate(db, some, span=triggers.Span.day(day), global_control=control, earlier=EARLIER)
        _write(db, made.queue, path)
        _earlier(db, _queues(folder, day - timedelta(days=REMEMBERED), day))
    sent = folder / f"{day + timedelta(days=1)}.csv"
    skipped = {one: len(_due(db, one)) for one in _without_file(folder, day)}
    handed = ready(_due(db, day + timedelta(days=1)), _allowed(db), _ordered(db), day=day + timedelta(days=1))
    store.replace(sent, handed.to_csv(index=False, lineterminator="\n"))
    sent.chmod(0o600)
    counts, queued = (made.counts, len(made.queue)) if made else (pd.DataFrame(), 0)
    return Day(day, month, counts, queued, path if made else None, sent, len(handed), newest, later, skipped)


def _newest(db: Engine, day: date) -> date | None:
    """The last day up to `day` that any order, event, movement of points or consent of the raw files is of."""
    text = " union all ".join(
        f"select max({time}) as seen_at from {name} where {time} < $until" for name, time in _NEWEST.items()
    )
    [(newest,)] = db.query(f"select max(seen_at) from ({text})", until=_midnight(day + timedelta(days=1))).fetchall()
    if newest and newest.date() < day - timedelta(days=STALE):
        raise InputError(
            f"--date {day}: nothing in the raw files is newer than {newest.date()}; expected files that reach to that day."
            " Fetch them anew, or give the day that they are of."
        )
    return newest.date() if newest else None


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
    audiences.contactable(db, found.matching, as_of=day).create("contactable")
    features.customer_orders(db, as_of=day)
    for name in triggers.PREVIOUS:
        before = previous.find(found.name, month, [name]).paths if name == "churn" else paths
        previous.register(db, name, before.get(name))


def _view(db: Engine, name: str, path: Path | None) -> None:
    if path is None:
        db.register(name, store.empty(db, schema(name)))
    else:
        db.register(name, path)


def _queues(folder: Path, first: date, last: date) -> list[Path]:
    """The queues of the days from first to last that have one, in order."""
    return [path for path in sorted(folder.glob("????-??-??.parquet")) if f"{first}" <= path.stem <= f"{last}"]


def _earlier(db: Engine, paths: list[Path]) -> None:
    """Make the view EARLIER: rows of the month's queue and of the days' in the files."""
    days = "".join(f" union all by name select * from read_parquet({literal(str(path))})" for path in paths)
    db.execute(f"create or replace view {EARLIER} as select * from previous_{QUEUE}{days}")


def _due(db: Engine, day: date) -> pd.DataFrame:
    """Rows of EARLIER that are due on a day and to be sent."""
    return db.query(
        f"select * from {EARLIER} where due_at >= $start and due_at < $end and arm = $arm",
        start=_midnight(day),
        end=_midnight(day + timedelta(days=1)),
        arm=TARGET,
    ).df()


def _without_file(folder: Path, day: date) -> list[date]:
    """The days up to `day`, since the last that has its CSV, on which nothing was handed over."""
    known = [date.fromisoformat(path.stem) for path in folder.glob("????-??-??.csv")]
    last = max((one for one in known if one <= day and (day - one).days <= REMEMBERED), default=day)
    return [last + timedelta(days=number) for number in range(1, (day - last).days + 1)]


def _allowed(db: Engine) -> set[tuple[str, str]]:
    """Who of EARLIER may be contacted at the end of the day, and how."""
    return set(
        db.query(
            "select customer_id, channel from contactable where state = 'granted'"
            f" and customer_id in (select customer_id from {EARLIER})"
        ).fetchall()
    )


def _ordered(db: Engine) -> dict[str, datetime]:
    """Customer of EARLIER -> last order known at the end of the day."""
    last = db.run("last_orders").filter(f"customer_id in (select customer_id from {EARLIER})")
    return dict(last.fetchall())


def _midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time())


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
    if done.newest and done.newest < done.day:
        yield f"  nothing in the raw files is newer than {done.newest}: were they fetched on {done.day} or later?"
    for row in done.counts.to_dict("records"):
        lack = f" (no {row['missing'].replace(';', ', ')})" if isinstance(row["missing"], str) else ""
        yield f"  {row['trigger']}: {row['conditions']:,} occasions, {row['queued']:,} queued{lack}"
    if done.later:
        yield f"queue: none, since that of {done.later} was made first and found this day's occasions"
    else:
        yield f"queue: {near(done.file)} ({done.queued:,} rows)" if done.file else "queue: the monthly run makes it"
    yield f"to be sent on {done.day + timedelta(days=1)}: {near(done.sent)} ({done.handed:,} rows, ids only)"
    for day, rows in done.skipped.items():
        yield f"  {day} has no file, {rows:,} rows were due on it: --date {day - timedelta(days=1)} makes it"
