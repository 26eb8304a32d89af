"""Why a KPI changed: because its customers are others (mix), or because the same kinds behave otherwise (within)."""

from datetime import date

import numpy as np
import pandas as pd

from customerbase.intervals import Z
from customerbase.segments.mix.people import NOW, People

EFFECTS = [
    *("as_of", "kpi", "attribute", "against", "value", "value_before", "customers", "customers_before"),
    *("within", "within_low", "within_high", "mix", "mix_low", "mix_high", "total"),
]
KPIS = ("revenue_per_customer", "orders_per_customer", "repeat_share", "satisfaction")


def measure(frame: pd.DataFrame, kpi: str) -> np.ndarray:
    """A KPI's value of each customer, whose mean is the KPI; NaN where the customer does not count (gave no answer)."""
    if kpi == "repeat_share":
        return (frame["orders"] > 1).to_numpy(dtype=float)
    column = {"revenue_per_customer": "revenue", "orders_per_customer": "orders", "satisfaction": "nps_answer"}[kpi]
    return frame[column].to_numpy(dtype=float)


def table(people: People, *, as_of: date) -> pd.DataFrame:
    """The change of each KPI against each month compared with, split by each attribute; total = within + mix exactly.

    within: half the sum of the shares of both months times the change of the row's mean; mix: half the sum of the means
    times the change of the share. Intervals (95 %) from the customers' linearised contributions, who may count in both
    months. Rows too small to show are one row, so that nothing about them follows from the sums. A KPI of which fewer than
    k_min customers of a month tell is left out. Source: Kitagawa (1955), J. Am. Stat. Assoc. 50, 1168–1194.
    """
    made = []
    for against in (window for window in people.windows if window != NOW):
        for kpi in KPIS:
            values = {window: measure(people.windows[window], kpi) for window in (NOW, against)}
            if min(np.isfinite(value).sum() for value in values.values()) >= people.k_min:
                parts = [_part(people, attribute, against, kpi, values) for attribute in people.compared(against)]
                made += [{"kpi": kpi, "against": against} | part for part in parts if part]
    return pd.DataFrame(made, columns=EFFECTS[1:]).assign(as_of=as_of)[EFFECTS]


def _part(people: People, attribute: str, against: str, kpi: str, values: dict[str, np.ndarray]) -> dict | None:
    counted = [(window, np.isfinite(value)) for window, value in values.items()]
    if kpi in ("repeat_share", "orders_per_customer"):  # the orders of a group would tell how many bought again
        counted += [(window, (people.windows[window]["orders"] > 1).to_numpy()) for window in values]
    hidden = people.also(attribute, counted)
    rows = people.rows(attribute, hidden)
    if len(rows) < 2:
        return None
    known = {window: np.isfinite(value) for window, value in values.items()}
    codes = {window: people.codes(attribute, window, hidden)[known[window]] for window in values}
    now, before = (values[window][known[window]] for window in (NOW, against))
    split = kitagawa(codes[NOW].to_numpy(), now, codes[against].to_numpy(), before, len(rows))
    ends = _intervals(split, codes[NOW].index, codes[against].index)
    means = {"value": float(now.mean()), "value_before": float(before.mean())}
    sizes = {"customers": len(now), "customers_before": len(before)}
    totals = {name: split[name] for name in ("within", "mix", "total")}
    return {"attribute": attribute} | means | sizes | totals | ends


def kitagawa(code: np.ndarray, value: np.ndarray, code_before: np.ndarray, value_before: np.ndarray, rows: int) -> dict:
    """within, mix and total of the change of a mean over groups, with each customer's linearised contribution to them.

    A group that is empty in one month keeps the other month's mean: its change is all mix.
    """
    n, m = (np.bincount(one, minlength=rows) for one in (code, code_before))
    p, q = n / n.sum(), m / m.sum()
    with np.errstate(invalid="ignore"):
        mean, mean_before = (np.bincount(code, value, rows) / n, np.bincount(code_before, value_before, rows) / m)
    mean, mean_before = np.where(n > 0, mean, mean_before), np.where(m > 0, mean_before, mean)
    mean, mean_before = np.nan_to_num(mean), np.nan_to_num(mean_before)
    half, step = (mean + mean_before) / 2, p - q
    mix_now = (half[code] - p @ half + step[code] * (value - mean[code]) / p[code] / 2) / len(code)
    mix_before = (
        -half[code_before]
        + q @ half
        + step[code_before] * (value_before - mean_before[code_before]) / q[code_before] / 2
    ) / len(code_before)
    all_now = (value - value.mean()) / len(code)
    all_before = -(value_before - value_before.mean()) / len(code_before)
    return {
        "within": float((p + q) / 2 @ (mean - mean_before)),
        "mix": float(half @ step),
        "total": float(value.mean() - value_before.mean()),
        "parts": {"mix": (mix_now, mix_before), "within": (all_now - mix_now, all_before - mix_before)},
    }


def _intervals(split: dict, now: pd.Index, before: pd.Index) -> dict[str, float]:
    made = {}
    for name, (here, there) in split["parts"].items():
        both = pd.concat([pd.Series(here, index=now), pd.Series(there, index=before)]).groupby(level=0).sum()
        half = Z * float(np.sqrt((both**2).sum() * len(both) / max(len(both) - 1, 1)))
        made |= {f"{name}_low": split[name] - half, f"{name}_high": split[name] + half}
    return made
