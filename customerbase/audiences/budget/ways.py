"""The plan beside other ways of spending the same: the likeliest first, at random, and the plan for effects at their low ends."""

from collections.abc import Sequence

import numpy as np

from customerbase.audiences.budget.choosing import Choice, Limit, choose, made
from customerbase.audiences.budget.prices import amounts, prices

BEST, SCORE, RANDOM, IF_LOW = WAYS = ("best", "score", "random", "if_low")
SHARES = (0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
SAMPLE = 50_000  # customers of whom the curve is reckoned where there are more
SLACK = 1e-9


def in_order(gains: np.ndarray, limits: Sequence[Limit], order: np.ndarray) -> np.ndarray:
    """customers x offers, bool: one after the other gets the best of the offers that there is still room for.

    An offer is over as soon as somebody's does not fit into a limit that it uses. What gains nothing is not given.
    """
    problem = made(gains, limits, None)
    values, left = problem.gains[:, order], problem.room * (1 + SLACK)
    chosen, open_offers, start = np.zeros((len(order), len(values)), dtype=bool), np.ones(len(values), dtype=bool), 0
    while start < len(order) and open_offers.any():
        worth = np.where(open_offers[:, None], values[:, start:], -np.inf)
        best = worth.argmax(axis=0)
        able = np.flatnonzero(worth.max(axis=0) > 0)
        used = np.cumsum(amounts(problem, best[able], order[start + able]), axis=1)
        over = (used > left[:, None]).any(axis=0)
        stop = int(over.argmax()) if over.any() else len(able)
        chosen[order[start + able[:stop]], best[able[:stop]]] = True
        if not over.any():
            break
        left = left - (used[:, stop - 1] if stop else 0.0)
        full = amounts(problem, best[able[[stop]]], order[start + able[[stop]]])[:, 0] > left
        start += int(able[stop])
        for place in np.flatnonzero(full):
            open_offers &= np.array([not np.any(one) for one in problem.use[place]])
    return chosen


def kept(one: Choice, other: Choice) -> float | None:
    """The share of customers with an offer in either plan who get the same in both; None where neither gives any."""
    either = one.chosen.any(axis=1) | other.chosen.any(axis=1)
    return float((one.chosen == other.chosen).all(axis=1)[either].mean()) if either.any() else None


def curve(
    gains: np.ndarray, limits: Sequence[Limit], budget: float, groups: Sequence[Sequence[int]]
) -> list[tuple[float, float, float, float]]:
    """Share of the budget, budget, the most that it can gain, and the price of one more unit of money; limits[0] is money."""
    count, rows = len(gains), []
    some = np.arange(count) if count <= SAMPLE else np.unique(np.linspace(0, count - 1, SAMPLE).astype(np.int64))
    scale = len(some) / max(count, 1)
    part = [Limit(one.name, one.room * scale, one.use if one.use.ndim == 1 else one.use[some]) for one in limits[1:]]
    use = limits[0].use if limits[0].use.ndim == 1 else limits[0].use[some]
    for share in SHARES if budget > 0 and count else ():
        money = Limit("money", share * budget * scale, use)
        found, bound = prices(made(gains[some], [money, *part], groups))
        rows.append((share, share * budget, bound / scale, float(found[0])))
    return rows


def if_low(gains_low: np.ndarray, limits: Sequence[Limit], groups: Sequence[Sequence[int]]) -> Choice:
    """The plan that would be made if every effect were at the low end of its interval."""
    return choose(gains_low, limits, groups=groups)
