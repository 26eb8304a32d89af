"""One row per eligible customer at a cutoff: features of what lay before it, labels of what came after.

No leak by construction: the blocks of features read the views seen_…, which hold nothing dated at the cutoff or later,
and no source table. Labels read the same views of the window that starts at the cutoff.
"""

import hashlib
from datetime import date, timedelta
from pathlib import Path

import duckdb

from customerbase.engine import SQL_FOLDER, Engine, identifier, sql_text
from customerbase.errors import InputError
from customerbase.features.behaviour import HISTORY, keep
from customerbase.features.names import blocks, optional_tables
from customerbase.periods import add_months, month_end

ELIGIBLE_DAYS = 365  # who has not bought for a year is nobody's active customer
SEEN = ("documents", "lines", "stores", "messages", "web", "inquiries", "opinions", "points")


def snapshot(
    db: Engine, *, cutoff: date, eligible_days: int = ELIGIBLE_DAYS, customers: str | None = None
) -> duckdb.DuckDBPyRelation:
    """Features of every eligible customer from events strictly before the cutoff; one row a customer, wide.

    Eligible: a person of identity_links with a completed order in the `eligible_days` days before the cutoff.
    `customers` names a table with a column customer_id, to build the rows of those customers alone. Columns:
    customer_id, cutoff, and the features of features.yaml in its order. Reads orders and identity_links, and of the
    optional tables (names.optional_tables) those that are there. The result is held as snapshot_<cutoff>. Who is whose account
    (identity_links) and what a product is (products) are as known today.
    """
    find_eligible(db, cutoff, eligible_days, customers)
    keep(db, "snapshot_days", sql_text("snapshot_days"))
    season = _season(cutoff)
    for block in blocks():
        name = f"snapshot_{block.name}"
        keep(db, name, sql_text(name), **(season if block.name == "season" else {}))
    return _held(db, f"snapshot_{cutoff:%Y%m%d}", "snapshot", cutoff=cutoff)


def category_features(
    db: Engine, *, cutoff: date, eligible_days: int = ELIGIBLE_DAYS, customers: str | None = None
) -> duckdb.DuckDBPyRelation:
    """Behaviour strictly before the cutoff per eligible customer and general category bought from; else as snapshot."""
    find_eligible(db, cutoff, eligible_days, customers)
    return _held(db, f"snapshot_categories_{cutoff:%Y%m%d}", "snapshot_categories", cutoff=cutoff)


def labels(
    db: Engine, *, cutoff: date, horizon_days: int, eligible_days: int = ELIGIBLE_DAYS, customers: str | None = None
) -> duckdb.DuckDBPyRelation:
    """What the eligible customers of the cutoff did in [cutoff, cutoff + horizon_days); one row a customer.

    Columns: customer_id, cutoff, horizon_days, bought, purchase_days, orders, net_spend (documents of the window, so
    a refund may make it negative), days_to_purchase (0: on the day of the cutoff; the horizon when there was none),
    is_censored (there was none). As known at the end of the window: an order cancelled later counts.
    """
    find_eligible(db, cutoff, eligible_days, customers)
    return labels_of_eligible(db, cutoff, horizon_days, customers)


def category_labels(
    db: Engine, *, cutoff: date, horizon_days: int, eligible_days: int = ELIGIBLE_DAYS, customers: str | None = None
) -> duckdb.DuckDBPyRelation:
    """General categories that the eligible customers bought from in [cutoff, cutoff + horizon_days); no row: not bought.

    Columns: customer_id, cutoff, horizon_days, category, purchase_days, gross, days_to_purchase.
    """
    find_eligible(db, cutoff, eligible_days, customers)
    see(db, cutoff, _end(cutoff, horizon_days), customers)
    name = f"category_labels_{cutoff:%Y%m%d}_{horizon_days}"
    return _held(db, name, "snapshot_category_labels", cutoff=cutoff, horizon_days=horizon_days)


def category_popularity(
    db: Engine, *, cutoff: date, horizon_days: int, eligible_days: int = ELIGIBLE_DAYS
) -> duckdb.DuckDBPyRelation:
    """Customers who bought each general category strictly before the cutoff: lately, before that, a year ago; one row each.

    Lately: in the last horizon_days; a year ago: in as many days from the day of the cutoff on, and before it. Columns:
    snapshot_category_popularity.sql.
    """
    find_eligible(db, cutoff, eligible_days)
    name = f"category_popularity_{cutoff:%Y%m%d}_{_whole(horizon_days)}"
    return _held(db, name, "snapshot_category_popularity", horizon_days=horizon_days)


def monthly_cutoffs(as_of: date, count: int) -> list[date]:
    """The first day of the month after as_of and of the `count - 1` months before it, ascending.

    Raises InputError when as_of is not the last day of its month: the days up to the cutoff would be missing.
    """
    if as_of != month_end(as_of):
        raise InputError(
            f"as_of is {as_of}; expected the last day of a month, here {month_end(as_of)}: the newest cutoff is the first"
            " day of the next month, and everything before it must be known."
        )
    return [add_months(as_of, 2 - count + step) for step in range(count)]


def training_cutoffs(cutoff: date, horizon_days: int, count: int) -> list[date]:
    """The newest `count` first days of months whose label window has ended when `cutoff` begins, ascending.

    The embargo equals the horizon: cutoff_i + horizon_days <= cutoff for all of them, so no label used in training knows
    a day that the model is tested on or scored for.
    """
    newest = add_months(cutoff - timedelta(days=_whole(horizon_days)), 0)
    return [add_months(newest, 1 - count + step) for step in range(count)]


def version() -> str:
    """Digest of the code of snapshots and labels, SQL and this file: rows stored under another may be other rows."""
    files = sorted(path for one in ("seen_*", "snapshot*") for path in SQL_FOLDER.glob(f"{one}.sql"))
    texts = "\0".join(path.read_text(encoding="utf-8") for path in (*files, Path(__file__)))
    return hashlib.sha256(texts.encode()).hexdigest()[:12]


def find_eligible(db: Engine, cutoff: date, eligible_days: int, customers: str | None = None) -> None:
    """Hold snapshot_customers of a cutoff, and leave the views on what lay before it."""
    see(db, HISTORY, cutoff, customers)
    keep(db, "snapshot_customers", sql_text("snapshot_customers"), eligible_days=eligible_days)


def labels_of_eligible(
    db: Engine, cutoff: date, horizon_days: int, customers: str | None = None
) -> duckdb.DuckDBPyRelation:
    """labels() of the customers whom find_eligible has found for this cutoff: one search serves many horizons."""
    see(db, cutoff, _end(cutoff, horizon_days), customers)
    name = f"labels_{cutoff:%Y%m%d}_{horizon_days}"
    return _held(db, name, "snapshot_labels", cutoff=cutoff, horizon_days=horizon_days)


def see(db: Engine, start: date, until: date, customers: str | None = None) -> None:
    """Make the views seen_… on the events in [start, until), of all customers or of those in the table `customers`."""
    for table, columns in optional_tables().items():
        if not exists(db, table):
            typed = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in columns.items())
            db.execute(f"create view {identifier(table)} as select {typed} where false")
    chosen = f" semi join {identifier(customers)} using (customer_id)" if customers else ""
    db.register("seen_links", db.query(f"select * from identity_links{chosen}"))
    for name in SEEN:
        window = {"lines": {}, "stores": {"until": until}}.get(name, {"since": start, "until": until})
        db.register(f"seen_{name}", db.run(f"seen_{name}", **window))


def exists(db: Engine, table: str) -> bool:
    """Whether a table or view of that name is known to the engine."""
    try:
        db.query(f"select * from {identifier(table)} limit 0")
    except duckdb.CatalogException:
        return False
    return True


def _season(cutoff: date) -> dict[str, object]:
    """The month and the quarter that begin with the month of the cutoff: a year earlier, and by their numbers."""
    year_ago = {"month_start": -12, "month_end": -11, "quarter_end": -9}
    numbers = {f"month_{step + 1}": add_months(cutoff, step).month for step in range(3)}
    return {name: add_months(cutoff, months) for name, months in year_ago.items()} | numbers


def _end(cutoff: date, horizon_days: int) -> date:
    return cutoff + timedelta(days=_whole(horizon_days))


def _whole(horizon_days: int) -> int:
    if horizon_days < 1:
        raise InputError(f"horizon_days is {horizon_days}; expected one day or more.")
    return horizon_days


def _held(db: Engine, table: str, file: str, **params: object) -> duckdb.DuckDBPyRelation:
    keep(db, table, sql_text(file), **params)
    return db.query(f"select * from {identifier(table)}")
