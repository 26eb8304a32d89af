"""Occasions and what is known of their people, block by block of customers.

What becomes of an occasion hangs on the trigger and the person alone. So blocks give the rows that all people at once
would give, and only one block at a time is in memory.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import pandas as pd

from customerbase.audiences.triggers.conditions import OCCASIONS, Span
from customerbase.audiences.triggers.queue import Known
from customerbase.audiences.triggers.reading import MOST_DAYS, Triggers
from customerbase.engine import Engine, sql_text
from customerbase.rules.compiling import bound, conditions_sql, percentiles

SIZE = 250_000  # occasions in a block, about
_STEP = 100  # every so manieth occasion tells where blocks may begin


def blocks(
    db: Engine, triggers: Triggers, span: Span, *, global_control: float, earlier: str
) -> Iterator[tuple[pd.DataFrame, Known]]:
    """The occasions of a block of customers (conditions.COLUMNS, each once) and what is known of them; at least one block.

    Reads OCCASIONS, contactable, campaigns, campaign_contacts, identity_links, id_aliases, calendar_jp, what the rules
    name, and the table `earlier`: rows of earlier queues.
    """
    _gather(db, earlier, span)
    ruled = _judge(db, triggers, as_of=(span.until - timedelta(days=1)).date())
    holidays = [day for (day,) in db.query("select distinct day from calendar_jp where is_holiday").fetchall()]
    for start, end in pairwise([*_starts(db), None]):
        tables = {
            name: _cut(db, f"trigger_{name}", start, end) for name in ("occasions", "consents", "queued", "reached")
        }
        rules = _cut(db, "trigger_fitting", start, end) if ruled else None
        known = Known(
            fitting={code: set(rules.loc[rules[column], "customer_id"]) for code, column in ruled.items()},
            contactable=tables["consents"],
            earlier=tables["queued"],
            contacts=tables["reached"],
            holidays=holidays,
            global_control=global_control,
        )
        yield tables["occasions"].drop_duplicates(["trigger", "customer_id", "episode"]), known


def _gather(db: Engine, earlier: str, span: Span) -> None:
    """Tables of the people with occasions: their consents, their rows of earlier queues, campaigns' messages to them."""
    execute, theirs = db.execute, f"where customer_id in (select customer_id from {OCCASIONS})"
    execute(
        f"create or replace temp table trigger_consents as select customer_id, channel, state from contactable {theirs}"
    )
    execute(
        f"""create or replace temp table trigger_queued as
        with living as (
            select trigger, coalesce(id_aliases.customer_id, queued.customer_id) as customer_id, episode, channel, due_at
            from {earlier} as queued left join id_aliases on queued.customer_id = id_aliases.alias_id
        ) select * from living {theirs}"""
    )
    reach = {"since": span.until - timedelta(days=MOST_DAYS), "until": span.until + timedelta(days=2 * MOST_DAYS)}
    messages = sql_text("trigger_contacts")
    execute(f"create or replace temp table trigger_reached as select * from ({messages}) {theirs}", **reach)


def _judge(db: Engine, triggers: Triggers, *, as_of: date) -> dict[str, str]:
    """Make trigger_fitting, whether each person with an occasion fits each rule; trigger -> its column there."""
    ruled = [trigger for trigger in triggers if trigger.judged is not None]
    if not ruled:
        return {}
    rules = [trigger.judged for trigger in ruled]
    text = conditions_sql(rules, triggers.columns)
    columns = {trigger.code: f"s{place}" for place, trigger in enumerate(ruled)}
    db.execute(
        f"""create or replace temp table trigger_fitting as
        select customer_id, {", ".join(columns.values())} from ({text})
        where customer_id in (select customer_id from {OCCASIONS})""",
        **bound(text, rules, percentiles(db, rules), as_of),
    )
    return columns


def _starts(db: Engine) -> list[str]:
    """The customers at whom blocks begin; the first begins before everybody."""
    some = db.query(f"select customer_id from {OCCASIONS} where rowid % {_STEP} = 0 order by customer_id").fetchall()
    return ["", *dict.fromkeys(customer for (customer,) in some[SIZE // _STEP :: SIZE // _STEP])]


def _cut(db: Engine, table: str, start: str, end: str | None) -> pd.DataFrame:
    return db.query(
        f"select * from {table} where customer_id >= $start and ($end is null or customer_id < $end)",
        start=start,
        end=end,
    ).df()
