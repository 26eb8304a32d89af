"""Who held which customer_id from when to when, and which living id an id of former times means today.

id_history is a slowly changing table: one row per record and period with one id, open (valid_to empty) while it holds.
Nothing is ever taken out of it, so that everything else, aliases too, follows from it alone.
"""

from datetime import date
from typing import NamedTuple

import duckdb

from customerbase.engine import Engine, identifier, sql_text
from customerbase.errors import TableError
from customerbase.features import keep
from customerbase.periods import month_text

COLUMNS = {
    "customer_id": "varchar",
    "source_system": "varchar",
    "source_customer_id": "varchar",
    "valid_from": "date",
    "valid_to": "date",
}


def hold(db: Engine, name: str, history: str) -> None:
    """Keep an id_history under `name`, with the record_id beside."""
    # cast: a frame in which a column is empty throughout does not say what it could hold
    columns = [f"cast({column} as {kind}) as {column}" for column, kind in COLUMNS.items()]
    record = "source_system || ':' || source_customer_id as record_id"
    keep(db, name, f"select {', '.join(columns)}, {record} from {identifier(history)}")


def check(db: Engine, name: str, month: date) -> None:
    """Raise TableError unless the history held as assign_history ends before `month` and gives a record one id a day.

    name: what the history is called in messages.
    """
    late, latest = db.query(
        "select count(*), max(valid_from) from assign_history where valid_from >= $month", month=month
    ).fetchall()[0]
    if late:
        raise TableError(
            f"{name}: {late:,} rows begin in {month_text(latest)} or earlier, but not before {month_text(month)}, the"
            " month to assign; expected the id_history of an earlier month."
        )
    overlaps = db.query(
        "select count(*) from (select valid_from, valid_to, lead(valid_from) over (partition by record_id"
        " order by valid_from) as next_from from assign_history) where coalesce(valid_to, date '9999-12-31') >= next_from"
    ).fetchall()[0][0]
    if overlaps:
        raise TableError(f"{name}: {overlaps:,} periods of a record begin before the one before them has ended.")


def go_on(db: Engine, month: date, last_day: date) -> None:
    """Keep as alias_history the history held as assign_history, going on from `month` with the ids of assign_ids.

    A period that ends does so on `last_day`, the day before the month.
    """
    keep(db, "alias_history", sql_text("identity_id_history"), month=month, last_day=last_day)


def claim(db: Engine, history: str) -> None:
    """Keep as assign_claims who has which claim to the ids asked for in stay_rows, by the history held as `history`."""
    db.execute(f"create or replace temp view stay_history as select * from {history}")
    for step in ("revivals", "stays", "claims"):
        keep(db, f"assign_{step}", sql_text(f"identity_id_{step}"))
    db.execute("drop view stay_history")


def link(db: Engine) -> None:
    """Keep as assign_aliases what every id that ended means in alias_history: alias_id, customer_id, since, records.

    An id that ended means the id into which its records went, as far as that lives; followed through every further
    merge. An id whose records disappeared while they held it means nobody.
    """
    keep(db, "assign_heirs", sql_text("identity_id_heirs"))
    keep(db, "stay_rows", sql_text("identity_id_heir_rows"))
    claim(db, "alias_history")
    keep(db, "assign_aliases", sql_text("identity_id_aliases"))
    ended = "select count(*) from assign_aliases where customer_id in (select alias_id from assign_aliases)"
    while db.query(ended).fetchall()[0][0]:  # ends: every jump leads to an id that ended later, or lives
        keep(db, "assign_further", sql_text("identity_id_alias_step"))
        keep(db, "assign_aliases", "select * from assign_further")
    db.execute(
        "delete from assign_aliases"
        " where customer_id not in (select customer_id from alias_history where valid_to is null)"
    )


def aliases(db: Engine, history: str) -> duckdb.DuckDBPyRelation:
    """What every former id in an id_history means at its end: alias_id, customer_id (living), since; sorted by alias.

    history: name of a table or view of `db`. Ids whose people are all gone are left out.
    """
    hold(db, "alias_history", history)
    link(db)
    return db.query("select alias_id, customer_id, since from assign_aliases order by alias_id")


class Member(NamedTuple):
    """A record that has an id now: since when, without a break, and which id it had before (None: no other)."""

    record_id: str
    since: date
    former_id: str | None


def members(db: Engine, customer_id: str) -> list[Member]:
    """The records that have an id at the end of the history held as alias_history, sorted."""
    keep(db, "stay_rows", sql_text("identity_id_member_rows"), customer_id=customer_id)
    claim(db, "alias_history")
    return [Member(*row) for row in db.run("identity_id_members").fetchall()]


def heirs(db: Engine, alias_id: str) -> dict[str, date]:
    """The records that brought an alias along, and since when, from what link() kept."""
    found = "select record_id, since from assign_heirs where customer_id = $alias_id order by record_id"
    return dict(db.query(found, alias_id=alias_id).fetchall())


def known(db: Engine, customer_id: str) -> bool:
    """Whether anybody ever had the id, by the history held as alias_history."""
    return bool(db.query("select 1 from alias_history where customer_id = $one limit 1", one=customer_id).fetchall())


def known_like(db: Engine, customer_id: str) -> list[str]:
    """Ids that begin or end like a mistyped one, sorted: among which a near miss is worth looking for."""
    alike = "left(customer_id, 8) = left($one, 8) or right(customer_id, 8) = right($one, 8)"
    found = db.query(f"select distinct customer_id from alias_history where {alike} order by 1", one=customer_id)
    return [row[0] for row in found.fetchall()]


def clear(db: Engine) -> None:
    """Drop whatever was kept on the way to a result."""
    kept = "select table_name from duckdb_tables() where temporary and table_name in ('alias_history', 'stay_rows')"
    kept += " or temporary and starts_with(table_name, 'assign_')"
    names = [row[0] for row in db.query(f"{kept} order by table_name").fetchall()]
    db.execute("; ".join(f"drop table {identifier(name)}" for name in names))
