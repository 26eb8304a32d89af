"""An invented shop with campaigns whose effect on every customer is known, in the tables that page 11b reads."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
import snapshot_tables
from profile_tables import link

from customerbase.engine import Engine, identifier
from customerbase.tables import schemas

AS_OF = date(2026, 10, 31)
OLD = 2
NEWEST = datetime(2026, 9, 10, 10)


def shop(
    people: int = 600,
    *,
    seed: int = 0,
    holdout: float = 0.4,
    campaigns: int = 2,
    moved: float = 0.5,
    harmed: float = 0.0,
) -> Engine:
    """Customers of three kinds. A third bought some times lately: contact makes `moved` more of them buy. A third bought often and
    buy anyway. A third bought once, long ago: contact keeps away `harmed` of them. One campaign a month, the newest on 10 September.
    """
    random = np.random.default_rng(seed)
    kind = random.integers(0, 3, people)
    made: dict[str, list[dict]] = {name: [] for name in ("orders", "campaigns", "campaign_contacts", "identity_links")}
    for who in range(people):
        made["identity_links"].append(link(f"K{who:05}", "shop", f"k{who}"))
        for _ in range((random.integers(2, 4), random.integers(8, 12), 1)[kind[who]]):
            days = random.integers(400, 900) if kind[who] == OLD else random.integers(5, 200)
            _order(made["orders"], who, NEWEST - timedelta(days=int(days), seconds=int(random.integers(0, 86_400))))
    for number in range(campaigns):
        day = NEWEST if not number else datetime(2026, 9 - number, 10, 10)
        made["campaigns"].append(campaign(f"C{number}", day, holdout))
        treated = random.random(people) >= holdout
        chance = np.choose(kind, [0.1 + treated * moved, 0.75 + 0 * treated, 0.25 - treated * harmed])
        for who in range(people):
            made["campaign_contacts"].append(contact(f"C{number}", f"k{who}", treated[who], day))
            if random.random() < chance[who]:
                _order(made["orders"], who, day + timedelta(days=int(random.integers(0, 20)), hours=3))
    return engine(**made)


def engine(**tables: list[dict]) -> Engine:
    """An Engine with all tables the study reads; those not given are empty."""
    db = snapshot_tables.engine()
    columns = ", ".join(f"{identifier(one.name)} {one.type}" for one in schemas()["campaigns"].columns.values())
    db.execute(f"create or replace table campaigns ({columns})")
    for name, rows in tables.items():
        if rows:
            db.register("given", pd.DataFrame(rows))
            db.execute(f"insert into {name} by name select * from given")
    return db


def campaign(code: str, day: datetime, holdout: float | None, **values: object) -> dict:
    """A campaign of one day by mail."""
    row = {
        "source_system": "shop",
        "campaign_id": code,
        "name": f"Letter {code}",
        "channel": "email",
        "source_row_id": f"c:{code}",
    }
    return row | {"start_date": day.date(), "end_date": day.date(), "cost": 1_000, "holdout_share": holdout} | values


def contact(code: str, who: str, treated: bool, day: datetime, **values: object) -> dict:
    """One planned contact."""
    row = {"source_system": "shop", "campaign_id": code, "source_customer_id": who, "contact_no": 1, "planned_at": day}
    row |= {
        "arm": "treat" if treated else "control",
        "sent_at": day if treated else None,
        "cost": 5 if treated else None,
    }
    return row | {"source_row_id": f"{code}:{who}"} | values


def order(who: int, day: datetime, **values: object) -> dict:
    """A completed order of a customer."""
    made: list[dict] = []
    _order(made, who, day)
    return made[0] | values


def _order(made: list[dict], who: int, day: datetime) -> None:
    row = {"source_system": "shop", "order_id": f"o{len(made)}", "source_customer_id": f"k{who}", "channel": "web"}
    made.append(row | {"order_at": day, "status": "completed", "total": 1_000, "source_row_id": f"o:{len(made)}"})
