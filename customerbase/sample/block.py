"""One block of people with everything that happened to them, before it is written down."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from customerbase.sample.accounts import Accounts, make_accounts
from customerbase.sample.baskets import Lines, Totals, make_lines
from customerbase.sample.campaigns import Campaign, Consents, Contacts, make_consents, make_contacts
from customerbase.sample.memberships import Memberships, make_memberships
from customerbase.sample.people import People, make_people
from customerbase.sample.purchases import Orders, base_events, make_orders
from customerbase.sample.strings import Dates, choose, glue, number, pad, take
from customerbase.sample.world import APP, POS, WEB, World

COMPLETED, CANCELLED, RETURNED, PENDING = "completed", "cancelled", "returned", "pending"
# EC-CUBE's 対応状況: 1 new, 3 cancelled, 4 in hand, 5 shipped, 6 paid, 7 being settled, 8 being bought, 9 returned
STATUS_OF_CODE = {
    1: COMPLETED,
    3: CANCELLED,
    4: COMPLETED,
    5: COMPLETED,
    6: COMPLETED,
    7: PENDING,
    8: PENDING,
    9: RETURNED,
}
CODE_SHARE = {3: 0.025, 7: 0.003, 8: 0.004, 9: 0.008, 6: 0.01}


@dataclass
class Block:
    """What the writers need of one block; `live` are the orders of the history (the rest is the future)."""

    world: World
    number: int
    dates: Dates
    people: People
    members: Memberships
    accounts: Accounts
    campaigns: list[Campaign]
    consents: Consents
    contacts: Contacts
    orders: Orders
    lines: Lines
    totals: Totals
    code: np.ndarray  # 対応状況 of each order; 5 in shops
    order_ids: pa.Array
    live: np.ndarray

    def customer_ids(self, shown: bool = True) -> pa.Array:
        """The member id of each order; null for cash customers and, with `shown`, where no card was presented."""
        member = np.where(self.orders.named, self.orders.member, -1) if shown else self.orders.member
        index = pa.array(member, mask=member < 0)
        return self.accounts.ids.take(index)

    def of_member(self, index: np.ndarray) -> pa.Array:
        """The member ids of memberships."""
        return self.accounts.ids.take(pa.array(index))


def make_block(world: World, dates: Dates, campaigns: list[Campaign], block: tuple[int, int, int]) -> Block:
    """Simulate one block: people, ids, consents, campaigns, orders and their lines."""
    people = make_people(world, *block)
    members = make_memberships(world, people)
    consents = make_consents(world, people, members)
    base = base_events(world, people)
    contacts = make_contacts(world, campaigns, people, members, consents, base)
    orders = make_orders(world, people, members, base, contacts)
    lines, totals = make_lines(world, people, orders)
    return Block(
        world, block[0], dates, people, members, make_accounts(world, people, members), campaigns, consents, contacts,
        orders, lines, totals, _codes(world, orders, block[0]), _order_ids(orders, block[0]), orders.t < world.days,
    )  # fmt: skip


def _codes(world: World, orders: Orders, block: int) -> np.ndarray:
    rng = world.stream("status", block)
    draw = rng.choice([5, *CODE_SHARE], len(orders), p=[1 - sum(CODE_SHARE.values()), *CODE_SHARE.values()])
    fresh = (orders.t > world.days - 2) & (draw == 5) & (orders.t < world.days)
    code = np.where(fresh, np.where(rng.random(len(orders)) < 0.5, 1, 4), draw)
    app = np.isin(code, [3, 9]) & (orders.system == APP)
    code = np.where((orders.system == WEB) | app, code, 5)
    return np.where(orders.campaign >= 0, 5, code)  # what a campaign caused counts: its true effect stays exact


def _order_ids(orders: Orders, block: int) -> pa.Array:
    serial = block * 1_000_000 + np.arange(1, len(orders) + 1)
    web, others = number(serial), pad(serial, 10)
    return choose(orders.system == POS, glue("P", others), choose(orders.system == APP, glue("APP-", others), web))


def status_words(code: np.ndarray) -> pa.Array:
    """The canonical status of each 対応状況."""
    words = [STATUS_OF_CODE.get(number, COMPLETED) for number in range(10)]
    return take(words, code)
