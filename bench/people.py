"""Many invented customer records with the truth beside them, straight in canonical form: input of the identity benchmark."""

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from customerbase.periods import parse_month
from customerbase.sample.accounts import make_accounts
from customerbase.sample.memberships import make_memberships
from customerbase.sample.people import blocks, make_people
from customerbase.sample.strings import choose, glue, take
from customerbase.sample.world import APP, POS, SYSTEMS, WEB, World

ORDERS_PER_RECORD = 3


def write(folder: Path, customers: int, seed: int = 1) -> None:
    """customers_src.parquet, orders.parquet and truth.parquet (person_id of every record) for so many people."""
    world = World(seed, customers, 24, parse_month("2026-10"))
    tables = [_block(world, *block) for block in blocks(customers)]
    for name, place in (("customers_src", 0), ("truth", 1), ("orders", 2)):
        table = pa.concat_tables([one[place] for one in tables])
        duckdb.from_arrow(table).write_parquet(str(folder / f"{name}.parquet"), compression="zstd")


def _block(world: World, block: int, first: int, count: int) -> tuple[pa.Table, pa.Table, pa.Table]:
    people = make_people(world, block, first, count)
    members = make_memberships(world, people)
    made = make_accounts(world, people, members)
    system = members.system
    cities = world.company["cities"]
    app = system == APP
    birth = np.datetime64(world.first_day, "D") + np.nan_to_num(made.birth).astype("timedelta64[D]")
    days = np.datetime64(world.first_day, "us") + (made.registered * 86_400_000_000).astype("timedelta64[us]")
    town = choose(system == WEB, _beside(made.town, made.building), made.town)
    source = take(list(SYSTEMS), system)
    hide = choose(app, None, "")
    records = pa.table(
        {
            "source_system": source,
            "source_customer_id": made.ids,
            "last_name": made.last,
            "first_name": made.first,
            "last_kana": glue(made.last_kana, hide),
            "first_kana": glue(made.first_kana, hide),
            "company": pa.nulls(len(members), pa.string()),
            "postal_code": choose(system == WEB, pc.replace_substring(made.postal, "-", ""), made.postal),
            "pref": take([city[0] for city in cities], made.city),
            "city": glue(take([city[1] for city in cities], made.city), hide),
            "address1": glue(town, hide),
            "address2": choose(system == POS, made.building, None),
            "email": made.email,
            "phone": made.phone,
            "birth_date": pa.array(birth, mask=np.isnan(made.birth)),
            "gender": take(["unknown", "male", "female"], made.sex),
            "occupation": pa.nulls(len(members), pa.string()),
            "interests": pa.nulls(len(members), pa.string()),
            "member_number": pa.nulls(len(members), pa.string()),
            "status": choose(np.isnan(made.withdrawn), "active", "withdrawn"),
            "registered_at": pa.array(days),
            "updated_at": pa.array(days),
            "source_row_id": glue("members.csv:", pc.cast(pa.array(members.number), pa.string())),
        }
    )
    truth = pa.table(
        {"source_system": source, "source_customer_id": made.ids, "person_id": pa.array(people.person[members.row])}
    )
    return records, truth, _orders(world, source, made.ids, days)


def _beside(town: pa.Array, building: pa.Array) -> pa.Array:
    return pc.binary_join_element_wise(town, building, " ", null_handling="skip")


def _orders(world: World, source: pa.Array, ids: pa.Array, since: np.ndarray) -> pa.Table:
    rng = world.stream("bench_orders", 0)
    number = rng.poisson(ORDERS_PER_RECORD, len(ids))
    row = np.repeat(np.arange(len(ids)), number)
    at = since[row] + (rng.random(len(row)) * 300 * 86_400_000_000).astype("timedelta64[us]")
    place = pa.array(row)
    return pa.table(
        {
            "source_system": source.take(place),
            "order_id": glue("o", ids.take(place), "-", pc.cast(pa.array(np.arange(len(row))), pa.string())),
            "source_customer_id": ids.take(place),
            "order_at": pa.array(at),
            "total": pa.array(rng.integers(500, 20_000, len(row))),
        }
    )
