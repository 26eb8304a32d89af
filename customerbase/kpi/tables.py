"""The KPI tables: every month of the history, and the cohorts by month of the first order."""

from collections.abc import Mapping
from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

import customerbase.features.answers as surveys
import customerbase.kpi.answers as answers
import customerbase.kpi.facts as facts
from customerbase.engine import Engine
from customerbase.intervals import ratio, wilson
from customerbase.kpi.registry import KPIS
from customerbase.kpi.rows import relation_of
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
    "revenue": pa.decimal128(18, 2),
    "revenue_rate": pa.float64(),
    "revenue_low": pa.float64(),
    "revenue_high": pa.float64(),
}


def kpi_table(
    db: Engine, *, as_of: date, silence_months: int = facts.SILENCE_MONTHS, questions: Mapping | None = None
) -> duckdb.DuckDBPyRelation:
    """Every KPI in every month up to as_of: kpi, month, value, n, low, high (95 %); null where not defined.

    Reads sales_months and customer_orders (features), identity_links and, where they are there, cltv, survey_answers,
    survey_invitations, campaigns, campaign_contacts, source_files, quality_scores and profile. A customer silent for
    silence_months months in a row is lost. questions: `survey_questions` of the pipeline's YAML (features.scales).
    """
    facts.prepare(db, as_of=as_of, silence_months=silence_months)
    months = facts.spine(db, as_of)
    if not months:
        return relation_of(db, pd.DataFrame(columns=list(KPI_COLUMNS)), KPI_COLUMNS)
    given = surveys.gather(db, as_of=as_of, settings=questions)
    answers.hold(db, answers.scored_answers(given.frame, given.questions))
    facts.build(db, facts.WHOLE, as_of=as_of, from_month=months[0], silence_months=silence_months)
    found = {"facts": facts.sums(db, facts.of_facts())} | facts.others(db, as_of=as_of)
    found = {table: one.every_month(months) for table, one in found.items()}
    spine, first = pd.Series(months), facts.first_month(db)
    parts = []
    for one in KPIS.values():
        values = found[one.formula.table].estimates(one)
        known = facts.in_history(one, spine, first, silence_months)
        values[["value", "low", "high"]] = values[["value", "low", "high"]].where(known, np.nan)
        parts.append(values.assign(kpi=one.id, month=spine))
    return relation_of(db, pd.concat(parts, ignore_index=True), KPI_COLUMNS)


def cohorts(db: Engine, *, as_of: date) -> duckdb.DuckDBPyRelation:
    """Share of the customers with a first order in one month who ordered in a later one, and of its revenue then.

    Reads customer_months. The full triangle up to as_of, months without orders included: cohort_month, months_since,
    customers (of the cohort), retained, rate, low, high (95 %, Wilson); revenue of the cohort in that month, and its
    ratio to the revenue in the month of the first order: revenue_rate, revenue_low, revenue_high (95 %, linearised over
    the customers of the cohort).
    """
    found = db.run("cohorts", as_of=as_of).df()
    if found.empty:
        return relation_of(db, found.reindex(columns=list(COHORT_COLUMNS)), COHORT_COLUMNS)
    found["cohort_month"] = [stamp.date() for stamp in found["cohort_month"]]
    ages = [
        (first, age) for first in sorted(set(found["cohort_month"])) for age in range(len(month_range(first, as_of)))
    ]
    triangle = pd.DataFrame(ages, columns=["cohort_month", "months_since"])
    starts = found[found["months_since"] == 0]
    starts = starts.rename(
        columns={"retained": "customers", "revenue": "first_revenue", "revenue_squared": "first_squared"}
    )[["cohort_month", "customers", "first_revenue", "first_squared"]]
    triangle = triangle.merge(starts, on="cohort_month").merge(found, on=["cohort_month", "months_since"], how="left")
    triangle = triangle.fillna(dict.fromkeys(["retained", "revenue", "revenue_squared", "revenue_product"], 0))
    low, high = wilson(triangle["retained"], triangle["customers"])
    whole = triangle.assign(rate=triangle["retained"] / triangle["customers"], low=low, high=high)
    return relation_of(db, whole.assign(**_revenue_rates(triangle)), COHORT_COLUMNS)


def _revenue_rates(triangle: pd.DataFrame) -> dict[str, np.ndarray]:
    """Revenue over that of the first month; none for a cohort that spent nothing then. In the first month it is 1."""
    names = ("revenue", "first_revenue", "revenue_squared", "first_squared", "revenue_product", "customers")
    sums = [triangle[name].to_numpy(dtype=float) for name in names]
    bottom = np.where(sums[1] > 0, sums[1], np.nan)
    low, high = ratio(sums[0], bottom, *sums[2:])
    value = sums[0] / bottom
    return {"revenue_rate": value, "revenue_low": np.minimum(low, value), "revenue_high": np.maximum(high, value)}


def triangle(table: pd.DataFrame, *, k_min: int = 10, values: str = "rate") -> pd.DataFrame:
    """Retention as a matrix, cohort_month (rows) × months_since (columns); None where too few to show.

    table: the kpi_cohorts table as a frame; values: rate, or revenue_rate. A cell of 1 to k_min − 1 returning customers,
    or of a cohort of fewer than k_min, is withheld.
    """
    small = table["retained"].between(1, k_min - 1) | (table["customers"] < k_min)
    shown = table.assign(
        **{values: table[values].mask(small)}, cohort_month=pd.to_datetime(table["cohort_month"]).dt.date
    )
    return shown.pivot(index="cohort_month", columns="months_since", values=values)


cohorts.definition_ja = "初回注文の月が同じ顧客のうち、その何か月後に注文した顧客の割合"


def data_until(db: Engine, *, as_of: date) -> date | None:
    """Day of the last document up to as_of: earlier than as_of, the last month may be incomplete; None without any.

    Reads customer_orders (features).
    """
    query = "select max(cast(order_at as date)) as day from customer_orders where cast(order_at as date) <= $as_of"
    return db.query(query, as_of=as_of).fetchall()[0][0]
