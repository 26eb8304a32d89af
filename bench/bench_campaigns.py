"""Campaign effects at scale: seconds from contact rows to verdicts, beside pandas that only counts orders per arm.

python -m bench.bench_campaigns [--customers N] [--campaigns N]

Every customer is planned for in every campaign (a tenth held out) and orders three times in two years. pandas joins the
same contacts and orders, and groups by campaign and arm: plain means of two outcomes, no past, no strata, no faults.
"""

import argparse
import resource
import time
from datetime import date

import numpy as np
import pandas as pd

from customerbase.campaigns import campaigns
from customerbase.engine import Engine

AS_OF, DAYS = date(2026, 10, 31), 30
MADE = {
    "identity_links": "select 's' as source_system, 'a' || range as source_customer_id, 'c' || md5(cast(range as varchar)) as"
    " customer_id from range({customers})",
    "campaigns": "select 's' as source_system, 'k' || range as campaign_id, 'k' || range as name, 'other' as objective,"
    " 'email' as channel, date '2026-09-01' - cast(range * 60 as integer) as start_date, cast(1000 as decimal(18, 2)) as cost,"
    " '' as hypothesis, 'orders' as kpi, 0.1 as holdout_share from range({campaigns})",
    "campaign_contacts": "select 's' as source_system, 'k' || k.range as campaign_id, 'a' || c.range as source_customer_id,"
    " 1 as contact_no, case when hash(c.range, k.range) % 10 = 0 then 'control' else 'treat' end as arm,"
    " timestamp '2026-09-01 10:00:00' - interval '1' day * (k.range * 60) as planned_at,"
    " case when hash(c.range, k.range) % 10 > 0 then planned_at end as sent_at, cast(null as timestamp) as delivered_at,"
    " cast(null as timestamp) as opened_at, cast(null as timestamp) as clicked_at, cast(null as timestamp) as unsubscribed_at,"
    " cast(5 as decimal(18, 2)) as cost from range({customers}) as c, range({campaigns}) as k",
    "orders": "select 's' as source_system, cast(o.range as varchar) as order_id, 'a' || (o.range % {customers}) as"
    " source_customer_id, 'web' as channel, timestamp '2024-11-01 12:00:00' + interval '1' minute * (hash(o.range) % 1049760)"
    " as order_at, 'completed' as status, cast(500 + hash(o.range) % 9000 as decimal(18, 2)) as total"
    " from range(3 * {customers}) as o",
    "order_lines": "select source_system, order_id, 1 as line_no, 'p' as product_id, 'goods' as line_type,"
    " cast(1 as decimal(18, 3)) as qty, total as amount, cast(total * 0.6 as decimal(18, 2)) as cost from orders",
    "refunds": "select '' as source_system, '' as order_id, timestamp '2000-01-01' as refunded_at, cast(0 as decimal(18, 2)) as"
    " amount where false",
    "products": "select '' as source_system, '' as product_id, cast(0 as decimal(18, 2)) as cost where false",
    "web_events": "select '' as source_system, '' as source_customer_id, timestamp '2000-01-01' as event_at where false",
}  # fmt: skip


def main() -> None:
    """Print the seconds of both, and their ratio."""
    parser = argparse.ArgumentParser(description="campaign effects at scale")
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--campaigns", type=int, default=10)
    given = parser.parse_args()
    db = Engine()
    for name, query in MADE.items():
        db.execute(f"create table {name} as {query.format(**vars(given))}")
    rows = given.customers * given.campaigns
    start, cpu = time.perf_counter(), time.process_time()
    found = campaigns(db, as_of=AS_OF, settings={})
    ours, used = time.perf_counter() - start, time.process_time() - cpu
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"| contact rows | {rows:,} |\n| campaigns judged | {len(found.results)} |")
    print(
        f"| effects, money, faults, looks, trials | {ours:.1f} s wall, {used:.1f} s CPU, {memory:.1f} GB |", flush=True
    )
    contacts = db.query("select campaign_id, source_customer_id, arm, planned_at from campaign_contacts").df()
    orders = db.query("select source_customer_id, order_at, cast(total as double) as total from orders").df()
    start, cpu = time.perf_counter(), time.process_time()
    plain = _pandas(contacts, orders)
    peer, peer_used = time.perf_counter() - start, time.process_time() - cpu
    print(
        f"| pandas, plain means of two outcomes | {peer:.1f} s wall, {peer_used:.1f} s CPU |\n| CPU ratio | {peer_used / used:.2f} |"
    )
    table = found.effects[found.effects["outcome"] == "orders"].set_index("campaign_id")["plain"]
    assert np.allclose(table, plain.reindex(table.index)), "the two differ"


def _pandas(contacts: pd.DataFrame, orders: pd.DataFrame) -> pd.Series:
    """Difference of orders per person between the arms, by campaign."""
    joined = contacts.merge(orders, on="source_customer_id")
    gap = joined["order_at"] - joined["planned_at"]
    joined = joined[(gap >= pd.Timedelta(0)) & (gap < pd.Timedelta(days=DAYS))]
    sums = joined.groupby(["campaign_id", "arm"])["total"].agg(["count", "sum"])
    people = contacts.groupby(["campaign_id", "arm"]).size()
    means = (sums["count"] / people).unstack()
    return means["treat"] - means["control"]


if __name__ == "__main__":
    main()
