"""How long contracts last: Kaplan-Meier curves by group, medians, and whether the groups differ (log-rank)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from scipy.special import chdtrc

from customerbase.prediction import LifeTable

ALL = "all"
MOST_GROUPS = 12  # of one dimension; the smaller ones are taken together
OTHER = "other"
AT = (3, 6, 12, 24)  # months at which the groups are compared
BLANK = "unknown"


def curves(months: np.ndarray, ended: np.ndarray, groups: Mapping[str, pd.Series]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Survival of every group of every dimension: rows of churn_survival, and of churn_survival_groups.

    months: life of each contract, whole months begun; ended: whether it ended in the last of them, or was still running
    after it. groups: dimension -> the group of each contract; the dimension `all` is added.
    """
    everybody = pd.Series(ALL, index=range(len(months)))
    lines, rows = [], []
    for dimension, values in {ALL: everybody, **groups}.items():
        named = _largest(values)
        test = log_rank(months, ended, named.to_numpy())
        for value in sorted(named.unique()):
            here = (named == value).to_numpy()
            table = LifeTable.of(months[here], ended[here])
            lines.append(_curve(table).assign(dimension=dimension, value=value))
            rows.append({"dimension": dimension, "value": value, **_summary(table, int(ended[here].sum())), **test})
    curve = pd.concat(lines, ignore_index=True)
    return curve[["dimension", "value", *(name for name in curve if name not in ("dimension", "value"))]], pd.DataFrame(
        rows
    )


def _largest(values: pd.Series) -> pd.Series:
    """Groups by name, the smallest ones together where there are too many."""
    named = values.astype("string").fillna(BLANK).astype(object).reset_index(drop=True)
    sizes = (
        named.value_counts()
        .rename_axis("value")
        .reset_index(name="n")
        .sort_values(["n", "value"], ascending=[False, True])
    )
    kept = set(sizes["value"].head(MOST_GROUPS))
    return named if len(kept) == len(sizes) else named.where(named.isin(kept), OTHER)


def _curve(table: LifeTable) -> pd.DataFrame:
    """The curve from month 0 on: contracts at risk, ended, the share that still runs after the month, its interval."""
    told = table.frame()
    start = {"months": 0, "at_risk": table.at_risk[0], "ended": 0, "survival": 1.0, "low": 1.0, "high": 1.0}
    named = {"time": "months", "events": "ended", "survival_low": "low", "survival_high": "high"}
    rows = told.rename(columns=named)[list(start)]
    made = rows if len(rows) and rows["months"].iloc[0] == 0 else pd.concat([pd.DataFrame([start]), rows])
    return made.round({"at_risk": 0, "ended": 0}).astype({"months": "int64", "at_risk": "int64", "ended": "int64"})


def _summary(table: LifeTable, ended: int) -> dict[str, object]:
    low, high = table.survival_interval()
    made: dict[str, object] = {"contracts": int(table.at_risk[0]), "ended": ended, "median_months": table.quantile(0.5)}
    made["median_low"], made["median_high"] = _first(table, low), _first(table, high)
    for month in AT:
        known = table.time[-1] >= month
        place = np.searchsorted(table.time, month, side="right") - 1
        ends = (1.0, 1.0) if place < 0 else (low[place], high[place])
        values = (table.at(month), *ends) if known else (np.nan,) * 3
        for name, one in zip(
            (f"survival_{month}", f"survival_{month}_low", f"survival_{month}_high"), values, strict=True
        ):
            made[name] = float(one)
    return made


def _first(table: LifeTable, bound: np.ndarray) -> float:
    """Month by which the bound of the curve is at one half or below: an end of the median's interval (Brookmeyer & Crowley 1982)."""
    below = np.flatnonzero(bound <= 0.5)
    return float(table.time[below[0]]) if len(below) else np.nan


def log_rank(months: np.ndarray, ended: np.ndarray, group: np.ndarray) -> dict[str, float]:
    """Log-rank test that all groups leave alike: log_rank (chi-squared), degrees, log_rank_p; NaN for one group.

    Source: Peto & Peto (1972), J. R. Stat. Soc. A 135, 185-207; the variance is the hypergeometric one for ties.
    """
    names, of = np.unique(group.astype(str), return_inverse=True)
    nothing = {"log_rank": np.nan, "degrees": np.nan, "log_rank_p": np.nan}
    if len(names) < 2 or not ended.any():
        return nothing
    times, place = np.unique(months, return_inverse=True)
    shape = (len(times), len(names))
    left, gone = np.zeros(shape), np.zeros(shape)
    np.add.at(left, (place, of), 1.0)
    np.add.at(gone, (place, of), ended.astype(float))
    risk = np.cumsum(left[::-1], axis=0)[::-1]
    all_risk, all_gone = risk.sum(axis=1), gone.sum(axis=1)
    share = risk / all_risk[:, None]
    excess = (gone - share * all_gone[:, None]).sum(axis=0)
    weight = np.where(all_risk > 1, all_gone * (all_risk - all_gone) / np.maximum(all_risk - 1, 1), 0.0)
    variance = np.diag((weight[:, None] * share).sum(axis=0)) - (share * weight[:, None]).T @ share
    degrees = int(np.linalg.matrix_rank(variance, hermitian=True))
    if not degrees:
        return nothing
    statistic = float(excess @ np.linalg.pinv(variance, hermitian=True) @ excess)
    return {"log_rank": statistic, "degrees": float(degrees), "log_rank_p": float(chdtrc(degrees, statistic))}
