"""What may happen, not only what is expected: intervals of purchases, spend and value for every customer.

Parameters are drawn in the light of the data, an outcome is drawn for every distinct history and draw, and only quantiles
and moments are kept: blocks of histories stream through, and nothing of the size draws x customers ever stands in memory.
"""

from dataclasses import dataclass

import numpy as np

from customerbase.cltv.buying import BuyTillYouDie, blocks
from customerbase.cltv.counts import Counts
from customerbase.cltv.gammagamma import GammaGamma

LEVELS = (0.1, 0.5, 0.9)
_CELLS = 20_000_000  # outcomes drawn in all before the number of draws is lowered
_FEWEST = 60
_BLOCK = 400_000  # outcomes at a time; part of the result, since the generator goes on from block to block


@dataclass(frozen=True)
class Ahead:
    """What the distinct histories have ahead of them: how long, and what a purchase then is worth against one today.

    weeks: length of the horizon, stretched or shortened by the calendar factor; share: discounted over undiscounted
    expected purchases. Both one a row of counts.
    """

    weeks: np.ndarray
    share: np.ndarray


@dataclass(frozen=True)
class Outcomes:
    """Quantiles (10, 50, 90 %) by distinct history, and what is needed to say the same of a customer's spend.

    purchases: (rows, 3). spend at three amounts of past spend s = number x mean (0, the middle and the largest of the
    row): spend_at (rows, 3) and spend (rows, 3, 3): quantile by amount. variance: of purchases (rows,), and of spend as
    a quadratic in s (rows, 3), constant first.
    """

    purchases: np.ndarray
    variance: np.ndarray
    spend_at: np.ndarray | None = None
    spend: np.ndarray | None = None
    spend_variance: np.ndarray | None = None


def draws_for(rows: int, wanted: int) -> int:
    """How many draws: `wanted`, fewer for very many distinct histories, never below 60."""
    return int(np.clip(_CELLS // max(rows, 1), _FEWEST, max(wanted, _FEWEST)))


def outcomes(
    model: BuyTillYouDie,
    counts: Counts,
    ahead: Ahead,
    *,
    spend: GammaGamma | None = None,
    spend_x: np.ndarray | None = None,
    most_spent: np.ndarray | None = None,
    draws: int = 200,
    seed: int = 0,
) -> Outcomes:
    """Simulated outcomes of every distinct history under parameters in the light of the data.

    spend: the model of amounts; spend_x: purchases with an amount behind a row's mean (the Gamma-Gamma's x); most_spent:
    the largest amount spent so far by a customer of the row. Randomness of dates within the horizon is left out of the
    discount: each outcome is discounted by the row's expected share.
    """
    size = draws_for(len(counts), draws)
    rng = np.random.default_rng(seed)
    buying = model.draws(size, seed)
    money = spend.draws(size, seed) if spend else None
    parts = []
    for block in blocks(len(counts), size, _BLOCK):
        bought = model.simulate(rng, buying, counts.take(block), ahead.weeks[block])
        found = [np.sort(bought, axis=1)[:, _which(size)], bought.var(axis=1)]
        if money is not None:
            found += _spend(rng, money, bought, spend_x[block], most_spent[block])
        parts.append(found)
    return Outcomes(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))


def _spend(rng, money: np.ndarray, bought: np.ndarray, x: np.ndarray, most: np.ndarray) -> list[np.ndarray]:
    """Spend of k purchases is (gamma + s) times a ratio that does not depend on s: one ratio serves every customer of a row."""
    p, q, gamma = money.T
    ratio = np.zeros_like(bought)
    row, draw = np.nonzero(bought)
    each = rng.gamma(p[draw] * bought[row, draw]) / rng.gamma(p[draw] * x[row] + q[draw])
    ratio[row, draw] = each
    at = most[:, None] * np.array([0.0, 0.5, 1.0])
    quantiles = np.stack([_quantiles(ratio * (gamma + at[:, [place]])) for place in range(at.shape[1])], axis=1)
    square, cross, constant = ((ratio**2 * gamma**power).mean(axis=1) for power in (0, 1, 2))
    mean, base = ratio.mean(axis=1), (ratio * gamma).mean(axis=1)
    variance = np.stack([constant - base**2, 2 * (cross - mean * base), square - mean**2], axis=1)
    return [at, quantiles, np.maximum(variance, 0.0)]


def _which(draws: int) -> np.ndarray:
    """Places of the levels among so many outcomes in ascending order: the first that at least this share do not exceed."""
    return np.ceil(np.array(LEVELS) * draws - 1e-9).astype(int) - 1


def _quantiles(values: np.ndarray) -> np.ndarray:
    """The levels of every row, between neighbours linearly; sorting whole rows is faster than looking for three places."""
    ordered, at = np.sort(values, axis=1), np.array(LEVELS) * (values.shape[1] - 1)
    low = at.astype(int)
    below = ordered[:, low]
    return below + (ordered[:, np.minimum(low + 1, values.shape[1] - 1)] - below) * (at - low)


def spend_of(found: Outcomes, place: np.ndarray, spent: np.ndarray) -> np.ndarray:
    """Quantiles of the spend ahead of customers: in history `place`, with `spent` so far; shape (customers, 3)."""
    at, values = found.spend_at[place], found.spend[place]
    span = np.where(at[:, 2] > 0, at[:, 2], 1.0)
    where = np.clip(spent / span, 0, 1)[:, None]
    lower, upper = values[:, 0] + (values[:, 1] - values[:, 0]) * (2 * where), values[:, 2]
    return np.where(where <= 0.5, lower, values[:, 1] + (upper - values[:, 1]) * (2 * where - 1))


def spend_variance_of(found: Outcomes, place: np.ndarray, spent: np.ndarray) -> np.ndarray:
    """Variance of the spend ahead of customers."""
    constant, linear, square = found.spend_variance[place].T
    return constant + linear * spent + square * spent**2


def totals(rng: np.random.Generator, means: np.ndarray, variances: np.ndarray) -> np.ndarray:
    """Quantiles (10, 50, 90 %) of the sums over groups of customers; shape (groups, 3).

    means: (draws, groups), expected total under each draw of the parameters; variances: (groups,), of the customers'
    outcomes beside that. A total of many independent, skewed, positive outcomes is drawn as a gamma of that mean and variance.
    """
    made = np.empty((len(variances), len(LEVELS)))
    for group, variance in enumerate(variances):
        drawn = mean = np.maximum(means[:, group], 0.0)
        if variance > 0 and mean.max() > 0:
            mean = np.maximum(mean, 1e-12 * mean.max())
            drawn = rng.gamma(mean**2 / variance, variance / mean)
        made[group] = np.quantile(drawn, LEVELS)
    return made
