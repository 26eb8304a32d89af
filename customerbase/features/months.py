"""Additive months: what accounts bought and what products sold, month by month, and who the accounts belong to.

A new month costs the new month's lines: months built before are taken over from the tables of the month before, as long
as a fingerprint of their documents and lines says that nothing in them has changed. docs/months.md tells how.
"""

import hashlib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb

from customerbase.engine import Continued, Engine, sql_text
from customerbase.features.behaviour import HISTORY, customer_orders, keep
from customerbase.features.snapshots import exists
from customerbase.periods import add_months

MADE_BY = (
    *("customer_orders", "month_documents", "costed_lines", "product_lines", "product_goods", "line_checks"),
    *("account_goods", "account_months", "product_months"),
)
SUMS = ("account_months", "product_months")
NOTHING_BEFORE = """select cast(null as varchar) as source_system, cast(null as date) as month,
    cast(null as bigint) as documents, cast(null as bigint) as documents_check, cast(null as bigint) as lines,
    cast(null as decimal(38, 3)) as lines_check, cast(null as date) as as_of, cast(null as varchar) as version where false"""


@dataclass(frozen=True)
class Months:
    """The tables account_months, product_months, month_fingerprints and late_documents; pairs of source system and month.

    built: computed from documents; kept: taken over from the month before. why: what forced a build of all months ("first",
    "version", "lines"), or "" when only changed and new months were built.
    """

    tables: dict[str, duckdb.DuckDBPyRelation | Continued]
    built: tuple[tuple[str, date], ...]
    kept: tuple[tuple[str, date], ...]
    why: str


def additive_months(db: Engine, *, as_of: date, reuse: bool = True) -> Months:
    """Monthly sums per account and per product up to as_of, held as account_months and product_months.

    Reads orders, refunds, order_lines, products and identity_links, and of the month before previous_account_months,
    previous_product_months and previous_month_fingerprints, where they are there. The rows equal those of a build from
    the beginning (reuse=False). late_documents tells of months that were whole then and have other documents now.
    """
    until = as_of + timedelta(days=1)
    keep(db, "month_documents", sql_text("month_documents"))
    db.register("costed_lines", db.run("costed_lines"))
    why, open_from = _look_back(db, as_of, reuse)
    keep(db, "changed_months", sql_text("changed_months"), open_from=open_from)
    if not why:
        keep(db, "product_lines", sql_text("product_lines"))
        _goods(db, "changed_months", until)
        why = "lines" if db.run("lines_elsewhere").fetchall() else ""
    if why:
        keep(db, "product_lines", f"select * from ({sql_text('product_lines')}) where false")  # nothing to compare
        _goods(db, "month_documents", until)
    sums = _build(db, as_of, whole=bool(why))
    keep(db, "month_fingerprints", sql_text("month_fingerprints"), as_of=as_of, version=version())
    late_before = HISTORY if why in ("first", "version") else open_from  # then nothing can be compared
    keep(db, "late_documents", sql_text("late_documents"), late_before=late_before)
    tables = sums | {name: db.query(f"select * from {name}") for name in ("month_fingerprints", "late_documents")}
    return Months(tables, _pairs(db, "semi"), _pairs(db, "anti"), why)


def sales_months(db: Engine, *, as_of: date) -> duckdb.DuckDBPyRelation:
    """Additive facts per customer, month, channel and store up to as_of; a lazy view, registered as sales_months.

    Reads account_months and identity_links, and no document. One row per customer_id (null: anonymous sales), month
    (its first day), channel ('unknown' when the order names none) and store_id ('none' for web, app and phone) with a
    document. Columns, all additive: orders (completed), revenue (net, at the dates of customer_orders),
    revenue_squared (sum of squares over documents), first_order_at and last_order_at (min and max; null without an
    order), lines, items (pieces), goods (amount), costed (amount of goods whose cost is known), cost (theirs): of goods
    lines of completed orders; discount (of completed orders). A customer has as many rows in a month as places bought at.
    """
    db.register("sales_months", db.run("sales_months", as_of=as_of))
    return db.query("select * from sales_months")


def customer_sales(db: Engine, *, as_of: date) -> duckdb.DuckDBPyRelation:
    """The rows of customer_months(), added up from account_months instead of documents; held as customer_months."""
    sales_months(db, as_of=as_of)
    keep(db, "customer_months", sql_text("customer_sales"))
    return db.query("select * from customer_months")


def version() -> str:
    """Digest of the code that builds months, SQL and this file: months built by another may be other months."""
    texts = [sql_text(name) for name in MADE_BY] + [Path(__file__).read_text(encoding="utf-8")]
    return hashlib.sha256("\0".join(texts).encode()).hexdigest()[:12]


def _look_back(db: Engine, as_of: date, reuse: bool) -> tuple[str, date]:
    """Why all months must be built ("" when they need not be), and the first month that was not whole last time."""
    if not exists(db, "previous_month_fingerprints"):
        keep(db, "previous_month_fingerprints", NOTHING_BEFORE)
    made = db.query("select distinct as_of, version from previous_month_fingerprints").fetchall()
    if not reuse or len(made) != 1 or made[0][0] >= as_of:
        return "first", HISTORY
    return "" if made[0][1] == version() else "version", add_months(made[0][0] + timedelta(days=1), 0)


def _goods(db: Engine, months: str, until: date) -> None:
    """Hold months_to_build, as the table `months` names them, and the goods lines of their orders by product."""
    keep(db, "months_to_build", f"select source_system, month from {months}")
    keep(db, "product_goods", sql_text("product_goods"), until=until)
    keep(db, "line_checks", sql_text("line_checks"))


def _build(db: Engine, as_of: date, whole: bool) -> dict[str, duckdb.DuckDBPyRelation | Continued]:
    """Hold the sums of the months to build; account_months and product_months are they and, unless whole, those before.

    Returns both tables, as they are to be written: months before the first one built stand in order already.
    """
    [(first,)] = db.query("select coalesce(min(month), $history) from months_to_build", history=HISTORY).fetchall()
    customer_orders(db, as_of=as_of, from_month=first)
    keep(db, "account_goods", sql_text("account_goods"), until=as_of + timedelta(days=1))
    tables = {}
    for table in SUMS:
        keep(db, f"built_{table}", sql_text(table))
        if not exists(db, f"previous_{table}"):
            keep(db, f"previous_{table}", f"select * from built_{table} where false")
        taken = f"select * from previous_{table} anti join months_to_build using (source_system, month)"
        both = f"{taken} union all by name select * from built_{table}"
        db.register(table, db.query(f"select * from built_{table}" if whole else both))
        tables[table] = db.query(f"select * from {table}")
        if not whole:
            earlier = db.query(f"select * from previous_{table} where month < $first", first=first)
            tables[table] = Continued(earlier, db.query(f"select * from {table} where month >= $first", first=first))
    customer_orders(db, as_of=as_of)  # from the beginning again, for whoever reads the view next
    return tables


def _pairs(db: Engine, kind: str) -> tuple[tuple[str, date], ...]:
    """Source systems and months with documents that are (semi) or are not (anti) among the months to build."""
    joined = (
        f"select source_system, month from month_documents {kind} join months_to_build using (source_system, month)"
    )
    return tuple(db.query(f"{joined} order by all").fetchall())
