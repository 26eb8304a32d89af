"""NPS and CSAT of the answers that count, of the whole company and by segment, channel and store."""

from datetime import date

import numpy as np
import pandas as pd

import customerbase.kpi.facts as facts
from customerbase.disclosure import suppress_rows
from customerbase.engine import Engine, sql_text
from customerbase.features.answers import Answers, window
from customerbase.features.behaviour import keep
from customerbase.features.scales import OF_ROLE, Question, main_scale, scored
from customerbase.kpi.formula import SHARE
from customerbase.kpi.registry import KPIS, Kpi

TABLE = "kpi_answers"
MEASURES = ("nps", "csat")
# whose answers a part counts, and the part of those of whom it is not known
HOME = {"channel": ("main_channel", "unknown"), "store": ("main_store", "none")}
ANONYMOUS, NOT_YET = "anonymous", "not_yet"


def scored_answers(frame: pd.DataFrame, asked: list[Question]) -> pd.DataFrame:
    """What each answer (of Answers.frame) adds to NPS or CSAT, of one scale each: customer_id, known, month, measure, y, weight."""
    made = []
    for measure in MEASURES:
        role = next(role for role, measures in OF_ROLE.items() if measure in measures)
        scale = main_scale(asked, role)
        own = frame[(frame["role"] == role) & (frame["scale"] == scale)]
        y = scored(own["answer"].to_numpy(), measure, scale) if len(own) else np.zeros(0)
        made.append(own[["customer_id", "known", "month", "weight"]].assign(measure=measure, y=y))
    found = pd.concat(made, ignore_index=True)
    return found.assign(month=pd.to_datetime(found["month"]).dt.date, customer_id=found["customer_id"].astype(str))


def hold(db: Engine, rows: pd.DataFrame, part: pd.Series | str = facts.WHOLE) -> None:
    """Hold kpi_answers of scored answers, each in its part."""
    columns = ["customer_id", "part", "month", "measure", "y", "weight"]
    typed = "cast(customer_id as varchar), cast(part as varchar), cast(month as date), cast(measure as varchar), cast(y as double),"
    db.register("kpi_given_answers", rows.assign(part=part)[columns])
    names = ", ".join(columns)
    keep(
        db, "kpi_scored", f"select * from (select {typed} cast(weight as double) from kpi_given_answers) as t({names})"
    )
    keep(db, TABLE, sql_text(TABLE))


def by_part(
    db: Engine, answers: Answers, dimension: str, *, month: date, segments: object | None, k_min: int
) -> pd.DataFrame:
    """NPS and CSAT of one month by part of a dimension: kpi, month, part, value, n, low, high, withheld.

    segment: the one of `segments`; channel and store: the customer's main ones (profile). A part of fewer than k_min
    people, or with so few on one side of a share, is withheld with what would give it away. So is one of whose answers in
    the months before so few came that page 09, which tells of the same parts in
    a window of twelve months, would name them by the difference.
    """
    rows = scored_answers(window(answers.frame, as_of=month, k_min=k_min), answers.questions)
    part = _parts(db, rows, dimension, segments)
    now = rows["month"] == month
    hold(db, rows[now], part[now])
    sums = facts.sums(db, of_answers(), TABLE)
    made = []
    for one in of_answers():
        values = sums.estimates(one).assign(kpi=one.id, month=sums.frame["month"], part=sums.frame["part"])
        values = values[values["n"] > 0]
        counts = [_people(rows[own], part[own], one.id, list(values["part"])) for own in (now, ~now)]
        values = values.assign(withheld=suppress_rows(np.column_stack(counts), k_min))
        for name in ("value", "n", "low", "high"):
            values[name] = values[name].astype("Float64").mask(values["withheld"])
        made.append(values)
    return pd.concat(made, ignore_index=True)


def _people(rows: pd.DataFrame, part: pd.Series, measure: str, parts: list[str]) -> np.ndarray:
    """Who answered in each part; of a share also who stands on either side."""
    own, top = rows["measure"] == measure, rows["y"] > 0
    sides = (own, own & top, own & ~top) if KPIS[measure].formula.kind == SHARE else (own,)
    found = [rows["customer_id"][side].groupby(part[side]).nunique().reindex(parts, fill_value=0) for side in sides]
    return np.column_stack(found).astype("int64")


def of_answers() -> list[Kpi]:
    """The KPIs made of answers to surveys."""
    return [one for one in KPIS.values() if one.formula.table == TABLE]


def _parts(db: Engine, rows: pd.DataFrame, dimension: str, segments: object | None) -> pd.Series:
    """The part of each answer's customer."""
    if dimension == "segment":
        db.register("kpi_given", segments)
        homes, other = db.query("select customer_id, cast(segment as varchar) as part from kpi_given").df(), NOT_YET
    else:
        column, other = HOME[dimension]
        homes = db.query(f"select customer_id, {column} as part from profile").df()
    homes = homes.dropna().drop_duplicates("customer_id").set_index("customer_id")["part"]
    found = rows["customer_id"].map(homes).astype(object)
    return found.where(found.notna(), other).where(rows["known"] == 1, ANONYMOUS)
