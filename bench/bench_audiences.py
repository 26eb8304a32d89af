"""Consent gate and audiences at scale: CPU seconds, wall seconds and memory for a million customers.

python -m bench.bench_audiences [--customers N]

Invented customers with 1.3 accounts each and about three entries a customer in the ledger of consents; five audiences on up to
three channels with exclusions, hold-outs, limits and a frequency cap.
"""

import argparse
import resource
import time
from datetime import date

from customerbase import audiences, profile, rules
from customerbase.engine import Engine, identifier
from customerbase.tables import schemas

AS_OF = date(2026, 10, 31)
TEXTS = {"en": "Some", "ja": "ある人"}
SHARED = {"title": TEXTS, "purpose": TEXTS}
GIVEN = {
    "one": SHARED
    | {"rule": "orders >= 3", "channels": ["email", "post", "ads"], "holdout": 0.1, "value": "rfm.net_spend"},
    "two": SHARED | {"rule": "rfm.net_spend >= percentile(80)", "exclude": ["one"], "channels": ["email"]},
    "three": SHARED
    | {"segments": ["champions"], "channels": ["sms", "line"], "holdout": 0.2}
    | {"cap": {"most": 20_000, "by": "rfm.net_spend"}},
    "four": SHARED | {"rule": "days_since_last_order between 30 and 200", "channels": ["push", "email"]},
    "five": SHARED | {"rule": "orders is not null", "exclude": ["orders = 1"], "channels": ["phone"], "holdout": 0.1},
}
CHANNELS = "['email', 'sms', 'line', 'push', 'post', 'phone', 'web', 'all']"


def company(db: Engine, customers: int) -> None:
    """Accounts, ledger, profile and ranks of so many customers, the same for the same number."""
    chance = "(('0x' || substring(md5({}), 1, 8))::bigint % 1000)"
    said = chance.format("'s' || i")
    db.execute(
        f"create table identity_links as select 'c' || (i // 13 * 10 + i % 10) as customer_id, 's' as source_system,"
        f" i::varchar as source_customer_id from range({customers * 13 // 10}) t(i)"
    )
    db.execute(
        f"create table consents as select 's' as source_system, (i % {customers * 13 // 10})::varchar as source_customer_id,"
        f" {CHANNELS}[1 + {chance.format('i::varchar')} % 8] as channel, if(i % 5 = 0, 'third_party', 'marketing') as purpose,"
        f" timestamp '2025-01-01' + interval (i % 900000) minute as changed_at,"
        f" if({said} < 250, 'withdrawn', 'granted') as state, i::varchar as source_row_id"
        f" from range({customers * 3}) t(i)"
    )
    db.register("profile_consents", profile.profile_consents(db, as_of=AS_OF).to_arrow_table())
    for name in ("campaigns", "campaign_contacts", "segment_members"):
        columns = ", ".join(f"{identifier(one.name)} {one.type}" for one in schemas()[name].columns.values())
        db.execute(f"create table {name} ({columns})")
    number = chance.format("customer_id")
    made = {"profile": {"orders": f"{number} % 12"}}
    made["rfm"] = {"net_spend": f"{number} * 17.5", "days_since_last_order": f"{number} % 400"}
    made["rfm"]["segment"] = f"if({number} % 6 = 0, 'champions', 'lost')"
    for name, given in made.items():
        cells = [
            f"{given.get(one.name, 'customer_id' if one.name == 'customer_id' else f'null::{one.type}')} as {one.name}"
            for one in schemas()[name].columns.values()
        ]
        db.execute(
            f"create table {name} as select {', '.join(cells)} from (select distinct customer_id from identity_links)"
        )


def main() -> None:
    """Print what both steps take."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--customers", type=int, default=1_000_000)
    customers = parser.parse_args().customers
    db = Engine()
    company(db, customers)
    known = rules.columns(schemas(), ("profile", "rfm"), {"rfm.segment": ["champions", "lost"]})
    read = audiences.read_audiences(
        GIVEN,
        audiences.Known(known, ("champions", "lost"), frozenset({"rfm.net_spend"})),
        {"global_control": 0.05, "audiences_per_person": {"email": 1}},
    )
    for step, run in (("consent", _consent), ("audiences", lambda db: audiences.make(db, read, as_of=AS_OF))):
        wall, cpu = time.perf_counter(), time.process_time()
        made = run(db)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
        print(f"{customers:,} customers, {step}: {wall:.1f} s wall, {cpu:.1f} CPU seconds, {memory:.2f} GB at most")
    print(made.records())


def _consent(db: Engine) -> None:
    found = audiences.contactable(db, audiences.Matching(), as_of=AS_OF)
    db.execute(f"create or replace temp table contactable as {found.sql_query()}")


if __name__ == "__main__":
    main()
