"""Learners beside each other: Qini, AUUC and more with intervals, who is better than what is mostly done, and whether that is proven.

Scores are made by several repeats of cross-fitting; a measure is the mean over repeats, and every bootstrap draw takes the same
people in all repeats and for all learners, so that differences are of the same people. Models are not fitted again in a draw:
the interval is that of these scores, among other people of the same kind.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

import customerbase.campaigns.uplift.learners as learners
import customerbase.campaigns.uplift.metrics as metrics
from customerbase.campaigns.uplift.learners import BY_EFFECT, RESPONSE, People, Scores
from customerbase.errors import check_whole
from customerbase.intervals import two_sided
from customerbase.multiple import holm
from customerbase.prediction.bootstrap import percentile

PROVEN, NOT_PROVEN = "proven", "not_proven"
LEVEL = 0.05
SHARES = tuple(round(0.05 * step, 2) for step in range(21))  # of the people contacted, at which the curve is kept
FEW_FOR_TREES = 2_000  # people below which boosted trees are left out: they only follow chance then


@dataclass(frozen=True)
class Options:
    """repeats and folds of cross-fitting, bootstrap draws, seed, learners (None: those that fit the number of people)."""

    repeats: int = 3
    folds: int = 5
    draws: int = 200
    seed: int = 0
    learners: tuple[str, ...] | None = None

    def __post_init__(self):
        check_whole("repeats", self.repeats, 1, 100)
        check_whole("folds", self.folds, 2, 50)
        check_whole("draws", self.draws, 50, 10_000)

    def names(self, people: int) -> tuple[str, ...]:
        """The learners to compare."""
        if self.learners is not None:
            return self.learners
        return tuple(one for one in learners.LEARNERS if one != learners.X_BOOSTING or people >= FEW_FOR_TREES)


@dataclass(frozen=True)
class Evaluation:
    """One campaign: table (index learner), curves, the learner to rank by, and what is said of it.

    table: qini, auuc, gain, uplift_30, each with _low and _high; against (qini less that of `response`) with ends; p_value and
    p_adjusted of qini and of the difference, whichever is less sure, corrected by Holm for the learners compared.
    curves: learner, share, value, low, high (of the learner that is ranked by), random.
    verdict: proven where the learner's Qini and its difference to the response model are above 0 beyond chance.
    """

    table: pd.DataFrame
    curves: pd.DataFrame
    chosen: str
    verdict: str
    scores: tuple[Scores, ...]


def evaluate(people: People, options: Options | None = None) -> Evaluation:
    """Cross-fit all learners, measure them on people they did not see, and judge."""
    options = options or Options()
    names = options.names(len(people))
    cross = learners.cross_fit(people, names, repeats=options.repeats, folds=options.folds, seed=options.seed)
    scores = tuple(cross)
    ranked = {
        name: [metrics.Ranking(one.ranks[name], people.outcome, people.treated) for one in scores] for name in names
    }
    drawn: dict[tuple[str, str], list] = {}
    for w in metrics.stratified(people.treated, options.draws, options.seed):
        for name in names:
            for measure, value in _measured(ranked[name], w).items():
                drawn.setdefault((name, measure), []).append(value)
    table = _table(ranked, {key: np.concatenate(parts) for key, parts in drawn.items()})
    chosen = _chosen(table, {name: np.concatenate(drawn[name, "qini"]) for name in names})
    curves = _curves(ranked, np.concatenate(drawn[chosen, "curve"]), chosen)
    return Evaluation(table, curves, chosen, _verdict(table, chosen), scores)


def _measured(repeats: Sequence[metrics.Ranking], w: np.ndarray | None = None) -> dict[str, np.ndarray]:
    """The measures of one learner for each draw, means over repeats."""
    sums = [one.sums(w) for one in repeats]
    made = {name: [getattr(one, name)() for one in sums] for name in ("qini", "auuc", "gain")}
    made["uplift_30"] = [one.uplift_at(0.3) for one in sums]
    made["curve"] = [one.curve(SHARES) for one in sums]
    return {name: np.mean(values, axis=0) for name, values in made.items()}


def _table(ranked: dict[str, list[metrics.Ranking]], drawn: dict[tuple[str, str], np.ndarray]) -> pd.DataFrame:
    rows = []
    values = {name: _measured(ranked[name]) for name in ranked}
    for name in ranked:
        row: dict[str, object] = {"learner": name}
        for measure in ("qini", "auuc", "gain", "uplift_30"):
            row |= _ends(measure, float(values[name][measure][0]), drawn[name, measure])
        p = _chance(row["qini"], drawn[name, "qini"])
        if name != RESPONSE and RESPONSE in ranked:
            apart = float(values[name]["qini"][0] - values[RESPONSE]["qini"][0])
            between = drawn[name, "qini"] - drawn[RESPONSE, "qini"]
            row |= _ends("against", apart, between)
            p = max(p, _chance(apart, between))
        rows.append(row | {"p_value": p})
    table = pd.DataFrame(rows).set_index("learner")
    rivals = [name for name in BY_EFFECT if name in table.index]
    table["p_adjusted"] = pd.Series(holm(table.loc[rivals, "p_value"]), index=rivals)
    return table


def _ends(name: str, value: float, drawn: np.ndarray) -> dict[str, float]:
    low, high = percentile(drawn)
    return {name: value, f"{name}_low": low, f"{name}_high": high}


def _chance(value: float, drawn: np.ndarray) -> float:
    """Two-sided p-value of a value by the spread of its draws; 1 where the value is not above 0."""
    spread = float(np.nanstd(drawn))
    return float(two_sided(value / spread)) if value > 0 and spread > 0 else 1.0


def _chosen(table: pd.DataFrame, drawn: dict[str, np.ndarray]) -> str:
    """The plainest learner of effects that is not clearly worse than the best of them."""
    rivals = [name for name in BY_EFFECT if name in table.index]
    best = table.loc[rivals, "qini"].idxmax()
    for name in rivals:
        if name == best or percentile(drawn[best] - drawn[name])[0] <= 0:
            return name
    return best


def _verdict(table: pd.DataFrame, chosen: str) -> str:
    row = table.loc[chosen]
    sure = row["qini_low"] > 0 and row.get("against_low", 1.0) > 0 and row["p_adjusted"] < LEVEL
    return PROVEN if sure else NOT_PROVEN


def _curves(ranked: dict[str, list[metrics.Ranking]], drawn: np.ndarray, chosen: str) -> pd.DataFrame:
    low, high = percentile(drawn)
    parts = []
    for name, repeats in ranked.items():
        value = np.mean([one.sums().curve(SHARES)[0] for one in repeats], axis=0)
        part = pd.DataFrame(
            {"learner": name, "share": SHARES, "value": value, "random": np.multiply(SHARES, value[-1])}
        )
        own = name == chosen
        parts.append(part.assign(low=low if own else np.nan, high=high if own else np.nan))
    return pd.concat(parts, ignore_index=True)
