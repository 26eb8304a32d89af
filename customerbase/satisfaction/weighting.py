"""Weights that make those who answered look like those who could have: inverse probability, trimmed, raked."""

import numpy as np
import pandas as pd

from customerbase.prediction.models import Logit

PENALTY = 1.0  # prior variance of a standardised coefficient of the response model
TRIM = 4.0  # no weight is more than so many times the mean: a few answers must not speak for everybody
LEAST = 5  # answers in a class of a margin; smaller classes are brought together
ROUNDS = 60


def probabilities(known: pd.DataFrame, answered: np.ndarray) -> np.ndarray:
    """Probability of an answer of each row by logistic regression on what was known before, shape (rows,).

    known: numeric columns (those that end in _log are taken as logarithms, others as they are); answered: 0 or 1.
    """
    x = known.to_numpy(dtype=float)
    log = np.array([name.endswith("_log") for name in known.columns])
    y = np.asarray(answered, dtype=float)
    if not 0 < y.sum() < len(y):
        return np.full(len(y), y.mean() if len(y) else np.nan)
    model = Logit.fit(x, y, np.ones(len(y)), c=PENALTY, names=list(known.columns), log=log)
    return 1 / (1 + np.exp(-model.log_odds(x)))


def trim(weights: np.ndarray, most: float = TRIM) -> np.ndarray:
    """Weights of mean 1, none above `most`; what is cut is shared by the others."""
    w = np.asarray(weights, dtype=float) / np.mean(weights)
    for _ in range(20):
        high = w > most
        if not high.any() or high.all():
            break
        w = np.where(high, most, w * (len(w) - most * high.sum()) / w[~high].sum())
    return w


def rake(
    start: np.ndarray, sample: pd.DataFrame, population: pd.DataFrame, size: np.ndarray | None = None
) -> np.ndarray:
    """Weights of the sample, near `start`, under which each column is spread as in the population; of mean 1.

    Columns hold classes; those with fewer than LEAST answers are brought together before. size: of the population's rows
    (default 1). Trimmed to TRIM times the mean after each round. Source: Deming & Stephan (1940), Ann. Math. Stat. 11, 427-444.
    """
    w = trim(start)
    size = np.ones(len(population)) if size is None else np.asarray(size, dtype=float)
    margins = [margin for name in sample if (margin := _margin(sample[name], population[name], size)) is not None]
    for _ in range(ROUNDS):
        before = w
        for codes, target in margins:
            have = np.bincount(codes, w, len(target)) / w.sum()
            w = w * (target / have)[codes]
        w = trim(w)
        if np.abs(w - before).max(initial=0.0) < 1e-6:
            break
    return w


def _margin(sample: pd.Series, population: pd.Series, size: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    """Class of each answer and the population's share of the classes; None where only one is left."""
    counts = sample.value_counts()
    shares = pd.Series(size).groupby(population.to_numpy()).sum() / size.sum()
    small = {one for one in shares.index.union(counts.index) if counts.get(one, 0) < LEAST}
    if small and sum(counts.get(one, 0) for one in small) < LEAST:
        rest = [one for one in counts.index if one not in small]
        small |= set(sorted(rest, key=lambda one: (counts[one], str(one)))[:1])
    classes = [one for one in sorted(shares.index.union(counts.index), key=str) if one not in small]
    place = {one: number for number, one in enumerate(classes)} | dict.fromkeys(small, len(classes))
    number = len(classes) + bool(small)
    if number < 2:
        return None
    target = np.bincount([place[one] for one in shares.index], shares.to_numpy(dtype=float), number)
    codes = sample.map(place).to_numpy(dtype=int)
    return (codes, target) if (target > 0).all() else None


def kish(weights: np.ndarray) -> float:
    """Effective number of answers of these weights. Source: Kish (1965), Survey Sampling, §8.2."""
    return float(np.sum(weights) ** 2 / np.sum(np.square(weights))) if len(weights) else 0.0
