"""The month's movement between segments: over 1, 3, 6 and 12 months with causes, alarms and worth; over others counted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pandas as pd

from customerbase.engine import Engine
from customerbase.features import keep
from customerbase.intervals import compound, wilson
from customerbase.periods import add_months, month_end
from customerbase.segments.movement.paths import Ranker, causes, cells, history, hold, trace
from customerbase.segments.movement.usual import FALSE_ALARMS, MOST, Usual, alarms_before, usual
from customerbase.segments.named import ABSENT_BEFORE, ABSENT_NOW, codes

SPANS = (1, 3, 6, 12)
LONGEST = 24  # months: up to here the movement over every other length is counted, without causes
CAUSES = ("stayed", "cancelled", "arrived", "real", "cut_points", "both", "merged")
MOVED = ("real", "cut_points", "both")  # causes of another segment than then, among customers of then
CELL_COLUMNS = [
    *("as_of", "months", "since", "from_segment", "to_segment", "customers", "share", "low", "high"),
    *("usual", "usual_low", "usual_high", "p_value", "unusual", "past_spans", "backtest_spans", "backtest_alarms"),
    *("real", "cut_points", "published", "late", "valued", "cltv_change", "cltv_change_low", "cltv_change_high"),
]
CAUSE_COLUMNS = [
    *("as_of", "months", "since", "cause", "record", "customers", "customers_in_other_order", "valued"),
    *("cltv_before", "cltv_now", "cltv_change", "cltv_change_low", "cltv_change_high"),
]
_PEOPLE = ("customers", "real", "published", "valued")


@dataclass(frozen=True)
class Span:
    """Movement over so many months: its cells, its causes, and whether the month it began with was published."""

    months: int
    since: date
    published: bool
    cells: pd.DataFrame
    causes: pd.DataFrame


@dataclass(frozen=True)
class Movement:
    """The tables of page 07b: movements by span, published history, and who moved."""

    as_of: date
    spans: tuple[Span, ...]
    counted: tuple[pd.DataFrame, ...]  # cells of the other lengths: how many moved and which share
    history: duckdb.DuckDBPyRelation
    movers: duckdb.DuckDBPyRelation | None

    def span(self, months: int) -> Span | None:
        """The movement over so many months; None where there were no customers yet."""
        return next((one for one in self.spans if one.months == months), None)

    def tables(self) -> dict[str, pd.DataFrame | duckdb.DuckDBPyRelation | None]:
        """Every table the page writes, by name."""
        return {
            "migration": _stacked([*(one.cells for one in self.spans), *self.counted], CELL_COLUMNS),
            "migration_causes": _stacked([one.causes for one in self.spans], CAUSE_COLUMNS),
            "rfm_history": self.history,
            "segment_movers": self.movers,
        }

    def records(self) -> dict[str, int | float]:
        """A few numbers that stay with the run: of one month, zeros where there were no customers before."""
        one = self.span(1)
        if one is None:
            return {"moved": 0, "moved_by_cut_points": 0, "corrected": 0, "unusual_flows": 0}
        by_cause = one.causes.groupby("cause")["customers"].sum()
        return {
            "moved": int(by_cause.reindex(MOVED, fill_value=0).sum()),
            "moved_by_cut_points": int(by_cause.reindex(["cut_points", "both"], fill_value=0).sum()),
            "corrected": int(one.causes.loc[one.causes["record"] == "corrected", "customers"].sum()),
            "unusual_flows": int(one.cells["unusual"].fillna(False).sum()),
        }


def movement(
    db: Engine, rule: Ranker, *, as_of: date, spans: Sequence[int] = SPANS, false_alarms: float = FALSE_ALARMS
) -> Movement:
    """Customers who moved between segments within 1, 3, 6 and 12 months: how many, how surely, why, and at what worth.

    rule ranks any month by the cut points of any other (rfm.Rule). Reads customer_months, rfm, cltv, id_aliases,
    previous_rfm_history, previous_rfm and previous_cltv. Spans that begin before there were customers are left out.
    Over the other lengths up to 24 months it is counted who moved, without causes.
    Usual movement is that of up to 12 spans of the same length before this one, none overlapping, as known today.
    """
    published = history(db, as_of=as_of)
    ends = _ends(db, as_of)
    db.register("movement_now", db.query("select customer_id, segment from rfm"))
    db.execute("drop table if exists segment_movers")
    matrices: dict[int, list[np.ndarray]] = {months: [] for months in spans}
    found: dict[int, tuple] = {}
    counted: list[pd.DataFrame] = []
    for back, day in enumerate(ends):
        if back == 0:
            keep(db, "movement_0", "select * from movement_now")
            continue
        hold(db, rule, f"movement_{back}", day, day)
        for months in (one for one in spans if back % one == 0):
            matrices[months].append(_matrix(db, back, back - months))
        if back in spans:
            db.register("movement_then", db.query(f"select * from movement_{back}"))
            known = trace(db, rule, as_of=as_of, since=day)
            _movers(db, as_of, back, day)
            found[back] = (known, cells(db), causes(db))
        else:
            counted.append(_counted(_matrix(db, back, 0), as_of, back, day))
        if back > 1 and not any(length > 1 and (back - 1) % length == 0 for length in spans):
            db.execute(f"drop table movement_{back - 1}")
    made = [_span(as_of, months, ends[months], *found[months], matrices[months], false_alarms) for months in found]
    movers = db.query("select * from segment_movers") if found else None
    return Movement(as_of, tuple(made), tuple(counted), published, movers)


def _ends(db: Engine, as_of: date) -> list[date]:
    """Month ends from as_of back, as far as two times twelve months and as there were customers."""
    [(first,)] = db.query("select min(month) from customer_months where orders > 0").fetchall()
    days = [month_end(add_months(as_of, -back)) for back in range(max(2 * MOST, LONGEST) + 1)]
    return [day for day in days if first and day >= month_end(first)]


def _matrix(db: Engine, then: int, now: int) -> np.ndarray:
    """Customers by segment (rows: then, with not yet; columns: now) between two of the months held."""
    for name, back in (("segment_members_before", then), ("segment_members", now)):
        db.register(name, db.query(f"select * from movement_{back}"))
    moves = db.run("segment_migration", absent_before=ABSENT_BEFORE, absent_now=ABSENT_NOW).df()
    wide = moves.pivot(index="from_segment", columns="to_segment", values="customers")
    return wide.reindex(index=[*codes(), ABSENT_BEFORE], columns=codes()).fillna(0).to_numpy(dtype=float)


def _counted(matrix: np.ndarray, as_of: date, months: int, since: date) -> pd.DataFrame:
    """Cells of a span that is only counted: one row per pair of segments with customers, share and interval."""
    places = np.argwhere(matrix > 0)
    then, now = [*codes(), ABSENT_BEFORE], codes()
    customers = matrix[tuple(places.T)].astype("int64")
    everybody = matrix.sum(axis=1).astype("int64")[places[:, 0]]
    low, high = wilson(customers, everybody)
    return pd.DataFrame({
        "as_of": as_of, "months": months, "since": since,
        "from_segment": [then[place] for place in places[:, 0]], "to_segment": [now[place] for place in places[:, 1]],
        "customers": customers, "share": customers / everybody, "low": low, "high": high,
        "past_spans": 0, "backtest_spans": 0, "backtest_alarms": 0, "valued": 0,
    }).reindex(columns=CELL_COLUMNS)  # fmt: skip


def _movers(db: Engine, as_of: date, months: int, since: date) -> None:
    rows = db.run("segment_movers", as_of=as_of, months=months, since=since)
    try:
        rows.insert_into("segment_movers")
    except duckdb.CatalogException:
        rows.create("segment_movers")


def _span(
    as_of: date, months: int, since: date, published: bool, counts: pd.DataFrame, by_cause: pd.DataFrame,
    matrices: list[np.ndarray], false_alarms: float,
) -> Span:  # fmt: skip
    now, past = matrices[0], matrices[1:]
    judged, backtest = usual(now, past, false_alarms=false_alarms), alarms_before(past, false_alarms=false_alarms)
    about = {"as_of": as_of, "months": months, "since": since}
    made = _cells(counts, judged, backtest, published).assign(**about).reindex(columns=CELL_COLUMNS)
    causes = _worth(by_cause).assign(**about).reindex(columns=CAUSE_COLUMNS)
    order = causes["cause"].map({name: place for place, name in enumerate(CAUSES)})
    causes = causes.assign(order=order).sort_values(["order", "record"], ignore_index=True).drop(columns="order")
    return Span(months, since, published, made, causes)


def _cells(counts: pd.DataFrame, judged: Usual, backtest: tuple[int, int], published: bool) -> pd.DataFrame:
    """One row per pair of segments: counts that add up, share with interval, what is usual, and worth."""
    names = [*codes(), ABSENT_BEFORE], codes()
    alarms = [(names[0][row], names[1][column]) for row, column in np.argwhere(judged.unusual)]
    pairs = pd.MultiIndex.from_tuples(alarms, names=["from_segment", "to_segment"])
    frame = counts.rename(columns={"real_customers": "real"}).set_index(["from_segment", "to_segment"])
    frame = frame.reindex(frame.index.union(pairs)).reset_index()
    frame = frame.fillna(dict.fromkeys(_PEOPLE, 0)).astype(dict.fromkeys(_PEOPLE, "int64"))
    everybody = frame.groupby("from_segment")["customers"].transform("sum")
    frame["share"] = frame["customers"] / everybody.where(everybody > 0)
    frame["low"], frame["high"] = wilson(frame["customers"], everybody)
    frame["cut_points"] = frame["customers"] - frame["real"]
    frame["late"] = frame["published"] - frame["customers"]
    frame = _worth(frame)
    if not published:
        frame[["published", "late"]] = None
    grid = pd.MultiIndex.from_product(names)
    arrays = {"usual": judged.share, "usual_low": judged.low, "usual_high": judged.high, "p_value": judged.p}
    arrays["unusual"] = np.where(np.isfinite(judged.p), judged.unusual, None)
    told = pd.DataFrame({name: values.ravel() for name, values in arrays.items()}, index=grid)
    frame = frame.join(told, on=["from_segment", "to_segment"])
    frame["past_spans"], (frame["backtest_spans"], frame["backtest_alarms"]) = judged.past, backtest
    places = {code: place for place, code in enumerate([*codes(), ABSENT_BEFORE, ABSENT_NOW])}
    return frame.sort_values(["from_segment", "to_segment"], key=lambda one: one.map(places), ignore_index=True)


def _worth(frame: pd.DataFrame) -> pd.DataFrame:
    """The change of lifetime value with its 95 % interval; None where nobody's is known at both ends.

    The interval is that of a total of a random number of independent changes, what a bootstrap over all customers
    tends to; customers' values are taken as they are.
    """
    low, high = compound(frame["cltv_change"].astype(float), frame["cltv_change_squares"].astype(float))
    known = frame["valued"] > 0
    return frame.assign(
        cltv_change=frame["cltv_change"].astype(float).where(known),
        cltv_change_low=pd.Series(low, index=frame.index).where(known),
        cltv_change_high=pd.Series(high, index=frame.index).where(known),
    )


def _stacked(frames: list[pd.DataFrame], columns: list[str]) -> pd.DataFrame | None:
    return pd.concat(frames, ignore_index=True)[columns] if frames else None


# what charts.caption prints under Japanese figures
movement.definition_ja = "ある月末から当月末までに、セグメントの間を移動した顧客数（現在わかっている範囲）"
