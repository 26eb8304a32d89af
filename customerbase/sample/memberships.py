"""Under which ids people stand in the three systems, from when, and which one an order carries."""

from dataclasses import dataclass

import numpy as np

from customerbase.sample.people import People
from customerbase.sample.world import APP, POS, WEB, World

# Which systems people use, first one first, and how many of them.
PATTERNS = [(POS,), (WEB,), (APP,), (POS, WEB), (WEB, POS), (POS, APP), (WEB, APP), (POS, WEB, APP)]
PATTERN_SHARE = [0.42, 0.25, 0.07, 0.07, 0.04, 0.07, 0.04, 0.04]
SECOND_ID_SHARE = 0.035  # of memberships: a lost card was replaced, or a second account opened
HOURS = {  # cumulative share of orders by hour of the day, shops (POS) and online
    POS: ([0, 0.08, 0.3, 0.55, 0.8, 1], [10, 11, 13, 16, 18.5, 20]),
    WEB: ([0, 0.06, 0.25, 0.45, 0.75, 1], [0, 7, 12, 18, 21.5, 24]),
    APP: ([0, 0.05, 0.3, 0.5, 0.75, 1], [0, 7, 9, 15, 21.5, 24]),
}
SLOTS = 6


@dataclass
class Memberships:
    """One row per id: arrays; `number` is unique over all systems and blocks."""

    row: np.ndarray  # index of the person in the block
    system: np.ndarray
    since: np.ndarray
    until: np.ndarray
    kind: np.ndarray  # 0 first system, 1 further system, 2 second id in the same system
    number: np.ndarray

    def __len__(self) -> int:
        return len(self.row)


def clock(t: np.ndarray, system: np.ndarray) -> np.ndarray:
    """The same day, with a time of day that fits the system (keeps the order within a system)."""
    day, part = np.floor(t), t - np.floor(t)
    hour = np.select([system == key for key in HOURS], [np.interp(part, *HOURS[key]) for key in HOURS])
    return day + np.minimum(hour * 60 + 1, 1439) / 1440


def make_memberships(world: World, people: People) -> Memberships:
    """All ids of a block's people; an id that would begin after the history is left out."""
    rng = world.stream("memberships", people.block)
    pattern = rng.choice(len(PATTERNS), len(people), p=PATTERN_SHARE)
    parts = []
    for position in range(3):
        system = np.array([p[position] if position < len(p) else -1 for p in PATTERNS])[pattern]
        row = np.flatnonzero(system >= 0)
        wait = rng.exponential(130, len(row)) if position else np.zeros(len(row))
        parts.append((row, system[row], people.joined[row] + wait * position, np.full(len(row), min(position, 1))))
    row, system, since, kind = (np.concatenate(part) for part in zip(*parts, strict=True))
    again = np.flatnonzero(rng.random(len(row)) < SECOND_ID_SHARE)
    later = since[again] + rng.exponential(200, len(again))
    until = np.full(len(row) + len(again), np.inf)
    until[again] = np.where(system[again] == POS, later, np.inf)  # a replaced card is no longer used
    row, system = np.append(row, row[again]), np.append(system, system[again])
    since, kind = np.append(since, later), np.append(kind, np.full(len(again), 2))
    return _numbered(world, people.block, row, system, since, until, kind)


def _numbered(world, block, row, system, since, until, kind) -> Memberships:
    keep = since < world.days
    order = np.lexsort((row[keep], since[keep], system[keep]))
    columns = [column[keep][order] for column in (row, system, since, until, kind)]
    return Memberships(*columns, number=block * 100_000 + np.arange(1, len(order) + 1))


def pick(memberships: Memberships, people: int, row: np.ndarray, t: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The membership (index) each order of person `row` at time `t` is made under; -1 when there is none yet."""
    slots = np.full((people, SLOTS), -1)
    order = np.argsort(memberships.row, kind="stable")
    sorted_rows = memberships.row[order]
    rank = np.arange(len(order)) - np.searchsorted(sorted_rows, sorted_rows)
    slots[sorted_rows[rank < SLOTS], rank[rank < SLOTS]] = order[rank < SLOTS]
    choice = slots[row]
    open_now = (choice >= 0) & (memberships.since[choice] <= t[:, None]) & (t[:, None] < memberships.until[choice])
    weight = open_now * np.array([1.0, 0.9, 1.1])[memberships.system[choice]]
    total = np.cumsum(weight, axis=1)
    place = (rng.random(len(row))[:, None] * total[:, -1:] >= total).sum(axis=1)
    found = choice[np.arange(len(row)), np.minimum(place, SLOTS - 1)]
    return np.where(total[:, -1] > 0, found, -1)
