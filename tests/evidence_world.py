"""Actions, campaigns and audiences made by hand: everything that the join of the ledger with campaigns reads."""

import hashlib
from datetime import date, datetime

import pandas as pd
from campaign_world import SENT, campaign, contact

from customerbase.engine import Engine, identifier
from customerbase.kpi.ledger import Entry
from customerbase.tables import schema

SEPTEMBER, OCTOBER = date(2026, 9, 30), date(2026, 10, 31)
TABLES = (
    "campaigns", "campaign_contacts", "campaign_results", "campaign_effects", "identity_links", "id_aliases", "previous_audiences",
    "previous_audience_members", "previous_pdca_campaigns",
)  # fmt: skip
ACTION = Entry("A1", "h", "a", "CRM", start=date(2026, 9, 1), status="doing", campaign="K1", audience="loyal")


def world(**tables: list[dict]) -> Engine:
    """An engine with every table that the join reads, in its declared columns; those not given are empty."""
    db = Engine(threads=1)
    for name in TABLES:
        declared = schema(name.removeprefix("previous_")).columns.values()
        db.execute(f"create table {name} ({', '.join(f'{identifier(one.name)} {one.type}' for one in declared)})")
        rows = pd.DataFrame(tables.get(name, []))
        if len(rows):
            db.register("given", rows)
            db.execute(f"insert into {name} by name select * from given")
    return db


def result(code: str = "K1", **more) -> dict:
    row = {"campaign_id": code, "name": "Autumn", "channel": "email", "state": "judged", "first_at": SENT}
    row |= {"ends_at": datetime(2026, 10, 1), "n_treated": 200, "n_control": 50, "share": 0.2, "outcome": "orders"}
    row |= {
        "verdict": "harmful",
        "method": "randomised",
        "margin": -900.0,
        "margin_low": -1500.0,
        "margin_high": -300.0,
    }
    return row | more


def shop(
    *, members: tuple[str, ...] = ("p1", "p2", "p3"), contacted: tuple[str, ...] = ("p1", "p2", "p3"), **tables
) -> Engine:
    """An audience of August's end (channel email), a campaign of September, accounts a-<person>."""
    links = [
        {"source_system": "web", "source_customer_id": f"a-{one}", "customer_id": one} for one in {*members, *contacted}
    ]
    mine = [{"audience": "loyal", "channel": "email", "customer_id": one, "arm": "target"} for one in members]
    kept = {"audience": "loyal", "channel": "email", "customer_id": "px", "arm": "global_control"}
    given_ = {
        "campaigns": [campaign("K1")],
        "campaign_contacts": [contact(f"a-{one}", "control" if one == "p1" else "treat") for one in contacted],
        "campaign_results": [result(members_hash=digest(contacted))],
        "campaign_effects": [{"campaign_id": "K1", "outcome": "orders", "n_treated": 200, "effect": -0.1, "low": -0.15, "high": -0.05}],
        "identity_links": links,
        "previous_audiences": [{"audience": "loyal", "channel": "email", "as_of": date(2026, 8, 31), "members_hash": digest(members)}],
        "previous_audience_members": [*mine, kept],
    }  # fmt: skip
    return world(**given_ | tables)


def digest(people: tuple[str, ...]) -> str:
    """The hash as documented: the first 60 bits of each SHA-256, added."""
    return f"{sum(int(hashlib.sha256(one.encode()).hexdigest()[:15], 16) for one in set(people)):x}"
