"""Scores by which to contact: the effect that each learner expects of a person, out of fold.

t_logit      difference of two logistic regressions, one an arm (T-learner)
x_logit      X-learner on them: what each person did less what the other arm's model expects, learnt again by ridge
             regression in each arm, the two brought together by the share treated (Künzel et al. 2019, PNAS 116, 4156–4165)
x_boosting   X-learner on boosted trees
response     who responds anyway when contacted: one logistic regression of the treated, what is mostly done
random       numbers drawn at random

Scores are out of fold and given as ranks within the fold, from above 0 to 1, so that models of different folds compare: raw
scores of pooled folds are off, since a fold with a small effect is scored by models that saw a large one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from customerbase.errors import ConfigError, near_miss
from customerbase.prediction.models import Boosting, Logit, usable
from customerbase.threads import one_thread

T_LOGIT, X_LOGIT, X_BOOSTING, RESPONSE, RANDOM = "t_logit", "x_logit", "x_boosting", "response", "random"
LEARNERS = (T_LOGIT, X_LOGIT, X_BOOSTING, RESPONSE, RANDOM)
BY_EFFECT = (T_LOGIT, X_LOGIT, X_BOOSTING)  # the plainest first
STEPS = 1_000  # of a rank: finer ones move no curve, and cost at every draw
PRIOR = 0.01  # variance of a coefficient of standardised columns, before the data: small effects, many columns
TREES = {"learning_rate": 0.1, "max_iter": 40, "max_leaf_nodes": 7, "min_samples_leaf": 60, "l2_regularization": 5.0,
         "early_stopping": False, "random_state": 0}  # fmt: skip


@dataclass(frozen=True)
class People:
    """The people of one randomised campaign: features, arm and outcome.

    x: (n, columns), NaN where not defined; log: columns that linear models take as sign(x)·ln(1 + |x|); treated, outcome:
    0 or 1; share: treated in the plan, else of the people.
    """

    x: np.ndarray
    log: np.ndarray
    treated: np.ndarray
    outcome: np.ndarray
    share: float

    def __len__(self) -> int:
        return len(self.treated)


@dataclass(frozen=True)
class Scores:
    """What one repeat of cross-fitting gives: ranks of every learner, and what is expected with and without contact.

    ranks: learner -> (n,); with_contact, without: (n,), of the two logistic regressions.
    """

    ranks: dict[str, np.ndarray]
    with_contact: np.ndarray
    without: np.ndarray


def cross_fit(people: People, learners: Sequence[str], *, repeats: int, folds: int, seed: int) -> Iterator[Scores]:
    """Scores out of fold, once a repeat: folds drawn at random within each arm and outcome, anew for every repeat.

    Raises ConfigError for an unknown learner.
    """
    for name in learners:
        if name not in LEARNERS:
            raise ConfigError(
                f"learner {name!r} is not known; expected of {', '.join(LEARNERS)}.{near_miss(name, LEARNERS)}"
            )
    z = standardised(people.x, people.log)
    for repeat in range(repeats):
        random = np.random.default_rng([seed, repeat])
        fold = _folds(people, folds, random)
        ranks = {name: np.empty(len(people)) for name in learners}
        expected = np.empty((2, len(people)))
        for place in range(folds):
            out = fold == place
            made, expected[:, out] = _scored(people, z, out, learners, random)
            for name in learners:
                ranks[name][out] = _ranks(made[name])
        yield Scores(ranks, expected[1], expected[0])


def standardised(x: np.ndarray, log: np.ndarray) -> np.ndarray:
    """Columns with mean 0 and deviation 1, logarithms where declared, medians where missing, and a column telling so.

    Made of all people of the campaign: no outcome and no arm is in it.
    """
    columns = usable(x)
    z = x[:, columns].astype(float)
    z = np.where(log[columns], np.copysign(np.log1p(np.abs(z)), z), z)
    gaps = np.isnan(z)
    fill = np.array([np.median(z[~gaps[:, k], k]) for k in range(z.shape[1])])
    z = np.hstack([np.where(gaps, fill, z), np.unique(gaps[:, gaps.any(axis=0)], axis=1)])
    spread = z.std(axis=0)
    return ((z - z.mean(axis=0)) / np.where(spread > 0, spread, 1))[:, spread > 0]


def ridge(z: np.ndarray, target: np.ndarray, penalty: float) -> tuple[np.ndarray, float]:
    """Slopes and intercept of least squares with a penalty on the slopes, which the data overcome as they grow."""
    centre, level = z.mean(axis=0), target.mean()
    inner = z - centre
    slopes = np.linalg.solve(inner.T @ inner + penalty * np.eye(z.shape[1]), inner.T @ (target - level))
    return slopes, level - centre @ slopes


def _ranks(scores: np.ndarray) -> np.ndarray:
    """Ranks over their number, equal scores at the middle of theirs, in whole steps."""
    _, place, counts = np.unique(scores, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2
    return np.ceil(STEPS * middle[place] / len(scores)) / STEPS


def _folds(people: People, folds: int, random: np.random.Generator) -> np.ndarray:
    """The fold of each person, arms and outcomes spread evenly over them."""
    made = np.empty(len(people), dtype=int)
    for arm in (0, 1):
        for outcome in (0, 1):
            who = np.flatnonzero((people.treated == arm) & (people.outcome == outcome))
            made[who] = (np.arange(len(who)) + random.integers(folds))[random.permutation(len(who))] % folds
    return made


def _scored(
    people: People, z: np.ndarray, out: np.ndarray, learners: Sequence[str], random: np.random.Generator
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Scores of the people `out`, learnt from the others, and their expected outcomes without and with contact."""
    arms = [~out & (people.treated == arm) for arm in (0, 1)]
    with one_thread():
        own = [_logit(z[arm], people.outcome[arm]) for arm in arms]
        expected = np.array([_chance(model, z[out]) for model in own])
        made = {T_LOGIT: expected[1] - expected[0], RESPONSE: expected[1]}
        if X_LOGIT in learners:
            made[X_LOGIT] = _x_logit(people, z, out, arms, own)
        if X_BOOSTING in learners:
            made[X_BOOSTING] = _x_boosting(people, out, arms)
    made[RANDOM] = random.random(int(out.sum()))
    return made, expected


def _x_logit(people: People, z: np.ndarray, out: np.ndarray, arms: list[np.ndarray], own: list[Logit]) -> np.ndarray:
    gains = _gains(people, arms, [_chance(own[1 - arm], z[arms[arm]]) for arm in (0, 1)])
    found = []
    for arm, gain in zip(arms, gains, strict=True):
        slopes, level = ridge(z[arm], gain, float(np.var(gain)) / PRIOR)
        found.append(level + z[out] @ slopes)
    return _together(people.share, found)


def _x_boosting(people: People, out: np.ndarray, arms: list[np.ndarray]) -> np.ndarray:
    from sklearn.ensemble import HistGradientBoostingRegressor  # a second that only this learner needs

    x, y = people.x, people.outcome
    own = [Boosting.fit(x[arm], y[arm], np.ones(int(arm.sum()))) for arm in arms]
    gains = _gains(people, arms, [expit(own[1 - arm].log_odds(x[arms[arm]])) for arm in (0, 1)])
    fits = [HistGradientBoostingRegressor(**TREES).fit(x[arm], gain) for arm, gain in zip(arms, gains, strict=True)]
    return _together(people.share, [fit.predict(x[out]) for fit in fits])


def _gains(people: People, arms: list[np.ndarray], other: list[np.ndarray]) -> list[np.ndarray]:
    """What contact seems to have brought each person: of control the other arm's model less what they did, of treated the reverse."""
    return [other[0] - people.outcome[arms[0]], people.outcome[arms[1]] - other[1]]


def _together(share: float, found: list[np.ndarray]) -> np.ndarray:
    """The two arms' estimates: the smaller arm's effect is learnt from models of the larger one, and weighs more."""
    return share * found[0] + (1 - share) * found[1]


def _logit(z: np.ndarray, y: np.ndarray) -> Logit:
    """Ridge-penalised; without both outcomes, or without columns, the share of the arm."""
    columns = z.shape[1] if 0 < y.sum() < len(y) else 0
    plain = [str(place) for place in range(z.shape[1])]
    only = tuple(plain[:columns]) or ("none",)
    return Logit.fit(z, y, np.ones(len(y)), c=PRIOR, only=only, names=plain, log=np.zeros(z.shape[1], dtype=bool))


def _chance(model: Logit, z: np.ndarray) -> np.ndarray:
    return expit(model.log_odds(z))
