"""Who meets which condition: one query per kind, all on the same few tables, nothing after the as-of day."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from customerbase import features
from customerbase.audiences.triggers.reading import MOST_DAYS, Trigger, Triggers
from customerbase.engine import Engine, sql_text
from customerbase.rules.compiling import bound, conditions_sql, thresholds_sql

COLUMNS = ("trigger", "customer_id", "episode", "not_before", "expires_at", "subject", "measure", "value")
_NAME = re.compile(r"\$([a-z_]+)")
_RULES = "trigger_rules_judged"


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


def conditions(db: Engine, triggers: Triggers, span: Span) -> pd.DataFrame:
    """One row per trigger, person and occasion within the span: COLUMNS, in this order; each occasion once.

    Reads orders, refunds, order_lines, products, web_events, loyalty_points, identity_links, profile, cltv, churn,
    previous_churn, previous_products, repurchase_due and contacts; those no trigger needs may be missing.
    """
    if not len(triggers):
        return _nothing()
    _prepare(db, triggers, span)
    absent = missing(db, triggers)
    parts = [_found(db, trigger, span) for trigger in triggers if not absent[trigger.code]]
    parts = [part for part in parts if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else _nothing()


def fitting(db: Engine, triggers: Triggers, *, as_of: date) -> dict[str, set[str]]:
    """Trigger -> customers who fit its rule, of those triggers that have one; the tables it may name stand on db."""
    ruled = [trigger for trigger in triggers if trigger.judged is not None]
    if not ruled:
        return {}
    rules = [trigger.judged for trigger in ruled]
    asked = thresholds_sql(rules)
    thresholds = dict(db.query(asked).fetchall()) if asked else {}
    text = conditions_sql(rules, triggers.columns)
    db.execute(f"create or replace temp table {_RULES} as {text}", **bound(text, rules, thresholds, as_of))
    return {
        trigger.code: {row[0] for row in db.query(f"select customer_id from {_RULES} where s{place}").fetchall()}
        for place, trigger in enumerate(ruled)
    }


def contacts(db: Engine, span: Span) -> pd.DataFrame:
    """Messages of campaigns that count towards the caps: customer_id, channel, day."""
    reach = timedelta(days=MOST_DAYS)
    found = db.run("trigger_contacts", since=span.until - reach, until=span.until + 2 * reach)
    return found.df()


def _nothing() -> pd.DataFrame:
    times = dict.fromkeys(("not_before", "expires_at"), "datetime64[us]")
    return pd.DataFrame(columns=list(COLUMNS)).astype(times | {"value": "float64"})


def _prepare(db: Engine, triggers: Triggers, span: Span) -> None:
    """The views and tables that several kinds share, as far back as any of them looks."""
    features.customer_orders(db, as_of=(span.until - timedelta(days=1)).date())
    kinds = {trigger.kind.name for trigger in triggers}
    behind = max((_behind(trigger, span) for trigger in triggers), default=0)
    window = {"since": span.until - timedelta(days=behind), "until": span.until}
    if kinds & {"cart_abandoned", "browsed", "back_in_stock"}:
        for name in ("trigger_purchases", "trigger_events"):
            db.execute(f"create or replace temp table {name} as {sql_text(name)}", **window)


def _behind(trigger: Trigger, span: Span) -> int:
    """Days that a trigger looks back at events and purchases."""
    given = trigger.parameters
    reach = sum(int(given.get(name) or 0) for name in ("kept_days", "days")) + int(given.get("hours") or 0) // 24 + 1
    longest = max(int(given.get(name) or 0) for name in ("viewed_days", "bought_days"))
    return max(longest, reach + trigger.expires + span.since)


def _found(db: Engine, trigger: Trigger, span: Span) -> pd.DataFrame:
    name = f"trigger_{trigger.kind.name}"
    text = sql_text(name)
    known = _values(trigger, span)
    if trigger.kind.name == "birthday":
        _days(db, known["since"], known["before"])
    found = db.run(name, **{each: known[each] for each in set(_NAME.findall(text))}).df()
    not_before = pd.to_datetime(found["met_at"]) + trigger.kind.offset(trigger.parameters)
    lead = trigger.parameters.get("lead", trigger.expires)
    made = found.assign(
        trigger=trigger.code,
        not_before=not_before,
        expires_at=not_before + timedelta(days=min(lead, trigger.expires)),
    )
    if trigger.value is not None:
        made["value"] = trigger.value
    return made[list(COLUMNS)].drop_duplicates(["customer_id", "episode"])


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
