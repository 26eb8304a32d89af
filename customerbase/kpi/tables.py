"""The KPI tables: every month of the history, and the cohorts by month of the first order."""

from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

import customerbase.kpi.measures as measures  # noqa: F401  (its functions enter themselves into the registry)
from customerbase.engine import Engine
from customerbase.intervals import wilson
from customerbase.kpi.registry import KPIS
from customerbase.periods import month_range

KPI_COLUMNS = {
    "kpi": pa.string(),
    "month": pa.date32(),
    "value": pa.float64(),
    "n": pa.int64(),
    "low": pa.float64(),
    "high": pa.float64(),
}
COHORT_COLUMNS = {
    "cohort_month": pa.date32(),
    "months_since": pa.int32(),
    "customers": pa.int64(),
    "retained": pa.int64(),
    "rate": pa.float64(),
    "low": pa.float64(),
    "high": pa.float64(),
}


def months(db: Engine, *, as_of: date) -> pd.DataFrame:
    """The base of all KPIs: counts and exact sums of every month from the first document to as_of, gaps as zeros.

    Reads customer_months and customer_orders (features). Columns: month and those of sql/kpi_months.sql and
    sql/anonymous_months.sql.
    """
    known, anonymous = db.run("kpi_months", as_of=as_of).df(), db.run("anonymous_months").df()
    base = known.merge(anonymous, on="month", how="outer")
    found = [stamp.date() for stamp in base["month"]]
    spine = pd.DataFrame({"month": month_range(min(found), as_of.replace(day=1)) if found else []})
    base["month"] = found
    columns = [column for column in base.columns if column != "month"]
    base = spine.merge(base[base["month"] <= as_of], on="month", how="left")
    base[columns] = base[columns].fillna(0).astype(float)
    return base


def kpi_table(db: Engine, *, as_of: date) -> duckdb.DuckDBPyRelation:
    """Every KPI in every month up to as_of: kpi, month, value, n, low, high (95 %); null where not defined.

    Reads customer_months and customer_orders (features).
    """
    base = months(db, as_of=as_of)
    parts = [kpi.function(base).assign(kpi=kpi.id, month=base["month"]) for kpi in KPIS.values()]
    return _relation(db, pd.concat(parts, ignore_index=True), KPI_COLUMNS)


def cohorts(db: Engine, *, as_of: date) -> duckdb.DuckDBPyRelation:
    """Share of the customers with a first order in one month who ordered in a later one.

    Reads customer_months. The full triangle up to as_of, months without orders included: cohort_month, months_since,
    customers (of the cohort), retained, rate, low, high (95 %, Wilson).
    """
    found = db.run("cohorts", as_of=as_of).df()
    if found.empty:
        return _relation(db, found.reindex(columns=list(COHORT_COLUMNS)), COHORT_COLUMNS)
    found["cohort_month"] = [stamp.date() for stamp in found["cohort_month"]]
    ages = [
        (first, age) for first in sorted(set(found["cohort_month"])) for age in range(len(month_range(first, as_of)))
    ]
    triangle = pd.DataFrame(ages, columns=["cohort_month", "months_since"])
    sizes = found[found["months_since"] == 0].rename(columns={"retained": "customers"})
    triangle = triangle.merge(sizes[["cohort_month", "customers"]], on="cohort_month")
    triangle = triangle.merge(found, on=["cohort_month", "months_since"], how="left").fillna({"retained": 0})
    low, high = wilson(triangle["retained"], triangle["customers"])
    return _relation(
        db, triangle.assign(rate=triangle["retained"] / triangle["customers"], low=low, high=high), COHORT_COLUMNS
    )


def triangle(table: pd.DataFrame, *, k_min: int = 10) -> pd.DataFrame:
    """Retention rates as a matrix, cohort_month (rows) × months_since (columns); None where too few to show.

    table: the kpi_cohorts table as a frame. A cell of 1 to k_min − 1 returning customers, or of a cohort of fewer than
    k_min, is withheld.
    """
    small = table["retained"].between(1, k_min - 1) | (table["customers"] < k_min)
    shown = table.assign(rate=table["rate"].mask(small), cohort_month=pd.to_datetime(table["cohort_month"]).dt.date)
    return shown.pivot(index="cohort_month", columns="months_since", values="rate")


cohorts.definition_ja = "初回注文の月が同じ顧客のうち、その何か月後に注文した顧客の割合"


def data_until(db: Engine, *, as_of: date) -> date | None:
    """Day of the last document up to as_of: earlier than as_of, the last month may be incomplete; None without any.

    Reads customer_orders (features).
    """
    query = "select max(cast(order_at as date)) as day from customer_orders where cast(order_at as date) <= $as_of"
    return db.query(query, as_of=as_of).fetchall()[0][0]


def _relation(db: Engine, frame: pd.DataFrame, columns: dict[str, pa.DataType]) -> duckdb.DuckDBPyRelation:
    """The frame with exact types, NaN as null, as a relation that no later computation can change."""
    frame = frame.replace({np.nan: None})
    arrays = [pa.array([None if pd.isna(v) else v for v in frame[name]], type=kind) for name, kind in columns.items()]
    return db.connection.from_arrow(pa.Table.from_arrays(arrays, names=list(columns)))
