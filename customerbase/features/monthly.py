"""Snapshots of many months: a new month costs one new snapshot, the stored ones are used again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from customerbase.engine import Engine, identifier, literal, sql_text
from customerbase.features.behaviour import keep
from customerbase.features.names import features
from customerbase.features.snapshots import (
    ELIGIBLE_DAYS,
    exists,
    find_eligible,
    labels_of_eligible,
    monthly_cutoffs,
    snapshot,
    version,
)

HORIZONS = (30, 60, 90, 180)
CHANGED = "snapshot_changed_customers"
LABELS = ("bought", "purchase_days", "orders", "net_spend", "days_to_purchase", "is_censored")


@dataclass(frozen=True)
class Monthly:
    """The tables snapshots and snapshot_labels; the cutoffs whose snapshot was computed whole, and those used again."""

    snapshots: duckdb.DuckDBPyRelation
    labels: duckdb.DuckDBPyRelation
    computed: tuple[date, ...]
    reused: tuple[date, ...]


def monthly_snapshots(
    db: Engine,
    *,
    as_of: date,
    count: int = 13,
    horizons: Sequence[int] = HORIZONS,
    eligible_days: int = ELIGIBLE_DAYS,
    reuse: bool = True,
) -> Monthly:
    """Snapshots of the newest `count` monthly cutoffs, and their labels for every horizon whose window has ended.

    What previous_snapshots and previous_snapshot_labels hold of a cutoff is used again where previous_identity_links is
    there too: only customers whose accounts have changed since are computed anew, so the rows equal those of a rebuild
    (reuse=False). Rows made by other code or another eligibility are not used. The sources must say today of the time
    before a stored cutoff what they said then, and products must stand in the categories they stood in: after a
    correction of old data, or when the range was sorted anew, rebuild.
    """
    cutoffs = monthly_cutoffs(as_of, count)
    stored = _stored(db, eligible_days) if reuse else (set(), set())
    _empty_tables(db)
    marks = {"eligible_days": eligible_days, "version": version()}
    for cutoff in cutoffs:
        again = cutoff in stored[0]
        snapshot(db, cutoff=cutoff, eligible_days=eligible_days, customers=CHANGED if again else None)
        _append(db, "snapshots", f"snapshot_{cutoff:%Y%m%d}", marks, {"cutoff": cutoff} if again else None)
        ended = [days for days in horizons if cutoff + timedelta(days=days) <= as_of + timedelta(days=1)]
        for is_stored in (again, not again):  # the eligible customers found for the snapshot serve first
            chosen = [days for days in ended if ((cutoff, days) in stored[1]) == is_stored]
            customers = CHANGED if is_stored else None
            if chosen and is_stored != again:
                find_eligible(db, cutoff, eligible_days, customers)
            for days in chosen:
                labels_of_eligible(db, cutoff, days, customers)
                where = {"cutoff": cutoff, "horizon_days": days} if is_stored else None
                _append(db, "snapshot_labels", f"labels_{cutoff:%Y%m%d}_{days}", marks, where)
    computed = tuple(cutoff for cutoff in cutoffs if cutoff not in stored[0])
    reused = tuple(cutoff for cutoff in cutoffs if cutoff in stored[0])
    return Monthly(db.query("select * from snapshots"), db.query("select * from snapshot_labels"), computed, reused)


def _stored(db: Engine, eligible_days: int) -> tuple[set, set]:
    """Cutoffs, and pairs of cutoff and horizon, that the month before left and that were made as they would be today."""
    if not all(exists(db, f"previous_{table}") for table in ("snapshots", "snapshot_labels", "identity_links")):
        return set(), set()
    made = "where eligible_days = $eligible_days and version = $version"
    values = {"eligible_days": eligible_days, "version": version()}
    keep(db, CHANGED, sql_text("snapshot_changed"))
    rows = db.query(f"select distinct cutoff from previous_snapshots {made}", **values).fetchall()
    pairs = db.query(f"select distinct cutoff, horizon_days from previous_snapshot_labels {made}", **values).fetchall()
    return {cutoff for (cutoff,) in rows}, set(pairs)


def _empty_tables(db: Engine) -> None:
    """The two tables, typed and without rows."""
    head = "cast(null as varchar) as customer_id, cast(null as date) as cutoff"
    marks = "cast(null as integer) as eligible_days, cast(null as varchar) as version"
    wide = ", ".join(f"cast(null as {one.type}) as {name}" for name, one in features().items())
    types = ("boolean", "bigint", "bigint", "decimal(18, 2)", "integer", "boolean")
    told = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in zip(LABELS, types, strict=True))
    keep(db, "snapshots", f"select {head}, {marks}, {wide} where false")
    keep(db, "snapshot_labels", f"select {head}, cast(null as integer) as horizon_days, {marks}, {told} where false")


def _append(db: Engine, table: str, made: str, marks: dict[str, object], stored: dict[str, object] | None) -> None:
    """Move the rows of the table `made`, and those stored of customers who have not changed, into `table`."""
    told = ", ".join(f"{literal(value)} as {identifier(name)}" for name, value in marks.items())
    db.execute(f"insert into {table} by name select *, {told} from {identifier(made)}")
    db.execute(f"drop table {identifier(made)}")
    if stored:
        where = " and ".join(f"{identifier(name)} = {literal(value)}" for name, value in (stored | marks).items())
        db.execute(
            f"insert into {table} by name select * from previous_{table}"
            f" anti join {CHANGED} on previous_{table}.customer_id = {CHANGED}.customer_id where {where}"
        )


@dataclass(frozen=True)
class LeakTest:
    """Snapshots stored a month ago, when what came later had not happened, computed again today: compared, and differing.

    cutoff None: there is no stored snapshot to compare with.
    """

    cutoff: date | None
    compared: int = 0
    differing: int = 0


def leak_test(db: Engine, *, as_of: date, eligible_days: int = ELIGIBLE_DAYS, most: int = 500) -> LeakTest:
    """Compute the snapshot of last month's newest cutoff again, of up to `most` customers, and compare it with the stored one.

    A feature that read the future would differ; so would a correction of old data. Customers whose accounts have changed
    since are left out. Reads previous_snapshots and previous_identity_links.
    """
    cutoff = monthly_cutoffs(as_of, 2)[0]
    if cutoff not in _stored(db, eligible_days)[0]:
        return LeakTest(None)
    names = ", ".join(identifier(name) for name in ("customer_id", *features()))
    keep(
        db,
        "leak_customers",
        f"""select customer_id from previous_snapshots anti join {CHANGED} using (customer_id)
        where cutoff = $cutoff order by md5(customer_id), customer_id limit $most""",
        cutoff=cutoff,
        most=most,
    )
    snapshot(db, cutoff=cutoff, eligible_days=eligible_days, customers="leak_customers")
    [(compared, differing)] = db.query(
        f"""with stored as (
            select {names} from previous_snapshots semi join leak_customers using (customer_id) where cutoff = $cutoff
        ), again as (select {names} from snapshot_{cutoff:%Y%m%d})
        select (select count(*) from stored), (select count(*) from (select * from stored except select * from again))""",
        cutoff=cutoff,
    ).fetchall()
    db.execute(f"drop table snapshot_{cutoff:%Y%m%d}")
    return LeakTest(cutoff, compared, differing)
