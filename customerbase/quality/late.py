"""Late data: rows of earlier months that came, went or changed since the month before was published."""

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Protocol

import duckdb

from customerbase.engine import Engine, identifier, literal, sql_text
from customerbase.quality.setting_aside import EVENT_COLUMNS

# what happens to a record after its event is no late data: an inquiry is answered, a message opened, a contract ended
FOLLOW_UPS: dict[str, tuple[str, ...]] = {
    "orders": ("cancelled_at",),  # the status says it, and that moves the revenue published
    "inquiries": ("first_reply_at", "closed_at", "agent_id", "resolution", "csat"),
    "survey_answers": ("weight",),
    "loyalty_points": ("rank_after",),
    "campaign_contacts": ("sent_at", "delivered_at", "opened_at", "clicked_at", "converted_at", "unsubscribed_at", "cost"),
    "subscriptions": ("ended_at",),
}  # fmt: skip
# what a row adds to the revenue of its month, by the rule of customer_orders.sql; other tables move none
AMOUNTS = {
    "orders": "case when t.status in ('completed', 'credit_note') then coalesce(t.total, 0) else 0 end",
    "refunds": "case when o.status = 'completed' then -coalesce(t.amount, 0) else 0 end",
}
# when a record came about: that does not move when a message is sent or an answer given
MOMENTS = EVENT_COLUMNS | {"survey_answers": ("answered_at",), "campaign_contacts": ("planned_at", "sent_at")}
COMPARED = tuple(  # people are told apart on page 02, and what LINE or a telephone calls them moves no figure
    table for table in MOMENTS if table not in ("customers_src", "identifiers")
)
PERSONAL = (
    "campaign_contacts",
    "consents",
    "subscriptions",
    "survey_invitations",
)  # a row tells of one person: small counts are withheld
PLACE = "source_row_id"  # a file exported in another order gives the same rows other places
UNIT = "\x1f"  # between the values of a row, as in no file


class Declared(Protocol):
    """What of a table's declaration is needed: its key, and its columns with their sensitivity."""

    key: tuple[str, ...]
    columns: Mapping


def late_changes(
    db: Engine, declared: Mapping[str, Declared], *, previous: date | None
) -> duckdb.DuckDBPyRelation | None:
    """The table late_changes: rows then and now per source table, source system and month up to `previous`.

    declared: the tables to compare, each there as <table> and as previous_<table>, with their declarations; previous:
    the as-of date of the month before, None in the first month, for which the result is None. A row is known by its
    key; it is changed where any other column is, but for its place in the file, contact columns, what follows up on
    the event (FOLLOW_UPS) and columns that had no value at all then. Amounts are what rows add to revenue.
    """
    if previous is None:
        return None
    parts = []
    for table, one in declared.items():
        columns = _compared(db, table, one)
        parts += [_rows(table, one, before, columns) for before in ("", "previous_")]
    db.register("late_rows", db.query(" union all ".join(parts)))
    until = {"until": previous + timedelta(days=1)}
    for name, params in (("late_months", until), ("late_changes", until | {"compared_with": previous})):
        db.execute(f"create or replace temp table {name} as {sql_text(name)}", **params)
    return db.query("select * from late_changes")


def late_documents(db: Engine) -> duckdb.DuckDBPyRelation:
    """The rows of late_changes with a change, the newest month first, without tables that hold a row per person."""
    return db.query(f"""
        select * exclude (compared_with) from late_changes
        where rows_added + rows_gone + rows_changed > 0 and table_name not in {literal(PERSONAL)}
        order by month desc, table_name, source_system""")


def late_totals(db: Engine | None) -> dict[str, int]:
    """Rows added, gone and changed over all tables, systems and months; zeros in the first month (None)."""
    names = ("rows_added", "rows_gone", "rows_changed")
    if db is None:
        return dict.fromkeys(names, 0)
    sums = ", ".join(f"cast(coalesce(sum({name}), 0) as bigint)" for name in names)
    [found] = db.query(f"select {sums} from late_changes").fetchall()
    return dict(zip(names, found, strict=True))


def _compared(db: Engine, table: str, one: Declared) -> list[str]:
    """Columns whose change counts: those of today's table that had any value in the month before."""
    left_out = {*one.key, *MOMENTS[table][:1], PLACE, *FOLLOW_UPS.get(table, ())}
    columns = [name for name, column in one.columns.items() if name not in left_out and column.sensitivity != "contact"]
    if not columns:
        return []
    counted = ", ".join(f"count({identifier(name)}) > 0" for name in columns)
    [filled] = db.query(f"select {counted} from {identifier(f'previous_{table}')}").fetchall()
    return [name for name, has in zip(columns, filled, strict=True) if has]


def _rows(table: str, one: Declared, before: str, columns: list[str]) -> str:
    """A table as rows of table_name, source_system, is_now, event_at, row_key, content and amount."""
    moments = [f"t.{identifier(name)}" for name in MOMENTS[table]]
    moment = f"coalesce({', '.join(moments)})" if len(moments) > 1 else moments[0]
    amount = AMOUNTS.get(table, "0")
    joined = ""
    if table == "refunds":  # a refund counts where its order does
        joined = f"left join {identifier(before + 'orders')} as o on t.source_system = o.source_system and t.order_id = o.order_id"
    return f"""
        select
            {literal(table)} as table_name, t.source_system, {literal(not before)} as is_now, cast({moment} as timestamp) as event_at,
            {_text([f"t.{identifier(name)}" for name in one.key])} as row_key,
            {_text([moment, amount, *(f"t.{identifier(name)}" for name in columns)])} as content,
            cast({amount} as decimal(18, 2)) as amount
        from {identifier(before + table)} as t {joined}"""


def _text(values: list[str]) -> str:
    """Values as one text that tells nothing from an empty text, and where one ends."""
    return (
        f"concat_ws({literal(UNIT)}, {', '.join(f'''coalesce(cast({one} as varchar), '<none>')''' for one in values)})"
    )
