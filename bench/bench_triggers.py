"""Triggers at scale: seconds and memory of page 10b's arithmetic, all ten kinds on one day, from tables to the queue on disk.

python -m bench.bench_triggers [--customers N] [--keep DIR]

Per customer ten events in 45 days (half of them signed in), three orders, three movements of points, three consents, two
due things and a message of a campaign; far more occasions than any day has. The tables lie on disk as Parquet, as those
of a run do, and a process of its own evaluates them: its peak is the page's. The digest is that of both tables' bytes.
"""

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from customerbase.audiences import triggers
from customerbase.engine import Engine, identifier
from customerbase.rules import columns
from customerbase.tables import previous, schema, schemas, store

AS_OF = date(2026, 10, 31)
WHO = "'C' || substring(md5(cast({} as varchar)), 1, 16) as customer_id"
ACCOUNT = "'web' as source_system, 'a' || {} as source_customer_id"
PAST = "timestamp '2026-11-01' - interval '1' second * cast(hash({}) % ({} * 86400) as bigint)"
PEOPLE = f"select {WHO.format('i.range')}, %s from range({{n}}) as i"
PRODUCT = "'P' || hash({}) % 10000 as product_id"
MADE = {
    "identity_links": f"select {ACCOUNT.format('range')}, {WHO.format('range')} from range({{n}})",
    "web_events": f"select 'web' as source_system, case when range % 2 = 0 then 'a' || range // 10 end as source_customer_id,"
    f" 's' || range // 5 as session_id, {PAST.format('range, 1', 45)} as event_at, {PRODUCT.format('range // 3, 2')},"
    " ['view_item', 'view_item', 'add_to_cart', 'remove_from_cart', 'begin_checkout', 'purchase'][1 + cast(hash(range, 3) % 6 as integer)]"
    " as event_name from range(10 * {n})",
    "orders": f"select {ACCOUNT.format('hash(range, 19) % {n}')}, 'o' || range as order_id, 'web' as channel, 'completed' as status,"
    f" {PAST.format('range, 4', 700)} as order_at, 500 + hash(range, 5) % 40000 as total from range(3 * {{n}})",
    "order_lines": f"select 'web' as source_system, 'o' || range as order_id, 1 as line_no, 'goods' as line_type,"
    f" {PRODUCT.format('range, 6')} from range(3 * {{n}})",
    "refunds": f"select 'web' as source_system, 'o' || range * 50 as order_id, {PAST.format('range, 7', 300)} as refunded_at,"
    " 400 as amount from range({n} // 20)",
    "products": "select 'web' as source_system, 'P' || range as product_id, 'active' as status, 100 + range as price,"
    " 'c' || range % 20 || ' > d' || range as category, 5 as stock from range(10000)",
    "loyalty_points": f"select {ACCOUNT.format('range % {n}')}, 't' || range as txn_id, {PAST.format('range, 8', 300)} as txn_at,"
    " case when hash(range, 9) % 4 = 0 then -60 else 200 end as delta,"
    " txn_at + interval '330' day as expires_at from range(3 * {n})",
    "survey_answers": "select 'web' as source_system, cast(range as varchar) as response_id from range(10)",
    "campaigns": "select 'web' as source_system, 'K1' as campaign_id, 'email' as channel",
    "campaign_contacts": f"select {ACCOUNT.format('range')}, 'K1' as campaign_id, 1 as contact_no, 'treat' as arm,"
    f" {PAST.format('range, 10', 30)} as sent_at from range({{n}})",
    "calendar_jp": "select date '2026-01-01' + cast(range as integer) as day, range % 29 = 0 as is_holiday from range(365)",
    "id_aliases": f"select 'OLD' || range as alias_id, {WHO.format('range * 100')} from range({{n}} // 100)",
    "profile": PEOPLE % f"1 + hash(i.range, 20) % 5 as orders, 'gold' as member_rank, cast(hash(i.range, 11) % 11 as double) as survey_score,"
    f" 'nps' as survey_scale, {PAST.format('i.range, 12', 10)} as survey_at",
    "contacts": PEOPLE % "date '1950-01-01' + cast(hash(i.range, 13) % 25000 as integer) as birth_date",
    "rfm": PEOPLE % "3 as order_count",
    "cltv": PEOPLE % "cast(hash(i.range, 14) % 90000 as double) as cltv, 0.6 as p_alive",
    "churn": PEOPLE % f"date '{AS_OF}' as as_of, 0.7 as probability, 'high' as risk_band, 4000.0 as value_at_risk",
    "repurchase_due": f"select {WHO.format('range % {n}')}, 'c' || range // {{n}} as thing, date '{AS_OF}' as as_of,"
    f" date '{AS_OF}' - 40 as last_day, date '{AS_OF}' + cast(hash(range, 15) % 9 as integer) - 4 as contact_day,"
    " 0.1 as contact_gain from range(2 * {n})",
    "contactable": f"select {WHO.format('range % {n}')}, ['email', 'line', 'push'][1 + cast(range // {{n}} as integer)] as channel,"
    " case when hash(range, 16) % 3 > 0 then 'granted' else 'withdrawn' end as state from range(3 * {n})",
    "propensity": PEOPLE % "0.2 as p_30, 3000.0 as expected_spend",
    "previous_trigger_queue": f"select substring(md5('q' || range), 1, 16) as queue_id,"
    f" case when range % 50 = 0 then 'OLD' || range // 50 else {WHO.format('range * 3').removesuffix(' as customer_id')} end as customer_id,"
    f" 'cart' as trigger, 'x' || range as episode, 'email' as channel, {PAST.format('range, 17', 30)} as due_at"
    " from range({n} // 3)",
    "previous_churn": PEOPLE % "case when hash(i.range, 18) % 3 = 0 then 'low' else 'high' end as risk_band",
    "previous_products": "select 'web' as source_system, 'P' || range as product_id, case when range % 5 > 0 then 5 else 0 end as stock"
    " from range(10000)",
    "previous_campaign_effects": "select '' as campaign_id where false",
}  # fmt: skip
_GUESS = {"assumed": 0.1, "low": 0, "high": 0.2, "why": "a guess"}
_BOTH = {"channels": ["push", "email"]}
QUEUE = {
    "cart": {"kind": "cart_abandoned", "priority": 1, "rule": "orders > 1", "effect": _GUESS},
    "looked": {"kind": "browsed", "visits": 2, "days": 14},
    "welcome": {"kind": "first_purchase"},
    "party": {"kind": "birthday"},
    "rank": {"kind": "rank_falling", "lead": 60},
    "points": {"kind": "points_expiring", "lead": 45, "priority": 3},
    "risk": {"kind": "churn_risen", "priority": 2, "effect": _GUESS},
    "angry": {"kind": "dissatisfied", "top": 50},
    "stock": {"kind": "back_in_stock", "priority": 2},
    "due": {"kind": "repurchase"},
}


def make(folder: Path, customers: int) -> None:
    """Every table that triggers read, with all declared columns, as Parquet."""
    db = Engine(memory_limit="2GB", temp_directory=str(folder / ".spill"))
    for name, query in MADE.items():
        given = db.query(query.format(n=customers))
        cells = (
            f"cast({identifier(one.name) if one.name in given.columns else 'null'} as {one.type}) as {identifier(one.name)}"
            for one in schema(name.removeprefix("previous_")).columns.values()
        )
        store.write_parquet(db, given.project(", ".join(cells)), folder / f"{name}.parquet")


def evaluate(folder: Path) -> dict[str, object]:
    """The queue and the counts from the tables in a folder, written beside them; what that took."""
    db = Engine(temp_directory=str(folder / ".spill"))
    for name in triggers.READS:
        db.register(name, folder / f"{name}.parquet")
    for name in triggers.PREVIOUS:
        previous.register(db, name, folder / f"previous_{name}.parquet")
    content = {"queue": {code: _BOTH | spec for code, spec in QUEUE.items()}}
    some = triggers.read_triggers(content, columns=columns(schemas(), triggers.READS))
    start, cpu = time.perf_counter(), time.process_time()
    found = triggers.evaluate(db, some, span=triggers.Span.day(AS_OF), global_control=0.02, margin=0.4)
    digest = hashlib.sha256()
    for name, content in found.tables().items():
        relation = content if hasattr(content, "project") else db.connection.from_df(content)
        store.write_parquet(db, store.as_declared(relation, schema(name)), folder / f"{name}.parquet")
        digest.update((folder / f"{name}.parquet").read_bytes())
    return {
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - cpu,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2,
        "digest": digest.hexdigest()[:16],
        **found.records(),
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench_triggers", description=__doc__.splitlines()[0])
    parser.add_argument("--customers", type=int, default=1_000_000)
    parser.add_argument("--keep", type=Path, help="a folder for the tables, used as they stand when it has them")
    parser.add_argument("--evaluate", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.evaluate:
        print(json.dumps(evaluate(given.evaluate)))
        return
    print(f"load of the machine at the start: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        folder = given.keep or Path(place)
        if not (folder / "previous_campaign_effects.parquet").is_file():
            folder.mkdir(parents=True, exist_ok=True)
            make(folder, given.customers)
        command = [sys.executable, "-m", "bench.bench_triggers", "--evaluate", str(folder)]
        told = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    print(f"{given.customers:,} customers: {told['conditions']:,} occasions, {told['queued']:,} queued", end="")
    print(
        f"   {told['seconds']:.1f} s wall, {told['cpu']:.1f} s CPU, peak {told['peak']:.2f} GB   bytes {told['digest']}"
    )


if __name__ == "__main__":
    main()
