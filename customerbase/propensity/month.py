"""Who will buy, of one month: the chance within 7, 30, 60 and 90 days, a window of days, the spend, and the month's totals."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

import duckdb
import numpy as np
import pandas as pd
import pyarrow as pa

import customerbase.prediction.lists as lists
from customerbase.engine import Engine
from customerbase.features import features, monthly_cutoffs
from customerbase.periods import add_months
from customerbase.prediction import Options as Learning
from customerbase.prediction import Scorer, Study, design, scoring, study, windows
from customerbase.prediction.notes import distinct
from customerbase.prediction.timing import HORIZONS, MONTHS, Timing, fit_timing, window
from customerbase.prediction.timing_buyers import MonthSpend, ahead, expected

DAYS = 30  # the horizon that lists, totals and reasons speak of
LEARNT_ROWS = 60_000  # of the snapshots that the time to the next purchase is learnt from


@dataclass(frozen=True)
class Options(lists.Bands):
    """tests: newest completed windows the models are judged by; high, medium: probabilities from which on a customer is a
    likely, or a possible, buyer; explanation: see prediction.scoring.Scorer."""

    said: ClassVar[str] = "bands of buyers"

    tests: int = 6
    explanation: str = "logit"
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Result(lists.Listing):
    """Purchases to come, of one month: tables as in expectations/ (customers is propensity), the models behind them, notes."""

    topic: ClassVar[str] = "propensity"
    small: ClassVar[tuple[str, ...]] = (*lists.Listing.small, "totals")

    totals: pd.DataFrame
    timing: Timing
    options: Options

    def records(self) -> dict[str, int | float | str]:
        """The few numbers that stay with the run."""
        now = self.totals[self.totals["is_ahead"]].iloc[0]
        names = ("buyers", "buyers_low", "buyers_high", "spend", "spend_low", "spend_high")
        return super().records() | {name: float(now[name]) for name in names}


def intent(
    db: Engine, *, as_of: date, options: Options | None = None, previous: duckdb.DuckDBPyRelation | None = None
) -> Result:
    """Chances of a purchase of every customer active at the end of as_of.

    The chance within 30 days is that of the ladder (prediction.study). The others follow the hazards of the time to the next
    purchase (prediction.timing), all of a customer's multiplied by one factor so that the chance within 30 days is the same:
    S(t) to the power log(1 - p) / log S(30). Reads snapshots and snapshot_labels (features.monthly_snapshots). previous: last
    month's propensity_predictions. Raises InputError when nobody is active.
    """
    options = options or Options()
    [cutoff] = monthly_cutoffs(as_of, 1)
    found = study(db, cutoff=cutoff, options=Learning(DAYS, leaving=False, tests=options.tests, seed=options.seed))
    known, labels = _learnt(db, cutoff)
    timing = fit_timing(known, labels, known_until=cutoff, boost=False, seed=options.seed)
    money = MonthSpend.of(known, labels, known_until=cutoff, horizon_days=DAYS)
    scored = pd.concat(_scored(db, found, timing, money, options.explanation), ignore_index=True)
    customers = _customers(scored, found, options, as_of)
    listed = customers.rename(columns={"p_30": "probability"})
    predictions = lists.published(listed, cutoff, previous)
    customers["previous_p_30"] = lists.month_before(listed, predictions, cutoff)
    parts, more = lists.judged(db, found, scored, customers, predictions, options, as_of)
    totals = _totals(found, money, customers, known, labels, as_of)
    notes = distinct([*found.notes, *timing.notes, *more])
    return Result(**parts, customers=customers, totals=totals, study=found, timing=timing, options=options, notes=notes)


def _learnt(db: Engine, cutoff: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Snapshots and labels of the newest months, of a share of customers where they are many."""
    since = add_months(cutoff, -MONTHS - 1)
    [(rows,)] = db.query(
        "select count(*) from snapshots where cutoff between $since and $cutoff", since=since, cutoff=cutoff
    ).fetchall()
    numbers = ", ".join(f"cast({name} as double) as {name}" for name in features())
    some = f"where cutoff between $since and $cutoff and {windows.DIGEST} < $below"
    told = {"since": since, "cutoff": cutoff, "below": windows.digest(LEARNT_ROWS / max(rows, 1))}
    query = f"select customer_id, cutoff, {numbers} from snapshots {some} order by cutoff, customer_id"
    known = db.query(query, **told).df()
    query = f"select * from snapshot_labels {some} order by cutoff, horizon_days, customer_id"
    return known, db.query(query, **told).df()


def _scored(db: Engine, found: Study, timing: Timing, money: MonthSpend, explanation: str) -> Iterator[pd.DataFrame]:
    """Scores of today's customers, batch by batch: those of the ladder with reasons, the course of time, the spend if they buy."""

    def score(batch: pa.RecordBatch) -> pd.DataFrame:
        made = Scorer(found, explanation)(batch).to_pandas()
        frame = pd.DataFrame({name: design.column(batch, name) for name in features()})
        course = _course(timing, frame, made["probability"].to_numpy())
        return made.join(course).assign(expected_spend=money.expected(frame))

    yield from scoring.batches(db, found, score)


def _course(timing: Timing, frame: pd.DataFrame, p: np.ndarray) -> pd.DataFrame:
    """Chances by horizon and the window of days, from hazards that are scaled so that p is the chance within DAYS.

    Days count from the as-of date: 1 is the first day of the window.
    """
    left = np.cumprod(1 - timing.model.predict(frame), axis=1)
    at = left[:, timing.ends.index(DAYS)]
    with np.errstate(divide="ignore"):
        power = np.log1p(-np.clip(p, 1e-9, 1 - 1e-9)) / np.log(np.clip(at, 1e-9, 1 - 1e-9))
    left = left ** power[:, None]
    made = {}
    for days in HORIZONS:  # rounding must not turn the order of horizons
        within = 1 - left[:, timing.ends.index(days)]
        made[f"p_{days}"] = p if days == DAYS else (np.minimum if days < DAYS else np.maximum)(within, p)
    return pd.DataFrame(made | {name: days + 1 for name, days in window(left, timing.ends).items()})


def _customers(scored: pd.DataFrame, found: Study, options: Options, as_of: date) -> pd.DataFrame:
    chances = [f"p_{days}" for days in HORIZONS]
    made = scored[["customer_id", *chances, "low_days", "median_days", "high_days", "expected_spend"]].copy()
    made["as_of"], made["model"], made["horizon_days"] = as_of, found.chosen, DAYS
    made["band"] = options.band(made["p_30"].to_numpy())
    return made


def _totals(
    found: Study, money: MonthSpend, customers: pd.DataFrame, known: pd.DataFrame, labels: pd.DataFrame, as_of: date
) -> pd.DataFrame:
    """Buyers and spend of the next 30 days with 80 % intervals, and of each test window what was expected beside what came."""
    past = pd.DataFrame([_test(test, found, known, labels) for test in found.tests], columns=list(PAST))
    now = expected(customers["p_30"].to_numpy(), customers["expected_spend"].to_numpy(), money.variation)
    next_month = ahead(now, past, cutoff=found.cutoff, horizon_days=DAYS)
    rows = [
        {
            "cutoff": one.cutoff, "is_ahead": False, "customers": one.customers, "buyers": one.expected_buyers,
            "spend": one.expected_spend, "actual_buyers": one.buyers, "actual_spend": one.spend,
        }
        for one in past.itertuples()
    ]  # fmt: skip
    names = ("cutoff", "customers", "buyers", "buyers_low", "buyers_high", "spend", "spend_low", "spend_high")
    rows.append({name: getattr(next_month, name) for name in names} | {"is_ahead": True})
    made = pd.DataFrame(rows, columns=[*names, "is_ahead", "actual_buyers", "actual_spend"])
    return made.assign(as_of=as_of, horizon_days=DAYS)


PAST = ("cutoff", "customers", "expected_buyers", "buyers", "buyers_chance", "expected_spend", "spend", "spend_chance")


def _test(test, found: Study, known: pd.DataFrame, labels: pd.DataFrame) -> dict[str, object]:
    """What the ladder expected of a test window altogether, and what came; spend learnt from what was known by then."""
    earlier = known[pd.to_datetime(known["cutoff"]) <= pd.Timestamp(test.cutoff)]
    money = MonthSpend.of(earlier, labels, known_until=test.cutoff, horizon_days=DAYS)
    places = {name: design.names().index(name) for name in ("spend_365", "active_months_365")}
    worth = money.expected({name: pd.Series(test.window.x[:, place]) for name, place in places.items()})
    made = expected(test.probability(found.chosen), worth, money.variation)
    scale = test.window.customers / max(len(test.y), 1)  # of the customers drawn to all
    for name in ("expected_buyers", "expected_spend"):
        made[name] *= scale
    spent = float((test.window.spend * test.y).sum())  # of the buyers: money given back to others is no purchase
    came = {"buyers": float(test.y.sum()) * scale, "spend": spent * scale}
    return made | came | {"cutoff": test.cutoff, "customers": test.window.customers}
