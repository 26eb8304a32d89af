"""Quality of each table in four dimensions: completeness, validity, duplication, staleness."""

from collections.abc import Mapping, Sequence
from datetime import date

import pandas as pd

from customerbase.engine import Engine, identifier, literal
from customerbase.quality.accounting import known
from customerbase.quality.setting_aside import EVENT_COLUMNS

COPIES = ("duplicate_key", "overlap")
NOT_FAULTS = (*COPIES, "after_month")


def scores(db: Engine, columns: Mapping[str, Sequence[str]], as_of: date) -> pd.DataFrame:
    """dimension, table_name, score, n for every table that has data, sorted.

    columns: table -> the columns that some source fills. completeness: filled share of those cells among accepted rows
    (n cells). validity: share of rows up to the month's end without a blocking fault (n rows). duplication: share of rows
    that are copies of another (n rows). staleness: days from the newest accepted event to as_of (n rows).
    """
    found = [row for table in columns for row in _of(db, table, columns[table], as_of)]
    frame = pd.DataFrame(sorted(found, key=lambda row: row[:2]), columns=["dimension", "table_name", "score", "n"])
    return frame.astype({"score": "Float64", "n": "int64"})


def _of(db: Engine, table: str, columns: Sequence[str], as_of: date) -> list[tuple[str, str, float | None, int]]:
    """The scores of one table, from one query."""
    filled = " + ".join(f"count({identifier(column)})" for column in columns)
    events = [identifier(column) for column in EVENT_COLUMNS.get(table, ()) if column in columns]
    newest = f"cast(max(coalesce({', '.join([*events, 'null'])})) as date)" if events else "null"
    accepted, cells, days, incoming, faults, copies, broken = db.connection.execute(f"""
        with accepted as (
            select count(*) as n, {filled} as cells, date_diff('day', {newest}, {literal(as_of)}) as days
            from {identifier(table)}
        ),
        flagged as (
            select
                _row, bool_or(reason not in {literal(list(NOT_FAULTS))}) as fault,
                bool_or(reason in {literal(list(COPIES))}) as copy
            from _flags
            where table_name = {literal(table)} and severity = 'block'
            group by _row
            having fault or copy
        ),
        came as (select count(*) as n from {identifier(known(db, table))}),
        aside as (select count(*) filter (where fault) as faults, count(*) filter (where copy) as copies from flagged),
        never as (select count(*) as n from flagged anti join {identifier(known(db, table))} using (_row))
        select accepted.n, accepted.cells, accepted.days, came.n, aside.faults, aside.copies, never.n
        from accepted, came, aside, never""").fetchall()[0]
    total = incoming + broken  # broken records and copies between files never became rows of the table
    result = [
        ("completeness", table, cells / (accepted * len(columns)) if accepted else None, accepted * len(columns)),
        ("validity", table, 1 - faults / total if total else None, total),
        ("duplication", table, copies / total if total else None, total),
    ]
    return [*result, ("staleness", table, None if days is None else float(days), accepted)] if events else result
