"""Stable customer ids: this month's clusters get last month's ids wherever their people allow it.

What decides is who held an id, never how clusters or rows are numbered:
1. A cluster of new records gets a new id: a keyed hash of its smallest record id.
2. An id whose living records stand in one cluster goes with it.
3. An id contested by several clusters goes to the best claim (sql/identity_id_claims.sql): the side that had it before
   any newcomers from other ids came, so that a merge that is undone gives the id back to whom it belonged.
4. Of several ids in one cluster the oldest survives; the others are its aliases from then on.
5. A cluster left without an id revives a former id of its records that nobody holds now: one to which nobody has a
   better claim, the one most of them held; without any it gets a new id and is noted as split. Of clusters that want
   the same id the better claim gets it, the others take their next choice (deferred acceptance: Gale & Shapley 1962).
So clusters that merge and part again, at once or step by step, have the very ids back that they had.
"""

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np
import pyarrow as pa

import customerbase.identity.history as past
from customerbase.engine import Engine, identifier, sql_text
from customerbase.errors import ConfigError, TableError
from customerbase.features import keep
from customerbase.periods import parse_month

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no I, L, O, U to misread
_LETTERS = np.frombuffer(ALPHABET.encode(), dtype=np.uint8)
_DIGEST_BYTES = 10  # 80 bits: among a million ids two equal ones are expected once in 10^12 companies
_PLACES = np.array([16, 8, 4, 2, 1], dtype=np.uint8)  # of the five bits of a letter
_BATCH = 100_000  # ids made at a time: bounds the memory for their bits


@dataclass(frozen=True)
class Assignment:
    """Who is who this month, as relations sorted by key; good until clusters of that name get ids for that month again.

    ids: record_id, customer_id. id_history, id_aliases, id_changes: the tables of these names.
    """

    ids: duckdb.DuckDBPyRelation
    id_history: duckdb.DuckDBPyRelation
    id_aliases: duckdb.DuckDBPyRelation
    id_changes: duckdb.DuckDBPyRelation


def assign(db: Engine, clusters: str, history: str, *, month: date, key: bytes) -> Assignment:
    """The customer_id of every record of `clusters`, going on from the ids in `history`.

    clusters: name of a table or view of `db` with record_id, source_system, source_customer_id, cluster; one row per
    record, any numbers for clusters. history: name of the id_history of an earlier month, empty in the first.
    The same clusters, history, month and key give the same tables, whatever the order of rows or the cluster numbers.
    Tables of `db` named assign_…, stay_rows and alias_history are replaced and dropped on the way.
    Raises TableError when a record stands twice or without a cluster, or when the history does not end before `month`;
    ConfigError when the key is empty or longer than 64 bytes.
    """
    month = parse_month(month)
    _hasher(key, 0)
    _hold(db, clusters)
    past.hold(db, "assign_history", history)
    past.check(db, history, month)
    _keep(db, "votes", "settled")
    _claim(db)
    _revive(db)
    _name(db, key)
    past.go_on(db, month, last_day=month - timedelta(days=1))
    past.link(db)
    keep(db, "assign_changes", sql_text("identity_id_changes"), month=month)
    return _results(db, f"{clusters}_{month:%Y%m}")


def customer_ids(record_ids: Sequence[str], key: bytes, counter: int = 0) -> list[str]:
    """C and 16 letters of Crockford's base 32 for each record id: 80 bits of its blake2b under the key.

    Without the key nobody can tell an id's record, nor make the id of a record he knows. counter: gives another id.
    """
    hasher, found = _hasher(key, counter), []
    for start in range(0, len(record_ids), _BATCH):
        digests = bytearray()
        for record_id in record_ids[start : start + _BATCH]:
            each = hasher.copy()
            each.update(record_id.encode())
            digests += each.digest()
        found += _letters(digests)
    return found


def _letters(digests: bytearray) -> list[str]:
    """Digests, one after another, as C and one letter for five bits."""
    bits = np.unpackbits(np.frombuffer(digests, dtype=np.uint8)).reshape(-1, 16, 5)
    text = _LETTERS[(bits * _PLACES).sum(axis=2, dtype=np.uint8)].tobytes().decode()
    return ["C" + text[start : start + 16] for start in range(0, len(text), 16)]


def _hasher(key: bytes, counter: int) -> "hashlib.blake2b":
    if not 1 <= len(key) <= hashlib.blake2b.MAX_KEY_SIZE:
        most = hashlib.blake2b.MAX_KEY_SIZE
        raise ConfigError(
            f"the key of the customer ids has {len(key)} bytes; expected 1 to {most}, best 32 random ones."
        )
    salt = counter.to_bytes(hashlib.blake2b.SALT_SIZE, "big")
    return hashlib.blake2b(key=key, salt=salt, person=b"customer_id", digest_size=_DIGEST_BYTES)


def _hold(db: Engine, clusters: str) -> None:
    """Keep the clusters given as assign_records, or say what is wrong with them; messages hold no id of a person."""
    columns = "record_id, source_system, source_customer_id, cluster"
    keep(db, "assign_records", f"select {columns} from {identifier(clusters)}")
    rows, records, filled, named = db.query(
        "select count(*), count(distinct record_id), count(record_id || source_system || source_customer_id || cluster),"
        " count(case when record_id = source_system || ':' || source_customer_id then 1 end) from assign_records"
    ).fetchall()[0]
    if filled < rows:
        raise TableError(f"{clusters}: {rows - filled:,} of {rows:,} rows have no {columns.replace(', ', ' or ')}.")
    if records < rows:
        raise TableError(f"{clusters}: {rows - records:,} records stand twice; expected one row per record.")
    if named < rows:
        raise TableError(f"{clusters}: {rows - named:,} record ids are not source_system:source_customer_id.")


def _keep(db: Engine, *steps: str) -> None:
    for step in steps:
        keep(db, f"assign_{step}", sql_text(f"identity_id_{step}"))


def _claim(db: Engine) -> None:
    """Give every id of last month to the best claim; note what clusters left without one may revive."""
    keep(db, "stay_rows", sql_text("identity_id_claimants"))
    past.claim(db, "assign_history")
    _keep(db, "births", "wins", "origins", "candidates")


def _revive(db: Engine) -> None:
    """Former ids for clusters that won none: everyone proposes, the refused propose their next choice."""
    _keep(db, "refused")
    while db.query("select count(*) from assign_refused").fetchall()[0][0]:
        keep(db, "assign_rest", sql_text("identity_id_rest"))
        keep(db, "assign_candidates", "select * from assign_rest")
        _keep(db, "refused")


def _name(db: Engine, key: bytes) -> None:
    """Give every cluster its id: the one it goes on with or revives, else a new one, hashed again while it is taken."""
    _keep(db, "known", "unnamed")
    new = db.query("select cluster, record_id from assign_unnamed order by record_id").to_arrow_table()
    record_ids = new.column("record_id").to_pylist()
    fresh = customer_ids(record_ids, key)
    for counter in itertools.count(1):
        named = new.append_column("customer_id", pa.array(fresh, type=pa.string()))
        db.register("assign_fresh", named.append_column("position", pa.array(range(len(fresh)), type=pa.int64())))
        taken = [row[0] for row in db.run("identity_id_taken").fetchall()]
        if not taken:
            break
        again = customer_ids([record_ids[position] for position in taken], key, counter)
        for position, customer_id in zip(taken, again, strict=True):
            fresh[position] = customer_id
    _keep(db, "ids")
    db.connection.unregister("assign_fresh")


def _results(db: Engine, name: str) -> Assignment:
    """The four tables under names of their own; what was kept on the way is dropped."""
    made = {
        "ids": ("assign_ids", "record_id, customer_id", "record_id"),
        "id_history": ("alias_history", ", ".join(past.COLUMNS), "source_system, source_customer_id, valid_from"),
        "id_aliases": ("assign_aliases", "alias_id, customer_id, since, reason", "alias_id"),
        "id_changes": ("assign_changes", "month, customer_id, change, other_id, records", "customer_id"),
    }
    relations = {}
    for table, (kept, columns, order) in made.items():
        own = identifier(f"{name}_{table}")
        db.execute(f"drop table if exists {own}")
        db.execute(f"alter table {kept} rename to {own}")
        relations[table] = db.query(f"select {columns} from {own} order by {order}")
    past.clear(db)
    return Assignment(**relations)
