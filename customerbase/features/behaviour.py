"""Behaviour of a customer up to as_of: the documents that count, the additive months, the features of a customer.

Functions read tables by name from `db` (an Engine); a result that others read is registered there under its own name.
"""

from datetime import date, timedelta

import duckdb

from customerbase.engine import Engine, sql_text
from customerbase.errors import InputError, TableError

HISTORY = date(1900, 1, 1)  # before any business record: "from the beginning"


def customer_orders(db: Engine, *, as_of: date, from_month: date = HISTORY) -> duckdb.DuckDBPyRelation:
    """Documents that move revenue (orders, credit notes, refunds), one row each, with customer_id; a lazy view.

    Reads orders, refunds and identity_links. Documents before from_month or after as_of are not seen.
    """
    db.register("customer_orders", db.run("customer_orders", from_month=from_month, until=as_of + timedelta(days=1)))
    return db.query("select * from customer_orders")


def require_orders(db: Engine, *, as_of: date) -> None:
    """Raise InputError unless a completed order of a known customer stands in `orders` up to as_of.

    Raises TableError when an order names a customer whom identity_links does not know: a customer would turn anonymous.
    """
    completed = "count(*), count(source_customer_id)"
    count, known = db.query(f"select {completed} from orders where status = 'completed'").fetchall()[0]
    if known:
        _require_links(db)
        return
    found = f"{count:,} completed orders, none of them with a customer number" if count else "no completed order"
    raise InputError(
        f"up to {as_of} there is {found}: no customer base to describe. The tables source_files and quarantine"
        " (page 01_quality) say what was read and why rows were set aside; an earlier or later MONTH may hold orders."
    )


def _require_links(db: Engine) -> None:
    missing = """select count(*) from orders
        anti join identity_links
            on orders.source_system = identity_links.source_system
            and orders.source_customer_id = identity_links.source_customer_id
        where orders.source_customer_id is not null"""
    if orders := db.query(missing).fetchall()[0][0]:
        raise TableError(
            f"{orders:,} orders name a customer without a row in identity_links; expected one for every id of every"
            " source table. Run the page 02_identity of the same month again."
        )


def customer_months(db: Engine, *, as_of: date) -> duckdb.DuckDBPyRelation:
    """Orders and net revenue per customer and month up to as_of; one row per customer and month with a document.

    Reads every document; customer_sales() gives the same rows from months that were built before.
    """
    customer_orders(db, as_of=as_of)
    keep(db, "customer_months", sql_text("customer_months"))
    return db.query("select * from customer_months")


def customer_features(db: Engine, *, as_of: date) -> duckdb.DuckDBPyRelation:
    """Orders, revenue, first and last order, lines, items and products of every customer who has ordered; lazy.

    Reads orders, refunds, identity_links and order_lines.
    """
    customer_orders(db, as_of=as_of)
    return db.run("customer_features", as_of=as_of)


def customer_attributes(db: Engine) -> duckdb.DuckDBPyRelation:
    """Main channel, gender, age band and prefecture of every customer who has ordered; no contact column.

    Reads profile and the view customer_orders (see there), both as of the same day.
    """
    keep(db, "customer_attributes", sql_text("customer_attributes"))
    return db.query("select * from customer_attributes")


def keep(db: Engine, name: str, text: str, **params: object) -> None:
    """Compute a query once and hold its result under a name: for results that are read more than once."""
    db.execute(f"create or replace temp table {name} as {text}", **params)
