"""What changed: against last month and last year, with the change's own interval, and the revenue tree."""

from datetime import date
from fractions import Fraction
from itertools import permutations

import pandas as pd

from customerbase.intervals import difference
from customerbase.kpi.registry import KPIS, find
from customerbase.periods import add_months

CLEAR_UP, CLEAR_DOWN, NO_CLEAR_CHANGE, UNKNOWN = "up", "down", "no_clear_change", "unknown"
AGAINST = {"last_month": -1, "last_year": -12}
FACTORS = ("active_customers", "purchase_frequency", "average_order_value")


def compare(table: pd.DataFrame, *, as_of: date) -> pd.DataFrame:
    """Each KPI of as_of's month against last month and the same month last year, with the interval of the change.

    table: the kpi table as a frame. Columns: kpi, against (last_month, last_year), month, value, low, high, previous,
    change, change_low, change_high, change_ratio (relative change; None against 0 or less) and verdict:
    up or down when the 95 % interval of the change excludes 0, no_clear_change when it does not, unknown where either
    month has no value. The two months are treated as independent, which makes the interval rather too wide for shares
    of the same people.
    """
    wide = _by_month(table)
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


def _by_month(table: pd.DataFrame) -> dict[tuple[str, date], dict]:
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return {(row["kpi"], pd.Timestamp(row["month"]).date()): row for row in rows}


def _change(wide: dict, kpi: str, against: str, month: date, before: date) -> dict:
    none = {"value": None, "low": None, "high": None}
    now, then = wide.get((kpi, month), none), wide.get((kpi, before), none)
    row = {
        "kpi": kpi,
        "against": against,
        "month": month,
        "value": now["value"],
        "low": now["low"],
        "high": now["high"],
        "previous": then["value"],
        "change": None,
        "change_low": None,
        "change_high": None,
        "change_ratio": None,
        "verdict": UNKNOWN,
    }
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


def revenue_change(table: pd.DataFrame, *, month: date, before: date) -> pd.DataFrame:
    """The change of revenue between two months, split into customers × frequency × basket and anonymous sales.

    table: the kpi table as a frame. One row per part (active_customers, purchase_frequency, average_order_value,
    revenue_anonymous): part, before, now, contribution in currency. Contributions are Shapley values of the product,
    rounded to 1/100 so that they add up to the change of revenue to the last digit. Empty when either month has no
    orders. Source: Shorrocks (2013), J. Econ. Inequality 11, 99–126.
    """
    wide = _by_month(table)
    now, then = _factors(wide, month), _factors(wide, before)
    if now is None or then is None:
        return pd.DataFrame(columns=["part", "before", "now", "contribution"])
    exact = dict(zip(FACTORS, shapley(then, now), strict=True))
    grown = {
        kpi: _cents(wide[(kpi, month)]) - _cents(wide[(kpi, before)])
        for kpi in ("revenue_identified", "revenue_anonymous")
    }
    parts = round_to_total(exact, grown["revenue_identified"]) | {"revenue_anonymous": grown["revenue_anonymous"]}
    return pd.DataFrame(
        [
            {
                "part": part,
                "before": wide[(part, before)]["value"],
                "now": wide[(part, month)]["value"],
                "contribution": cents / 100,
            }
            for part, cents in parts.items()
        ]
    )


def shapley(before: tuple[Fraction, ...], now: tuple[Fraction, ...]) -> list[Fraction]:
    """Contribution of each factor to the change of a product, averaged over all sequences of change."""
    orders = list(permutations(range(len(before))))
    total = [Fraction(0)] * len(before)
    for order in orders:
        state = list(before)
        for factor in order:
            old = _product(state)
            state[factor] = now[factor]
            total[factor] += _product(state) - old
    return [value / len(orders) for value in total]


def round_to_total(parts: dict[str, Fraction], total: int) -> dict[str, int]:
    """Whole numbers nearest to the parts that add up to `total`: the largest remainders are rounded up."""
    floors = {name: value.numerator // value.denominator for name, value in parts.items()}
    missing = total - sum(floors.values())
    by_remainder = sorted(parts, key=lambda name: (floors[name] - parts[name], name))
    return {name: floor + (name in by_remainder[:missing]) for name, floor in floors.items()}


def _factors(wide: dict, month: date) -> tuple[Fraction, Fraction, Fraction] | None:
    """Customers, frequency and basket (in 1/100 currency) as exact fractions; None for a month without orders."""
    customers, basket = wide.get(("active_customers", month)), wide.get(("average_order_value", month))
    if not customers or not customers["value"] or not basket["n"]:
        return None
    active, orders = int(customers["value"]), int(basket["n"])
    return Fraction(active), Fraction(orders, active), Fraction(_cents(wide[("revenue_identified", month)]), orders)


def _cents(row: dict) -> int:
    return round(row["value"] * 100)


def _product(factors: list[Fraction]) -> Fraction:
    result = Fraction(1)
    for factor in factors:
        result *= factor
    return result
