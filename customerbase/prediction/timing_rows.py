"""What is known of the next purchase after each snapshot, and its person-interval rows for a discrete-time hazard."""

from datetime import date

import numpy as np
import pandas as pd

from customerbase.errors import InputError, near_miss

ENDS = (7, 14, 30, 60, 90)
KEYS = ["cutoff", "customer_id"]
_LABELS = ("customer_id", "cutoff", "horizon_days", "days_to_purchase", "is_censored")


def check_ends(ends: tuple[int, ...]) -> tuple[int, ...]:
    """The ends of the intervals in days themselves. Raises InputError unless whole, ascending and above 0."""
    if not ends or any(not isinstance(end, int) or end < 1 for end in ends) or list(ends) != sorted(set(ends)):
        raise InputError(f"ends is {ends!r}; expected ascending whole days above 0, such as {ENDS}.")
    return tuple(ends)


def watched(snapshots: pd.DataFrame, labels: pd.DataFrame, known_until: date) -> pd.DataFrame:
    """Every snapshot row of a cutoff before `known_until`, with `days` to the next purchase and days `watched`.

    labels: rows of snapshot_labels of one or more horizons; of each customer and cutoff the longest horizon counts whose
    window has ended when the day `known_until` begins, and no label beyond that day is looked at. days: 0 on the day of
    the cutoff; `watched` where there was no purchase in the days watched. Sorted by cutoff and customer.
    Raises InputError with the near miss for a missing column.
    """
    for name in _LABELS:
        if name not in labels.columns:
            raise InputError(
                f"the labels have no column {name!r}; expected {', '.join(_LABELS)}.{near_miss(name, labels.columns)}"
            )
    told = labels[list(_LABELS)].assign(cutoff=pd.to_datetime(labels["cutoff"]))
    ended = told["cutoff"] + pd.to_timedelta(told["horizon_days"], unit="D") <= pd.Timestamp(known_until)
    told = told[ended].sort_values("horizon_days", kind="stable").drop_duplicates(KEYS, keep="last")
    told = told.rename(columns={"horizon_days": "watched", "days_to_purchase": "days"})
    told["days"] = np.where(told["is_censored"], told["watched"], told["days"]).astype(float)
    rows = snapshots.assign(cutoff=pd.to_datetime(snapshots["cutoff"]))
    rows = rows.merge(told[[*KEYS, "days", "watched"]], on=KEYS)
    return rows.sort_values(KEYS, kind="stable").reset_index(drop=True)


def person_intervals(
    days: np.ndarray, watched_days: np.ndarray, ends: tuple[int, ...]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows of a discrete-time hazard: (row of the customer, interval, whether the purchase came in it).

    Interval j holds the days [ends[j - 1], ends[j]), from 0; somebody is at risk in it who had not bought before, and it
    counts only when it was watched to its end: else those who bought would be seen and those who did not would not.
    Source: Allison (1982), Sociological Methodology 13, 61-98.
    """
    starts = (0, *ends[:-1])
    rows, intervals, events = [], [], []
    for place, (start, end) in enumerate(zip(starts, ends, strict=True)):
        here = np.flatnonzero((days >= start) & (watched_days >= end))
        rows.append(here)
        intervals.append(np.full(len(here), place))
        events.append(days[here] < end)
    return np.concatenate(rows), np.concatenate(intervals), np.concatenate(events)


def age_days(cutoffs: pd.Series, known_until: date) -> np.ndarray:
    """Days from each cutoff to `known_until`."""
    return (pd.Timestamp(known_until) - pd.to_datetime(cutoffs)).dt.days.to_numpy(dtype=float)
