"""The behaviours that make groups of customers: which features, and one robust scale for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from customerbase.engine import Engine, identifier
from customerbase.errors import InputError, near_miss
from customerbase.features import features
from customerbase.segments.clusters.notes import Note

# One feature a behaviour: recency, frequency, rhythm, basket, variety, price, channel, web, mail, returns.
FEATURES = (
    "days_since_last_purchase",
    "purchase_days_365",
    "median_gap",
    "mean_order_365",
    "categories_365",
    "discount_share_365",
    "online_share",
    "visit_days_90",
    "open_rate_365",
    "returned_share_365",
)
BESIDE = ("spend_365", "days_since_first_purchase")  # told of every group, but groups are not made from them
TAILS = 0.01  # beyond these quantiles a value counts as the quantile
NORMAL_IQR = 1.3489795003921634  # interquartile range of the standard normal distribution
FARTHEST = 4.0  # robust standard deviations from the median
SPARSE = 0.5  # of the customers may have no value; a feature with more gaps says too little
SAME, NEAR = 0.9, 0.7  # rank correlation from which on two features are one measure, or are said to be close


@dataclass(frozen=True)
class People:
    """The customers of one snapshot: ids in the order of a digest, and their features as numbers (NaN: not defined).

    values: shape (customers, names). The first rows are a random sample of all, the same in every run.
    """

    ids: np.ndarray
    names: tuple[str, ...]
    values: np.ndarray

    def column(self, name: str) -> np.ndarray:
        """One feature, a value per customer."""
        return self.values[:, self.names.index(name)]


def people(db: Engine, names: Sequence[str]) -> People:
    """The newest snapshot with these features; no rows where there is none.

    Raises InputError for a feature that no snapshot has.
    """
    for name in names:
        if name not in features():
            raise InputError(
                f"there is no feature {name!r}; expected some of docs/features.md.{near_miss(name, features())}"
            )
    told = ", ".join(f"cast({identifier(name)} as double) as {identifier(name)}" for name in names)
    found: duckdb.DuckDBPyRelation = db.query(
        f"""select customer_id, {told} from snapshots
        where cutoff = (select max(cutoff) from snapshots) order by md5(customer_id), customer_id"""
    )
    table = found.to_arrow_table()
    values = np.empty((table.num_rows, len(names)))
    for place, name in enumerate(names):
        values[:, place] = table.column(name).to_numpy()
    return People(np.array(table.column("customer_id").to_pylist(), dtype=object), tuple(names), values)


@dataclass(frozen=True)
class Scale:
    """How features become comparable: logarithm where skewed, tails drawn in, less the median, over the robust spread.

    names: the features in use; one entry each in logarithmic, low, high, centre and spread. The spread is the
    interquartile range / 1.349; where half of the customers or more share a value so that it says nothing (it is below
    half of the standard deviation), the standard deviation. What is not defined takes the median: it neither draws a
    customer to a group nor away from it.
    """

    names: tuple[str, ...]
    logarithmic: np.ndarray
    low: np.ndarray
    high: np.ndarray
    centre: np.ndarray
    spread: np.ndarray

    def __call__(self, found: People) -> np.ndarray:
        """The features of customers on this scale, shape (customers, names); no value beyond ±FARTHEST."""
        made = np.empty((len(found.ids), len(self.names)))
        for place, name in enumerate(self.names):
            values = _logged(found.column(name), self.logarithmic[place])
            values = (np.clip(values, self.low[place], self.high[place]) - self.centre[place]) / self.spread[place]
            made[:, place] = np.clip(np.where(np.isnan(values), 0.0, values), -FARTHEST, FARTHEST)
        return made


def scale(sample: People, names: Sequence[str]) -> tuple[Scale, tuple[Note, ...]]:
    """The scale learnt from a sample, and what was left out: features without a
    difference, undefined for more than half, or told twice."""
    kept, notes, parts = [], [], []
    for name in names:
        log = features()[name].log
        values = _logged(sample.column(name), log)
        known = values[np.isfinite(values)]
        if not len(known) or known.min() == known.max():
            notes.append(Note("constant", {"feature": name}))
            continue
        if (share := float(np.isnan(values).mean())) > SPARSE:
            notes.append(Note("sparse", {"feature": name, "share": share}))
            continue
        twin = next((other for other in kept if abs(_rank_correlation(sample, name, other)) >= SAME), None)
        if twin is not None:
            notes.append(Note("same", {"feature": name, "other": twin}))
            continue
        notes += _near(sample, name, kept) + _gaps(name, values)
        kept.append(name)
        parts.append((log, *_spread(known)))
    columns = [np.array(column) for column in zip(*parts, strict=True)] if parts else [np.empty(0)] * 5
    return Scale(tuple(kept), *columns), tuple(notes)


def _spread(known: np.ndarray) -> tuple[float, float, float, float]:
    low, high = np.quantile(known, [TAILS, 1 - TAILS])
    if low == high:  # fewer than one in a hundred differ
        low, high = known.min(), known.max()
    drawn = np.clip(known, low, high)
    first, centre, third = np.quantile(drawn, [0.25, 0.5, 0.75])
    robust, deviation = (third - first) / NORMAL_IQR, float(drawn.std())
    return float(low), float(high), float(centre), float(robust if robust >= deviation / 2 else deviation)


def _logged(values: np.ndarray, logarithmic: bool) -> np.ndarray:
    values = np.ascontiguousarray(values)
    return np.copysign(np.log1p(np.abs(values)), values) if logarithmic else values


def _near(sample: People, name: str, kept: Sequence[str]) -> list[Note]:
    close = [other for other in kept if abs(_rank_correlation(sample, name, other)) >= NEAR]
    return [Note("near", {"feature": name, "other": other}) for other in close]


def _gaps(name: str, values: np.ndarray) -> list[Note]:
    share = float(np.isnan(values).mean())
    return [Note("missing", {"feature": name, "share": share})] if share >= 0.05 else []


def _rank_correlation(sample: People, one: str, other: str) -> float:
    """Spearman's rho over the customers for whom both are defined; 0 for fewer than 20."""
    from scipy.stats import rankdata  # imported here: slow to load, and whoever only shows groups needs none of it

    a, b = sample.column(one), sample.column(other)
    both = np.isfinite(a) & np.isfinite(b)
    if both.sum() < 20 or np.ptp(a[both]) == 0 or np.ptp(b[both]) == 0:
        return 0.0
    return float(np.corrcoef(rankdata(a[both]), rankdata(b[both]))[0, 1])


def medians(found: People, groups: np.ndarray, ids: Sequence[int]) -> pd.DataFrame:
    """The median of every feature by group (index) in real units, over those for whom it is defined."""
    made = {}
    for group in ids:
        mine = found.values[groups == group]
        made[group] = [float(np.median(c[np.isfinite(c)])) if np.isfinite(c).any() else np.nan for c in mine.T]
    return pd.DataFrame.from_dict(made, orient="index", columns=list(found.names))
