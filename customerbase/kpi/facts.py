"""The additive facts under the KPIs, and their sums: every KPI, month and part of a dimension in one query."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
import pyarrow as pa

from customerbase.engine import Engine, identifier, literal, sql_text
from customerbase.errors import ConfigError
from customerbase.features.behaviour import keep
from customerbase.features.snapshots import exists
from customerbase.kpi.formula import estimate
from customerbase.kpi.registry import KPIS, Kpi
from customerbase.periods import add_months, month_range

SILENCE_MONTHS = 3
WHOLE = "all"
# what a table that a company may not have would hold: enough to find nothing in it
_OPTIONAL = {
    "cltv": "customer_id varchar, cltv double",
    "campaigns": "source_system varchar, campaign_id varchar, channel varchar",
    "campaign_contacts": "source_system varchar, campaign_id varchar, source_customer_id varchar, arm varchar,"
    " delivered_at timestamp, opened_at timestamp, clicked_at timestamp",
    "source_files": "rows_read bigint, rows_accepted bigint",
    "quality_scores": "dimension varchar, score double, n bigint",
    "profile": "customer_id varchar, has_email boolean, has_phone boolean, main_channel varchar, main_store varchar",
}


def prepare(db: Engine, *, as_of: date, silence_months: int = SILENCE_MONTHS) -> None:
    """Make what the facts of every dimension share: the sales, held once, starts, the months of silence ahead of each.

    Reads sales_months, customer_orders and, where there is one, cltv. Raises ConfigError for a silence limit below 1.
    """
    if silence_months < 1:
        raise ConfigError(f"silence_months is {silence_months}; expected a number of months from 1 up.")
    for table, columns in _OPTIONAL.items():
        if not exists(db, table):
            db.execute(f"create or replace temp table {table} ({columns})")
    for table in ("kpi_months", "kpi_people", "kpi_starts", "kpi_sales"):
        text = sql_text(table)
        keep(db, table, text, **({"as_of": as_of} if "$as_of" in text else {}))
    db.execute("drop table kpi_months")
    ahead = [(month, step, add_months(month, step)) for month in spine(db, as_of) for step in range(silence_months + 1)]
    columns = zip(*ahead, strict=True) if ahead else ((), (), ())
    kinds = {"month": pa.date32(), "step": pa.int32(), "later": pa.date32()}
    arrays = [pa.array(values, kind) for values, kind in zip(columns, kinds.values(), strict=True)]
    db.register("kpi_ahead", pa.Table.from_arrays(arrays, names=list(kinds)))


def spine(db: Engine, as_of: date) -> list[date]:
    """All months from the first document to as_of, those without any included; none without documents. After prepare."""
    [(first,)] = db.query("select min(month) from kpi_sales").fetchall()
    return month_range(first, as_of.replace(day=1)) if first else []


def first_month(db: Engine) -> date | None:
    """The month of the first order of anybody known; None without any. After prepare."""
    return db.query("select min(first_month) from kpi_starts").fetchall()[0][0]


def build(
    db: Engine,
    dimension: str,
    *,
    as_of: date,
    from_month: date,
    silence_months: int,
    segments: object | None = None,
) -> None:
    """Hold kpi_facts of one dimension (all, segment, channel, store, cohort) for the months from from_month on."""
    if segments is None:
        keep(db, "kpi_segments", "select number as customer_id, '' as segment from kpi_people where false")
    else:
        db.register("kpi_given", segments)
        keep(
            db,
            "kpi_segments",
            "select kpi_people.number as customer_id, cast(kpi_given.segment as varchar) as segment"
            " from kpi_given inner join kpi_people on kpi_given.customer_id = kpi_people.customer_id",
        )
    start = add_months(from_month, -silence_months)
    keep(db, "kpi_units", sql_text("kpi_units"), dimension=dimension, from_month=start)
    values = {"as_of": as_of, "from_month": from_month, "silence_months": silence_months}
    db.register("kpi_facts", db.run("kpi_facts", **values))  # lazy: summed up once, while it is made


def of_facts() -> list[Kpi]:
    """The KPIs made of kpi_facts: those that can be had for every dimension."""
    return [one for one in KPIS.values() if one.formula.table == "facts"]


@dataclass(frozen=True)
class Sums:
    """Sums by month (date) and part; names: KPI -> what its formula calls a sum -> the column that holds it."""

    frame: pd.DataFrame
    names: Mapping[str, Mapping[str, str]]

    def every_month(self, months: Sequence[date]) -> "Sums":
        """The sums of a table without parts for exactly these months: where nothing was sold, they are zero."""
        spine = pd.DataFrame({"month": list(months)})
        filled = spine.merge(self.frame.drop(columns="part"), on="month", how="left").fillna(0)
        return Sums(filled, self.names)

    def column(self, one: Kpi, name: str) -> pd.Series:
        """What the formula of a KPI calls top, bottom, n …"""
        return self.frame[self.names[one.id][name]]

    def estimates(self, one: Kpi) -> pd.DataFrame:
        """Value, n, low and high of a KPI, row by row."""
        return estimate(one.formula, {name: self.column(one, name).to_numpy() for name in self.names[one.id]})


def sums(db: Engine, kpis: Iterable[Kpi], table: str = "kpi_facts") -> Sums:
    """All that these KPIs need, in one pass over their table: what several share is summed once; exact, then doubles."""
    found: dict[str, str] = {}
    names = {
        one.id: {name: found.setdefault(sql, f"s{len(found)}") for name, sql in one.formula.sums().items()}
        for one in kpis
    }
    told = [f"cast(sum({sql}) as double) as {name}" for sql, name in found.items()]
    if table == "kpi_facts":
        told.append("cast(sum(present) as double) as present")
    part = "part" if table in ("kpi_facts", "kpi_answers") else literal(WHOLE)
    frame = db.query(
        f"select month, {part} as part, {', '.join(told)} from {identifier(table)} group by all order by all"
    ).df()
    return Sums(frame.assign(month=[stamp.date() for stamp in pd.to_datetime(frame["month"])]), names)


def in_history(one: Kpi, months: pd.Series, first: date | None, silence_months: int) -> pd.Series:
    """Whether a month lies late enough in the history for a KPI to mean anything."""
    needed = one.formula.history + (silence_months if one.formula.after_silence else 0)
    if not needed or first is None:
        return pd.Series(needed <= 0, index=months.index)
    return months >= add_months(first, needed)


def others(db: Engine, *, as_of: date) -> dict[str, Sums]:
    """The sums of the KPIs that are not made of kpi_facts, by the table of their own that is: no parts.

    Reads kpi_sales, kpi_answers, campaigns, campaign_contacts, identity_links, source_files, quality_scores, profile.
    The share of the top tenth is told of the month, the one before and the same one a year ago; the state of the data
    of the as-of date alone.
    """
    month, until = as_of.replace(day=1), as_of + timedelta(days=1)
    ends = [add_months(month, step) for step in (-12, -1, 0)]
    have = set(spine(db, as_of))
    years = [(end, add_months(end, -11)) for end in ends if add_months(end, -11) in have]
    columns = {"month": [end for end, _ in years], "from_month": [start for _, start in years]}
    db.register("kpi_years", pa.table({name: pa.array(days, pa.date32()) for name, days in columns.items()}))
    given = {
        "kpi_top_decile": {},
        "kpi_emails": {"until": until},
        "kpi_data": {"as_of": as_of},
    }
    for table, values in given.items():
        keep(db, table, sql_text(table), **values)
    found = {}
    for table in (*given, "kpi_answers"):
        found[table] = sums(db, [one for one in KPIS.values() if one.formula.table == table], table)
    return found
