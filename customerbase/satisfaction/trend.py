"""Month by month: each month's score with its interval, and which months differ from those before by more than chance."""

from datetime import date

import numpy as np
import pandas as pd

import customerbase.satisfaction.scores as scores
from customerbase.intervals import difference
from customerbase.multiple import holm
from customerbase.satisfaction.compare import LEVEL, p_values, verdicts

BASE_MONTHS = 12  # calendar months before a month, whose answers together it is compared with
TREND = [
    *("as_of", "measure", "scale", "month", "value", "low", "high", "n", "people", "effective_n", "before", "before_n"),
    *("change", "change_low", "change_high", "p_value", "adjusted_p", "verdict"),
]


def trend(answers: pd.DataFrame, *, as_of: date, k_min: int = 1, level: float = LEVEL) -> pd.DataFrame:
    """One row per measure, scale and month with answers (columns TREND), the months ascending.

    before: the score of all answers of the 12 calendar months before, but for months of fewer than k_min people, which what
    is shown of the others would give away; change: value − before with its interval. verdict by
    the p-values of all months of a measure together (Holm): where nothing ever changes, the chance that any month is
    called a change is at most `level`. Months are those of the answer, as in the KPI.
    """
    parts = [_of(answers, measure, scale, k_min, level) for measure, scale in scores.series(answers)]
    table = pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=TREND)
    return table.assign(as_of=as_of)[TREND]


def _of(answers: pd.DataFrame, measure: str, scale: str, k_min: int, level: float) -> pd.DataFrame:
    chosen = scores.of(answers, measure, scale)
    months = sorted(set(chosen["month"]))
    now = _estimated(chosen, measure, scale, chosen["month"].map(months.index).to_numpy(), len(months))
    told = [month for month, people in zip(months, now["people"], strict=True) if people >= k_min]
    base = _before(chosen[chosen["month"].isin(told)], measure, scale, months)
    p = p_values(now["value"], _variance(now), now["effective_n"], base["value"], _variance(base), base["effective_n"])
    changes = difference(*(frame[name] for frame in (now, base) for name in ("value", "low", "high")))
    change, adjusted = (now["value"] - base["value"]).to_numpy(dtype=float), holm(p)
    return now.assign(
        measure=measure, scale=scale, month=months, before=base["value"], before_n=base["n"].astype("int64"),
        change=change, change_low=changes[0], change_high=changes[1], p_value=p, adjusted_p=adjusted,
        verdict=verdicts(change, adjusted, level),
    )  # fmt: skip


def _estimated(chosen: pd.DataFrame, measure: str, scale: str, group: np.ndarray, groups: int) -> pd.DataFrame:
    y, w = chosen["y"].to_numpy(dtype=float), chosen["weight"].to_numpy(dtype=float)
    table = pd.DataFrame(scores.estimates(y, measure, scale, group, groups, chosen["customer_id"].to_numpy(), w))
    total = np.bincount(group, w, groups)
    with np.errstate(invalid="ignore", divide="ignore"):
        return table.assign(squares=np.bincount(group, w * y * y, groups) / total)


def _before(chosen: pd.DataFrame, measure: str, scale: str, months: list[pd.Timestamp]) -> pd.DataFrame:
    """The answers of the months before each month, estimated together."""
    when, rows, group = chosen["month"].to_numpy(), [], []
    for place, month in enumerate(months):
        start = np.datetime64(month - pd.DateOffset(months=BASE_MONTHS))
        rows.append(np.flatnonzero((when >= start) & (when < np.datetime64(month))))
        group.append(np.full(len(rows[-1]), place))
    part = chosen.iloc[np.concatenate(rows)] if rows else chosen
    return _estimated(part, measure, scale, np.concatenate(group) if group else np.array([], dtype=int), len(months))


def _variance(frame: pd.DataFrame) -> np.ndarray:
    return np.maximum(frame["squares"].to_numpy(dtype=float) - frame["value"].to_numpy(dtype=float) ** 2, 0)
