"""A base of invented customer records on an Engine, linked as page 02 does it; shared by the tests of identity."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import customerbase.tables.previous as before
from bench import people
from customerbase import identity
from customerbase.engine import Engine

KEY = b"a key for tests, nothing else: 32"
MONTH = date(2026, 10, 1)
CARRIED = ("customers_std", "identity_edges", "identity_audit", "identity_model", "id_history")
OTHERS = (
    "inquiries", "web_events", "survey_answers", "reviews", "loyalty_points", "campaign_contacts", "consents", "deals",
    "subscriptions",
)  # fmt: skip


@dataclass
class Base:
    """What one month of linking left: the engine with all tables, the model, the ids, the audit."""

    db: Engine
    linked: identity.Linked
    people: object
    audit: list[dict]

    def rows(self, query: str, **params) -> list[tuple]:
        return self.db.query(query, **params).fetchall()


def invented(folder: Path, customers: int, seed: int) -> Engine:
    """An engine with customers_src, orders and truth of so many invented people."""
    people.write(folder, customers, seed)
    db = Engine()
    for name in ("customers_src", "orders", "truth"):
        db.register(name, folder / f"{name}.parquet")
    return db


def hand_written(rows: list[dict]) -> Engine:
    """An engine with a customers_src of the given rows; columns that are not named are null."""
    db = Engine()
    before.register(db, "customers_src", None)  # an empty table of the declared types
    db.execute("create temp table customers_src as select * from previous_customers_src")
    for number, row in enumerate(rows, 1):
        filled = {
            "source_system": "shop",
            "source_customer_id": f"{number:03}",
            "source_row_id": f"m.csv:{number}",
        } | row
        names = ", ".join(filled)
        db.execute(f"insert into customers_src ({names}) values ({', '.join('$' + name for name in filled)})", **filled)
    db.execute("create temp table orders (source_system varchar, source_customer_id varchar)")
    return db


def resolve(
    db: Engine, *, carried: Path | None = None, month: date = MONTH, reuse: bool = True, decisions=(), **options
) -> Base:
    """Standardise, link and identify as page 02 does; `carried` is the folder of the month before (see keep)."""
    for table in CARRIED:
        before.register(db, table, carried / f"{table}.parquet" if carried else None)
    for table in OTHERS:
        db.execute(f"create table if not exists {table} (source_system varchar, source_customer_id varchar)")
    audit = identity.standardise(db, KEY)
    linked = identity.link(db, identity.shipped(), KEY, reuse=reuse, member_system=options.pop("member_system", ""))
    pairs = identity.read_pairs(db, decisions, options.pop("unique_sources", ()))
    made = identity.identify(
        db, pairs, identity.Thresholds(**options), month=month, key=KEY, score_pairs=linked.weights
    )
    return Base(db, linked, made, audit + linked.audit)


def keep(base: Base, folder: Path) -> Path:
    """Write what the next month reads, as the runner would."""
    folder.mkdir(parents=True, exist_ok=True)
    for table in ("customers_std", "identity_edges"):
        base.db.query(f"select * from {table} order by all").write_parquet(str(folder / f"{table}.parquet"))
    base.people.id_history.write_parquet(str(folder / "id_history.parquet"))
    _write(base.db, "identity_model", [identity.as_row(base.linked.model)], folder)
    _write(base.db, "identity_audit", base.audit, folder)
    return folder


def _write(db: Engine, name: str, rows: list[dict], folder: Path) -> None:
    before.register(db, name, None)
    db.execute(f"create or replace temp table _kept as select * from previous_{name} limit 0")
    for row in rows:
        columns = ", ".join(row)
        db.execute(f"insert into _kept ({columns}) values ({', '.join('$' + column for column in row)})", **row)
    db.query("select * from _kept").write_parquet(str(folder / f"{name}.parquet"))


# --- against the truth ---------------------------------------------------------------------------------------------

LINKABLE = """
    select a.record_id as a, b.record_id as b from
        (select l.*, t.person_id from linkage l join truth t using (source_system, source_customer_id)) a
    join (select l.*, t.person_id from linkage l join truth t using (source_system, source_customer_id)) b
        on a.person_id = b.person_id and a.record_id < b.record_id
    where a.email = b.email or a.phone = b.phone
        or ((a.given_kanji = b.given_kanji or a.given_sound = b.given_sound)
            and (a.family_kanji = b.family_kanji or a.family_sound = b.family_sound)
            and (a.birth = b.birth or a.postal_code = b.postal_code))
"""


def precision(base: Base) -> float:
    """Share of the pairs under one customer_id that are one person."""
    [(value,)] = base.rows("""
        with x as (select source_system || ':' || source_customer_id as r, customer_id, person_id
                   from identity_links join truth using (source_system, source_customer_id))
        select avg(case when a.person_id = b.person_id then 1.0 else 0 end)
        from x a join x b on a.customer_id = b.customer_id and a.r < b.r""")
    return value


def recall(base: Base, pairs: str = LINKABLE) -> float:
    """Share of the given pairs of one person that stand under one customer_id."""
    [(value,)] = base.rows(f"""
        with x as (select source_system || ':' || source_customer_id as r, customer_id from identity_links)
        select avg(case when l.customer_id = r.customer_id then 1.0 else 0 end)
        from ({pairs}) p join x l on l.r = p.a join x r on r.r = p.b""")
    return value


def whole_clusters(base: Base) -> tuple[float, float]:
    """Precision and recall of whole clusters: of the customers found, the share whose records are exactly one person's;
    of the people, the share whose records are exactly one customer's."""
    return base.rows("""
        with x as (select customer_id, person_id from identity_links join truth using (source_system, source_customer_id)),
        found as (select customer_id, min(person_id) as person_id, count(distinct person_id) as people, count(*) as n
                  from x group by 1),
        real as (select person_id, count(*) as n from x group by 1),
        exact as (select count(*) as n from found join real using (person_id) where people = 1 and found.n = real.n)
        select (select n from exact) / (select count(*) from found), (select n from exact) / (select count(*) from real)
    """)[0]
