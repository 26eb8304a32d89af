"""How well chances of leaving came true: on months that came after those a model was trained on, or on folds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from customerbase.intervals import Z, wilson

CLASSES = 10
BASE = "life_table"


@dataclass(frozen=True)
class Trial:
    """Chances of one test by every model, what came, whose rows they are, and the day they were given on (None: no days)."""

    chances: Mapping[str, np.ndarray]
    left: np.ndarray
    whose: np.ndarray
    day: date | None = None


def judged(trials: Sequence[Trial]) -> pd.DataFrame:
    """One row a model over all trials: auc (mean of the trials) and its deviation between them, brier, log_loss, predicted, left.

    brier_gain: by how much its Brier score is better than that of the plain rate, with its 95 % interval; the rows of a
    customer hang together, customers do not.
    """
    left = np.concatenate([trial.left for trial in trials]).astype(float)
    whose = np.unique(np.concatenate([trial.whose.astype(str) for trial in trials]), return_inverse=True)[1]
    every = {name: np.concatenate([trial.chances[name] for trial in trials]) for name in trials[0].chances}
    rows = []
    for name, chance in every.items():
        areas = [auc(trial.left, trial.chances[name]) for trial in trials]
        safe = np.clip(chance, 1e-9, 1 - 1e-9)
        gain = (every[BASE] - left) ** 2 - (chance - left) ** 2
        low, high = _between(gain, whose)
        rows.append(
            {
                "model": name,
                "rows": len(left),
                "left": int(left.sum()),
                "predicted": float(chance.sum()),
                "auc": float(np.nanmean(areas)) if np.isfinite(areas).any() else np.nan,
                "auc_deviation": float(np.nanstd(areas, ddof=1)) if np.isfinite(areas).sum() > 1 else np.nan,
                "brier": float(((chance - left) ** 2).mean()),
                "log_loss": float(-(left * np.log(safe) + (1 - left) * np.log(1 - safe)).mean()),
                "brier_gain": float(gain.mean()),
                "brier_gain_low": low,
                "brier_gain_high": high,
            }
        )
    return pd.DataFrame(rows)


def chosen(rows: pd.DataFrame) -> str:
    """The model of the lowest Brier score among those clearly better than the plain rate; the plain rate where none is."""
    better = rows[(rows["model"] != BASE) & (rows["brier_gain_low"] > 0)]
    return str(better.sort_values(["brier", "model"])["model"].iloc[0]) if len(better) else BASE


def calibration(trials: Sequence[Trial]) -> pd.DataFrame:
    """By model and tenth of its chances, from the lowest: rows, mean chance, share that left with Wilson's interval."""
    left = np.concatenate([trial.left for trial in trials]).astype(float)
    parts = []
    for name in trials[0].chances:
        chance = np.concatenate([trial.chances[name] for trial in trials])
        order = np.argsort(chance, kind="stable")
        tenth = np.empty(len(chance), dtype=int)
        tenth[order] = np.arange(len(chance)) * CLASSES // len(chance)
        n, predicted, came = (np.bincount(tenth, one, CLASSES) for one in (np.ones(len(chance)), chance, left))
        there = n > 0
        low, high = wilson(came[there], n[there])
        parts.append(
            pd.DataFrame(
                {
                    "model": name, "tenth": np.flatnonzero(there) + 1, "rows": n[there].astype("int64"),
                    "predicted": predicted[there] / n[there], "actual": came[there] / n[there],
                    "actual_low": low, "actual_high": high,
                }
            )
        )  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def auc(left: np.ndarray, chance: np.ndarray) -> float:
    """Chance that one who left had the higher chance than one who stayed, ties by half; NaN where nobody left or stayed."""
    from scipy.stats import rankdata

    gone = np.asarray(left, dtype=bool)
    n = gone.sum()
    if not 0 < n < len(gone):
        return float("nan")
    return float((rankdata(chance)[gone].sum() - n * (n + 1) / 2) / (n * (len(gone) - n)))


def _between(gain: np.ndarray, whose: np.ndarray) -> tuple[float, float]:
    """95 % interval of a mean over rows that hang together within customers."""
    moved = np.bincount(whose, gain - gain.mean())
    half = Z * float(np.sqrt((moved**2).sum())) / len(gain)
    return float(gain.mean() - half), float(gain.mean() + half)
