"""Looking a customer up among a million: the page Customer 360 in a real browser, and its kernel's part alone.

python -m bench.bench_customer [--customers N]

An invented month (20 events, 12 months of segments and 3 reasons a score per customer) is written as the store writes it,
every table sorted by customer id; the peer is the same month in the order of an attribute, as a table without a key would
stand. Fifty ids spread over the base are looked up once each; milliseconds, median and 95th percentile. `browser` lasts
from the id sent to the picture that shows the record, `kernel` from the value that arrives to the last widget set; `cpu`
is the kernel's CPU time, all threads together, which other work on the machine moves less.
"""

import argparse
import asyncio
import json
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

from customerbase.engine import Engine, identifier
from customerbase.tables import store
from customerbase.tables.schema import schema

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests"))
LOOKED_UP = 50
WHO = "'C' || printf('%016X', one * 1000000000000)"  # in order already
DAY = "date '2026-10-31'"
CHANCE = "(one % 997) / 997.0"
# table -> rows per customer, every how many customers, and the columns that the page reads; the others stay empty
TABLES = {
    "profile": (1, 1, {"accounts": "1 + one % 3", "orders": "one % 20", "net_spend": "one % 90000", "prefecture": "'東京都'",
        "first_order_at": "timestamp '2024-01-05'", "last_order_at": "timestamp '2026-09-05'", "main_channel": "'web'"}),
    "rfm": (1, 1, {"days_since_last_order": "one % 365", "order_count": "one % 20", "r": "3", "f": "4", "m": "one % 5 + 1",
        "segment": "'loyal'"}),
    "rfm_history": (12, 1, {"month": "date '2025-11-01' + to_months(cast(part as integer))", "segment": "'loyal'"}),
    "cltv": (1, 1, {"frequency": "one % 20", "spend_basis": "'own'", "p_alive": CHANCE, "purchases_12m": "2.5",
        "cltv": "one % 90001", "cltv_low": "one % 900", "cltv_high": "one % 90001 * 2", "previous_cltv": "500"}),
    "churn": (1, 1, {"horizon_days": "90", "probability": CHANCE, "risk_band": "'low'", "cltv": "one % 90001",
        "value_at_risk": "one % 9001", "value_at_risk_low": "1", "value_at_risk_high": "9"}),
    "churn_reasons": (3, 1, {"rank": "part + 1", "reason": "'silence'", "value_a": "one % 365", "value_b": "30"}),
    "propensity": (1, 1, {"p_30": CHANCE, "low_days": "3", "median_days": "40", "high_days": "80"}),
    "propensity_reasons": (3, 1, {"rank": "part + 1", "reason": "'silence'", "value_a": "one % 365", "value_b": "30"}),
    "propensity_categories": (8, 1, {"category": "'c' || part", "horizon_days": "30", "rank": "part + 1",
        "probability": CHANCE, "bought_before": "false"}),
    "repurchase_due": (1, 1, {"thing": "'all'", "purchases": "5", "window_from": DAY, "window_mid": DAY, "window_to": DAY}),
    "sales_priority": (1, 2, {"rank": "one / 2 + 1", "channel": "'email'", "gain": "5", "gain_low": "1", "gain_high": "9",
        "probability": CHANCE, "reason_1": "'silence'"}),
    "segment_members": (1, 2, {"segment": "'two_channels'"}),
    "profile_consents": (1, 1, {"channel": "'email'", "purpose": "'marketing'", "state": "'granted'", "accounts": "1",
        "changed_at": "timestamp '2025-01-01'", "accounts_granted": "1"}),
    "merge_evidence": (1, 5, {"link": "1", "account_a": "1", "system_a": "'pos'", "account_b": "2", "system_b": "'web'",
        "rule": "'email'", "match_probability": "0.999", "match_weight": "20.5", "evidence": "'{\"email\": \"same\"}'"}),
    "timeline": (20, 1, {"event_at": "timestamp '2024-11-01' + to_days(cast(one % 30 + part * 35 as integer))",
        "kind": "case part % 4 when 0 then 'web' when 1 then 'mail' else 'order' end", "source_system": "'pos'",
        "source_row_id": "'r' || part", "reference": "'n' || part", "detail": "'completed'", "amount": "one % 9000"}),
}  # fmt: skip
SHOWN = """new Promise(done => {
    const start = performance.now(), field = document.querySelector('.lookup input');
    const look = () => document.querySelector('.karte h2')?.textContent.includes('%s')
        && document.querySelector('.people table.data')
        ? requestAnimationFrame(() => done(performance.now() - start)) : setTimeout(look, 2);
    field.value = '%s';
    for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, {bubbles: true}));
    look();
})"""


def write(place: Path, customers: int, *, by_id: bool) -> None:
    """The tables of an invented month, in the order of their keys or in that of a number that has nothing to do with it."""
    db = Engine(memory_limit="4GB", temp_directory=str(place))
    for name, (parts, every, given) in TABLES.items():
        told = {"customer_id": WHO, "as_of": DAY} | given
        columns = ", ".join(
            f"cast({told.get(one.name, 'null')} as {one.type}) as {identifier(one.name)}"
            for one in schema(name).columns.values()
        )
        order = "" if by_id else "order by hash(customer_id)"
        made = db.query(
            f"select {columns} from (select one, unnest(range({parts})) as part from range(0, {customers}, {every}) as o(one)) {order}"
        )
        store.write_parquet(db, made, place / f"{name}.parquet")


def ids(customers: int) -> list[str]:
    """Fifty customers, spread over the base."""
    numbers = f"select {WHO} from range(0, {customers}, {max(customers // LOOKED_UP, 1)}) as o(one)"
    return [one for (one,) in Engine().query(numbers).fetchall()][:LOOKED_UP]


def in_kernel(wanted: list[str]) -> tuple[list[float], list[float]]:
    """Milliseconds a look-up without a browser: by the clock, and of CPU."""
    from customerbase.widgets.customer import Customer

    page, took, cpu = Customer("sample"), [], []
    page.show()
    for customer in wanted:
        start, worked = time.perf_counter(), time.process_time()
        page._entry.value = customer
        took.append((time.perf_counter() - start) * 1000)
        cpu.append((time.process_time() - worked) * 1000)
        assert len(page._record.children) > 5, customer
    return took, cpu


async def in_browser(home: Path, wanted: list[str]) -> list[float]:
    """Milliseconds a look-up, from the id sent to the picture."""
    import serving_base
    from browser import Browser

    with (
        serving_base.Server(home, audience="analysts") as server,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place,
    ):
        async with Browser(Path(place)) as browser:
            await browser.size(1440)
            await browser.send("Page.navigate", url=f"http://127.0.0.1:{server.port}/customer")
            await browser.wait_for("!!document.querySelector('.people table.data')?.offsetParent")
            return [await browser.run(SHOWN % (customer, customer)) for customer in wanted]


def figures(took: list[float]) -> dict[str, float]:
    """Median and 95th percentile."""
    return {"median": round(statistics.median(took)), "p95": round(statistics.quantiles(took, n=20)[-1])}


def measure(name: str, customers: int, *, by_id: bool) -> dict:
    """All figures of one order of the tables."""
    import customer_tables

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        os.environ["CUSTOMERBASE_HOME"] = folder
        place = customer_tables.publish(Path(folder), tables=customer_tables.TABLES)
        write(place, customers, by_id=by_id)
        wanted = ids(customers)
        took, cpu = in_kernel(wanted)
        found = {"kernel": figures(took), "cpu": figures(cpu)}
        print(f"{name:<20}{json.dumps(found)}", flush=True)
        found["browser"] = figures(asyncio.run(in_browser(Path(folder), wanted)))
    print(f"{name:<20}{json.dumps({'browser': found['browser']})}", flush=True)
    return found


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(prog="python -m bench.bench_customer")
    parser.add_argument("--customers", type=int, default=1_000_000)
    customers = parser.parse_args().customers
    print(f"milliseconds to look a customer up among {customers:,}")
    here = measure("sorted by id", customers, by_id=True)
    there = measure("in another order", customers, by_id=False)
    print("ratio of p95        " + json.dumps({one: round(here[one]["p95"] / there[one]["p95"], 2) for one in here}))


if __name__ == "__main__":
    main()
