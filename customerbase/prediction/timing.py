"""When a customer will buy next: chances within 7, 30, 60 and 90 days and a window of days, from snapshots and labels.

    timing = fit_timing(snapshots, labels, known_until=date(2026, 11, 1))
    timing.predict(snapshot)    # a table
    timing.score(batch)         # record batch -> record batch

A window, and no date: "median gap less days since the last purchase" ranks customers hardly better than chance
(docs/time-to-purchase.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from customerbase.errors import InputError, near_miss
from customerbase.features import features
from customerbase.prediction.timing_hazard import Hazards, fit_hazards
from customerbase.prediction.timing_notes import Note
from customerbase.prediction.timing_rates import RateHazards, Rates
from customerbase.prediction.timing_rows import ENDS, age_days, check_ends, person_intervals, watched

HORIZONS = (7, 30, 60, 90)
HALF_LIFE = 90.0  # days: habits change, and the newest months tell most
MONTHS = 12  # older snapshots weigh less than 6 % of the newest
BUDGET = 70_000  # customers x cutoffs learnt from: 300,000 person-interval rows
ENOUGH = 3  # cutoffs watched to the last day, below which nothing is learnt from features
_LOW, _HIGH = 0.1, 0.9


@dataclass(frozen=True)
class Timing:
    """A fitted model of the time to the next purchase.

    known_until: the day whose beginning ends all that was looked at; cutoffs: those learnt from; notes: what was found
    and what was done instead.
    """

    model: Hazards | RateHazards
    known_until: date
    cutoffs: tuple[date, ...]
    notes: tuple[Note, ...] = ()

    @property
    def ends(self) -> tuple[int, ...]:
        """Ends of the intervals in days after the cutoff."""
        return self.model.ends

    def chances(self, snapshot: pd.DataFrame, horizons: Sequence[int] = HORIZONS) -> np.ndarray:
        """P(purchase within the days of each horizon); shape (rows, horizons), never falling with the horizon.

        Raises InputError for a horizon that is no end of an interval.
        """
        places = [self._place(days) for days in horizons]
        left = np.cumprod(1 - self.model.predict(snapshot, max(places) + 1), axis=1)
        return 1 - left[:, places]

    def predict(self, snapshot: pd.DataFrame) -> pd.DataFrame:
        """Chances and days to the next purchase of every row of a snapshot.

        Columns: customer_id, cutoff, p_7, p_30, p_60, p_90 (p_<end> of other ends, if the model has others),
        median_days, low_days, high_days: whole days after the cutoff, 0 the day itself. A tenth of what may happen comes
        before the low day and a tenth after the high one, to the nearest day; missing: "beyond 90 days", the last end.
        """
        names = [days for days in HORIZONS if days in self.ends] or list(self.ends)
        left = np.cumprod(1 - self.model.predict(snapshot), axis=1)
        made = snapshot[["customer_id", "cutoff"]].reset_index(drop=True)
        for days in names:
            made[f"p_{days}"] = 1 - left[:, self._place(days)]
        return made.assign(**window(left, self.ends))

    def score(self, batch: pa.RecordBatch, columns: Sequence[str] | None = None) -> pa.RecordBatch:
        """`predict` for a record batch of snapshots; a row's bits do not depend on the batch it comes in.

        columns: some of p_<days> alone, which is faster; None: all columns of `predict`. Safe to call from many threads.
        """
        keys = {name: batch.column(name) for name in ("customer_id", "cutoff")}
        names = [name for name in features() if name in batch.schema.names]
        frame = pd.DataFrame({name: _floats(batch.column(name)) for name in names}, index=range(len(batch)))
        if columns is None:
            made = self.predict(frame.assign(customer_id="", cutoff=None)).drop(columns=list(keys))
        else:
            days = [self._horizon(name) for name in columns]
            made = pd.DataFrame(self.chances(frame, days), columns=list(columns))
        told = {name: pa.array(made[name].to_numpy(), pa.float64(), from_pandas=True) for name in made.columns}
        return pa.RecordBatch.from_pydict(keys | told)

    def _place(self, days: int) -> int:
        if days not in self.ends:
            known = ", ".join(map(str, self.ends))
            raise InputError(f"horizon is {days!r} days; expected the end of an interval: {known}.")
        return self.ends.index(days)

    def _horizon(self, name: str) -> int:
        known = [f"p_{days}" for days in self.ends]
        if name not in known:
            raise InputError(f"column {name!r} is none of {', '.join(known)}.{near_miss(name, known)}")
        return self.ends[known.index(name)]


def fit_timing(
    snapshots: pd.DataFrame,
    labels: pd.DataFrame,
    *,
    known_until: date,
    ends: tuple[int, ...] = ENDS,
    boost: bool = True,
    seed: int = 0,
) -> Timing:
    """Learn the time to the next purchase from snapshots before `known_until` and what was known by then.

    snapshots, labels: the tables snapshots and snapshot_labels, of several cutoffs and horizons. A window that has not
    ended yet tells of the intervals that have: somebody watched for 30 days is censored there. Each customer and cutoff
    weighs half as much for every 90 days of age. Without three cutoffs watched to the last end, or where all or nobody
    bought, customers differ by their own rate of purchases alone, at the level of the life table, and a note says so.
    """
    ends = check_ends(ends)
    cutoffs = pd.to_datetime(snapshots["cutoff"])
    rows = watched(snapshots[(cutoffs < pd.Timestamp(known_until)).to_numpy()], labels, known_until)
    age = age_days(rows["cutoff"], known_until)
    recent = age <= MONTHS * 31
    rows, age = rows[recent].reset_index(drop=True), age[recent]
    rows, weight = _sampled(rows, 0.5 ** (age / HALF_LIFE), seed)
    newest = snapshots[(cutoffs == cutoffs[cutoffs <= pd.Timestamp(known_until)].max()).to_numpy()]
    rates = Rates.of(newest)
    notes = tuple(_reasons(rows, ends))
    if notes:
        model = RateHazards.of(rows, weight, ends, rates)
    else:
        model = fit_hazards(rows, weight, ends, rates, boost=boost, seed=seed)
    return Timing(model, known_until, tuple(day.date() for day in sorted(set(rows["cutoff"]))), notes)


def window(left: np.ndarray, ends: tuple[int, ...]) -> dict[str, np.ndarray]:
    """median_days, low_days and high_days as `Timing.predict` has them; left: as of `moments`."""
    low, middle, high = (moments(left, ends, share) for share in (_LOW, 0.5, _HIGH))
    first = np.minimum(np.rint(low), ends[-1] - 1)
    return {"median_days": np.floor(middle), "low_days": first, "high_days": np.maximum(np.rint(high) - 1, first)}


def moments(left: np.ndarray, ends: tuple[int, ...], share: float) -> np.ndarray:
    """Time after the beginning of the cutoff, in days, by which that share have bought; NaN: after the last end.

    left: (rows, K) share without a purchase before each end; within an interval the hazard is the same all the time.
    """
    edges = np.array((0, *ends), dtype=float)
    with np.errstate(divide="ignore"):
        logs = np.log(np.column_stack([np.ones(len(left)), left]))
    target = np.log1p(-share)
    reached = logs <= target
    place, rows = np.maximum(reached.argmax(axis=1), 1), np.arange(len(left))
    start, end = logs[rows, place - 1], logs[rows, place]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(np.isinf(end), 0.0, (target - start) / (end - start))
    return np.where(reached.any(axis=1), edges[place - 1] + part * (edges[place] - edges[place - 1]), np.nan)


def _reasons(rows: pd.DataFrame, ends: tuple[int, ...]) -> list[Note]:
    """Why nothing can be learnt from features; empty where it can."""
    if not len(rows):
        return [Note("no_window")]
    whole = rows.loc[rows["watched"] >= ends[-1], "cutoff"].nunique()
    if whole < ENOUGH:
        return [Note("few_windows", {"n": whole, "needed": ENOUGH, "days": ends[-1]})]
    event = person_intervals(rows["days"].to_numpy(), rows["watched"].to_numpy(), ends)[2]
    if event.all() or not event.any():
        return [Note("all_bought" if event.all() else "nobody_bought", {"customers": f"{len(rows):,}"})]
    return []


def _sampled(rows: pd.DataFrame, weight: np.ndarray, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """At most about BUDGET rows, the heavier ones likelier; those kept weigh for those left out."""
    if len(rows) <= BUDGET:
        return rows, weight
    share = np.minimum(weight * (BUDGET / weight.sum()), 1.0)
    kept = np.random.default_rng(seed).random(len(rows)) < share
    return rows[kept].reset_index(drop=True), weight[kept] / share[kept]


def _floats(column: pa.Array) -> np.ndarray:
    return pc.cast(column, pa.float64()).to_numpy(zero_copy_only=False)
