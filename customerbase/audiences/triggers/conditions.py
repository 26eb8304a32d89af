"""Who meets which condition: one query per kind, all on the same few tables, nothing after the as-of day."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from customerbase import features
from customerbase.audiences.triggers.reading import Trigger, Triggers
from customerbase.engine import Engine, sql_text

COLUMNS = ("trigger", "customer_id", "episode", "not_before", "expires_at", "subject", "measure", "value")
OCCASIONS = "trigger_occasions"
_TYPES = ("varchar", "varchar", "varchar", "timestamp", "timestamp", "varchar", "double", "double")
_NAME = re.compile(r"\$([a-z_]+)")
_SHARED = {"trigger_purchases": "bought_days", "trigger_events": "viewed_days"}  # and what says how far back they reach
_WATCHING = ("cart_abandoned", "browsed", "back_in_stock")  # kinds that read them


@dataclass(frozen=True)
class Span:
    """The time one evaluation is about. until: its end, the midnight after the as-of day.

    since: days since the evaluation before; ahead: days ahead for which conditions whose day stands are queued already.
    """

    until: datetime
    since: int
    ahead: int

    @classmethod
    def month(cls, as_of: date) -> "Span":
        """A month's run: what happened in the month, and the month to come."""
        until = datetime.combine(as_of, datetime.min.time()) + timedelta(days=1)
        following = (until.replace(day=28) + timedelta(days=4)).replace(day=1)
        return cls(until, as_of.day, (following - until).days)

    @classmethod
    def day(cls, as_of: date) -> "Span":
        """A day's: what happened on it, and the day to come."""
        return cls(datetime.combine(as_of, datetime.min.time()) + timedelta(days=1), 1, 1)


def missing(db: Engine, triggers: Iterable[Trigger]) -> dict[str, list[str]]:
    """Trigger -> the tables that it needs and that have no rows."""
    empty: dict[str, bool] = {}
    for table in dict.fromkeys(table for trigger in triggers for table in trigger.kind.needs):
        empty[table] = not db.query(f'select 1 from "{table}" limit 1').fetchall()
    return {trigger.code: [table for table in trigger.kind.needs if empty[table]] for trigger in triggers}


def find(db: Engine, triggers: Triggers, span: Span) -> None:
    """Make the table OCCASIONS: one row per trigger, person and occasion within the span, with COLUMNS.

    Reads orders, refunds, order_lines, products, web_events, loyalty_points, identity_links, profile, cltv, churn,
    previous_churn, previous_products, repurchase_due and contacts; those no trigger needs may be missing.
    """
    columns = ", ".join(f"{name} {kind}" for name, kind in zip(COLUMNS, _TYPES, strict=True))
    db.execute(f"create or replace temp table {OCCASIONS} ({columns})")
    absent = missing(db, triggers)
    firing = [trigger for trigger in triggers if not absent[trigger.code]]
    if firing:
        _prepare(db, firing, span)
    for trigger in firing:
        _found(db, trigger, span)
    for name in (*_SHARED, "last_orders"):
        db.execute(f"drop table if exists {name}")


def _prepare(db: Engine, firing: Sequence[Trigger], span: Span) -> None:
    """The views and tables that several kinds share, as far back as any of them looks."""
    features.customer_orders(db, as_of=(span.until - timedelta(days=1)).date())
    if any(trigger.kind.name in ("churn_risen", "repurchase") for trigger in firing):
        db.execute(f"create or replace temp table last_orders as {sql_text('last_orders')}")
    watching = [trigger for trigger in firing if trigger.kind.name in _WATCHING]
    for name, seen in _SHARED.items() if watching else ():
        since = span.until - timedelta(days=max(_behind(trigger, span, seen) for trigger in watching))
        db.execute(f"create or replace temp table {name} as {sql_text(name)}", since=since, until=span.until)


def _behind(trigger: Trigger, span: Span, seen: str) -> int:
    """Days that a trigger looks back at events or purchases."""
    given = trigger.parameters
    reach = sum(int(given.get(name) or 0) for name in ("kept_days", "days")) + int(given.get("hours") or 0) // 24 + 1
    return max(int(given.get(seen) or 0), reach + trigger.expires + span.since)


def _found(db: Engine, trigger: Trigger, span: Span) -> None:
    """Add one trigger's occasions: due so long after the condition was met, over so long after that."""
    name = f"trigger_{trigger.kind.name}"
    known = _values(trigger, span)
    if trigger.kind.name == "birthday":
        _days(db, known["since"], known["before"])
    db.run(name, **{each: known[each] for each in set(_NAME.findall(sql_text(name)))}).create_view("trigger_met", True)
    over = timedelta(days=min(trigger.parameters.get("lead", trigger.expires), trigger.expires))
    db.execute(
        f"""insert into {OCCASIONS}
        with due as (select *, met_at + interval '1' second * $offset as not_before from trigger_met)
        select $code, customer_id, episode, not_before, not_before + interval '1' second * $over, subject, measure,
            coalesce($stake, value) from due""",
        code=trigger.code,
        offset=int(trigger.kind.offset(trigger.parameters).total_seconds()),
        over=int(over.total_seconds()),
        stake=trigger.value,
    )


def _values(trigger: Trigger, span: Span) -> dict[str, object]:
    """What the queries may ask for by $name: the parameters of the trigger, and the times it looks at."""
    given, until = dict(trigger.parameters), span.until
    offset = trigger.kind.offset(given)
    ahead = timedelta(days=span.ahead if trigger.kind.ahead else 0)

    def back(name: str) -> datetime:
        return until - timedelta(days=int(given.get(name) or 0))

    return given | {
        "until": until,
        "since": until - timedelta(days=trigger.expires + (0 if trigger.kind.foreseen else span.since)) - offset,
        "before": until + ahead - offset,
        "day": (until - timedelta(days=1)).date(),
        "fixed": given.get("day") is not None,
        "from_day": back("days"),
        "kept_since": back("kept_days"),
        "lead_since": until + timedelta(days=int(given.get("notice") or 0)),
        "lead_until": until + timedelta(days=int(given.get("lead") or 0)),
        "viewed_since": back("viewed_days"),
        "bought_since": back("bought_days") if given.get("bought_days") else until,
        "stock_before": f"{until - timedelta(days=1):%Y-%m}",
    }


def _days(db: Engine, since: datetime, before: datetime) -> None:
    """The days on which a birthday may lie, with month and day as one number; 29 February on the 28th of other years."""
    first = since.date() + timedelta(days=since.time() != datetime.min.time())
    days = [first + timedelta(days=number) for number in range(max((before.date() - first).days, 0))]
    rows = [(day, day.month * 100 + day.day) for day in days]
    rows += [(day, 229) for day in days if (day.month, day.day) == (2, 28) and (day + timedelta(days=1)).day == 1]
    db.register("trigger_days", pd.DataFrame(rows, columns=["day", "month_day"]).astype({"day": "datetime64[s]"}))
