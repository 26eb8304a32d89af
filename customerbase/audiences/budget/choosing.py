"""Who gets what: one offer a customer at most, within budget and capacities, so that the gains together are the largest.

A multiple-choice knapsack with several limits. Prices (prices.py) say what almost everybody gets. Whoever loses more by
another choice than the plan can still be improved by is settled (reduced-cost fixing); the few others change their offers
singly and two at a time while that gains (near.py), and where they are few enough all their choices are gone through.
Source: Balas & Zemel (1980), Operations Research 28, 1130-1154; Kellerer et al. (2004), ch. 11.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

import customerbase.audiences.budget.near as near
from customerbase.audiences.budget.prices import Problem, amounts, prices
from customerbase.errors import InputError
from customerbase.prediction.optimum import relative_gap

STARTS = (1.0001, 1.001, 0.999, 1.01)  # times the prices: other plans to start from where a gap is left
TRIED = 20_000  # best pairs tried for what is left of the limits
SLACK = 1e-9  # of a limit: rounding


@dataclass(frozen=True)
class Limit:
    """room: what there is of it (money, contacts, hours; inf: no limit). use: what one contact uses.

    use: for each offer a number (offers,), or customers x offers. All 0 or more.
    """

    name: str
    room: float
    use: np.ndarray


@dataclass(frozen=True)
class Choice:
    """chosen: customers x offers. prices: of each limit, in the order given. gain: of all together; bound: no plan gains more."""

    chosen: np.ndarray
    prices: np.ndarray
    gain: float
    bound: float

    @property
    def gap(self) -> float:
        """The most that could be missing, as a share of the bound; 0 where the optimum is proven."""
        return relative_gap(self.gain, self.bound)

    @property
    def offer(self) -> np.ndarray:
        """The offer of each customer, -1 for none (the first, where a customer may have several)."""
        return np.where(self.chosen.any(axis=1), self.chosen.argmax(axis=1), -1)


def choose(gains: ArrayLike, limits: Sequence[Limit], *, groups: Sequence[Sequence[int]] | None = None) -> Choice:
    """The plan with the largest sum of gains within all limits, each customer at most one offer of each group.

    gains: customers x offers, in money; what is not above 0, or -inf (not allowed), is never chosen. groups: offers of
    which a customer gets one at most; all of them where left out. Raises InputError for shapes that do not fit, NaN, and
    negative rooms or uses.
    """
    problem = made(gains, limits, groups)
    dual, bound = prices(problem)
    picks, proven = near.improved(problem, dual, _fitted(problem, dual), bound)
    gain = problem.value(picks)
    for factor in STARTS:
        if proven or bound - gain <= near.ENOUGH * bound:
            break
        other, proven = near.improved(problem, dual, _fitted(problem, dual * factor), bound)
        worth = problem.value(other)
        picks, gain = (other, worth) if worth > gain else (picks, gain)
    chosen = np.stack([(picks == offer).any(axis=0) for offer in range(len(problem.gains))], axis=1)
    every = np.zeros(len(limits))
    every[[place for place, one in enumerate(limits) if np.isfinite(one.room)]] = dual
    return Choice(chosen, every, gain, gain if proven else max(bound, gain))


def made(gains: ArrayLike, limits: Sequence[Limit], groups: Sequence[Sequence[int]] | None = None) -> Problem:
    """The checked problem; limits without an end are left out."""
    values = np.asarray(gains, dtype=float)
    if values.ndim != 2 or np.isnan(values).any() or np.isposinf(values).any():
        raise InputError(f"gains have the shape {values.shape}, or NaN or inf in them; expected customers x offers.")
    count = values.shape[1]
    told = [tuple(group) for group in groups] if groups is not None else [tuple(range(count))]
    if sorted(one for group in told for one in group) != list(range(count)):
        raise InputError(f"groups are {told}; expected each of the {count} offers in exactly one.")
    ends = [one for one in limits if _checked(one, values.shape) and np.isfinite(one.room)]
    use = tuple(tuple(_column(one.use, offer) for offer in range(count)) for one in ends)
    inner = np.ascontiguousarray(np.where(values > 0, values, -np.inf).T)
    for place, one in enumerate(ends):  # what is above a limit by itself alone can never be chosen
        for offer in range(count):
            inner[offer] = np.where(np.asarray(use[place][offer]) > one.room * (1 + SLACK), -np.inf, inner[offer])
    return Problem(inner, tuple(told), np.array([one.room for one in ends], dtype=float), use)


def _checked(limit: Limit, shape: tuple[int, int]) -> bool:
    use = np.asarray(limit.use, dtype=float)
    if use.shape not in (shape[1:], shape):
        raise InputError(f"limit {limit.name!r} has uses of the shape {use.shape}; expected {shape[1:]} or {shape}.")
    if not limit.room >= 0:
        raise InputError(f"limit {limit.name!r} is {limit.room}; expected 0 or more.")
    if not (use >= 0).all() or np.isinf(use).any():
        raise InputError(f"a contact uses {use[~(use >= 0) | np.isinf(use)][0]} of {limit.name!r}; expected 0 or more.")
    return True


def _column(use: np.ndarray, offer: int) -> float | np.ndarray:
    return float(use[offer]) if use.ndim == 1 else np.ascontiguousarray(use[:, offer], dtype=float)


def _fitted(problem: Problem, dual: np.ndarray) -> np.ndarray:
    """What everybody chooses at the prices, made to fit: who loses least gives way, then room left is given out."""
    picks, _ = problem.choices(dual)
    for instead in (True, False):  # first something else instead, which may use of another limit; then nothing
        for place in range(len(problem.room)):
            over = problem.used(picks)[place] - problem.room[place] * (1 + SLACK)
            if over > 0:
                _give_way(problem, dual, picks, place, over, instead)
    _fill(problem, dual, picks)
    return picks


def _give_way(problem: Problem, dual: np.ndarray, picks: np.ndarray, limit: int, over: float, instead: bool) -> None:
    """Take the offer from those who lose least for what they use of a limit, until it is kept."""
    told = []
    for place, group in enumerate(problem.groups):
        spare = [one for one in group if instead and not np.any(problem.use[limit][one])]
        for offer in group:
            takers = np.flatnonzero(picks[place] == offer)
            use = np.broadcast_to(problem.use[limit][offer], picks.shape[1:])[takers]
            takers, use = takers[use > 0], use[use > 0]
            left = np.stack([np.zeros(len(takers)), *(problem.surplus(dual, one)[takers] for one in spare)])
            other = np.array([-1, *spare])[left.argmax(axis=0)]
            loss = (problem.surplus(dual, offer)[takers] - left.max(axis=0)) / use
            told.append(np.stack([loss, use, np.full(len(takers), place), takers, other]))
    losses, freed, place, takers, other = np.concatenate(told, axis=1)
    order = np.argsort(losses, kind="stable")
    gone = order[: int(np.searchsorted(np.cumsum(freed[order]), over)) + 1]
    picks[place[gone].astype(np.int64), takers[gone].astype(np.int64)] = other[gone].astype(picks.dtype)


def _fill(problem: Problem, dual: np.ndarray, picks: np.ndarray) -> None:
    """Give what is left to the best pairs of those without an offer that still fit, one after the other."""
    left = problem.room * (1 + SLACK) - problem.used(picks)
    found = []
    for place, group in enumerate(problem.groups):
        for offer in group:
            able = np.flatnonzero((picks[place] < 0) & (problem.gains[offer] > 0))
            worth = problem.surplus(dual, offer)[able]
            best = np.argsort(-worth, kind="stable")[:TRIED]
            found.append(np.stack([worth[best], np.full(len(best), place), np.full(len(best), offer), able[best]]))
    pairs = np.concatenate(found, axis=1)
    pairs = pairs[1:, np.argsort(-pairs[0], kind="stable")[:TRIED]].astype(np.int64)
    needs = amounts(problem, pairs[1], pairs[2])
    for number, (place, offer, customer) in enumerate(pairs.T.tolist()):
        if picks[place, customer] < 0 and (needs[:, number] <= left).all():
            picks[place, customer] = offer
            left -= needs[:, number]
