"""What changed: against last month and last year, with the change's own interval."""

from collections.abc import Mapping
from datetime import date

import pandas as pd

from customerbase.intervals import difference
from customerbase.kpi.registry import KPIS, find
from customerbase.periods import add_months

CLEAR_UP, CLEAR_DOWN, NO_CLEAR_CHANGE, UNKNOWN = "up", "down", "no_clear_change", "unknown"
AGAINST = {"last_month": -1, "last_year": -12}


def compare(table: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Each KPI of as_of's month against last month and the same month last year, with the interval of the change.

    table: the kpi table as a frame. Columns: kpi, against (last_month, last_year), month, value, low, high, previous,
    change, change_low, change_high, change_ratio (relative change; None against 0 or less) and verdict:
    up or down when the 95 % interval of the change excludes 0, no_clear_change when it does not, unknown where either
    month has no value. The two months are treated as independent, which makes the interval rather too wide for shares
    of the same people.
    """
    wide = by_month(table)
    now = as_of.replace(day=1)
    rows = [
        _change(wide, kpi, against, now, add_months(now, step)) for kpi in KPIS for against, step in AGAINST.items()
    ]
    return pd.DataFrame(rows)


def history(table: pd.DataFrame, kpi_id: str) -> pd.DataFrame:
    """One KPI month by month with the same month of the year before: month, value, n, low, high, last_year.

    table: the kpi table as a frame. last_year is None in the first twelve months.
    """
    rows = table[table["kpi"] == find(kpi_id).id].sort_values("month", ignore_index=True)
    return rows.drop(columns="kpi").assign(last_year=rows["value"].shift(12))  # months have no gaps


def by_month(table: pd.DataFrame) -> dict[tuple[str, date], dict]:
    """(KPI, month) -> its row of the kpi table, missing values as None."""
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return {(row["kpi"], pd.Timestamp(row["month"]).date()): row for row in rows}


def _change(wide: dict, kpi: str, against: str, month: date, before: date) -> dict:
    none = {"value": None, "low": None, "high": None}
    now, then = wide.get((kpi, month), none), wide.get((kpi, before), none)
    named = {"kpi": kpi, "against": against, "month": month}
    return named | {name: now[name] for name in none} | between(now, then)


def between(now: Mapping, then: Mapping) -> dict:
    """What changed from one value of a KPI to another: previous, change, change_low, change_high, change_ratio, verdict.

    now, then: value, low and high of each, None where there is none. The two are treated as independent.
    """
    row = {"previous": then["value"]} | dict.fromkeys(("change", "change_low", "change_high", "change_ratio"))
    row["verdict"] = UNKNOWN
    if now["value"] is None or then["value"] is None:
        return row
    row["change"] = now["value"] - then["value"]
    row["change_ratio"] = row["change"] / then["value"] if then["value"] > 0 else None
    if None in (now["low"], now["high"], then["low"], then["high"]):
        return row
    low, high = difference(now["value"], now["low"], now["high"], then["value"], then["low"], then["high"])
    return row | {"change_low": float(low), "change_high": float(high), "verdict": verdict(float(low), float(high))}


def verdict(low: float, high: float) -> str:
    """What an interval of a change lets one say: up, down, or no_clear_change when it holds 0."""
    return CLEAR_UP if low > 0 else CLEAR_DOWN if high < 0 else NO_CLEAR_CHANGE
