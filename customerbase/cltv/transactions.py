"""The summary of a transaction log: frequency, recency, T and spend of every customer, by SQL on the engine."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path

import duckdb
import numpy as np
import pandas as pd

from customerbase.cltv.counts import Counts, of
from customerbase.engine import Engine, identifier, sql_text
from customerbase.errors import InputError, near_miss
from customerbase.features import keep

COLUMNS = [
    "customer_id", "frequency", "recency", "T", "monetary_value", "purchases", "spend", "days_without_spend",
]  # fmt: skip


def summary(
    transactions: object, *, customer: str, date: str, amount: str | None = None, as_of: date | str
) -> pd.DataFrame:
    """Frequency, recency, T (weeks) and mean spend of every customer in a log of transactions; one row a customer.

    transactions: pandas frame, Arrow table, mapping of arrays, or the path of a Parquet file; one row a transaction,
    `customer`, `date` and `amount` name its columns. Rows of one customer and day are one purchase. A negative amount is
    a return: netted against the customer's last purchase before it. Rows after as_of are not seen, rows without a customer
    count for nobody, a row without an amount is a purchase of 0. Without `amount` spend stays empty.
    Columns: customer_id; frequency (repeat purchases); recency and T (weeks from the first to the last purchase, and to
    as_of); monetary_value (mean net spend of a repeat purchase, empty without one); purchases and spend (first one
    included); days_without_spend (purchases with nothing left after returns).
    Raises InputError for a column that is not there, or dates and amounts that are none.
    """
    db = Engine()
    log_purchases(db, transactions, customer, date, amount, day_of(as_of))
    found = summarise(db, as_of=day_of(as_of))
    if amount is None:
        found[["monetary_value", "spend"]] = np.nan
        found["days_without_spend"] = 0
    made = found[COLUMNS].copy()
    made.attrs["as_of"] = day_of(as_of).isoformat()
    return made


def purchases(db: Engine) -> None:
    """Make the table cltv_purchases (customer_id, purchase_day, orders, net_amount, channel) from customer_orders."""
    keep(db, "cltv_purchases", sql_text("cltv_purchases"))


def returns_without_purchase(db: Engine) -> float:
    """Money given back to customers before any purchase of theirs: counted, and in nobody's value."""
    [(amount,)] = db.query("select -sum(net_amount) from cltv_purchases where purchase_day is null").fetchall()
    return float(amount or 0)


def summarise(db: Engine, *, as_of: date) -> pd.DataFrame:
    """The summary of cltv_purchases as of a day, with first_day and first_channel; one row a customer, sorted by id."""
    return db.run("cltv_summary", as_of=as_of).df().rename(columns={"age": "T"})


def histories(db: Engine, *, cut: date, as_of: date) -> tuple[Counts, np.ndarray, np.ndarray]:
    """What was known at `cut`, and what came after until as_of: Counts, later purchases, and recency as of the end."""
    found = db.run("cltv_holdout", cut=cut, as_of=as_of).fetchnumpy()
    if not len(found["age"]):
        raise InputError(f"nobody had bought by {cut}; expected customers before a hold-out.")
    known = of(found["frequency"], found["recency"], found["age"], found["customers"])
    return known, found["later"], found["last_week"]


def log_purchases(db: Engine, transactions: object, customer: str, date: str, amount: str | None, as_of: date) -> None:
    """Make cltv_purchases of a log that stands alone, through the same SQL as that of a month."""
    register(db, transactions)
    types = {row[0]: row[1] for row in db.query("describe log").fetchall()}
    for what, name in (("customer", customer), ("date", date), ("amount", amount)):
        if name is not None and name not in types:
            raise InputError(f"{what}={name!r} is no column of the transactions.{near_miss(name, types)}")
    who, when = _cell(customer, types), _cell(date, types)
    value = f"try_cast({_cell(amount, types)} as decimal(18, 2))" if amount else "cast(0 as decimal(18, 2))"
    day = f"try_cast({when} as date)"
    _check(db, "date", when, day, "a date such as 2026-10-31")
    if amount:
        _check(db, "amount", _cell(amount, types), value, "a number below 10^16")
    db.execute(
        f"""create or replace temp view customer_orders as
        select 'log' as source_system, cast(row_number() over () as varchar) as order_id, cast({who} as varchar) as customer_id,
               cast(null as varchar) as channel, {day} as order_at, case when {value} < 0 then 0 else 1 end as is_order,
               coalesce({value}, 0) as net_amount
        from log where {who} is not null and {day} <= $as_of""",
        as_of=as_of,
    )
    try:
        purchases(db)
    except duckdb.ConversionException as error:
        raise InputError("amount: those of one customer and day add up to 10^16 or more; expected less.") from error
    [(rows,)] = db.query("select count(*) from cltv_purchases where purchase_day is not null").fetchall()
    if not rows:
        raise InputError(f"there is no purchase of a known customer up to {as_of}; expected at least one.")


def register(db: Engine, transactions: object) -> None:
    """Make a log known as `log`, whichever of the forms it has."""
    if isinstance(transactions, str | Path):
        transactions = Path(transactions)
        if not transactions.is_file():
            raise InputError(f"{transactions} does not exist; expected a Parquet file of transactions.")
    try:
        db.register("log", pd.DataFrame(dict(transactions)) if isinstance(transactions, Mapping) else transactions)
    except (duckdb.Error, TypeError, ValueError) as error:
        what = transactions if isinstance(transactions, Path) else f"a {type(transactions).__name__}"
        raise InputError(
            f"transactions: {what} cannot be read as a table ({str(error).splitlines()[0]}); expected a pandas frame, an "
            "Arrow table, a mapping of arrays of one length, or a Parquet file."
        ) from error


def _cell(name: str, types: Mapping[str, str]) -> str:
    """A column in SQL, NaN as empty: what pandas leaves empty arrives as either, depending on who wrote the file."""
    column = identifier(name)
    return f"case when not isnan({column}) then {column} end" if types[name] in ("DOUBLE", "FLOAT") else column


def _check(db: Engine, what: str, raw: str, cast: str, wanted: str) -> None:
    """One error for cells that are filled and cannot be read; words are not quoted: they may be somebody's name."""
    bad = f"from log where {raw} is not null and {cast} is null"
    [(rows,)] = db.query(f"select count(*) {bad}").fetchall()
    if rows:
        [(example,)] = db.query(f"select cast({raw} as varchar) {bad} limit 1").fetchall()
        shown = f", such as {example!r:.40}" if any(sign.isdigit() for sign in example) else " (words, not numbers)"
        raise InputError(f"{what}: {rows:,} cells cannot be read{shown}; expected {wanted}.")


def day_of(value: date | str) -> date:
    """A day given as one, or as text. Raises InputError for anything else."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise InputError(f"as_of is {value!r}; expected a day such as 2026-10-31.") from error
