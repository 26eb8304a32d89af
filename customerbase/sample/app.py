"""The app's tables as Parquet: members, orders, order lines, refunds, goods; typed, no headings to translate.

Beside them the list of members who linked their LINE account, as CSV.
"""

import numpy as np
import pyarrow as pa

import customerbase.sample.defects as defects
from customerbase.sample.accounts import birth_text
from customerbase.sample.block import Block
from customerbase.sample.desk import Desk
from customerbase.sample.pos import blocked_values
from customerbase.sample.shop import DATE, REFUND_REASONS, refund_rows
from customerbase.sample.strings import glue, number, pad, take
from customerbase.sample.world import APP

LINKED, ANEW = 0.45, 0.03  # of members: linked their LINE account; of these: once more, from a new one


def write_products(desk: Desk) -> None:
    """The app's copy of the list of goods."""
    goods, company = desk.world.goods, desk.world.company
    table = pa.table(
        {
            "sku": pa.array(goods.codes),
            "name": pa.array(goods.names),
            "category": take(goods.categories, goods.category),
            "brand": take(company["brands"], goods.brand),
            "price_jpy": pa.array(goods.price),
            "cost_jpy": pa.array(goods.cost),
        }
    )
    desk.parquet("app/products.parquet", 0, table)


def write_block(desk: Desk, block: Block) -> None:
    """Everything of one block's app members."""
    _members(desk, block)
    _orders(desk, block)
    _lines(desk, block)
    _refunds(desk, block)
    _line_ids(desk, block)


def _orders(desk: Desk, block: Block) -> None:
    orders = block.orders
    mine = np.flatnonzero(block.live & (orders.system == APP))
    at = pa.array(mine)
    totals = block.totals
    money = ("goods", "discount", "shipping", "tax", "used", "total")
    table = pa.table(
        {
            "order_id": block.order_ids.take(at),
            "member_id": block.customer_ids().take(at),
            "ordered_at": block.dates.stamps(orders.t[mine]),
            "state": take(
                ["done", "cancelled", "returned"], np.select([block.code == 3, block.code == 9], [1, 2], 0)[mine]
            ),
            **{f"{name}_jpy": pa.array(getattr(totals, name)[mine].astype(np.int64)) for name in money},
            "payment": take(["card", "wallet", "carrier"], mine % 3),
        }
    )
    recipes = defects.unknown_customer("member_id", "U9999999")
    desk.parquet("app/orders.parquet", block.number, table, recipes, least=1)


def _lines(desk: Desk, block: Block) -> None:
    orders, lines = block.orders, block.lines
    line = np.flatnonzero(block.live[lines.order] & (orders.system[lines.order] == APP))
    product = lines.product[line]
    words = ["", "goods", "shipping", "fee", "discount", "", "point"]
    table = pa.table(
        {
            "order_id": block.order_ids.take(pa.array(lines.order[line])),
            "line_no": pa.array(lines.number[line].astype(np.int32)),
            "line_type": take(words, lines.kind[line]),
            "sku": take(block.world.goods.codes, product),
            "name": take(block.world.goods.names, product),
            "qty": pa.array(lines.qty[line].astype(np.int32)),
            "price_jpy": pa.array(np.abs(lines.unit_price[line]).astype(np.int64)),
            "tax_percent": number(block.world.goods.tax_rate[product], product < 0),
            "amount_jpy": pa.array(lines.amount[line].astype(np.int64)),
        }
    )
    desk.parquet("app/order_lines.parquet", block.number, table)


def _members(desk: Desk, block: Block) -> None:
    rows = np.flatnonzero(block.members.system == APP)
    accounts, company = block.accounts, block.world.company
    at, cities = pa.array(rows), company["cities"]
    table = pa.table(
        {
            "member_id": accounts.ids.take(at),
            "family_name": accounts.last.take(at),
            "given_name": accounts.first.take(at),
            "postcode": accounts.postal.take(at),
            "prefecture": take([city[0] for city in cities], accounts.city[rows]),
            "email": accounts.email.take(at),
            "phone": accounts.phone.take(at),
            "birthday": birth_text(block.dates, block.world, accounts.birth[rows], DATE),
            "gender": take(["none", "m", "f"], accounts.sex[rows]),
            "interests": take(company["interests"], rows % len(company["interests"])),
            "registered_at": block.dates.stamps(accounts.registered[rows]),
            "updated_at": block.dates.stamps(accounts.updated[rows]),
            "active": pa.array(np.isnan(accounts.withdrawn[rows])),
        }
    )
    recipes = [*defects.hostile("family_name"), *blocked_values("phone", "birthday", "1900-01-01", "email")]
    desk.parquet("app/members.parquet", block.number, table, recipes, least=1)


def _refunds(desk: Desk, block: Block) -> None:
    line, t, amount = refund_rows(block, APP)
    table = pa.table(
        {
            "refund_id": glue("AR", pad(block.number * 1_000_000 + np.arange(1, len(line) + 1), 9)),
            "order_id": block.order_ids.take(pa.array(block.lines.order[line])),
            "line_no": pa.array(block.lines.number[line].astype(np.int32)),
            "amount_jpy": pa.array(amount),
            "refunded_at": block.dates.stamps(t),
            "reason": take(REFUND_REASONS, line % len(REFUND_REASONS)),
        }
    )
    desk.parquet("app/refunds.parquet", block.number, table)


def _line_ids(desk: Desk, block: Block) -> None:
    """Who linked a LINE account and when: one account a person, and a second row where they came back with a new one."""
    members, world = block.members, block.world
    rng = world.stream("line ids", block.number)
    people = int(members.row.max()) + 1 if len(members) else 0
    ids = [[f"U{rng.bytes(16).hex()}" for _ in range(people)] for _ in range(2)]  # the first and the new one
    linked, anew = rng.random(people) < LINKED, rng.random(people) < ANEW
    after, later = rng.exponential(20, len(members)), rng.exponential(120, len(members))
    mine = np.flatnonzero((members.system == APP) & linked[members.row])
    again = mine[anew[members.row[mine]]]
    rows = np.concatenate([mine, again])
    at = block.accounts.registered[rows] + after[rows] + np.where(np.arange(len(rows)) < len(mine), 0, later[rows])
    kept = at < world.days
    new = (np.arange(len(rows)) >= len(mine)).astype(int)
    rows, at, new = rows[kept], at[kept], new[kept]
    table = pa.table(
        {
            "会員ID": block.of_member(rows),
            "LINEユーザーID": pa.array(
                [ids[n][row] for n, row in zip(new, members.row[rows], strict=True)], pa.string()
            ),
            "変更日時": block.dates.moment(at, "%Y-%m-%d", seconds=True),
        }
    )
    handle = defects.Recipe(
        "line_handle", "block:malformed_line_user_id", "LINEユーザーID", lambda text: f"@{text[1:9]}"
    )
    desk.csv("app/line_ids.csv", block.number, table, [handle], least=1)
