"""What became of the ledger's actions by a month: state, what is overdue, and the KPI before and now."""

from collections.abc import Iterable, Mapping
from datetime import date

import pandas as pd

from customerbase.intervals import difference
from customerbase.kpi.changes import UNKNOWN, verdict
from customerbase.kpi.ledger import DOING, PLANNED, Entry
from customerbase.periods import add_months, month_end, parse_month

COLUMNS = [
    "as_of",
    "id",
    "hypothesis",
    "action",
    "owner",
    "start",
    "due",
    "kpi",
    "expected",
    "state",
    "overdue",
    "was_open",
    "is_new",
    "result",
    "decision",
    "decided_in",
    "decided_month",
    "decided_on",
    "checked_in",
    "checked_month",
    "before_month",
    "before",
    "now_month",
    "now",
    "change",
    "change_low",
    "change_high",
    "verdict",
    "campaign",
    "audience",
]


def pdca(entries: Iterable[Entry], table: pd.DataFrame, runs: Mapping[str, str], *, as_of: date) -> pd.DataFrame:
    """One row per entry known at as_of, in the order of the ledger (table pdca).

    table: the kpi table as a frame. runs: run id -> month. A report is talked over in the month after, so entries count
    that were decided (or are to start) until its end; a result counts from the month of the run it was checked in. The
    KPI is compared between the last whole month before the action and now (when it is over: the month it was checked
    in), with the 95 % interval of the change; that it changed does not say the action did it.
    """
    values = {(row["kpi"], pd.Timestamp(row["month"]).date()): row for row in table.to_dict("records")}
    rows = [_row(entry, values, runs, as_of) for entry in entries if known(entry, as_of)]
    return pd.DataFrame(rows, columns=COLUMNS)


def known(entry: Entry, as_of: date) -> bool:
    """Whether an entry stands in the report of that month: decided, or to start, before the end of the month after."""
    day = entry.decided_on or entry.start
    return day is None or day <= month_end(add_months(as_of, 1))


def _row(entry: Entry, values: dict, runs: Mapping[str, str], as_of: date) -> dict:
    month, checked = as_of.replace(day=1), _month(entry.checked_in, runs)
    is_over = not entry.is_open and checked is not None and checked <= month
    row = {name: getattr(entry, name, None) for name in COLUMNS} | {"as_of": as_of}
    row["state"] = entry.status if is_over else _open_state(entry, as_of)
    row["overdue"] = not is_over and entry.due is not None and entry.due <= as_of
    before = add_months(month, -1)
    row["is_new"] = not known(entry, month_end(before))
    row["was_open"] = not row["is_new"] and not (is_over and checked <= before)
    if checked is None or checked > month:
        row |= {"result": "", "decision": "", "checked_in": ""}
    row["decided_month"] = _month(entry.decided_in, runs)
    row["checked_month"] = checked if row["checked_in"] else None
    return row | _effect(entry, values, checked if is_over else month)


def _open_state(entry: Entry, as_of: date) -> str:
    """What an open entry was at as_of: begun when its first day had come."""
    if entry.status == PLANNED or (entry.start and entry.start > as_of):
        return PLANNED
    return DOING


def _month(run: str, runs: Mapping[str, str]) -> date | None:
    month = runs.get(run.partition("-")[0]) if run else None
    return parse_month(month) if month else None


def _effect(entry: Entry, values: dict, now: date) -> dict:
    """The KPI before and now; without a change where the action has not run for a whole month yet."""
    start = entry.start or entry.decided_on
    row: dict = {"verdict": UNKNOWN}
    if not entry.kpi or start is None or entry.status == PLANNED:
        return row
    then = add_months(start, -1)
    row |= {"before_month": then, "before": _value(values, entry.kpi, then, "value")}
    if now < start.replace(day=1):
        return row
    row |= {"now_month": now, "now": _value(values, entry.kpi, now, "value")}
    if row["before"] is None or row["now"] is None:
        return row
    row["change"] = row["now"] - row["before"]
    ends = [_value(values, entry.kpi, month, end) for month in (now, then) for end in ("low", "high")]
    if None not in ends:
        low, high = difference(row["now"], *ends[:2], row["before"], *ends[2:])
        row |= {"change_low": float(low), "change_high": float(high), "verdict": verdict(float(low), float(high))}
    return row


def _value(values: dict, kpi_id: str, month: date, column: str) -> float | None:
    found = values.get((kpi_id, month))
    return None if found is None or pd.isna(found[column]) else float(found[column])
