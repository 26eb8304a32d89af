"""Hand-made tables of who is who, for tests that are about something else: every id a person of its own."""

from customerbase.engine import Engine

LINKS = (
    "create or replace view identity_links as select distinct {id} as customer_id, source_system, source_customer_id"
)
PROFILE = "create or replace view profile as select {id} as customer_id, {columns} from {table}"
OWN_ID = "source_system || ':' || source_customer_id"


def link_every_id(db: Engine, *tables: str) -> None:
    """Make identity_links from the ids of the tables (orders alone when none is named): customer_id is 'system:id'."""
    ids = " union ".join(f"select source_system, source_customer_id from {table}" for table in tables or ("orders",))
    db.execute(f"{LINKS.format(id=OWN_ID)} from ({ids}) where source_customer_id is not null")


def profile_every_account(db: Engine, table: str, **columns: str) -> None:
    """Make profile from one row per account: the same id, and the columns as given in SQL (NULL when left out)."""
    given = {"gender": "null", "age_band": "null", "prefecture": "null"} | columns
    shown = ", ".join(f"cast({sql} as varchar) as {name}" for name, sql in given.items())
    db.execute(PROFILE.format(id=OWN_ID, columns=shown, table=table))
