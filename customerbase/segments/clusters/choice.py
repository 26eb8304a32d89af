"""How many groups, by which algorithm, and whether there are any: separation beyond a continuum, and stability."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

import customerbase.segments.clusters.models as models
from customerbase.segments.clusters.agreement import adjusted_rand, recovered
from customerbase.segments.clusters.continuum import continuum
from customerbase.segments.clusters.models import KMEANS, MIXTURE, Fitted
from customerbase.threads import one_thread

FEWEST, MOST = 2, 10  # groups tried
STARTS = 10
SILHOUETTES = 1_500  # rows a silhouette is taken of; its cost grows with their square
EXCESS = 0.05  # separation beyond that of a continuum from which on groups are called clear …
DEVIATIONS = 3.0  # … and so many standard deviations of the continuum's own
STABLE = 0.75  # mean adjusted Rand index of bootstrap samples from which on a grouping is stable
FAIR = 0.6  # and from which on it may serve as a division for convenience
BETTER = 0.02  # excess by which another number must be ahead of last month's, and within which divisions are alike
SAME = 0.005  # excesses nearer than this count as equal: then fewer groups
FINER = 0.8  # of the largest excess is enough for a larger number of groups, if …
HOLDS = 0.85  # … the mean Jaccard index of every group is at least this (Hennig 2007: highly stable)
SMALLEST = 0.01  # of the customers must be in every group
DIVISIONS = (3, 6)  # so many groups are of use where none are clear
COLUMNS = (
    *("algorithm", "k", "silhouette", "continuum_silhouette", "continuum_deviation", "excess", "bic"),
    *("ari_mean", "ari_low", "ari_high", "jaccard_lowest", "smallest_share", "verdict"),
)
CLEAR, CONTINUUM, UNSTABLE, SMALL, LESS = "clear", "continuum", "unstable", "small", "less"


@dataclass(frozen=True)
class Choice:
    """What was tried (a row each, COLUMNS with `is_chosen`), and what was chosen.

    clear: whether there are groups at all, or divisions of a continuum. reason: why this number (a code of
    groups.reason); jaccard: mean largest Jaccard index of each group over the bootstrap samples, in the order of `fitted`.
    """

    table: pd.DataFrame
    fitted: Fitted
    clear: bool
    reason: str
    jaccard: np.ndarray

    @property
    def row(self) -> pd.Series:
        """The row of what was chosen."""
        return self.table[self.table["is_chosen"]].iloc[0]


def choose(
    x: np.ndarray,
    *,
    seed: int = 0,
    bootstraps: int = 20,
    draws: int = 10,
    before: tuple[str, int] | None = None,
    number: int = 0,
    k_min: int = 10,
    most: int = MOST,
) -> Choice:
    """The number of groups of the rows of x (scaled features of a sample of customers), and how they are made.

    For every number: the mean silhouette, less what customers without groups show (continuum); and the adjusted Rand
    index of the grouping with those of bootstrap samples, all applied to the same customers. Groups are clear where the
    excess is at least EXCESS and DEVIATIONS standard deviations, the mean index at least STABLE, and no group tiny. Of
    several clear numbers the one of the largest excess, or a larger one that is not much less apart and whose every
    group holds. A mixture replaces k-means where its separation is not less and
    its lowest index above the mean index of k-means.
    before: algorithm and number of last month, which are kept unless another is clear and clearly ahead; number: as many
    as somebody asked for (0: chosen).
    """
    with one_thread():
        tried = _trials(x, seed, bootstraps, draws, k_min, most)
    table = pd.DataFrame([one.row() for one in tried.values()], columns=list(COLUMNS))
    (algorithm, k), reason = _chosen(table, before, number)
    table["is_chosen"] = (table["algorithm"] == algorithm) & (table["k"] == k)
    found = tried[algorithm, k]
    return Choice(table, found.fitted, found.verdict == CLEAR, reason, found.jaccard)


def _trials(x, seed, bootstraps, draws, k_min, most) -> dict[tuple[str, int], "_Tried"]:
    numbers = range(FEWEST, min(most, max(FEWEST, len(np.unique(x, axis=0)) // 5)) + 1)
    others = list(continuum(x, draws, seed))
    apart, tried = distances(x), {}
    for k in numbers:
        told = (x, apart, k, others, seed, bootstraps, k_min)
        tried[KMEANS, k] = _tried(KMEANS, *told)
        tried[MIXTURE, k] = _tried(MIXTURE, *told, at_least=tried[KMEANS, k].silhouette)
    return tried


@dataclass(frozen=True)
class _Tried:
    fitted: Fitted
    silhouette: float
    null: tuple[float, float]
    aris: np.ndarray
    jaccard: np.ndarray
    smallest: float
    verdict: str

    def row(self) -> tuple:
        mean, deviation = self.null
        ari = (self.aris.mean(), *np.quantile(self.aris, [0.1, 0.9])) if len(self.aris) else (np.nan,) * 3
        separation = (self.silhouette, mean, deviation, self.silhouette - mean)
        return (
            self.fitted.algorithm,
            self.fitted.k,
            *separation,
            self.fitted.bic,
            *ari,
            self.jaccard.min(),
            self.smallest,
            self.verdict,
        )


def _tried(algorithm, x, apart, k, others, seed, bootstraps, k_min, at_least=None) -> _Tried:
    fitted = models.fit(algorithm, x, k, seed=seed, starts=STARTS)
    labels = fitted.labels(x)
    separation = silhouette(apart, labels)
    smallest = float(np.bincount(labels, minlength=k).min() / len(x))
    if at_least is not None and not separation >= at_least - BETTER:  # it cannot win: nothing is drawn for it
        return _Tried(fitted, separation, (np.nan, np.nan), np.empty(0), np.full(k, np.nan), smallest, LESS)
    null = _null(algorithm, k, others, seed)
    aris, jaccard = stability(algorithm, x, k, labels, seed=seed, bootstraps=bootstraps)
    verdict = _verdict(separation, null, aris, smallest, len(x), k_min)
    return _Tried(fitted, separation, null, aris, jaccard, smallest, verdict)


def _verdict(separation, null, aris, smallest, rows, k_min) -> str:
    if smallest < max(SMALLEST, k_min / rows):
        return SMALL
    if not separation - null[0] >= max(EXCESS, DEVIATIONS * null[1]):
        return CONTINUUM
    return CLEAR if aris.mean() >= STABLE else UNSTABLE


def distances(x: np.ndarray) -> np.ndarray:
    """Euclidean distances among the first SILHOUETTES rows."""
    from scipy.spatial.distance import (
        cdist,
    )  # imported here: slow to load, and whoever only shows groups needs none of it

    return cdist(x[:SILHOUETTES], x[:SILHOUETTES])


def silhouette(apart: np.ndarray, labels: np.ndarray) -> float:
    """Mean silhouette: how much nearer a customer is to the own group than to the next one; −1 to 1, NaN with one group.

    apart: distances among the customers; labels: the groups of the first of them, or of more. Alone in a group: 0.
    Source: Rousseeuw (1987), J. of Computational and Applied Mathematics 20, 53–65.
    """
    _, place = np.unique(labels[: len(apart)], return_inverse=True)
    k = place.max(initial=-1) + 1
    if not 1 < k < len(apart):
        return float("nan")
    rows, counts = np.arange(len(apart)), np.bincount(place)
    sums = apart @ np.eye(k)[place]
    own = sums[rows, place] / np.maximum(counts[place] - 1, 1)
    means = sums / counts
    means[rows, place] = np.inf
    other = means.min(axis=1)
    widths = np.where(counts[place] > 1, (other - own) / np.maximum(np.maximum(own, other), 1e-300), 0.0)
    return float(widths.mean())


def stability(
    algorithm: str, x: np.ndarray, k: int, labels: np.ndarray, *, seed: int, bootstraps: int
) -> tuple[np.ndarray, np.ndarray]:
    """Adjusted Rand index of `labels` with the groups of each bootstrap sample, and the mean Jaccard index of each group.

    Every sample is grouped anew from other starts, and its grouping applied to all rows of x.
    """
    rng = np.random.default_rng([seed, k])
    aris, jaccard = np.empty(bootstraps), np.zeros(k)
    for draw in range(bootstraps):
        rows = rng.integers(0, len(x), len(x))
        again = models.fit(algorithm, x[rows], k, seed=seed + draw + 1, starts=STARTS // 3).labels(x)
        aris[draw] = adjusted_rand(labels, again)
        jaccard += recovered(labels, again, k) / bootstraps
    return aris, jaccard


def _null(algorithm: str, k: int, others: Sequence[np.ndarray], seed: int) -> tuple[float, float]:
    """Mean and standard deviation of the silhouette of the same algorithm on customers without groups."""
    found = []
    for other in others:
        fitted = models.fit(algorithm, other, k, seed=seed, starts=STARTS // 3)
        found.append(silhouette(distances(other), fitted.labels(other)))
    return float(np.nanmean(found)), float(np.nanstd(found, ddof=1))


# --- the rule -------------------------------------------------------------------------------------------------------------


def _chosen(table: pd.DataFrame, before: tuple[str, int] | None, number: int) -> tuple[tuple[str, int], str]:
    if number:
        return _best_algorithm(table[table["k"] == min(number, int(table["k"].max()))]), "asked"
    best, reason = _best(table)
    if before is None or before[1] not in set(table["k"]) or before[0] not in models.ALGORITHMS:
        return best, reason
    if before == best and reason == "clear":
        return best, reason
    now, then = (_row(table, *one) for one in (best, before))
    if then["verdict"] == SMALL or (now["verdict"] == CLEAR and _ahead(now, then)):
        return best, "changed_way" if now["k"] == then["k"] else f"changed_{reason}"
    return before, "kept"


def _ahead(now: pd.Series, then: pd.Series) -> bool:
    margin = max(BETTER, 2 * float(now["continuum_deviation"]))
    return then["verdict"] != CLEAR or now["excess"] - then["excess"] > margin or now["k"] == then["k"]


def _best(table: pd.DataFrame) -> tuple[tuple[str, int], str]:
    clear = table[table["verdict"] == CLEAR]
    if len(clear):
        plain = clear[clear["algorithm"] == KMEANS]  # the plainer way decides on the number wherever it finds groups
        clear = plain if len(plain) else clear
        k = _finest(clear)
        return _best_algorithm(table[(table["k"] == k) & (table["verdict"] == CLEAR)]), "clear"
    useful = table[(table["algorithm"] == KMEANS) & table["k"].between(*DIVISIONS) & (table["verdict"] != SMALL)]
    useful = useful if len(useful) else table[table["algorithm"] == KMEANS]
    fair = useful[useful["ari_mean"] >= FAIR]
    fair = fair[fair["excess"] >= fair["excess"].max() - BETTER]
    row = (fair if len(fair) else useful).sort_values(["ari_mean", "k"], ascending=[False, True]).iloc[0]
    return (KMEANS, int(row["k"])), "division"


def _finest(clear: pd.DataFrame) -> int:
    """The number of the largest excess; a larger one where all groups hold, at little less separation: groups within groups."""
    best = clear["excess"].max()
    top = int(clear[clear["excess"] >= best - SAME]["k"].min())
    fine = clear[(clear["k"] > top) & (clear["excess"] >= FINER * best) & (clear["jaccard_lowest"] >= HOLDS)]
    return int(fine["k"].max()) if len(fine) else top


def _best_algorithm(rows: pd.DataFrame) -> tuple[str, int]:
    """k-means, unless there is none among the rows or the mixture is clearly more stable."""
    by = {row["algorithm"]: row for _, row in rows.iterrows()}
    plain, mixed = by.get(KMEANS), by.get(MIXTURE)
    if plain is None or (mixed is not None and mixed["ari_low"] > plain["ari_mean"]):
        return MIXTURE, int(mixed["k"])
    return KMEANS, int(plain["k"])


def _row(table: pd.DataFrame, algorithm: str, k: int) -> pd.Series:
    return table[(table["algorithm"] == algorithm) & (table["k"] == k)].iloc[0]
