"""Customers to channels of limited capacity, at most one channel each, so that the gains together are the largest there are.

A transportation problem whose optimum is whole by itself. Prices of the channels (one for each unit of its capacity) make
customers spread almost rightly at once; cycles of moves between channels then take what is left, until none gains: the
prices that follow from there prove the optimum (duality). Source: Ahuja, Magnanti & Orlin, Network Flows (1993), ch. 9, 12.
"""

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from customerbase.errors import InputError
from customerbase.prediction.optimum import relative_gap

SMALL, STEP = 10_000, 8  # above so many customers prices are learnt from every eighth of them first
SWEEPS, FINE_SWEEPS = 50, 3  # rounds of balancing prices one by one, without and with prices learnt before
ROUNDS = 8  # in which those without room look for their next best; then they wait for a move that makes room
MOST_CYCLES = 50_000  # after as many the rest is left as the gap that is reported
KEPT = 500  # best moves held ready from one channel to another
EXACT = 1e-12  # of the largest gain: differences below are rounding


@dataclass(frozen=True)
class Assignment:
    """place: the channel of each customer, -1 for none; gain: of all together; bound: what no assignment can exceed.

    prices: what one more unit of each channel's capacity would gain (where the assignment is optimal).
    """

    place: np.ndarray
    prices: np.ndarray
    gain: float
    bound: float

    @property
    def gap(self) -> float:
        """The most that could be missing, as a share of the bound; 0 where the optimum is proven."""
        return relative_gap(self.gain, self.bound)


def assign(gains: np.ndarray, capacity: ArrayLike, *, most_cycles: int = MOST_CYCLES) -> Assignment:
    """The assignment with the largest sum of gains: at most one channel a customer, at most `capacity` customers a channel.

    gains: customers x channels, any unit; what is not above 0, or -inf (not allowed), is never assigned. most_cycles:
    moves tried before an assignment that is not yet proven is taken as it is, with its gap.
    Raises InputError for NaN or infinite gains and for capacities that are no whole numbers from 0 up.
    """
    values, seats = _checked(gains, capacity)
    rows = _candidates(values, seats)
    # one row a channel, the last is nobody: no gain, room for all
    inner = np.vstack([np.where(values[rows] > 0, values[rows], -np.inf).T, np.zeros(len(rows))])
    room = np.append(np.minimum(seats, len(rows)), 2 * len(rows) + 1)
    chosen, prices = _solve(inner, room, most_cycles)
    place = np.full(len(values), -1)
    place[rows] = np.where(chosen < len(seats), chosen, -1)
    gain = float(inner[chosen, np.arange(len(rows))].sum())
    bound = float((room[:-1] * prices[:-1]).sum() + (inner - prices[:, None]).max(axis=0).sum()) if len(rows) else 0.0
    return Assignment(place, prices[:-1], gain, max(bound, gain))


def _solve(inner: np.ndarray, room: np.ndarray, most_cycles: int) -> tuple[np.ndarray, np.ndarray]:
    """Where everybody goes, and prices: those that prove it, or the best known."""
    count, prices = inner.shape[1], np.zeros(len(room))
    few = count <= SMALL
    if not few:
        part = np.ascontiguousarray(inner[:, ::STEP])
        _, prices = _solve(part, np.rint(room * (part.shape[1] / count)).astype(np.int64), most_cycles)
    prices = _balance(inner, room, prices, SWEEPS if few else FINE_SWEEPS)
    moves = _Moves(inner, _spread(inner - prices[:, None], room), room)
    proven = moves.improve(most_cycles)
    return moves.place, prices if proven is None else proven


def _checked(gains: np.ndarray, capacity: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    values, seats = np.asarray(gains, dtype=float), np.asarray(capacity, dtype=float)
    if values.ndim != 2 or seats.shape != values.shape[1:]:
        raise InputError(f"gains have the shape {values.shape} and capacities {seats.shape}; expected (n, m) and (m,).")
    if np.isnan(values).any() or np.isposinf(values).any():
        raise InputError("a gain is NaN or infinite; expected a number, or -inf where a contact is not allowed.")
    whole = (seats >= 0) & (np.isinf(seats) | (seats == np.floor(seats)))
    if not whole.all():
        raise InputError(f"a capacity is {seats[~whole][0]}; expected a whole number of contacts, 0 or more.")
    return values, np.minimum(seats, len(values)).astype(np.int64)


def _candidates(values: np.ndarray, seats: np.ndarray) -> np.ndarray:
    """Customers that some best assignment can do with: of each channel as many of its best as there are seats in all.

    Whoever is worse than so many, and assigned, could change places with one of them who is not. One more of each, for
    the price of one more seat.
    """
    seen = np.zeros(len(values), dtype=bool)
    enough = int(seats.sum()) + 1
    for column in values.T:
        good = np.flatnonzero(column > 0)
        seen[good[np.argpartition(-column[good], enough - 1)[:enough]] if len(good) > enough else good] = True
    return np.flatnonzero(seen)


def _balance(inner: np.ndarray, room: np.ndarray, prices: np.ndarray, sweeps: int) -> np.ndarray:
    """One price after the other set to where its channel is just full, the others staying; until they settle."""
    prices = prices.copy()
    for _ in range(sweeps):
        before = prices.copy()
        after = [inner[-1]]  # the best of the channels behind each one, from the last
        for one in range(len(room) - 2, 0, -1):
            after.append(np.maximum(after[-1], inner[one] - prices[one]))
        ahead = inner[-1]
        for one in range(len(room) - 1):
            worth = inner[one] - np.maximum(ahead, after.pop())
            wanted = worth[worth > 0]
            last = len(wanted) - int(room[one]) - 1
            prices[one] = np.partition(wanted, last)[last] if last >= 0 else 0.0
            ahead = np.maximum(ahead, inner[one] - prices[one])
        if np.abs(prices - before).max(initial=0) <= 1e-9 * prices.max(initial=0):
            break
    return prices


def _spread(surplus: np.ndarray, room: np.ndarray) -> np.ndarray:
    """Everyone where their surplus is largest; who regrets it least gives way where there is no room for all."""
    place, turn = surplus.argmax(axis=0), 0
    while True:
        turn += 1
        over = np.flatnonzero(np.bincount(place, minlength=len(room)) > room)
        if not len(over):
            return place
        for one in over:
            members = np.flatnonzero(place == one)
            others = surplus[:, members]
            own = others[one].copy()
            others[one] = -np.inf
            keep = int(room[one])
            order = np.argpartition(others.max(axis=0) - own, keep - 1) if keep else np.arange(len(members))
            losers = members[order[keep:]]
            surplus[one, losers] = -np.inf
            place[losers] = surplus[:, losers].argmax(axis=0) if turn <= ROUNDS else len(room) - 1


class _Moves:
    """Who moves from one channel to another at what gain; cycles of moves leave every channel as full as it was.

    An empty seat may move too, at no gain: then a channel that had room is one fuller, another one emptier.
    """

    def __init__(self, inner: np.ndarray, place: np.ndarray, room: np.ndarray):
        self.inner, self.place, self.nodes = inner, place, len(room)
        self.free = room - np.bincount(place, minlength=self.nodes)
        self.least = EXACT * (np.abs(inner[np.isfinite(inner)]).max(initial=0) or 1.0)
        self.heaps: dict[tuple[int, int], list] = {}
        self.floors: dict[tuple[int, int], float] = {}
        self.best = np.full((self.nodes, self.nodes), -np.inf)

    def improve(self, most: int) -> np.ndarray | None:
        """Move along cycles that gain until there is none: the prices that prove it; None after `most` cycles."""
        changed, done = set(range(self.nodes)), 0
        while done <= most:
            self._look(changed)
            cycles = self._cycles()
            if not cycles:
                return self._dual()
            for cycle in cycles:
                self._move(cycle)
            changed, done = {origin for cycle in cycles for origin, _ in cycle}, done + len(cycles)
        return None

    def _look(self, changed) -> None:
        for one in changed:
            members = None
            for other in range(self.nodes):
                if one == other:
                    continue
                if (one, other) not in self.heaps or self._worn(one, other):
                    members = np.flatnonzero(self.place == one) if members is None else members
                    self._fill(one, other, members)
                heap = self.heaps[one, other]
                self.best[one, other] = max(-heap[0][0] if heap else -np.inf, 0.0 if self.free[one] > 0 else -np.inf)

    def _worn(self, one: int, other: int) -> bool:
        """Whether moves that were not held ready may be better than all that are."""
        heap, floor = self.heaps[one, other], self.floors[one, other]
        while heap and self.place[heap[0][1]] != one:
            heapq.heappop(heap)
        return floor > -np.inf and (not heap or -heap[0][0] < floor)

    def _fill(self, one: int, other: int, members: np.ndarray) -> None:
        change = self.inner[other, members] - self.inner[one, members]
        able = np.flatnonzero(change > -np.inf)
        floor = -np.inf
        if len(able) > KEPT:
            able = able[np.argpartition(-change[able], KEPT - 1)[:KEPT]]
            floor = float(change[able].min())
        heap = list(zip((-change[able]).tolist(), members[able].tolist(), strict=True))
        heapq.heapify(heap)
        self.heaps[one, other], self.floors[one, other] = heap, floor

    def _cycles(self) -> list[list[tuple[int, int]]]:
        """Rings of moves that gain together and share no channel, by Bellman and Ford's longest paths."""
        nodes = np.arange(self.nodes)
        length, before = np.zeros(self.nodes), np.full(self.nodes + 1, self.nodes)  # the last: where paths begin
        while True:
            through = length[:, None] + self.best
            origin = through.argmax(axis=0)
            reached = through[origin, nodes]
            longer = reached > length + self.least
            if not longer.any():
                return []
            length = np.where(longer, reached, length)
            before[:-1] = np.where(longer, origin, before[:-1])
            if rings := _rings(before):
                return rings

    def _move(self, cycle: list[tuple[int, int]]) -> None:
        """As many moves at once along the ring as gain the same."""
        who: dict[tuple[int, int], list[int]] = {}
        count = len(self.place)
        for edge in cycle:
            if self.best[edge] == 0.0 and self.free[edge[0]] > 0:  # an empty seat
                count = min(count, int(self.free[edge[0]]))
            else:
                who[edge] = self._take(edge, count)
                count = min(count, len(who[edge]))
        for one, other in cycle:
            if (one, other) not in who:
                self.free[one] -= count
                self.free[other] += count
                continue
            for customer in who[one, other][:count]:
                self.place[customer] = other
                self._hold(customer, other)
            for customer in who[one, other][count:]:  # taken from the heap, and not moved
                value = self.inner[one, customer] - self.inner[other, customer]
                heapq.heappush(self.heaps[one, other], (float(value), customer))

    def _take(self, edge: tuple[int, int], most: int) -> list[int]:
        heap, top, found = self.heaps[edge], self.heaps[edge][0][0], {}
        while heap and heap[0][0] == top and len(found) < most:
            customer = heapq.heappop(heap)[1]
            if self.place[customer] == edge[0]:
                found[customer] = True
        return list(found)

    def _hold(self, customer: int, one: int) -> None:
        for other in range(self.nodes):
            value = self.inner[other, customer] - self.inner[one, customer]
            if other != one and value > -np.inf and (one, other) in self.heaps:
                heapq.heappush(self.heaps[one, other], (-float(value), customer))

    def _dual(self) -> np.ndarray:
        """The lowest prices at which everybody is where they would choose to be: longest paths from nobody."""
        length = np.full(self.nodes, -np.inf)
        length[-1] = 0.0
        for _ in range(self.nodes):
            length = np.maximum(length, (length[:, None] + self.best).max(axis=0))
        return length - length[-1]


def _rings(before: np.ndarray) -> list[list[tuple[int, int]]]:
    """The rings among steps back from node to node, as moves forward; the last node is where all other paths begin."""
    far = before
    for _ in range(len(before).bit_length()):
        far = far[far]  # 1, 2, 4, … steps back
    found, seen = [], {len(before) - 1}
    for start in np.unique(far).tolist():
        node, ring = start, []
        while node not in seen:
            seen.add(node)
            ring.append(node)
            node = int(before[node])
        if ring:  # whoever is reached from so far back stands in a ring, and `start` closes it
            found.append([(int(before[one]), one) for one in reversed(ring)])
    return found
