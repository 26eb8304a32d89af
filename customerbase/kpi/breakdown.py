"""The KPIs by segment, channel, store and cohort; cells that would tell of a few people are withheld."""

from collections.abc import Mapping
from datetime import date

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

import customerbase.features.answers as surveys
import customerbase.kpi.answers as answers
import customerbase.kpi.facts as facts
from customerbase.disclosure import suppress_rows
from customerbase.engine import Engine
from customerbase.kpi.formula import COUNT, SHARE
from customerbase.kpi.registry import find
from customerbase.kpi.rows import relation_of
from customerbase.periods import add_months

DIMENSIONS = ("segment", "channel", "store", "cohort")
MONTHS_BACK = 13
# counts of people from which one another follow: where one is too small to show, its family is withheld
BUYING = ("active_customers", "new_customers", "repeat_rate")
FAMILIES = (
    BUYING,
    # one family: current customers are those of the month before + new + reactivated - lost
    ("returning_customers", "reactivated_customers", "lost_customers", "current_customers", "loss_rate"),
)
BY_COLUMNS = {
    "as_of": pa.date32(),
    "kpi": pa.string(),
    "month": pa.date32(),
    "dimension": pa.string(),
    "part": pa.string(),
    "value": pa.float64(),
    "n": pa.int64(),
    "low": pa.float64(),
    "high": pa.float64(),
    "withheld": pa.bool_(),
}


def kpi_by(
    db: Engine,
    *,
    as_of: date,
    segments: object | None = None,
    silence_months: int = facts.SILENCE_MONTHS,
    k_min: int = 10,
    months_back: int = MONTHS_BACK,
    questions: Mapping | None = None,
) -> duckdb.DuckDBPyRelation:
    """Every KPI of customers and sales by part of each dimension, for as_of's month and months_back months before it; NPS and CSAT.

    Reads what kpi_table reads, after it. Columns: as_of, kpi, month, dimension, part, value, n, low, high (95 %), withheld.
    channel and store: those of the orders, a customer counts in each in which they bought (new: in the month of their
    first order; lost, retained: where they last bought). cohort: the quarter of the first order. segment, of the newest
    month alone: the one in which the customer stood when the month began (segments: customer_id, segment), so that what
    they did in it did not choose it; not_yet for those who had not ordered. anonymous: nobody known. NPS and CSAT: of the
    newest month alone, by that segment and by the customer's main channel and store (kpi.answers.by_part).
    """
    month = as_of.replace(day=1)
    known = facts.spine(db, as_of)
    if not known:
        return relation_of(db, pd.DataFrame(columns=list(BY_COLUMNS)), BY_COLUMNS)
    first, asked = facts.first_month(db), surveys.gather(db, as_of=as_of, settings=questions)
    parts = []
    for dimension in DIMENSIONS:
        if dimension == "segment" and segments is None:
            continue
        start = month if dimension == "segment" else max(known[0], add_months(month, -months_back))
        # the month before the first one shown tells what of it must be withheld
        facts.build(
            db,
            dimension,
            as_of=as_of,
            from_month=add_months(start, -1),
            silence_months=silence_months,
            segments=segments if dimension == "segment" else None,
        )
        made = _parts(db, first, silence_months, k_min)
        parts.append(made[made["month"] >= start].assign(dimension=dimension))
        if dimension != "cohort":
            said = answers.by_part(db, asked, dimension, month=month, segments=segments, k_min=k_min)
            parts.append(said.assign(dimension=dimension))
    return relation_of(db, pd.concat(parts, ignore_index=True).assign(as_of=as_of), BY_COLUMNS)


def _parts(db: Engine, first: date | None, silence_months: int, k_min: int) -> pd.DataFrame:
    sums = facts.sums(db, facts.of_facts())
    hidden, frame, made = _hidden(sums, k_min), sums.frame, []
    for one in facts.of_facts():
        values = sums.estimates(one)
        known = facts.in_history(one, frame["month"], first, silence_months) & (values["n"] > 0)
        values = values.assign(kpi=one.id, month=frame["month"], part=frame["part"], withheld=hidden[one.id])
        for name in ("value", "n", "low", "high"):
            values[name] = values[name].astype("Float64").mask(values["withheld"])
        made.append(values[known])
    return pd.concat(made, ignore_index=True)


def _hidden(sums: facts.Sums, k_min: int) -> dict[str, np.ndarray]:
    """Which rows of sums are to be withheld, for each KPI.

    Sales are withheld where fewer than k_min people bought. What counts people (as value or as n) is withheld with its
    family, and with the buyers on whom it rests: those of the month before for what looks back on them.
    """
    persons = _small(sums, (), k_min)
    buying = persons | _small(sums, BUYING, k_min)
    hidden = {}
    for one in facts.of_facts():
        family = next((ids for ids in FAMILIES if one.id in ids), (one.id,))
        if "orders" in one.formula.n:
            hidden[one.id] = persons
        elif one.formula.n == "active_before":
            hidden[one.id] = _small(sums, family, k_min) | _month_before(sums.frame, buying)
        elif one.formula.n in ("alive", "alive_before"):
            leaving = _small(sums, family, k_min)
            hidden[one.id] = leaving | _month_before(sums.frame, leaving)
        else:
            hidden[one.id] = buying | _small(sums, family, k_min)
    return hidden


def _small(sums: facts.Sums, kpis: tuple[str, ...], k_min: int) -> np.ndarray:
    """Rows to withhold: fewer than k_min people in all, or in anything that these KPIs count, or that would follow."""
    frame = sums.frame
    columns = [frame["present"]] if not kpis else []
    for one in map(find, kpis):
        top = sums.column(one, "top")
        if one.formula.kind == SHARE:
            columns += [top, sums.column(one, "bottom") - top]
        else:
            columns.append(top if one.formula.kind == COUNT else sums.column(one, "n"))
    counts = np.column_stack([column.to_numpy() for column in columns]).round().astype("int64")
    hidden = np.zeros(len(frame), dtype=bool)
    for rows in frame.groupby("month").indices.values():
        hidden[rows] = suppress_rows(counts[rows], k_min)
    return hidden


def _month_before(frame: pd.DataFrame, hidden: np.ndarray) -> np.ndarray:
    """Whether the same part was withheld a month before: customers active then are the n of this month's retention."""
    places = {key for key, hide in zip(zip(frame["month"], frame["part"], strict=True), hidden, strict=True) if hide}
    keys = zip(frame["month"], frame["part"], strict=True)
    return np.array([(add_months(month, -1), part) in places for month, part in keys], dtype=bool)
