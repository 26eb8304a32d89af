"""Rules as portable SQL: one query for all thresholds, one for all conditions of everybody."""

import re
from collections.abc import Mapping, Sequence
from datetime import date

from customerbase.engine import Engine, identifier, literal
from customerbase.rules.columns import Columns, Field
from customerbase.rules.reading import Rule
from customerbase.rules.terms import combined

_NAME = re.compile(r"\$([a-z_][a-z0-9_]*)")


def thresholds_sql(rules: Sequence[Rule]) -> str | None:
    """The query for the value of every percentile; None when no rule asks for one. Columns: threshold, value.

    percentile(n) of a column is the smallest of its values v for which at least n % of the customers whose value is
    known have v or less (nearest rank: a value that occurs, reckoned in whole numbers; equals stand or fall
    together). Without a known value it is null.
    """
    asked = [(name, *what) for rule in rules for name, what in rule.thresholds.items()]
    if not asked:
        return None
    places = {field: number for number, field in enumerate(dict.fromkeys(field for _, field, _ in asked))}
    steps = [step for field, number in places.items() for step in _ranked(field, number)]
    wanted = [
        f"select {literal(name)} as threshold, min(value) as value from ranked_{places[field]}"
        f" where at_or_below * 10000 >= {int(n * 100)} * known"
        for name, field, n in asked
    ]
    return f"with {', '.join(steps)} {' union all '.join(wanted)}"


def _ranked(field: Field, number: int) -> tuple[str, str]:
    value, table = f"cast({identifier(field.name)} as double)", identifier(field.table)
    counted = (
        f"counted_{number} as (select {value} as value, cast(count(*) as bigint) as customers from {table}"
        f" where {identifier(field.name)} is not null group by {value})"
    )
    ranked = (
        f"ranked_{number} as (select value, cast(sum(customers) over (order by value rows between unbounded preceding"
        f" and current row) as bigint) as at_or_below, cast(sum(customers) over () as bigint) as known"
        f" from counted_{number})"
    )
    return counted, ranked


def percentiles(db: Engine, rules: Sequence[Rule]) -> dict[str, float | None]:
    """The value of every percentile that the rules ask for, by name; {} when none does."""
    text = thresholds_sql(rules)
    return dict(db.query(text).fetchall()) if text else {}


def conditions_sql(rules: Sequence[Rule], columns: Columns, *, attached: Mapping[str, str] | None = None) -> str:
    """The query for what every rule says of every customer of the page's tables of this month; $names unbound.

    Columns: customer_id; for rule i (from 0) s<i> (a member, never null: unknown is not a member) and for its
    condition j (from 1) s<i>_c<j> (true, false or null), s<i>_v<j> and s<i>_b<j> (the two numbers compared, or
    null); s<i>_unknown tells whether the rule could not be decided. attached: column name -> table.column to carry along.
    """
    carried = {name: tuple(place.split(".")) for name, place in (attached or {}).items()}
    used = {field.table for rule in rules for field in rule.fields} | {table for table, _ in carried.values()}
    people = " union ".join(f"select customer_id from {identifier(table)}" for table in columns.now)
    joins = "".join(
        f" left join {identifier(table)} on {identifier(table)}.customer_id = people.customer_id"
        for table in columns.readable
        if table in used
    )
    cells = [f"{identifier(table)}.{identifier(column)} as {name}" for name, (table, column) in carried.items()]
    cells += [cell for place, rule in enumerate(rules) for cell in _cells(place, rule)]
    members = ", ".join(
        f"coalesce({_member(place, rule)}, false) as s{place}, {_member(place, rule)} is null as s{place}_unknown"
        for place, rule in enumerate(rules)
    )
    return (
        f"with people as ({people}), judged as (select people.customer_id, {', '.join(cells)} from people{joins}),"
        f" final as (select *, {members} from judged) select * from final"
    )


def _cells(place: int, rule: Rule) -> list[str]:
    none = "cast(null as double)"
    return [
        f"{sql} as s{place}_{letter}{number}"
        for number, one in enumerate(rule.conditions, 1)
        for letter, sql in (("c", one.sql), ("v", one.value or none), ("b", one.bound or none))
    ]


def _member(place: int, rule: Rule) -> str:
    numbers = {one.shown(): number for number, one in enumerate(rule.conditions, 1)}
    return combined(rule.logic, lambda condition: f"s{place}_c{numbers[condition.shown()]}")


def bound(text: str, rules: Sequence[Rule], thresholds: Mapping[str, float | None], as_of: date) -> dict[str, object]:
    """The values of the $names in a text made here: texts of the rules, thresholds, as_of."""
    known = {"as_of": as_of, **thresholds} | {name: text for rule in rules for name, text in rule.texts.items()}
    return {name: known[name] for name in set(_NAME.findall(text))}
