"""What only the simulation knows: people behind the ids, their hidden rates, causes of orders, effects, the future."""

import numpy as np
import pyarrow as pa

from customerbase.sample.block import Block, status_words
from customerbase.sample.campaigns import Campaign
from customerbase.sample.desk import Desk
from customerbase.sample.purchases import CAUSES
from customerbase.sample.strings import take
from customerbase.sample.world import SYSTEMS, World

KINDS = ("first_system", "further_system", "second_id")


def write_block(desk: Desk, block: Block) -> None:
    """All truth of one block."""
    desk.secret("persons", _persons(block))
    desk.secret("links", _links(block))
    desk.secret("orders", _orders(block, block.live))
    desk.secret("future_orders", _orders(block, ~block.live))
    desk.secret("campaign_contacts", _contacts(block))


def _persons(block: Block) -> pa.Table:
    people, stamps = block.people, block.dates.stamps
    gone = np.where(people.dropout < block.world.horizon, people.dropout, np.nan)
    shares = np.diff(people.taste, axis=1, prepend=0)
    refills = [block.world.goods.codes[product - 1] for product, _ in block.world.company["refills"]]
    return pa.table(
        {
            "person_id": pa.array(people.person),
            "household_id": pa.array(people.household),
            "twin_of_previous": pa.array(people.twin),
            "joined_at": stamps(people.joined),
            "dropout_at": stamps(gone),  # null: still a customer when the future ends
            "orders_per_day": pa.array(people.rate),
            "mean_basket": pa.array(people.mean_spend),
            "satisfaction": pa.array(people.satisfaction),
            "refill_product": take(refills, people.refill),
            "refill_days": pa.array(people.refill_days, mask=people.refill < 0),
            **{f"taste_{number + 1}": pa.array(shares[:, number]) for number in range(shares.shape[1])},
        }
    )


def _links(block: Block) -> pa.Table:
    members = block.members
    table = pa.table(
        {
            "person_id": pa.array(block.people.person[members.row]),
            "source_system": take(list(SYSTEMS), members.system),
            "source_customer_id": block.accounts.ids,
            "kind": take(list(KINDS), members.kind),
            "since": block.dates.stamps(members.since),
            "replaced_at": block.dates.stamps(np.where(np.isinf(members.until), np.nan, members.until)),
        }
    )
    for name in block.accounts.changes.column_names:
        table = table.append_column(name, block.accounts.changes.column(name))
    return table


def _orders(block: Block, mask: np.ndarray) -> pa.Table:
    rows = np.flatnonzero(mask)
    orders, at = block.orders, pa.array(rows)
    person = block.people.person[orders.row[rows]]
    return pa.table(
        {
            "source_system": take(list(SYSTEMS), orders.system[rows]),
            "order_id": block.order_ids.take(at),
            "person_id": pa.array(person, mask=orders.row[rows] < 0),
            "source_customer_id": block.customer_ids(shown=False).take(at),
            "named": pa.array(orders.named[rows]),
            "order_at": block.dates.stamps(orders.t[rows]),
            "status": status_words(block.code[rows]),
            "cause": take(list(CAUSES), orders.cause[rows]),
            "campaign_id": take([one.campaign_id for one in block.campaigns], orders.campaign[rows]),
            "total": pa.array(block.totals.total[rows].astype(np.int64)),
        }
    )


def _contacts(block: Block) -> pa.Table:
    contacts = block.contacts
    members = block.members
    return pa.table(
        {
            "campaign_id": take([one.campaign_id for one in block.campaigns], contacts.campaign),
            "source_system": take(list(SYSTEMS), members.system[contacts.member]),
            "source_customer_id": block.of_member(contacts.member),
            "person_id": pa.array(block.people.person[contacts.row]),
            "treated": pa.array(contacts.treated),
            "effect": pa.array(contacts.effect),
        }
    )


def write_company(desk: Desk, campaigns: list[Campaign]) -> None:
    """Truth that no block owns: planned effects, planted pairs of goods, refill intervals, goods that are liked less."""
    columns = ("campaign_id", "name", "channel", "effect_recent", "effect_other", "holdout")
    desk.secret("campaigns", pa.table({key: [getattr(one, key) for one in campaigns] for key in columns}))
    goods, company = desk.world.goods, desk.world.company
    first, second, chance = zip(*company["pairs"], strict=True)
    desk.secret(
        "product_pairs",
        pa.table(
            {
                "sku": [goods.codes[number - 1] for number in first],
                "companion": [goods.codes[number - 1] for number in second],
                "chance": list(chance),
            }
        ),
    )
    desk.secret("refills", _of_products(desk.world, "refills", "typical_days"))
    desk.secret("product_quality", _of_products(desk.world, "quality", "stars_more"))


def _of_products(world: World, name: str, column: str) -> pa.Table:
    """A list of the company's file that says one number of some products."""
    product, told = zip(*world.company[name], strict=True)
    return pa.table({"sku": [world.goods.codes[number - 1] for number in product], column: list(told)})
