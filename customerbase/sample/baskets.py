"""What is in an order: goods by taste and budget, charges, points, totals; and what is given back."""

from dataclasses import dataclass

import numpy as np

from customerbase.sample.people import People
from customerbase.sample.purchases import REFILL, Orders
from customerbase.sample.world import APP, POS, WEB, World

GOODS, SHIPPING, FEE, DISCOUNT, POINT = 1, 2, 3, 4, 6  # EC-CUBE's line types; 5 (tax) is inside the prices
LINE_TYPES = {GOODS: "goods", SHIPPING: "shipping", FEE: "fee", DISCOUNT: "discount", POINT: "point"}
SPEND_NOISE = 4.0  # gamma shape of a basket around the person's mean
WALK_IN_SPEND = 3400.0
FREE_SHIPPING, SHIPPING_YEN, FEE_YEN = 5000, 550, 330
COUPONS = {POS: 0.05, WEB: 0.09, APP: 0.12}
POINTS_PER_YEN, POINT_LIFE, USE_CHANCE = 100, 365.0, 0.14


@dataclass
class Lines:
    """Order lines sorted by order and number: arrays."""

    order: np.ndarray
    number: np.ndarray
    kind: np.ndarray
    product: np.ndarray  # -1 for charges
    qty: np.ndarray
    unit_price: np.ndarray
    amount: np.ndarray

    def __len__(self) -> int:
        return len(self.order)


@dataclass
class Totals:
    """Money of each order, whole yen, tax included."""

    goods: np.ndarray
    discount: np.ndarray
    shipping: np.ndarray
    fee: np.ndarray
    used: np.ndarray  # points used
    earned: np.ndarray
    total: np.ndarray
    tax: np.ndarray  # the consumption tax contained in the goods
    rank: np.ndarray  # 0 regular, 1 silver, 2 gold, after the order
    expired: np.ndarray  # points that lapse a year after this order (the last of a chain)


def make_lines(world: World, people: People, orders: Orders) -> tuple[Lines, Totals]:
    """The lines of all orders and the totals they add up to."""
    rng = world.stream("baskets", people.block)
    order, product, qty = _goods(world, people, orders, rng)
    goods = np.bincount(order, qty * world.goods.price[product], len(orders)).astype(np.int64)
    totals = _charges(orders, goods, rng)
    _points(orders, totals, rng)
    totals.total = goods - totals.discount + totals.shipping + totals.fee - totals.used
    rate = world.goods.tax_rate[product]
    inside = qty * world.goods.price[product] * rate / (100 + rate)
    totals.tax = np.floor(np.bincount(order, inside, len(orders))).astype(np.int64)
    return _lines(world, order, product, qty, totals), totals


def _goods(world: World, people: People, orders: Orders, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """(order, product, quantity) of goods lines: the budget is split, each part buys what costs about that much."""
    goods, size = world.goods, world.goods.per_category
    mean = np.where(orders.row >= 0, people.mean_spend[orders.row], WALK_IN_SPEND)
    budget = mean * rng.gamma(SPEND_NOISE, 1 / SPEND_NOISE, len(orders))
    count = np.minimum(1 + rng.poisson(1.0, len(orders)), 6)
    order = np.repeat(np.arange(len(orders)), count)
    part = rng.exponential(1, len(order)) + 0.15
    part *= (budget / np.bincount(order, part, len(orders)))[order]
    category = _categories(world, people, orders.row[order], rng)
    price = goods.price.reshape(-1, size)[category]
    place = np.clip((price < part[:, None]).sum(axis=1) + rng.integers(-2, 2, len(order)), 0, size - 1)
    product = category * size + place
    qty = np.clip(np.round(part / goods.price[product]), 1, 6).astype(np.int64)
    first = np.append(True, order[1:] != order[:-1])[: len(order)]
    refill = first & (orders.cause[order] == REFILL)
    table = np.array([number for number, _ in world.company["refills"]]) - 1
    product[refill] = table[people.refill[orders.row[order[refill]]]]
    qty[refill] = 1
    return _with_pairs(world, order, product, qty, rng)


def _categories(world: World, people: People, row: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    shares = np.cumsum([entry[5] for entry in world.company["categories"]])
    taste = np.where((row >= 0)[:, None], people.taste[row], shares / shares[-1])
    return np.minimum((rng.random(len(row))[:, None] >= taste).sum(axis=1), taste.shape[1] - 1)


def _with_pairs(world: World, order, product, qty, rng: np.random.Generator) -> tuple[np.ndarray, ...]:
    """Planted companions: who buys the first product of a pair sometimes adds the second."""
    partner, chance = np.full(len(world.goods.names), -1), np.zeros(len(world.goods.names))
    for first, second, share in world.company["pairs"]:
        partner[first - 1], chance[first - 1] = second - 1, share
    added = np.flatnonzero(rng.random(len(product)) < chance[product])
    order, qty = np.append(order, order[added]), np.append(qty, np.ones(len(added), dtype=np.int64))
    product = np.append(product, partner[product[added]])
    place = np.argsort(order, kind="stable")
    return order[place], product[place], qty[place]


def _charges(orders: Orders, goods: np.ndarray, rng: np.random.Generator) -> Totals:
    online = orders.system != POS
    chance = np.array([COUPONS[system] for system in (POS, WEB, APP)])[orders.system]
    coupon = rng.random(len(orders)) < np.where(orders.campaign >= 0, 0.8, chance)
    discount = np.where(coupon, np.where(online, np.minimum(500, goods // 2), goods // 20), 0)
    shipping = np.where(online & (goods < FREE_SHIPPING), SHIPPING_YEN, 0)
    fee = np.where((orders.system == WEB) & (rng.random(len(orders)) < 0.07), FEE_YEN, 0)
    zero = np.zeros(len(orders), dtype=np.int64)
    earned = np.where(orders.named, goods // POINTS_PER_YEN, 0)
    return Totals(goods, discount, shipping, fee, zero, earned, zero, zero, zero, zero)


def _points(orders: Orders, totals: Totals, rng: np.random.Generator) -> None:
    """A member who uses points uses all collected since the last use; a year without an order lets them lapse."""
    wants = rng.random(len(orders)) < USE_CHANCE
    mine = np.flatnonzero(orders.named)
    if not len(mine):
        return
    place = mine[np.lexsort((orders.t[mine], orders.member[mine]))]
    member, t = orders.member[place], orders.t[place]
    fresh = np.append(True, member[1:] != member[:-1])
    chain = np.cumsum(fresh | (np.append(0, np.diff(t)) > POINT_LIFE))
    run = np.cumsum(totals.earned[place]) - totals.earned[place]  # collected before this order
    start = run[np.searchsorted(chain, chain)]
    use = wants[place]
    mark = np.maximum.accumulate(np.where(use, np.arange(len(place)), -1))
    before = np.append(-1, mark[:-1])
    before = np.where(before >= np.searchsorted(chain, chain), before, -1)
    base = np.where(before >= 0, run[before], start)
    room = (totals.goods - totals.discount)[place]
    used = np.where(use, np.minimum(run - base, room), 0)
    totals.used = _scatter(len(orders), place, used)
    totals.expired = _scatter(len(orders), place, _left(chain, totals.earned[place] - used))
    spent = np.cumsum(totals.goods[place])
    spent -= (spent - totals.goods[place])[np.searchsorted(member_run := np.cumsum(fresh), member_run)]
    totals.rank = _scatter(len(orders), place, np.digitize(spent, [30_000, 100_000]))


def _left(chain: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """At the last order of each chain: what the chain left over; 0 elsewhere."""
    last = np.append(chain[1:] != chain[:-1], True)
    sums = np.bincount(chain, delta)
    return np.where(last, sums[chain], 0)


def _scatter(size: int, place: np.ndarray, values: np.ndarray) -> np.ndarray:
    out = np.zeros(size, dtype=np.int64)
    out[place] = values
    return out


def _lines(world: World, order, product, qty, totals: Totals) -> Lines:
    price = world.goods.price[product]
    parts = [(order, np.full(len(order), GOODS), product, qty, price)]
    signed = {SHIPPING: totals.shipping, FEE: totals.fee, DISCOUNT: -totals.discount, POINT: -totals.used}
    for kind, values in signed.items():
        at = np.flatnonzero(values)
        parts.append((at, np.full(len(at), kind), np.full(len(at), -1), np.ones(len(at), dtype=np.int64), values[at]))
    order, kind, product, qty, price = (np.concatenate(part) for part in zip(*parts, strict=True))
    place = np.lexsort((kind, order))
    order = order[place]
    number = np.arange(len(order)) - np.searchsorted(order, order) + 1
    return Lines(order, number, kind[place], product[place], qty[place], price[place], (qty * price)[place])
