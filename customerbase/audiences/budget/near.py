"""The plans near one that fits: what else the undecided customers could get, tried two at a time, then all together."""

from dataclasses import dataclass

import numpy as np

from customerbase.audiences.budget.prices import Problem, amounts

PAIRED, WINDOWS = 800, 3  # changes tried with one another: those that lose least at the prices, then the next ones
TURNS = 40  # rounds of changing two at a time
NODES = 5_000  # of the search through all choices; counted, since a time limit would give other plans elsewhere
CLOSE = 1e-9  # of the bound: rounding
ENOUGH = 1e-7  # of the bound: a gap that nobody would look for


@dataclass(frozen=True)
class Changes:
    """Other choices, one row each: the line (group x customers + customer), the offer (-1: none), its loss at the prices.

    gain and use: what they change against the choice made at the prices, which everybody else keeps.
    """

    line: np.ndarray
    offer: np.ndarray
    loss: np.ndarray

    def __len__(self) -> int:
        return len(self.line)

    def part(self, start: int, count: int) -> "Changes":
        """So many of them from a place on."""
        some = slice(start, start + count)
        return Changes(self.line[some], self.offer[some], self.loss[some])


def improved(problem: Problem, dual: np.ndarray, picks: np.ndarray, bound: float) -> tuple[np.ndarray, bool]:
    """A plan at least as good, and whether it is proven to be the best: the gap is closed or all choices were tried."""
    gain = problem.value(picks)
    if bound - gain <= CLOSE * abs(bound):
        return picks, True
    if bound - gain > ENOUGH * abs(bound):
        around = changes(problem, dual, bound - gain, picks)
        for skipped in range(0, min(len(around), WINDOWS * PAIRED), PAIRED):
            picks = _by_twos(problem, picks, around.part(skipped, PAIRED))
        gain = problem.value(picks)
    if bound - gain <= CLOSE * abs(bound):
        return picks, True
    around = changes(problem, dual, bound - gain, picks)
    return _through(problem, dual, picks, around, bound) if len(around) <= NODES else (picks, False)


def changes(problem: Problem, dual: np.ndarray, gap: float, picks: np.ndarray) -> Changes:
    """All choices that a plan better by at most `gap` may hold: their loss at the prices is no more.

    First those of customers who have not what they would choose (picks: what they have), then the least losses.
    """
    lines, offers, losses = [], [], []
    for place, group in enumerate(problem.groups):
        left = np.stack([np.zeros(problem.gains.shape[1]), *(problem.surplus(dual, offer) for offer in group)])
        loss = left.max(axis=0) - left
        for number, offer in enumerate((-1, *group)):
            able = np.flatnonzero(loss[number] <= gap * (1 + CLOSE))
            lines.append(place * problem.gains.shape[1] + able)
            offers.append(np.full(len(able), offer))
            losses.append(loss[number][able])
    line, offer, loss = np.concatenate(lines), np.concatenate(offers), np.concatenate(losses)
    order = np.lexsort((offer, loss, line))
    line, offer, loss = line[order], offer[order], loss[order]
    first = np.append(True, line[1:] != line[:-1])
    follows = np.append(~first[1:], False)  # another choice of the same line stands behind
    turn = np.where(first, np.append(loss[1:], 0.0), loss)  # the best of a line comes with its second best
    kept = np.flatnonzero(first)[np.cumsum(first) - 1]  # where the best of the line stands
    turn = np.where(picks.ravel()[line] != offer[kept], -1.0, turn)
    able = np.flatnonzero(~first | follows)
    able = able[np.lexsort((offer[able], line[able], turn[able]))]
    return Changes(line[able], offer[able], loss[able])


def _worth(problem: Problem, line: np.ndarray, offer: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Gain (n,) and use (limits, n) of choices; nothing for no offer."""
    customer, given = line % problem.gains.shape[1], offer >= 0
    gain = np.where(given, problem.gains[np.maximum(offer, 0), customer], 0.0)
    return gain, amounts(problem, np.where(given, offer, -1), customer)


def _by_twos(problem: Problem, picks: np.ndarray, around: Changes) -> np.ndarray:
    """Change one or two customers' offers where that gains and fits, the best first, until nothing gains."""
    flat, room = picks.ravel().copy(), problem.room * (1 + CLOSE)
    gain, use = _worth(problem, around.line, around.offer)
    for _ in range(TURNS if len(around) else 0):
        held, held_use = _worth(problem, around.line, flat[around.line])
        more, needs = gain - held, use - held_use
        left = room - problem.used(flat.reshape(picks.shape))
        best, one, other = _best_two(around.line, more, needs, left)
        if best <= CLOSE * max(abs(gain).max(initial=0), 1e-300):
            break
        flat[around.line[[one, other]]] = around.offer[[one, other]]
    return flat.reshape(picks.shape)


def _best_two(line: np.ndarray, more: np.ndarray, needs: np.ndarray, left: np.ndarray) -> tuple[float, int, int]:
    """The two changes (or one, twice) that gain most and fit."""
    total = more[:, None] + more
    total[line[:, None] == line] = -np.inf
    np.fill_diagonal(total, more)
    fits = np.ones(total.shape, dtype=bool)
    for need, free in zip(needs, left, strict=True):
        both = need[:, None] + need
        np.fill_diagonal(both, need)
        fits &= both <= free
    total[~fits] = -np.inf
    one, other = np.unravel_index(int(total.argmax()), total.shape)
    return float(total[one, other]), int(one), int(other)


def _through(
    problem: Problem, dual: np.ndarray, picks: np.ndarray, around: Changes, bound: float
) -> tuple[np.ndarray, bool]:
    """All sets of changes from what everybody chooses at the prices, cut off where they lose more than the best plan does."""
    base, _ = problem.choices(dual)
    base = base.ravel()
    apart = around.offer != base[around.line]
    line, offer, loss = around.line[apart], around.offer[apart], around.loss[apart]
    gain, use = _worth(problem, line, offer)
    held, held_use = _worth(problem, line, base[line])
    search = _Search(line.tolist(), loss.tolist(), (gain - held).tolist(), (use - held_use).T)
    start = (
        problem.value(base.reshape(picks.shape)),
        problem.room * (1 + CLOSE) - problem.used(base.reshape(picks.shape)),
    )
    best, found, done = search.run(*start, bound, problem.value(picks))
    if found is None:
        return picks, done
    base[line[list(found)]] = offer[list(found)]
    return (base.reshape(picks.shape), done) if best > problem.value(picks) else (picks, done)


@dataclass
class _Search:
    """Sets of changes in order of their losses, at most one of a line; depth first."""

    line: list
    loss: list
    more: list
    needs: np.ndarray

    def run(self, value: float, left: np.ndarray, bound: float, best: float) -> tuple[float, tuple | None, bool]:
        """The best value, the places of its changes (None: none better than `best`) and whether all were gone through."""
        found, nodes, least = None, 0, CLOSE * abs(bound)
        stack = [((), 0, 0.0, value, left)]
        while stack:
            taken, start, lost, worth, room = stack.pop()
            nodes += 1
            if nodes > NODES:
                return best, found, False
            if worth > best + least and (room >= 0).all():
                best, found = worth, taken
            used = {self.line[one] for one in taken}
            for place in range(start, len(self.line)):
                if lost + self.loss[place] >= bound - best - least:
                    break
                if self.line[place] not in used:
                    after = room - self.needs[place]
                    stack.append(((*taken, place), place + 1, lost + self.loss[place], worth + self.more[place], after))
        return best, found, True
