"""The biggest movers: the change of revenue by channel, store, category, segment and prefecture, each adding up to it."""

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

import duckdb
import numpy as np
import pyarrow as pa

from customerbase.disclosure import suppress_parts
from customerbase.engine import Engine, sql_text
from customerbase.features import keep
from customerbase.intervals import Z
from customerbase.kpi.changes import AGAINST
from customerbase.kpi.exact import coins, nearest, round_to_total
from customerbase.kpi.rows import relation_of, rows_of
from customerbase.periods import add_months

DIMENSIONS = ("channel", "store", "category", "segment", "prefecture")
OTHERS = "others"
SPECIAL = (OTHERS, "anonymous", "none", "unknown", "not_goods")  # no value to act on: never ranked
COLUMNS = {
    "as_of": pa.date32(),
    "against": pa.string(),
    "dimension": pa.string(),
    "value": pa.string(),
    "label": pa.string(),
    "before": pa.decimal128(18, 2),
    "now": pa.decimal128(18, 2),
    "contribution": pa.decimal128(18, 2),
    "customers_before": pa.int64(),
    "customers_now": pa.int64(),
    "folded": pa.int64(),
    "rank": pa.int32(),
    "low": pa.float64(),
    "high": pa.float64(),
}


def beginnings(as_of: date) -> dict[date, date]:
    """The three months that are compared, each with the day before it began, on which a segment is looked up."""
    month = as_of.replace(day=1)
    months = [month, *(add_months(month, step) for step in AGAINST.values())]
    return {first: first - timedelta(days=1) for first in months}


def revenue_movers(
    db: Engine,
    *,
    as_of: date,
    members: Mapping[date, duckdb.DuckDBPyRelation] | None = None,
    currency: str = "JPY",
    k_min: int = 10,
) -> duckdb.DuckDBPyRelation:
    """Change of revenue against last month and last year by value of each dimension; every dimension adds up to it.

    members: month -> customer_id and segment on the day before it began (see `beginnings`), so that a month's sales are
    those of people as they entered it; without, the dimension segment holds only none and anonymous. Rows: as_of,
    against, dimension, value, label (a store's name), before, now, contribution (whole coins, by largest remainders),
    customers_before, customers_now, folded (how many values `others` holds, else 1), rank (1 = the largest rise; null
    for the special values), low, high (95 %, of the contribution, each customer with both months; null where sales to
    nobody known are part of it). Values of fewer than k_min customers in either month are folded into others, and so
    many more that no total gives one back. A category's amounts are those of goods lines; what they leave of revenue
    (shipping, discounts, refunds) is its value not_goods. Reads customer_orders (features), orders, order_lines,
    products, profile and stores.
    """
    months, unit = list(beginnings(as_of)), coins(currency)
    _amounts(db, months, members or {})
    first = db.query("select cast(date_trunc('month', min(order_at)) as date) from customer_orders").fetchall()[0][0]
    names = {f"{system}:{store}": name for system, store, name in _stores(db)}
    told = {a: before for a, before in zip(AGAINST, months[1:], strict=True) if first is not None and first <= before}
    rows = []
    for against, dimensions in _folded(db, months[0], told, k_min).items():
        for dimension, found in dimensions.items():
            for row in _shown(found, unit):
                label = names.get(row["value"]) if dimension == "store" else None
                rows.append({"as_of": as_of, "against": against, "dimension": dimension, "label": label} | row)
    return relation_of(db, rows, COLUMNS)


revenue_movers.definition_ja = "売上の変化を、チャネル・店舗・部門・セグメント・都道府県の値ごとに分けたもの"


def _stores(db: Engine) -> list[tuple]:
    return db.query("select source_system, store_id, name from stores").fetchall()


def _amounts(db: Engine, months: list[date], members: Mapping[date, duckdb.DuckDBPyRelation]) -> None:
    """The views of sql/mover_amounts.sql: what each customer spent in the months, by every dimension."""
    keep(db, "mover_sales", sql_text("mover_sales"), months=months)
    keep(db, "mover_categories", sql_text("mover_categories"), months=months)
    db.execute("create or replace temp table mover_segments (month date, customer_id varchar, segment varchar)")
    for month in months:
        if month in members:
            db.register("mover_members", members[month])
            db.execute(
                "insert into mover_segments select cast($month as date), customer_id, segment from mover_members",
                month=month,
            )
    db.register("mover_places", db.query("select customer_id, prefecture from profile"))
    keep(db, "mover_amounts", sql_text("mover_amounts"))


def _folded(db: Engine, month: date, told: Mapping[str, date], k_min: int) -> dict[str, dict[str, list[dict]]]:
    """Rows by comparison and dimension after small values went into others.

    Both comparisons fold the same values: what one shows of this month must not undo the other's fold.
    """
    folds: set[tuple[str, str]] = set()
    while True:
        found = {against: _grouped(db, month, before, folds) for against, before in told.items()}
        more = {
            (dimension, value)
            for dimensions in found.values()
            for dimension, rows in dimensions.items()
            for value in _too_small(rows, k_min)
            if value != OTHERS
        }
        if not more:
            return found
        folds |= more


def _grouped(db: Engine, month: date, before: date, folds: set[tuple[str, str]]) -> dict[str, list[dict]]:
    pairs = sorted(folds)
    names = ("dimension", "value", "shown_as")
    table = [[one for one, _ in pairs], [two for _, two in pairs], [OTHERS] * len(pairs)]
    arrays = [pa.array(column, type=pa.string()) for column in table]
    db.register("mover_folds", pa.Table.from_arrays(arrays, names=list(names)))
    rows = rows_of(db.run("revenue_movers", month=month, before=before))
    for row in rows:
        row["folded"] = sum(one == row["dimension"] for one, _ in pairs) if row["value"] == OTHERS else 1
    return {one: found for one in DIMENSIONS if (found := [row for row in rows if row["dimension"] == one])}


def _too_small(rows: list[dict], k_min: int) -> list[str]:
    """Values whose customers, in either month, are so few that they are not told alone; with what hides them."""
    hidden = np.zeros(len(rows), dtype=bool)
    for column in ("customers_before", "customers_now"):
        counts = np.array([row[column] for row in rows])
        hidden |= suppress_parts(counts, k_min)
    return [row["value"] for row, hide in zip(rows, hidden, strict=True) if hide]


def _shown(rows: list[dict], unit: int) -> list[dict]:
    """Amounts in whole coins that add up to the total's, contributions, intervals and ranks; the largest rise first."""
    coin: dict[str, dict[str, int]] = {}
    for when in ("before", "now"):
        exact = {row["value"]: Fraction(row[when]) * unit for row in rows}
        coin[when] = round_to_total(exact, nearest(sum(exact.values())))
    shown = [_row(row, coin["before"][row["value"]], coin["now"][row["value"]], unit) for row in rows]
    shown.sort(key=lambda row: (row["value"] in SPECIAL, -row["contribution"], row["value"]))
    named = [row for row in shown if row["value"] not in SPECIAL]
    for place, row in enumerate(named, 1):
        row["rank"] = place
    return shown


def _row(row: dict, before: int, now: int, unit: int) -> dict:
    change = Decimal(now - before) / unit
    half = None if row["has_anonymous"] else Z * float(row["squares"]) ** 0.5
    return {
        "value": row["value"],
        "before": Decimal(before) / unit,
        "now": Decimal(now) / unit,
        "contribution": change,
        "customers_before": row["customers_before"],
        "customers_now": row["customers_now"],
        "folded": row["folded"],
        "rank": None,
        "low": None if half is None else float(change) - half,
        "high": None if half is None else float(change) + half,
    }
