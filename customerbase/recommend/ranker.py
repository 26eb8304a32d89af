"""The second stage: the chance that a customer buys an item within the horizon, learnt on months before the cutoff.

It is the chance to buy anything, times that of the item if so. The second is learnt from those who bought in a month: a
logit in which everything may mean another thing for items bought before, boosted trees, and the mean of their log odds.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from customerbase.prediction.models import Boosting, Logit
from customerbase.recommend.candidates import LOGARITHMIC, PERSON, Candidates, Source, person
from customerbase.recommend.window import Window

LEARNT = 2_000  # buyers of a window that are learnt from
NEGATIVES = 0.25  # share of the rows without a purchase that is learnt from; weighted to all of them
FEWEST = 50  # purchases below which nothing is learnt
PENALTY = 0.1  # prior variance of a standardised coefficient
BLOCK = 500  # users at a time


@dataclass(frozen=True)
class Ranker:
    """buying: whether a customer buys anything; logit, trees: whether the item is among it, the mean of their log odds."""

    buying: Logit
    logit: Logit
    trees: Boosting

    def chance(self, window: Window, found: Candidates) -> np.ndarray:
        """Probability of a purchase of each candidate within the horizon."""
        buys = expit(self.buying.log_odds(person(window.people, found.users)))
        return buys[found.row] * expit((self.logit.log_odds(expanded(found.x)) + self.trees.log_odds(found.x)) / 2)


def expanded(x: np.ndarray) -> np.ndarray:
    """Columns with logarithms taken and gaps at 0, and their products with whether the item was bought before."""
    z = np.nan_to_num(x)
    z[:, LOGARITHMIC] = np.copysign(np.log1p(np.abs(z[:, LOGARITHMIC])), z[:, LOGARITHMIC])
    return np.hstack([z, z * z[:, :1]])


def fit(sources: Sequence[Source], seed: int = 0) -> Ranker | None:
    """Learnt on windows whose horizon has ended; None below FEWEST purchases."""
    parts = [part for place, source in enumerate(sources) for part in _rows(source, seed + place)]
    if not parts:
        return None
    x, y, w = (np.concatenate(one) for one in zip(*parts, strict=True))
    if y.sum() < FEWEST or (1 - y).sum() < FEWEST:
        return None
    w = w / w.mean()
    z = expanded(x)
    logit = Logit.fit(z, y, w, c=PENALTY, names=range(z.shape[1]), log=np.zeros(z.shape[1], dtype=bool))
    return Ranker(_buying(sources), logit, Boosting.fit(np.asfortranarray(x), y, w))


def _buying(sources: Sequence[Source]) -> Logit:
    """Whether a customer buys anything within the horizon, of all customers of the windows."""
    x = np.concatenate([person(one.window.people, np.arange(len(one.window.users))) for one in sources])
    y = np.concatenate([np.diff(one.window.truth().indptr) > 0 for one in sources]).astype(np.float64)
    names = PERSON if 0 < y.sum() < len(y) else ()  # where all or none did, the rate is all there is to learn
    log = np.ones(len(names), dtype=bool)
    return Logit.fit(x[:, : len(names)], y, np.ones(len(y)), c=PENALTY, names=names, log=log)


def blocks(users: np.ndarray, size: int = BLOCK) -> Iterator[np.ndarray]:
    """Users in blocks, in order."""
    for begin in range(0, len(users), size):
        yield users[begin : begin + size]


def _rows(source: Source, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Matrix, outcomes and weights of those who bought within the horizon, block by block."""
    truth = source.window.truth()
    random = np.random.default_rng(seed)
    buyers = np.flatnonzero(np.diff(truth.indptr))
    for users in blocks(np.sort(random.choice(buyers, min(LEARNT, len(buyers)), replace=False))):
        found = source.of(users)
        y = np.asarray(truth[users[found.row], found.item]).ravel()
        kept = (y > 0) | (random.random(len(y)) < NEGATIVES)
        yield found.x[kept], y[kept], np.where(y[kept] > 0, 1.0, 1 / NEGATIVES)
