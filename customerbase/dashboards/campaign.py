"""What contacting customers brings, from sums over small groups of them: plain arithmetic, so that a page answers at once.

The profit of one contacted customer is that of customerbase.prediction.profit, p·g·(v − d) − (1 − p)·o·d − c; summed over
a cell of customers it, its cost and its variance need nothing but the cell's sums of p, p², pv, pv², p²v and p²v². Cells
are contacted in the order of their expected profit, the customers of a cell in a fair share each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from math import floor, sqrt


@dataclass(frozen=True)
class Cell:
    """Sums over the n customers of a cell: p the chance of leaving, v the value kept by keeping them."""

    n: float
    p: float
    p2: float
    pv: float
    pv2: float
    p2v: float
    p2v2: float


@dataclass(frozen=True)
class Costs:
    """What a campaign costs, as prediction.profit.Campaign has it; budget: most that contacts and taken offers may cost."""

    contact_cost: float
    offer_cost: float
    acceptance: float
    budget: float
    others: float = 1.0

    def profit(self, cell: Cell) -> float:
        """Expected profit of contacting the customers of a cell."""
        g, d = self.acceptance, self.offer_cost
        return g * (cell.pv - d * cell.p) - self.others * d * (cell.n - cell.p) - self.contact_cost * cell.n

    def cost(self, cell: Cell) -> float:
        """Expected cost: contacts, and the offers taken by those whom they keep and by those who would stay anyway."""
        taken = self.acceptance * cell.p + self.others * (cell.n - cell.p)
        return self.contact_cost * cell.n + self.offer_cost * taken

    def variance(self, cell: Cell) -> float:
        """Variance of the profit by chance, at the acceptance as given."""
        g, d, o = self.acceptance, self.offer_cost, self.others
        square = g * (cell.pv2 - 2 * d * cell.pv + d * d * cell.p) + o * d * d * (cell.n - cell.p)
        kept = cell.p2v2 - 2 * d * cell.p2v + d * d * cell.p2  # sum of (p (v − d))²
        both = cell.pv - cell.p2v - d * (cell.p - cell.p2)  # sum of p (v − d) (1 − p)
        given = cell.n - 2 * cell.p + cell.p2  # sum of (1 − p)²
        return max(square - (g * g * kept - 2 * g * o * d * both + o * o * d * d * given), 0.0)


@dataclass(frozen=True)
class Point:
    """What contacting the first `contacted` customers is expected to bring and to cost; low and high: 95 % range of the profit."""

    contacted: float
    profit: float
    cost: float
    low: float
    high: float


@dataclass(frozen=True)
class Answer:
    """The curve of a campaign, and where to stop on it.

    points: from nobody to everybody, a point at the end of each cell. best: the fewest that bring the most. even: the most
    that can be contacted without a loss; None where the first contact makes one. reached: where the budget ends on the
    whole curve, None where it does not. chosen: what to do, the best within the budget.
    """

    points: tuple[Point, ...]
    best: Point
    even: float | None
    reached: Point | None
    chosen: Point

    @property
    def customers(self) -> float:
        """All who might be contacted."""
        return self.points[-1].contacted


def cells(rows: Sequence[Sequence[float]]) -> tuple[Cell, ...]:
    """Cells as they are kept in a part of a page: a list of numbers each, in the order of Cell's fields."""
    return tuple(Cell(*map(float, row)) for row in rows)


def answer(known: Sequence[Cell], costs: Costs, z: float) -> Answer:
    """The curve over all cells, the most profitable first; z: half the width of the intervals in standard deviations."""
    ranked = sorted(known, key=lambda cell: -costs.profit(cell) / cell.n)
    sums, points = [0.0] * 4, [Point(0.0, 0.0, 0.0, 0.0, 0.0)]
    for cell in ranked:
        more = (cell.n, costs.profit(cell), costs.cost(cell), costs.variance(cell))
        sums = [a + b for a, b in zip(sums, more, strict=True)]
        points.append(_point(sums, z))
    best = max(points, key=lambda point: point.profit)  # the first of equals
    reached = _where_cost_is(points, costs.budget)
    chosen = best if reached is None or reached.contacted >= best.contacted else reached
    return Answer(tuple(points), best, _even(points), reached, chosen)


def settings(start: Mapping[str, float], changed: Mapping[str, float]) -> Costs:
    """The costs to begin with, some of them changed."""
    return Costs(**{name: float(value) for name, value in (dict(start) | dict(changed)).items()})


def _point(sums: Sequence[float], z: float) -> Point:
    half = z * sqrt(sums[3])
    return Point(sums[0], sums[1], sums[2], sums[1] - half, sums[1] + half)


def _where_cost_is(points: Sequence[Point], budget: float) -> Point | None:
    """The last whole customer within the budget; None where everybody is."""
    for before, after in pairwise(points):
        if after.cost > budget:
            each = (after.cost - before.cost) / (after.contacted - before.contacted)
            return _between(before, after, floor(before.contacted + max(budget - before.cost, 0.0) / each + 1e-9))
    return None


def _even(points: Sequence[Point]) -> float | None:
    """Where the profit, having been above zero, comes back to it; everybody where it does not."""
    if points[1].profit < 0:
        return None
    for before, after in pairwise(points[1:]):
        if after.profit < 0:
            share = before.profit / (before.profit - after.profit)
            return floor(before.contacted + share * (after.contacted - before.contacted) + 1e-9)
    return points[-1].contacted


def _between(before: Point, after: Point, contacted: float) -> Point:
    """The point on the straight line between two; the range between theirs."""
    share = (contacted - before.contacted) / (after.contacted - before.contacted)
    ends = ((getattr(before, name), getattr(after, name)) for name in ("profit", "cost", "low", "high"))
    return Point(float(contacted), *(a + share * (b - a) for a, b in ends))
