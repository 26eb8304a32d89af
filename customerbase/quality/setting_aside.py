"""Which rows are set aside, and why: SQL over the incoming rows of a table, each with its _row (place in the raw data).

A finding is one row (_row, entry) with entry 'severity|column|reason'; severity block sets the raw row aside.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from customerbase.engine import identifier, literal

PARTS_OF_ORDERS = ("order_lines", "refunds")  # they go where their order goes
WHOLE_RECORD = "-"  # stands for the column when a reason is about the record as a whole

# The moment a row speaks of. Rows after the month's end were not known by then: a run for that month leaves them out.
EVENT_COLUMNS: dict[str, tuple[str, ...]] = {
    "customers_src": ("registered_at",),
    "orders": ("order_at",),
    "refunds": ("refunded_at",),
    "inquiries": ("opened_at",),
    "web_events": ("event_at",),
    "survey_answers": ("answered_at", "asked_at"),
    "survey_invitations": ("asked_at",),
    "reviews": ("posted_at",),
    "loyalty_points": ("txn_at",),
    "campaign_contacts": ("sent_at", "planned_at"),
    "consents": ("changed_at",),
    "identifiers": ("changed_at",),
    "subscriptions": ("started_at",),
}


def findings_sql(flagged: str, table: str, columns: Sequence[str], as_of: date, errors: bool) -> str:
    """All findings of one table's rows. A row after the month's end has that one; a cell that could not be read, and what
    is computed from it, is not reported again as missing.

    flagged: SQL giving the incoming rows with _row, _reasons and, with `errors`, _errors (what could not be read).
    """
    events = [identifier(column) for column in EVENT_COLUMNS.get(table, ()) if column in columns]
    found = "_reasons"
    if errors:
        about = "list_transform(_errors, lambda e: split_part(e, '|', 2))"
        unread = "len(list_filter(_errors, lambda e: e like 'block|%')) > 0"
        again = (
            f"list_contains({about}, split_part(r, '|', 2)) or ({unread} and split_part(r, '|', 3) like 'missing_%')"
        )
        other = f"list_filter(_reasons, lambda r: not ({again}))"
        found = f"case when len(_errors) = 0 then _reasons else list_concat(_errors, {other}) end"
    if events and errors:
        moment = f"coalesce({', '.join(events)})" if len(events) > 1 else events[0]
        late = f"cast({moment} as date) > {literal(as_of)}"
        entry = f"block|{events[0].strip(chr(34))}|after_month"
        found = f"case when {late} then [{literal(entry)}] else {found} end"
    return f"""
        with flagged as ({flagged}),
        listed as (select _row, {found} as found from flagged)
        select _row, unnest(found) as entry from listed where len(found) > 0"""


def duplicates_sql(relation: str, key: Sequence[str]) -> str:
    """Every row whose key an earlier row of `relation` has already: the first in the order of the raw data stays."""
    keys = ", ".join(map(identifier, key))
    present = " and ".join(f"{identifier(column)} is not null" for column in key)
    return f"""
        with kept as (select {keys}, _row from {relation} where {present}),
        repeated as (select {keys} from kept group by {keys} having count(*) > 1),
        numbered as (
            select _row, row_number() over (partition by {keys} order by _row) as copy
            from kept semi join repeated using ({keys})
        )
        select _row, {literal(f"block|{'+'.join(key)}|duplicate_key")} as entry from numbered where copy > 1"""


def orphans_sql(relation: str, incoming_orders: str, orders: str, flags: str, rejected: str) -> str:
    """Rows of `relation` whose order was set aside: reason after_month when that is why, else order_quarantined."""
    return f"""
        with gone as (
            select source_system, order_id, _row
            from {incoming_orders} semi join {rejected} using (_row) anti join {orders} using (source_system, order_id)
        ),
        late as (select _row from {flags} where table_name = 'orders' group by _row having bool_and(reason = 'after_month')),
        orders_gone as (
            select gone.source_system, gone.order_id, bool_and(late._row is not null) as all_late
            from gone left join late on gone._row = late._row
            group by gone.source_system, gone.order_id
        )
        select child._row, 'block|order_id|' || case when all_late then 'after_month' else 'order_quarantined' end as entry
        from {relation} as child inner join orders_gone using (source_system, order_id)"""


def groups_sql(table: str, keys: Sequence[str], derived: str, mapped: str, rejected: str) -> str:
    """first_row (a derived row's _row) -> _row of every raw row behind it."""
    same = " and ".join(f"d.{identifier(key)} = m.{identifier(f'{table}.{key}')}" for key in keys)
    keep = identifier(f"{table}._keep")
    return f"""
        select d._row as first_row, m._row
        from {derived} as d inner join (select * from {mapped} anti join {rejected} using (_row)) as m
            on {same} and m.{keep} and m._bad is null"""


def flags_sql(findings: str, table: str, turn: int, groups: str | None) -> str:
    """Findings as rows of the flags: a derived row that is set aside takes every raw row behind it along."""
    parts = "split_part(entry, '|', 1) as severity, split_part(entry, '|', 2) as column_name, split_part(entry, '|', 3) as reason"
    row, join = "f._row", ""
    if groups:
        row = "coalesce(g._row, f._row)"
        join = f"left join {groups} as g on f._row = g.first_row and f.entry like 'block|%'"
    return f"""
        select distinct cast({turn} as integer) as turn, {literal(table)} as table_name, {row} as _row, {parts}
        from {findings} as f {join}"""


def partly_sql(groups: str, rejected: str) -> str:
    """How many derived rows lost some, but not all, of the raw rows behind them."""
    return f"""
        with marked as (
            select first_row, r._row is not null as gone
            from {groups} as g left join {rejected} as r on g._row = r._row
        ),
        touched as (select first_row from marked group by first_row having bool_or(gone) and not bool_and(gone))
        select count(*) from touched"""


def order_of(needs: Mapping[str, set[str]]) -> list[str]:
    """Tables sorted so that each comes after those its rules look into (what is in a circle comes last, by name)."""
    done: list[str] = []
    left = sorted(needs)
    while ready := [table for table in left if not (needs[table] & set(left)) - {table}]:
        done += ready
        left = [table for table in left if table not in ready]
    return done + left
