"""What one more unit of each limit is worth: the prices at which everybody, choosing freely, just fits the limits.

Lagrangian dual of the multiple-choice knapsack with several limits: at prices p, the value of a plan is at most
sum(room x p) + sum over customers of the best surplus (gain - price of what the offer uses, or 0). The least such bound
is that of the linear relaxation. Source: Kellerer, Pferschy & Pisinger, Knapsack Problems (2004), ch. 9.2, 11.2.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse
from scipy.optimize import linprog

SMALL = 12_000  # pairs above 0 up to which the relaxation is solved whole
SAMPLE = 2_000  # customers whose relaxation gives the first prices of a larger problem
STEPS = 400  # looks at all customers at most
CLOSE = 1e-8  # of the bound: how near the prices come to the best ones
INNER = 0.3  # of the way from the best prices so far to the lowest point of the planes: where is looked next


@dataclass(frozen=True)
class Problem:
    """Offers x customers. gains: -inf where not allowed. groups: offers of which a customer gets one at most.

    room: of each limit. use: for each limit what one contact of each offer uses: a number or one number per customer.
    """

    gains: np.ndarray
    groups: tuple[tuple[int, ...], ...]
    room: np.ndarray
    use: tuple[tuple[float | np.ndarray, ...], ...]

    def of(self, customers: np.ndarray | slice, room: np.ndarray) -> "Problem":
        """The problem of some customers with a room of its own."""
        use = tuple(tuple(one if np.isscalar(one) else one[customers] for one in limit) for limit in self.use)
        return replace(self, gains=np.ascontiguousarray(self.gains[:, customers]), room=room, use=use)

    def surplus(self, prices: np.ndarray, offer: int) -> np.ndarray:
        """Gain less the price of what the offer uses, of each customer."""
        left = self.gains[offer]
        for price, limit in zip(prices, self.use, strict=True):
            if price and np.any(limit[offer]):
                left = left - price * limit[offer]
        return left

    def used(self, picks: np.ndarray) -> np.ndarray:
        """What a plan uses of each limit. picks: groups x customers, the offer or -1."""
        total = np.zeros(len(self.room))
        for group, pick in zip(self.groups, picks, strict=True):
            for offer in group:
                takers = pick == offer
                count = np.count_nonzero(takers)
                for place, limit in enumerate(self.use):
                    one = limit[offer]
                    total[place] += one * count if np.isscalar(one) else one[takers].sum()
        return total

    def value(self, picks: np.ndarray) -> float:
        """The gain of a plan."""
        return float(sum(self.gains[offer][pick == offer].sum() for pick in picks for offer in range(len(self.gains))))

    def choices(self, prices: np.ndarray) -> tuple[np.ndarray, float]:
        """What everybody would choose at these prices, groups x customers (-1: nothing), and the bound."""
        picks = np.full((len(self.groups), self.gains.shape[1]), -1, dtype=np.int16)
        bound = float(self.room @ prices)
        for place, group in enumerate(self.groups):
            best = np.zeros(self.gains.shape[1])
            for offer in group:
                left = self.surplus(prices, offer)
                better = left > best
                best = np.where(better, left, best)
                picks[place][better] = offer
            bound += float(best.sum())
        return picks, bound


def prices(problem: Problem) -> tuple[np.ndarray, float]:
    """Prices of the limits and the bound on every plan that they give: no plan gains more."""
    allowed = problem.gains > 0
    if not allowed.any() or not len(problem.room):
        return np.zeros(len(problem.room)), problem.choices(np.zeros(len(problem.room)))[1]
    if np.count_nonzero(allowed) <= SMALL:
        found = relaxed(problem)[1]
        return found, problem.choices(found)[1]
    count = problem.gains.shape[1]
    some = np.unique(np.linspace(0, count - 1, SAMPLE).astype(np.int64))
    first = relaxed(problem.of(some, problem.room * (len(some) / count)))[1]
    return _descend(problem, first)


def relaxed(problem: Problem) -> tuple[float, np.ndarray]:
    """Optimum of the linear relaxation and its prices, by HiGHS: one variable for each pair above 0."""
    offers, customers = np.nonzero(problem.gains > 0)
    rows, place = [], np.arange(len(offers))
    classes = np.zeros(len(problem.gains), dtype=np.int64)
    for number, group in enumerate(problem.groups):
        classes[list(group)] = number
    single = classes[offers] * problem.gains.shape[1] + customers
    _, line = np.unique(single, return_inverse=True)
    rows = [sparse.coo_array((np.ones(len(offers)), (line, place)), shape=(int(line.max()) + 1, len(offers)))]
    rows.append(sparse.coo_array(amounts(problem, offers, customers)))
    room = np.append(np.ones(rows[0].shape[0]), problem.room)
    found = linprog(-problem.gains[offers, customers], A_ub=sparse.vstack(rows).tocsr(), b_ub=room, method="highs")
    return -float(found.fun), np.maximum(-found.ineqlin.marginals[rows[0].shape[0] :], 0.0)


def amounts(problem: Problem, offers: np.ndarray, customers: np.ndarray) -> np.ndarray:
    """What each pair uses of each limit, limits x pairs."""
    made = np.zeros((len(problem.use), len(offers)))
    for place, limit in enumerate(problem.use):
        for offer, one in enumerate(limit):
            mine = offers == offer
            made[place, mine] = one if np.isscalar(one) else one[customers[mine]]
    return made


def _descend(problem: Problem, first: np.ndarray) -> tuple[np.ndarray, float]:
    """Cutting planes within a box around the best prices so far, which grows where it binds; looked at within

    it (Kelley, 1960; Ben-Ameur & Neto, 2007, in-out)."""
    best, reach, at = first, np.maximum(0.3 * first, 0.03 * max(first.max(initial=0), 1e-9)), first
    bound, cuts = np.inf, []
    for _ in range(STEPS):
        picks, value = problem.choices(at)
        slope = problem.room - problem.used(picks)
        cuts.append((slope, value - slope @ at))
        if value < bound:
            best, bound = at, value
        ahead, lower = _lowest(cuts, np.maximum(best - reach, 0), best + reach, bound)
        held = ((ahead <= best - reach * 0.999) & (ahead > 0)) | (ahead >= best + reach * 0.999)
        if bound - lower <= CLOSE * abs(bound):
            if not held.any():
                break
            reach = np.where(held, reach * 8, reach)
        at = best + INNER * (ahead - best)
    return best, bound


def _lowest(cuts: list, low: np.ndarray, high: np.ndarray, bound: float) -> tuple[np.ndarray, float]:
    """Where the planes leave the least bound within the box, and how much they leave. Units: of the bound, of the box."""
    slopes, offsets = np.array([one for one, _ in cuts]), np.array([one for _, one in cuts])
    width, size = high - low, abs(bound) or 1.0
    above = offsets + slopes @ low - bound
    rows = np.column_stack([slopes * width, -np.full(len(cuts), size)]) / size
    count = len(low)
    found = linprog(
        np.append(np.zeros(count), 1.0), A_ub=rows, b_ub=-above / size,
        bounds=[(0.0, 1.0)] * count + [(None, None)], method="highs",
    )  # fmt: skip
    return low + found.x[:-1] * width, bound + float(found.x[-1]) * size
