"""A company of few customers with offers, consents and deals, for tests of the budget."""

from datetime import date

import pandas as pd

from customerbase.engine import Engine
from customerbase.rules import Columns, Field

AS_OF = date(2026, 10, 31)
COLUMNS = Columns(("propensity", "cltv"), (Field("cltv", "cltv", "number"),), (), frozenset())


def world(people: int = 40) -> Engine:
    """customer k buys within 30 days with chance k / (people + 1), spends 1,000 a purchase, and may be mailed."""
    db = Engine()
    ids = [f"C{one:03}" for one in range(1, people + 1)]
    frame = pd.DataFrame({"customer_id": ids})
    chance = [one / (people + 1) for one in range(1, people + 1)]
    tables = {
        "propensity": frame.assign(p_30=chance, expected_spend=1_000.0),
        "cltv": frame.assign(p_alive=0.5, cltv=[100.0 * one for one in range(1, people + 1)]),
        "contactable": frame.assign(channel="email", state="granted"),
        "audience_members": pd.DataFrame(
            {
                "audience": "vip", "customer_id": ids[:3], "channel": "email",
                "arm": ["target", "target", "holdout"][: len(ids)], "value": 1.0,
            }
        ),
        "identity_links": frame.assign(source_system="web", source_customer_id=ids),
        "deals": pd.DataFrame(
            {
                "source_system": "web", "deal_id": ["1", "2"], "source_customer_id": ["C001", "C002"], "owner_id": ["sato", "ito"],
                "stage": "lead", "amount": 1.0, "expected_close": pd.Timestamp("2026-12-01"),
                "opened_at": pd.Timestamp("2026-10-01"),
            }
        ),
    }  # fmt: skip
    for name, table in tables.items():
        db.connection.register(f"_{name}", table)
        db.execute(f"create table {name} as select * from _{name}")
    return db


def offer(**changes: object) -> dict:
    """One offer by e-mail, as a pipeline file has it."""
    plain = {"title": {"en": "Mail", "ja": "メール"}, "channel": "email", "cost": 2}
    return plain | {"effect": {"assumed": 0.2, "low": 0.0, "high": 0.4, "why": "a test"}} | changes
