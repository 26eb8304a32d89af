"""Sample companies of many seeds at once, straight from the simulation: what they know, and what is true.

They are the companies that `sample.generate` writes (same blocks, same streams), taken before they go to files: campaigns,
contacts, orders and goods lines in the canonical columns, and the true links of accounts to persons.
"""

from dataclasses import dataclass, replace
from datetime import date, timedelta
from types import SimpleNamespace

import campaign_world
import duckdb
import numpy as np
import pandas as pd

import customerbase.sample.truth as sample_truth
from customerbase.engine import Engine
from customerbase.sample.baskets import GOODS
from customerbase.sample.block import Block, make_block
from customerbase.sample.campaigns import DELAY, RESPONSE, Campaign, make_campaigns
from customerbase.sample.marketing import CHANNEL_SYSTEM
from customerbase.sample.people import blocks
from customerbase.sample.strings import Dates
from customerbase.sample.world import SYSTEMS, World, make_world

MONTHS, LAST_MONTH, AS_OF = 24, "2026-10", date(2026, 10, 31)
TOLD = {
    "campaign_contacts": ["source_system", "campaign_id", "source_customer_id", "contact_no", "arm", "planned_at", "sent_at", "cost"],
    "identity_links": ["source_system", "source_customer_id", "customer_id"],
    "orders": ["source_system", "order_id", "source_customer_id", "channel", "order_at", "status", "total"],
    "order_lines": ["source_system", "order_id", "line_no", "line_type", "qty", "amount", "cost"],
}  # fmt: skip


@dataclass(frozen=True)
class Companies:
    """campaigns, contacts, orders, …: canonical columns and what only the simulation knows beside them; ids begin with the seed.

    contacts: of whom (customer_id), chance (of one more order in the window, if contacted), basket (mean of the person).
    orders: by whom, cause_id (the campaign that caused it), margin.
    """

    tables: dict[str, pd.DataFrame]

    def engine(self) -> Engine:
        """The tables that page 11 reads, without the truth."""
        told = {name: self.tables[name][columns] for name, columns in TOLD.items()}
        return campaign_world.engine(campaigns=self.tables["campaigns"], **told)

    def rows(self, query: str) -> pd.DataFrame:
        """A query over all tables, the truth beside them."""
        with duckdb.connect(config={"threads": 1}) as db:
            for name, table in self.tables.items():
                db.register(name, table)
            return db.sql(query).df()

    def without(self, orders: pd.Series) -> "Companies":
        """The same companies, had these orders never been made."""
        kept = {
            name: table[~table["order_id"].isin(orders)] for name, table in self.tables.items() if "order_id" in table
        }
        return Companies(self.tables | kept)


def companies(seeds: range, people: int) -> Companies:
    """A sample company of so many people for each seed."""
    world = make_world(people, 0, MONTHS, LAST_MONTH)
    made = [_company(replace(world, seed=seed)) for seed in seeds]
    return Companies({name: pd.concat([one[name] for one in made], ignore_index=True) for name in made[0]})


def _company(world: World) -> dict[str, pd.DataFrame]:
    campaigns, dates = make_campaigns(world), Dates(world)
    parts = [_of_block(make_block(world, dates, campaigns, part)) for part in blocks(world.customers)]
    made = {name: pd.concat([part[name] for part in parts], ignore_index=True) for name in TOLD}
    made["campaigns"] = pd.DataFrame([_plan(world, one) for one in campaigns])
    for table in made.values():
        for column in {"campaign_id", "source_customer_id", "customer_id", "order_id", "cause_id"} & set(table):
            table[column] = f"{world.seed:03}-" + table[column].astype("str")
    return made


def _plan(world: World, one: Campaign) -> dict:
    """As 施策一覧 tells it."""
    start, cost = world.first_day + timedelta(days=int(one.sent)), 20_000 + 5_000 * one.number
    return campaign_world.campaign(
        one.campaign_id, source_system=SYSTEMS[CHANNEL_SYSTEM[one.channel]], name=one.name, channel=one.channel,
        start_date=start, cost=cost, holdout_share=one.holdout, kpi="orders",
    )  # fmt: skip


def _of_block(block: Block) -> dict[str, pd.DataFrame]:
    secret = {}
    sample_truth.write_block(SimpleNamespace(secret=secret.__setitem__, world=block.world), block)
    told = {
        name: table.to_pandas(integer_object_nulls=True).rename(columns={"person_id": "customer_id"})
        for name, table in secret.items()
    }
    lines, orders = _lines(block), told["orders"].rename(columns={"campaign_id": "cause_id"}).assign(channel="any")
    costs = np.bincount(lines["order"], lines["cost"], len(block.orders))
    orders["margin"] = orders["total"] - costs[block.live]
    orders["source_customer_id"] = orders["source_customer_id"].where(orders["named"])
    contacts = _contacts(block, told["campaign_contacts"])
    return {
        "campaign_contacts": contacts, "identity_links": told["links"], "orders": orders,
        "order_lines": lines[block.live[lines["order"]]].drop(columns="order"),
    }  # fmt: skip


def _contacts(block: Block, told: pd.DataFrame) -> pd.DataFrame:
    contacts, persons, treated = block.contacts, block.people, block.contacts.treated
    left = np.maximum(persons.dropout[contacts.row] - contacts.sent, 0)  # days until the person drops out
    in_time = np.minimum(-np.expm1(-left / DELAY) / RESPONSE, 1)
    sent = block.dates.stamps(contacts.sent).to_pandas()
    cost = np.array([one.cost for one in block.campaigns], dtype=float)[contacts.campaign]
    return told.assign(
        contact_no=1, arm=np.where(treated, "treat", "control"), planned_at=sent, sent_at=sent.where(treated),
        cost=np.where(treated, cost, np.nan), chance=contacts.effect * in_time, basket=persons.mean_spend[contacts.row],
    )  # fmt: skip


def _lines(block: Block) -> pd.DataFrame:
    """Lines that sell goods; the systems' products tell what they cost."""
    lines, goods = block.lines, block.lines.kind == GOODS
    order, qty = lines.order[goods], lines.qty[goods]
    return pd.DataFrame({
        "order": order, "source_system": np.array(SYSTEMS)[block.orders.system[order]], "order_id": block.order_ids.to_numpy(zero_copy_only=False)[order],
        "line_no": lines.number[goods], "line_type": "goods", "qty": qty, "amount": lines.amount[goods],
        "cost": qty * block.world.goods.cost[lines.product[goods]],
    })  # fmt: skip


def truth(made: Companies) -> pd.DataFrame:
    """campaign_id × outcome -> true mean effect over everybody the campaign was meant for, whatever arm they were drawn into.

    orders: the chance of one more. customers: the same for those alone who bought nothing else in the window. revenue, margin:
    the chance times what orders that campaigns caused brought on average, of people whose usual basket is alike (tenths).
    """
    return made.rows("""
        with cut as (select distinct ntile(10) over (order by basket) as tenth, basket from campaign_contacts),
        tenths as (select basket, min(tenth) as tenth from cut group by basket),
        baskets as (
            select tenth, avg(total) as money, avg(margin) as margin from orders
            inner join (select distinct customer_id, basket from campaign_contacts) using (customer_id)
            inner join tenths using (basket) where cause_id is not null group by tenth
        ),
        others as (
            select c.campaign_id, c.customer_id, count(o.order_id) as other from campaign_contacts as c
            left join orders as o on c.customer_id = o.customer_id and o.cause_id is distinct from c.campaign_id
                and o.named and o.status = 'completed'
                and o.order_at >= c.planned_at and o.order_at < c.planned_at + interval 30 day
            group by all
        )
        select campaign_id, avg(chance) as orders, avg(case when other = 0 then chance else 0 end) as customers,
            avg(chance * money) as revenue, avg(chance * baskets.margin) as margin
        from campaign_contacts inner join others using (campaign_id, customer_id)
        inner join tenths using (basket) left join baskets using (tenth) group by campaign_id order by campaign_id
    """).melt("campaign_id", var_name="outcome", value_name="truth")  # fmt: skip
