"""Goals against the history: where each KPI stands, where it is heading, and how likely it gets there in time."""

from collections.abc import Mapping
from datetime import date

import numpy as np
import pandas as pd

import customerbase.kpi.forecast as forecasting
from customerbase.kpi.changes import history
from customerbase.kpi.registry import KPIS, find
from customerbase.kpi.targets import NO_BASE, Target, better
from customerbase.periods import add_months, month_range

REACHED, MISSED, ON_TRACK, AT_RISK, UNLIKELY = "reached", "missed", "on_track", "at_risk", "unlikely"
TOO_EARLY, OPEN, FAULTY = "too_early", "open", "faulty"
STATES = (REACHED, ON_TRACK, AT_RISK, UNLIKELY, MISSED, OPEN, TOO_EARLY, FAULTY)
LIKELY, HALF = 2 / 3, 1 / 3  # chances from which a goal is on track, at risk; below, unlikely
ENOUGH = 12  # months of history from which a chance is told
FURTHEST = 36  # months ahead that a forecast goes at most
EVERY = "all"  # the rows of a backtest over all KPIs
GOAL_COLUMNS = [
    "as_of",
    "kpi",
    "owner",
    "base_month",
    "base",
    "goal",
    "by",
    "actual",
    "low",
    "high",
    "forecast",
    "forecast_low",
    "forecast_high",
    "probability",
    "needed_per_month",
    "pace_now",
    "months_left",
    "months_known",
    "status",
    "fault",
]
PATH_COLUMNS = ["kpi", "month", "forecast", "low", "high", "needed"]
BACKTEST_COLUMNS = ["kpi", "horizon", "n", "covered", "share", "share_low", "share_high", "loss", "naive_loss"]


def goals(table: pd.DataFrame, targets: Mapping[str, Target], *, as_of: date) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Each goal with actual, forecast, probability and pace (tables goals, goal_paths).

    table: the kpi table as a frame. The forecast is that of the KPI as measured in the month of the goal, with its 80 %
    interval; probability: that it then reaches the goal. needed_per_month: change a month from now to the goal;
    pace_now: change a month since the base month, else since a year ago. What only the history shows to be wrong with a
    goal (kpi/targets.py) is its fault, and its status then faulty: one goal must not cost the month its report.
    """
    rows, paths = [], []
    for target in targets.values():
        row, path = _goal(_until(table, target.kpi, as_of), target, as_of)
        rows.append(row)
        paths += path
    return pd.DataFrame(rows, columns=GOAL_COLUMNS), pd.DataFrame(paths, columns=PATH_COLUMNS)


def goal_backtest(table: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """How often the 80 % intervals of past forecasts held, by KPI and months ahead, and over all KPIs (kpi all).

    table: the kpi table as a frame. loss: mean pinball loss of the forecast, naive_loss: that of the last value with
    intervals of its own, both in the unit of the KPI; for all KPIs together each is divided by the KPI's naive loss.
    """
    rows, made, naive = [], [], []
    for entry in KPIS.values():
        known = _until(table, entry.id, as_of)
        own = forecasting.backtest(known, unit=entry.unit)
        if own.empty:
            continue
        last = forecasting.backtest(known, unit=entry.unit, methods=("last",))
        rows.append(forecasting.coverage(own, last).assign(kpi=entry.id))
        usual = max(float(last["loss"].mean()), 1e-12)
        made.append(own.assign(loss=own["loss"] / usual))
        naive.append(last.assign(loss=last["loss"] / usual))
    if not rows:
        return pd.DataFrame(columns=BACKTEST_COLUMNS)
    pooled = forecasting.coverage(pd.concat(made), pd.concat(naive)).assign(kpi=EVERY)
    return pd.concat([pooled, *rows], ignore_index=True)[BACKTEST_COLUMNS]


def _until(table: pd.DataFrame, kpi_id: str, as_of: date) -> pd.DataFrame:
    rows = history(table, kpi_id)
    rows = rows.assign(month=[pd.Timestamp(month).date() for month in rows["month"]])
    return rows[rows["month"] <= as_of].reset_index(drop=True)


def _goal(known: pd.DataFrame, target: Target, as_of: date) -> tuple[dict, list[dict]]:
    now = as_of.replace(day=1)
    judged = min(target.by, now) if target.by else now  # a goal whose month is over is judged in that month
    base = _at(known, target.base)["actual"] if target.base and target.base <= now else None
    row = dict.fromkeys(GOAL_COLUMNS) | {"as_of": as_of, "kpi": target.kpi, "owner": target.owner, "by": target.by}
    row |= {"base_month": target.base, "base": base, "goal": target.value(base), **_at(known, judged)}
    row["months_known"] = int(known["value"].notna().sum())
    row["months_left"] = len(month_range(now, target.by)) - 1 if target.by and target.by > now else 0
    row["fault"] = NO_BASE if _lacks(known, target, base, now) else target.fault(base)
    path = []
    if row["months_left"] and not row["fault"] and None not in (row["goal"], row["actual"]):
        told, path = _ahead(known, row, target, now)
        row |= told
    row["pace_now"] = _pace(known, row, judged)
    row["status"] = _status(row, find(target.kpi))
    return row, path


def _lacks(known: pd.DataFrame, target: Target, base: float | None, now: date) -> bool:
    """Whether the goal is a change from a month that is over and has no value, in a history that has some."""
    is_over = target.kind != "absolute" and target.base <= now
    return is_over and base is None and bool(known["value"].notna().any())


def _at(known: pd.DataFrame, month: date) -> dict:
    row = known[known["month"] == month]
    values = row.iloc[0] if len(row) else {}
    names = {"actual": "value", "low": "low", "high": "high"}
    return {name: _number(values.get(column)) for name, column in names.items()}


def _ahead(known: pd.DataFrame, row: dict, target: Target, now: date) -> tuple[dict, list[dict]]:
    """What the forecast adds to a goal whose month is ahead, and its path by month."""
    left = row["months_left"]
    told = {"needed_per_month": (row["goal"] - row["actual"]) / left}
    fan = forecasting.forecast(known, unit=find(target.kpi).unit, ahead=left) if left <= FURTHEST else None
    if fan is None:
        return told, []
    low, middle, high = (fan.quantile(share) for share in forecasting.QUANTILES)
    told |= {"forecast": middle[left - 1], "forecast_low": low[left - 1], "forecast_high": high[left - 1]}
    told["probability"] = fan.chance(row["goal"], left, higher_is_better=find(target.kpi).higher_is_better)
    months = month_range(add_months(now, 1), target.by)
    needed = np.linspace(row["actual"], row["goal"], left + 1)[1:]
    ends = zip(months, middle, low, high, needed, strict=False)
    return told, [dict(zip(PATH_COLUMNS, (target.kpi, *one), strict=True)) for one in ends]


def _pace(known: pd.DataFrame, row: dict, month: date) -> float | None:
    """Change a month from the base month to now; without a base, from the same month last year."""
    start = row["base_month"] or add_months(month, -12)
    before = _at(known, start)["actual"]
    passed = len(month_range(start, month)) - 1
    return None if before is None or row["actual"] is None or passed < 1 else (row["actual"] - before) / passed


def _status(row: dict, entry: object) -> str:
    if row["fault"]:
        return FAULTY
    if row["goal"] is None or row["actual"] is None:
        return TOO_EARLY
    met = better(row["actual"], row["goal"], entry) >= 0
    if row["by"] is None:
        return REACHED if met else OPEN
    if not row["months_left"]:
        return REACHED if met else MISSED
    if row["probability"] is None or row["months_known"] < max(ENOUGH, row["months_left"]):
        return TOO_EARLY
    return ON_TRACK if row["probability"] >= LIKELY else AT_RISK if row["probability"] >= HALF else UNLIKELY


def _number(value: object) -> float | None:
    return None if value is None or pd.isna(value) else float(value)
