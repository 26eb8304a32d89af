"""Which figures of the whole company must not be shown, because they would tell of a few people."""

from datetime import date

import numpy as np
import pandas as pd

from customerbase.disclosure import suppress_parts
from customerbase.kpi.registry import KPIS

BUYERS = ("new_customers", "returning_customers", "reactivated_customers")  # active customers are their sum
ON_NEW = ("repeat_rate", "new_customer_value")  # give the new customers away
SECOND = ("second_purchase_30", "second_purchase_60", "second_purchase_90", "second_purchase_180")
TOTALS = ("revenue", "orders")  # of the whole company: shown whoever bought
OF_ALL = ("reachable_by_email", "reachable_by_phone", "csat", "email_open_rate", "email_click_rate", "nps")


def withheld(table: pd.DataFrame, k_min: int) -> pd.Series:
    """Which rows of the kpi table are withheld where fewer than k_min people must not be told of (True), row by row.

    Withheld are counts of 1 .. k_min − 1 people, shares of which so few are one side, and what rests on so few; then
    what would give them away: active = new + returning + reactivated; current = current of the month before + new +
    reactivated − lost; second purchases within 60 days are those within 30 and some more; n of a share is a count, too.
    A month with so few buyers shows revenue and orders alone. Source: customerbase/disclosure.py for the parts of a total.
    """
    rows = [row for row in table.to_dict("records") if pd.notna(row["value"])]
    months: dict[date, dict[str, tuple[float, float]]] = {}
    for row in rows:
        months.setdefault(pd.Timestamp(row["month"]).date(), {})[row["kpi"]] = (
            float(row["value"]),
            float(row["n"] or 0),
        )
    hidden: dict[date, set[str]] = {}
    for month in sorted(months):
        last = (pd.Timestamp(month) - pd.DateOffset(months=1)).date()
        hidden[month] = _of_month(months[month], months.get(last, {}), hidden.get(last, set()), k_min)
    keys = zip(table["kpi"], table["month"], strict=True)
    return pd.Series(
        [kpi in hidden.get(pd.Timestamp(month).date(), ()) for kpi, month in keys], index=table.index, dtype=bool
    )


def _of_month(now: dict, before: dict, hidden_before: set[str], k_min: int) -> set[str]:
    counts = {name: round(value) for name, (value, _) in now.items() if KPIS[name].unit == "count" and name != "orders"}
    if 0 < counts.get("active_customers", 0) < k_min:
        return {name for name in now if KPIS[name].group != "data" and name not in TOTALS} | _few(now, k_min)
    leaving = _leavers(counts, before, hidden_before, k_min)
    hidden = leaving | _tied(counts, _buyers(counts, k_min), leaving, k_min)
    if "new_customers" in hidden:
        hidden |= {*ON_NEW, *SECOND}
    if "lost_customers" in hidden:
        hidden.add("loss_rate")
    if "retention_rate" in now and ("active_customers" in hidden_before or _one_side(now["retention_rate"], k_min)):
        hidden.add("retention_rate")
    return hidden | _seconds(now, counts, k_min) | _few(now, k_min)


def _buyers(counts: dict[str, int], k_min: int) -> set[str]:
    """Of new, returning and reactivated customers, and what else there is of the active ones, those to withhold."""
    names = [name for name in BUYERS if name in counts]
    parts = [counts[name] for name in names]
    parts.append(max(counts.get("active_customers", 0) - sum(parts), 0))
    mask = suppress_parts(np.array(parts), k_min)
    return {name for name, hide in zip(names, mask, strict=False) if hide}


def _leavers(counts: dict[str, int], before: dict, hidden_before: set[str], k_min: int) -> set[str]:
    hidden = {name for name in ("lost_customers", "current_customers") if 0 < counts.get(name, 0) < k_min}
    if "lost_customers" in counts and "current_customers" in before:
        stayed = round(before["current_customers"][0]) - counts["lost_customers"]
        if 0 < stayed < k_min or "current_customers" in hidden_before:  # n of lost_customers is who was there before
            hidden.add("lost_customers")
    return hidden | ({"lost_customers"} if "current_customers" in hidden else set())


def _tied(counts: dict[str, int], buyers: set[str], leaving: set[str], k_min: int) -> set[str]:
    """Buyers and lost customers to withhold together, since current customers, month by month, tell new + reactivated − lost."""
    if "lost_customers" not in counts:
        return buyers
    if "lost_customers" in leaving:  # neither new + reactivated nor one of them alone may be known beside it
        back = {"returning_customers", "reactivated_customers"}
        return buyers | back | ({"new_customers"} if sum(counts.get(name, 0) for name in back) < k_min else set())
    alike = buyers == {"new_customers", "reactivated_customers"}  # only their sum follows, from active and from current
    return buyers | ({"lost_customers"} if buyers and not alike else set())


def _seconds(now: dict, counts: dict[str, int], k_min: int) -> set[str]:
    """Second purchases: a longer window is shown where nobody or k_min people came since the last one shown."""
    hidden, last = set(), 0
    for name in SECOND:
        value, n = now.get(name, (0.0, 0))
        came = round(value * n)
        whole = n == counts.get("new_customers", n)  # a part of the month's customers tells of the other part
        if n and (not whole or n < k_min or 0 < came - last < k_min or 0 < n - came < k_min):
            hidden.add(name)
        elif n:
            last = came
    return hidden


def _few(now: dict, k_min: int) -> set[str]:
    found = {name for name in OF_ALL if name in now and _rests_on_few(name, now[name], k_min)}
    tenth = now.get("top_decile_share", (0.0, 0))[1] / 10
    return found | ({"top_decile_share"} if 0 < tenth < k_min else set())


def _rests_on_few(name: str, row: tuple[float, float], k_min: int) -> bool:
    return row[1] < k_min or (KPIS[name].unit == "ratio" and _one_side(row, k_min))


def _one_side(row: tuple[float, float], k_min: int) -> bool:
    """Whether a share, or the rest, is of 1 .. k_min − 1 people, or all of them are."""
    value, n = row
    top = round(value * n)
    return 0 < n < k_min or 0 < top < k_min or 0 < n - top < k_min
