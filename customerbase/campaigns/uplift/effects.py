"""Effect on groups of people: fifths by score, and groups known before the campaign, shrunk."""

import numpy as np
import pandas as pd

from customerbase.campaigns.uplift.groups import shrunk
from customerbase.disclosure import pool
from customerbase.intervals import Z, two_sided
from customerbase.multiple import holm

RANK, RECENCY, FREQUENCY, CHANNEL, SEGMENT = "rank", "recency", "frequency", "channel", "segment"
DIMENSIONS = (RANK, SEGMENT, RECENCY, FREQUENCY, CHANNEL)
BANDS = 5
LEAST = 20  # people in either arm below which groups are brought together
REST = "rest"
HELPED, HARMED, UNCLEAR = "helped", "harmed", "not_proven"
LEVEL = 0.05


def bands(ranks: np.ndarray, treated: np.ndarray, outcome: np.ndarray) -> pd.DataFrame:
    """Effect on the fifths by rank, the most moved (1) first, as estimated: the order is the hypothesis. Columns: by_group."""
    place = np.argsort(np.argsort(-ranks, kind="stable"), kind="stable")
    rows = _estimates(RANK, (place * BANDS // max(len(ranks), 1) + 1).astype(str), treated, outcome)
    return _judged(
        rows, pd.DataFrame({"weight": 1.0, "shrunk": rows["effect"], "low": rows["low"], "high": rows["high"]})
    )


def by_group(groups: pd.DataFrame, treated: np.ndarray, outcome: np.ndarray) -> pd.DataFrame:
    """Effect on every group of every dimension (a column each), and the same pulled to the common effect.

    Columns dimension, group_value, people, treated, share_treated, share_control, effect, low, high, weight, shrunk, shrunk_low,
    shrunk_high, differs (p-value that the groups' effects are alike: Cochran's Q, by Holm over the dimensions) and verdict:
    helped, harmed or not_proven by the shrunk effect, by Holm over the groups. Groups with few people in an arm are brought
    together (rest); a dimension with one group says nothing and is left out.
    """
    parts = []
    for dimension in groups.columns:
        rows = _estimates(dimension, _pooled(groups[dimension].to_numpy(dtype=object), treated), treated, outcome)
        if len(rows) > 1:
            parts.append(_judged(rows, shrunk(rows["effect"], _error(rows["low"], rows["high"]))))
    if not parts:
        return pd.DataFrame()
    adjusted = holm([part["differs"].iloc[0] for part in parts])
    return pd.concat([part.assign(differs=p) for part, p in zip(parts, adjusted, strict=True)], ignore_index=True)


def difference(yes: np.ndarray, people: np.ndarray) -> tuple[float, float]:
    """Difference of two shares (second less first) and its standard error, with one more yes and one more no in either arm.

    Source: Agresti & Caffo (2000), The American Statistician 54, 280–288: holds its level where hardly anybody responds.
    """
    share = (yes + 1) / (people + 2)
    return float(share[1] - share[0]), float(np.sqrt((share * (1 - share) / (people + 2)).sum()))


def _estimates(dimension: str, names: np.ndarray, treated: np.ndarray, outcome: np.ndarray) -> pd.DataFrame:
    rows = []
    for name in sorted(set(names), key=lambda one: (one == REST, one)):
        arms = [(names == name) & (treated == arm) for arm in (0, 1)]
        people, yes = (
            np.array([part[arm].sum() for arm in arms], dtype=float) for part in (np.ones(len(names)), outcome)
        )
        effect, error = difference(yes, people)
        row = {"dimension": dimension, "group_value": str(name), "people": int(people.sum()), "treated": int(people[1])}
        row |= {"share_treated": yes[1] / max(people[1], 1), "share_control": yes[0] / max(people[0], 1)}
        rows.append(row | {"effect": effect, "low": effect - Z * error, "high": effect + Z * error})
    return pd.DataFrame(rows)


def _pooled(names: np.ndarray, treated: np.ndarray) -> np.ndarray:
    values = sorted(set(names))
    counts = np.array([[((names == one) & (treated == arm)).sum() for arm in (0, 1)] for one in values])
    together = {one for one, pooled in zip(values, pool(counts, LEAST), strict=True) if pooled}
    return np.array([REST if one in together else one for one in names], dtype=object)


def _differ(effect: pd.Series, error: np.ndarray) -> float:
    """p-value that all effects are one: Cochran's Q against chi-square."""
    from scipy.special import gammaincc

    d, w = effect.to_numpy(), 1 / error**2
    q = float((w * (d - (w @ d) / w.sum()) ** 2).sum())
    return float(gammaincc((len(d) - 1) / 2, q / 2)) if len(d) > 1 else 1.0


def _judged(rows: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """The rows with their shrunk effects, and what is said of each."""
    sure = holm(two_sided(found["shrunk"] / _error(found["low"], found["high"]))) < LEVEL
    verdict = np.where(~sure, UNCLEAR, np.where(found["shrunk"] > 0, HELPED, HARMED))
    pulled = found.rename(columns={"low": "shrunk_low", "high": "shrunk_high"})
    rows = rows.assign(**{name: pulled[name].to_numpy() for name in ("weight", "shrunk", "shrunk_low", "shrunk_high")})
    return rows.assign(differs=_differ(rows["effect"], _error(rows["low"], rows["high"])), verdict=verdict)


def _error(low: pd.Series, high: pd.Series) -> np.ndarray:
    return ((high - low) / (2 * Z)).to_numpy()
