"""When people buy: first orders, a Poisson process with drop-out and seasons, refills, orders caused by campaigns."""

from dataclasses import dataclass, fields

import numpy as np

import customerbase.sample.memberships as ids
from customerbase.sample.campaigns import Contacts
from customerbase.sample.people import People
from customerbase.sample.world import PAST_DAYS, POS, WEB, World

FIRST, BASE, REFILL, CAMPAIGN, WALK_IN = range(5)
CAUSES = ("first", "base", "refill", "campaign", "walk_in")
FORGOTTEN_CARD, GUEST = 0.08, 0.05  # shop orders without the card shown, web orders without signing in
WALK_INS = 0.26  # cash customers without a card, per order of a member in a shop
REFILL_GAP_SHAPE = 9  # gamma shape of the gaps between refills


@dataclass
class Orders:
    """Orders of one block in order of time: arrays with one entry per order."""

    row: np.ndarray  # index of the person in the block, -1 for cash customers
    t: np.ndarray  # days since the first day of the history; the simulated future included
    cause: np.ndarray
    campaign: np.ndarray  # -1 when no campaign caused it
    member: np.ndarray  # index of the membership it was made under, -1 for cash customers
    system: np.ndarray
    named: np.ndarray  # the member's id stands on the order

    def __len__(self) -> int:
        return len(self.row)

    def where(self, mask: np.ndarray) -> "Orders":
        """The orders of a mask or an index, in its order."""
        return Orders(*[getattr(self, field.name)[mask] for field in fields(self)])


def base_events(world: World, people: People) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(person row, time, cause) of everything that happens without campaigns, up to the end of the future."""
    rng = world.stream("purchases", people.block)
    everyone = np.arange(len(people))
    parts = [(everyone, people.joined, FIRST), (*_poisson(world, people, rng), BASE), (*_refills(people, rng), REFILL)]
    row = np.concatenate([part[0] for part in parts])
    t = np.concatenate([part[1] for part in parts])
    cause = np.concatenate([np.full(len(part[0]), part[2]) for part in parts])
    keep = (t < world.horizon) & ((cause == FIRST) | (t < people.dropout[row]))
    return row[keep], t[keep], cause[keep]


def _poisson(world: World, people: People, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Orders at each person's own rate while alive, thinned by the season."""
    end = np.minimum(people.dropout, world.horizon)
    length = np.maximum(end - people.joined, 0)
    peak = world.season.max()
    count = rng.poisson(people.rate * length * peak)
    row = np.repeat(np.arange(len(people)), count)
    t = people.joined[row] + rng.random(len(row)) * length[row]
    keep = rng.random(len(row)) * peak < world.season[np.floor(t).astype(int) + PAST_DAYS]
    return row[keep], t[keep]


def _refills(people: People, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Renewals of one consumable: gamma gaps around the person's own interval."""
    fans = np.flatnonzero(people.refill >= 0)
    gaps = rng.gamma(REFILL_GAP_SHAPE, 1 / REFILL_GAP_SHAPE, (len(fans), 60)) * people.refill_days[fans, None]
    t = people.joined[fans, None] + np.cumsum(gaps, axis=1)
    row = np.repeat(fans, t.shape[1])
    keep = t.ravel() < people.dropout[row]
    return row[keep], t.ravel()[keep]


def make_orders(
    world: World, people: People, members: ids.Memberships, base: tuple[np.ndarray, ...], contacts: Contacts
) -> Orders:
    """Base events, walk-ins and the orders that campaigns caused, each with its id, in order of time."""
    rng = world.stream("orders", people.block)
    row, t, cause = base
    member = ids.pick(members, len(people), row, t, rng)
    keep = (t >= 0) & (member >= 0)
    row, t, cause, member = row[keep], t[keep], cause[keep], member[keep]
    extra = contacts.caused(people, rng)
    orders = Orders(
        row=np.append(row, extra.row),
        t=np.append(t, extra.t),
        cause=np.append(cause, np.full(len(extra.row), CAMPAIGN)),
        campaign=np.append(np.full(len(row), -1), extra.campaign),
        member=np.append(member, extra.member),
        system=np.append(members.system[member], members.system[extra.member]),
        named=np.ones(len(row) + len(extra.row), dtype=bool),
    )
    orders.named &= ~_unnamed(orders, rng)
    orders = _joined(orders, _walk_ins(world, orders, rng))
    timely = ids.clock(orders.t, orders.system)
    orders.t = np.where(orders.cause == CAMPAIGN, np.maximum(timely, orders.t), timely)  # never before it was sent
    orders = orders.where(orders.t < world.horizon)
    return orders.where(np.lexsort((orders.member, orders.row, orders.t)))


def _unnamed(orders: Orders, rng: np.random.Generator) -> np.ndarray:
    chance = np.select([orders.system == POS, orders.system == WEB], [FORGOTTEN_CARD, GUEST], 0.0)
    plain = (orders.cause == BASE) | (orders.cause == REFILL)
    return plain & (rng.random(len(orders)) < chance)


def _walk_ins(world: World, orders: Orders, rng: np.random.Generator) -> Orders:
    count = int(WALK_INS * ((orders.system == POS) & (orders.t < world.days)).sum())
    weight = world.season[PAST_DAYS : PAST_DAYS + world.days]
    t = rng.choice(world.days, count, p=weight / weight.sum()) + rng.random(count)
    nobody = np.full(count, -1)
    return Orders(nobody, t, np.full(count, WALK_IN), nobody, nobody, np.full(count, POS), np.zeros(count, dtype=bool))


def _joined(first: Orders, second: Orders) -> Orders:
    names = [field.name for field in fields(Orders)]
    return Orders(*[np.concatenate([getattr(first, name), getattr(second, name)]) for name in names])
