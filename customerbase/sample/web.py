"""Visits to the web shop: views, carts, checkouts, purchases, and the carts that were left behind."""

import numpy as np
import pyarrow as pa

from customerbase.sample.block import Block
from customerbase.sample.desk import Desk
from customerbase.sample.strings import choose, glue, number, pad, take
from customerbase.sample.world import WEB

VISITS_PER_ORDER = 1.3  # visits without an order, per order
ABANDON, CHECKOUT_REACHED = 0.17, 0.4  # of those visits: something was put into the cart; of these: checkout begun
SIGNED_IN = 0.7
REFERRERS = [None, "https://search.example.com/", "https://social.example.net/", "https://mail.example.com/"]
STEPS = ("page_view", "view_item", "add_to_cart", "begin_checkout", "purchase")
TITLES = ["トップページ", "商品ページ", "カート", "ご注文手続き", "ご注文完了"]


def write_block(desk: Desk, block: Block) -> None:
    """Events of one block by month, and the abandoned carts as truth."""
    rng = block.world.stream("visits", block.number)
    visits = _visits(block, rng)
    desk.secret("abandoned_carts", _abandoned(block, visits))
    table, t = _events(block, visits, rng)

    def write(name: str, part: pa.Table, mask: dict, last: bool) -> None:
        desk.parquet(name, block.number, part)

    desk.monthly("webshop/web_events_{}.parquet", block.number, t, table, write, {})


def _visits(block: Block, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """One entry per visit: membership, start, order (-1: none), product looked at, cart, signed in."""
    orders, lines = block.orders, block.lines
    bought = np.flatnonzero(block.live & (orders.system == WEB) & (orders.member >= 0))
    around = np.repeat(bought, rng.poisson(VISITS_PER_ORDER, len(bought)))
    start = orders.t[around] + rng.normal(-3, 14, len(around))
    member = orders.member[around]
    fits = (start > np.maximum(block.members.since[member], 0)) & (start < block.world.days - 0.1)
    around, start = around[fits], start[fits]
    first = np.searchsorted(lines.order, np.arange(len(orders)))
    goods = len(block.world.goods.names)
    order = np.concatenate([bought, np.full(len(around), -1)])
    idle = order < 0
    cart = ~idle | (rng.random(len(order)) < ABANDON)
    visits = {
        "member": orders.member[np.concatenate([bought, around])],
        "start": np.concatenate([np.maximum(orders.t[bought] - 0.02, 0), start]),
        "order": order,
        "product": np.where(idle, rng.integers(0, goods, len(order)), lines.product[first[order]]),
        "cart": cart,
        "checkout": ~idle | (cart & (rng.random(len(order)) < CHECKOUT_REACHED)),
        "named": np.where(idle, rng.random(len(order)) < SIGNED_IN, orders.named[order]),
        "referrer": rng.integers(0, len(REFERRERS), len(order)),
        "views": 1 + rng.poisson(1.1, len(order)),
    }
    place = np.argsort(visits["start"], kind="stable")
    return {name: values[place] for name, values in visits.items()}


def _steps(visits: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(visit, step) of every event, in order within each visit."""
    everything = np.arange(len(visits["start"]))
    parts = [
        (everything, 0), (np.repeat(everything, visits["views"]), 1), (everything[visits["cart"]], 2),
        (everything[visits["checkout"]], 3), (everything[visits["order"] >= 0], 4),
    ]  # fmt: skip
    visit = np.concatenate([part[0] for part in parts])
    step = np.concatenate([np.full(len(part[0]), part[1]) for part in parts])
    place = np.lexsort((step, visit))
    return visit[place], step[place]


def _events(block: Block, visits: dict[str, np.ndarray], rng: np.random.Generator) -> tuple[pa.Table, np.ndarray]:
    visit, step = _steps(visits)
    rank = np.arange(len(visit)) - np.searchsorted(visit, visit)
    t = visits["start"][visit] + (rank * 75 + rng.integers(0, 60, len(visit))) / 86400
    t = np.where(step == 4, np.maximum(block.orders.t[visits["order"][visit]], t), t)
    t = np.minimum(t, block.world.days - 1 / 86400)
    last_view = (np.append(visit[1:] != visit[:-1], True) | (np.append(step[1:], 9) != 1))[: len(visit)]
    goods = block.world.goods
    product = np.where(
        (step == 1) & ~last_view, rng.integers(0, len(goods.names), len(visit)), visits["product"][visit]
    )
    product = np.where((step == 0) | (step >= 3), -1, product)
    codes = take(goods.codes, product)
    paid = np.where(step == 4, block.totals.total[visits["order"][visit]], 0)
    value = np.where(step == 4, paid, np.where(step == 2, goods.price[product], 0)).astype(np.int64)
    member = visits["member"][visit]
    no_value = ~np.isin(step, [2, 4])
    paths = ["/", "", "/cart", "/checkout", "/thanks"]
    url = choose(step == 1, glue("https://shop.example.jp/products/", codes), None)
    plain = take([f"https://shop.example.jp{path}" for path in paths], step)
    table = pa.table(
        {
            "event_id": glue("E", pad(block.number * 10_000_000 + np.arange(1, len(visit) + 1), 11)),
            "event_at": block.dates.stamps(t),
            "event_name": take(list(STEPS), step),
            "user_id": choose(visits["named"][visit], block.of_member(member), None),
            "device_id": glue("d", pad((block.members.number[member] * 7919) % 1_000_003, 7), number(member % 2)),
            "session_id": glue("s", pad(block.number * 1_000_000 + visit, 9)),
            "page_location": choose(step == 1, url, plain),
            "page_title": take(TITLES, step),
            "page_referrer": choose(
                step == 0, take([word or "" for word in REFERRERS], visits["referrer"][visit]), None
            ),
            "item_id": codes,
            "value": pa.array(value, mask=no_value),
            "currency": choose(no_value, None, "JPY"),
            "properties": choose(
                step == 4, glue('{"transaction_id":"', _ids(block, visits["order"][visit]), '"}'), None
            ),
            "engaged_ms": pa.array(rng.gamma(2, 12_000, len(visit)).astype(np.int64)),
        }
    )
    return table, t


def _ids(block: Block, order: np.ndarray) -> pa.Array:
    return block.order_ids.take(pa.array(order, mask=order < 0))


def _abandoned(block: Block, visits: dict[str, np.ndarray]) -> pa.Table:
    left = np.flatnonzero(visits["cart"] & (visits["order"] < 0))
    member = visits["member"][left]
    return pa.table(
        {
            "session_id": glue("s", pad(block.number * 1_000_000 + left, 9)),
            "started_at": block.dates.stamps(visits["start"][left]),
            "source_customer_id": block.of_member(member),
            "signed_in": pa.array(visits["named"][left]),
            "product_id": take(block.world.goods.codes, visits["product"][left]),
            "person_id": pa.array(block.people.person[block.members.row[member]]),
        }
    )
