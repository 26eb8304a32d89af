"""Whether today's customers still look like those a model learnt from: the population stability index, beside its noise.

Source of the index: Jeffreys (1946), Proc. R. Soc. A 186, 453-461 (a symmetric Kullback-Leibler divergence); of the words
at 0.1 and 0.25: Siddiqi (2006), Credit Risk Scorecards, chapter 11; of the noise: Yurdakul & Naranjo (2020), J. Risk Model
Validation 14(4), 89-100.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import chdtri

from customerbase.errors import InputError, near_miss

SOME, STRONG = 0.1, 0.25  # from where on people speak of some change, and of a strong one
COLUMNS = [
    *("feature", "psi", "bound", "verdict", "classes", "reference", "today", "missing_reference", "missing_today")
]
VERDICTS = ("stable", "some", "strong", "unclear")
_LEAST = 10  # customers of both sides together: smaller classes join a neighbour
_SMOOTH = 0.5  # customers added to every class, so that an empty one is finite


def stability(
    reference: pd.DataFrame,
    today: pd.DataFrame,
    columns: Sequence[str] | None = None,
    *,
    bins: int = 10,
    level: float = 0.95,
) -> pd.DataFrame:
    """Population stability index of each feature, the largest first: one row a feature.

    Columns: feature, psi, bound, verdict, classes, reference and today (customers), missing_reference and missing_today
    (shares). verdict: stable below 0.1, some change below 0.25, else strong; unclear where psi is 0.1 or more but within
    `bound`, which all features of two samples of one population keep with the chance `level` (Bonferroni). Snapshots that
    share customers differ even less by chance. Raises InputError for a column that one of the tables has not.
    """
    names = list(reference.columns if columns is None else columns)
    for name, table in ((name, table) for name in names for table in (reference, today)):
        if name not in table.columns:
            raise InputError(f"feature {name!r} is in only one of the two snapshots.{near_miss(name, table.columns)}")
    rows = [_row(name, reference[name], today[name], bins, 1 - (1 - level) / len(names)) for name in names]
    found = pd.DataFrame(rows, columns=COLUMNS)
    return found.sort_values(["psi", "feature"], ascending=[False, True], kind="stable", ignore_index=True)


def psi(reference: ArrayLike, today: ArrayLike, bins: int = 10) -> float:
    """Population stability index: sum over classes of (today − reference)·ln(today/reference), shares of customers.

    Classes as in `classes`, half a customer added to each. NaN where one side is empty.
    """
    return float(_parts(*_counts(reference, today, bins)[1:]).sum())


def psi_of_counts(reference: ArrayLike, today: ArrayLike) -> float:
    """The same index from how many customers each class has on both sides; no class is merged. NaN for an empty side."""
    return float(_parts(np.asarray(reference, dtype=float), np.asarray(today, dtype=float)).sum())


def noise(classes: int, reference: int, today: int, level: float = 0.95) -> float:
    """What the index of two samples of one population stays below with the chance `level`: (1/n + 1/m)·chi² of B − 1."""
    if classes < 2 or not reference or not today:
        return 0.0 if reference and today else float("nan")
    return float((1 / reference + 1 / today) * chdtri(classes - 1, 1 - level))


def verdict(index: float, bound: float) -> str:
    """One of VERDICTS, for an index and what noise alone may make it."""
    if np.isnan(index):
        return "unclear"
    if index < SOME:
        return "stable"
    if index <= bound:
        return "unclear"
    return "some" if index < STRONG else "strong"


def classes(reference: ArrayLike, today: ArrayLike, bins: int = 10) -> pd.DataFrame:
    """What an index is made of: label of each class, shares of both sides (reference, today) and its part (psi).

    Numbers: between quantiles of the reference, equal ones merged; booleans: two classes; texts: the most frequent
    values and the others; missing ones: a class of their own. Classes of fewer than 10 customers of both sides together
    join the one before.
    """
    labels, before, now = _counts(reference, today, bins)
    parts = _parts(before, now)
    shares = (counts / counts.sum() if counts.sum() else counts * np.nan for counts in (before, now))
    return pd.DataFrame(dict(zip(("label", "reference", "today", "psi"), (labels, *shares, parts), strict=True)))


def _row(name: str, reference: pd.Series, today: pd.Series, bins: int, level: float) -> list:
    labels, before, now = _counts(reference, today, bins)
    index, bound = float(_parts(before, now).sum()), noise(len(labels), len(reference), len(today), level)
    index = index if len(reference) and len(today) else float("nan")
    missing = [float(side.isna().mean()) for side in (reference, today)]
    return [name, index, bound, verdict(index, bound), len(labels), len(reference), len(today), *missing]


def _parts(before: np.ndarray, now: np.ndarray) -> np.ndarray:
    if not before.sum() or not now.sum():
        return np.full(max(len(before), 1), np.nan)
    old, new = ((side + _SMOOTH) / (side.sum() + _SMOOTH * len(side)) for side in (before, now))
    return (new - old) * np.log(new / old)


def _counts(reference: ArrayLike, today: ArrayLike, bins: int) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Label and customers of both sides of each class."""
    if bins < 2:
        raise InputError(f"bins is {bins!r}; expected 2 or more.")
    sides = [pd.Series(side).reset_index(drop=True) for side in (reference, today)]
    labels, places = (_numbers if all(map(_numeric, sides)) else _values)(*sides, bins)
    counts = [np.bincount(place, minlength=len(labels)).astype(float) for place in places]
    return _merged([*labels], *counts)


def _numeric(side: pd.Series) -> bool:
    """A number or a truth; a column of nothing counts as one."""
    return pd.api.types.is_numeric_dtype(side) or bool(side.isna().all())


def _numbers(reference: pd.Series, today: pd.Series, bins: int) -> tuple[list[str], list[np.ndarray]]:
    sides = [side.astype("Float64").to_numpy(dtype=float, na_value=np.nan) for side in (reference, today)]
    known = sides[0][~np.isnan(sides[0])]
    ends = np.arange(1, bins) / bins
    # values that occur, not between them: no class ends within a number that half the customers have
    edges = np.unique(np.quantile(known, ends, method="inverted_cdf")) if len(known) else np.empty(0)
    labels = [f"≤ {edge:.6g}" for edge in edges] + ([f"> {edges[-1]:.6g}"] if len(edges) else ["all"]) + ["missing"]
    for place in range(1, len(edges)):
        labels[place] = f"{edges[place - 1]:.6g} – {edges[place]:.6g}"
    return labels, [np.where(np.isnan(side), len(edges) + 1, np.searchsorted(edges, side)) for side in sides]


def _values(reference: pd.Series, today: pd.Series, bins: int) -> tuple[list[str], list[np.ndarray]]:
    sides = [side.astype("string") for side in (reference, today)]
    frequent = sides[0].value_counts().rename_axis("value").reset_index(name="n").dropna()
    names = frequent.sort_values(["n", "value"], ascending=[False, True])["value"].head(bins - 1).tolist()
    codes = {name: place for place, name in enumerate(names)}
    places = [side.map(codes).fillna(len(names)).mask(side.isna(), len(names) + 1) for side in sides]
    places = [place.to_numpy(dtype=int) for place in places]
    return [*names, "other", "missing"], places


def _merged(labels: list[str], before: np.ndarray, now: np.ndarray) -> tuple[list[str], np.ndarray, np.ndarray]:
    """Classes that hold enough customers; a small one joins the one before, the first the one after."""
    kept: list[list] = []
    for label, old, new in zip(labels, before, now, strict=True):
        if not old + new:
            continue
        if kept and min(old + new, kept[-1][1] + kept[-1][2]) < _LEAST:
            larger = label if old + new > kept[-1][1] + kept[-1][2] else kept[-1][0]
            kept[-1] = [larger, kept[-1][1] + old, kept[-1][2] + new]
        else:
            kept.append([label, old, new])
    return [row[0] for row in kept], *(np.array([row[side] for row in kept]) for side in (1, 2))
