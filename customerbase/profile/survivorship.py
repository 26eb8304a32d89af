"""Survivorship: which value of a person's accounts becomes the person's; the rules (survivorship.yaml) become queries.

Every rule is a whole number of an account, the smaller surviving, and every account has a number of its own, by trust
and recency. So for a field the smallest of (rules …, account) is the account to take the value from: one aggregate over
all accounts, whatever the order of their rows.
"""

from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from customerbase.engine import Engine, literal, sql_text
from customerbase.errors import ConfigError
from customerbase.features import keep
from customerbase.profile.rules import Field, fields

# what rules ask of an account, whatever the field; all others are asked of the field's value
SHARED = {
    "source_priority": "source_position",
    "most_recent": "seconds_unchanged",
    "earliest": "seconds_registered",
}
NUMBERED_BY = ("source_priority", "most_recent")  # the order of the accounts' numbers: as last rules they cost nothing
ACCOUNTS = 10**10  # more than there will ever be
ASKED = ("customer_id", "account_no", "source_system", "source", *SHARED.values())


def winners(
    db: Engine, *, source_priority: Iterable[str] = (), rules: Mapping[str, Sequence[str]] | None = None
) -> None:
    """For every customer and field the account whose value survives, held as `profile_winners`.

    Columns: customer_id and <field>_account, a number of the view `profile_accounts`; NULL where no account has a
    usable value. Reads customers_std and identity_links. source_priority: source systems, the most trusted first.
    """
    order = pd.DataFrame({"source_system": pd.Series(list(source_priority), dtype="str")})
    if order["source_system"].duplicated().any():
        raise ConfigError(f"source_priority names a system twice: {', '.join(order['source_system'])}.")
    chosen = fields(rules)
    db.register("profile_source_priority", order.assign(position=range(len(order))))
    db.register(
        "profile_rules", pd.DataFrame([(n, " ".join(f.rules)) for n, f in chosen.items()], columns=["field", "rules"])
    )
    keep(db, "profile_numbers", sql_text("profile_numbers"))
    db.register("profile_accounts", db.run("profile_accounts"))
    keep(db, "profile_winners", winners_sql(chosen.values()))


def fields_used(db: Engine) -> dict[str, Field]:
    """The fields with the rules that winners() went by."""
    rows = db.query("select field, rules from profile_rules").fetchall()
    return fields({name: rules.split() for name, rules in rows})


def winners_sql(chosen: Iterable[Field]) -> str:
    """The query behind winners(), over the view profile_accounts."""
    chosen = list(chosen)
    best = [f"{_best(field)} as {field.name}_account" for field in chosen]
    only = [f"case when {_filled(field)} then account_no end as {field.name}_account" for field in chosen]
    steps = candidate_steps(chosen, "not alone")
    steps["several"] = select(["customer_id", *best], "candidates group by customer_id")
    steps["alone"] = usable(chosen, _columns(chosen), "alone")
    return query(**steps, final=f"select * from several union all {select(['customer_id', *only], 'alone')}")


def survivors_sql(chosen: Iterable[Field], carry: Iterable[str]) -> str:
    """The query that gives one row per customer: the surviving columns of `carry` and each field's <field>__source.

    A source is source_system:source_row_id of the account the value was taken from, NULL where none is usable.
    Over the view profile_accounts and the result profile_winners.
    """
    chosen, carry = list(chosen), set(carry)
    joined = "usable inner join profile_winners on usable.customer_id = profile_winners.customer_id"
    winning = [f"profile_winners.{field.name}_account" for field in chosen]
    best = [
        line
        for field in chosen
        for line in _shown(field, carry, "max(case when account_no = {0}_account then {1} end)")
    ]
    only = [line for field in chosen for line in _shown(field, carry, f"case when {_filled(field)} then {{1}} end")]
    return query(
        usable=usable(chosen, carry, "not alone"),
        offered=select(["usable.*", *winning], joined),
        several=select(["customer_id", *best], "offered group by customer_id"),
        alone=usable(chosen, carry | set(_columns(chosen)), "alone"),
        final=f"select * from several union all {select(['customer_id', *only], 'alone')}",
    )


def usable(chosen: Iterable[Field], carry: Iterable[str], which: str = "true") -> str:
    """A select of the accounts' values of the columns `carry`, NULL where a value may not be used.

    which: the SQL condition on the accounts; most customers have one account only (`alone`), where nothing is chosen.
    """
    carry = set(carry)
    columns = [_usable(field, column) for field in chosen for column in field.carried if column in carry]
    return select([*ASKED, *columns], f"profile_accounts where {which}")


def candidate_steps(chosen: Iterable[Field], which: str = "true") -> dict[str, str]:
    """The steps up to `candidates`: one row per account with <field>_filled and what each rule asks, as numbers.

    Texts are left behind before equal values are counted, so that counting moves little more than numbers.
    """
    chosen = list(chosen)
    asked = [(field, rule) for field in chosen for rule in field.rules if rule not in SHARED]
    counted = [field for field, rule in asked if rule == "most_frequent"]
    judged = [f"{_filled(field)} as {field.name}_filled" for field in chosen]
    judged += [f"{_number(field, rule)} as {key(field, rule)}" for field, rule in asked if rule != "most_frequent"]
    judged += [column for field in counted for column in field.columns]
    counts = [
        f"-count(*) over (partition by customer_id, {', '.join(field.columns)}) as {key(field, 'most_frequent')}"
        for field in counted
    ]
    return {
        "usable": usable(chosen, _columns(chosen), which),
        "judged": select([*ASKED, *judged], "usable"),
        "candidates": select(["*", *counts], "judged"),
    }


def key(field: Field, rule: str) -> str:
    """The column of a candidate that holds what a rule asks, as a whole number: the smaller survives."""
    return SHARED.get(rule, f"{field.name}_{rule}")


def select(columns: Iterable[str], source: str) -> str:
    """One step of a query."""
    listed = ",\n        ".join(columns)
    return f"select\n        {listed}\n    from {source}"


def query(**steps: str) -> str:
    """Named steps, the last one called final, as one query."""
    named = ",\n\n".join(f"{name} as (\n    {text}\n)" for name, text in steps.items())
    return f"with\n\n{named}\n\nselect * from final"


def _filled(field: Field) -> str:
    return " or ".join(f"{column} is not null" for column in field.columns)


def _number(field: Field, rule: str) -> str:
    if rule == "longest":
        return "-(" + " + ".join(f"coalesce(length(cast({column} as varchar)), 0)" for column in field.columns) + ")"
    if rule == "most_complete":
        needed = field.needs or tuple(field.columns)
        return "-(" + " + ".join(f"case when {column} is null then 0 else 1 end" for column in needed) + ")"
    cases = " ".join(f"when {literal(value)} then {place}" for place, value in enumerate(field.preferred))
    return f"case {next(iter(field.columns))} {cases} else {len(field.preferred)} end"


def _usable(field: Field, column: str) -> str:
    status = field.carried[column]
    conditions = [f"{status} in ('ok', 'fixed')"] if status else []
    conditions += [f"{column} not in {literal(list(field.never))}"] if field.never else []
    return f"case when {' and '.join(conditions)} then {column} end as {column}" if conditions else column


def _best(field: Field) -> str:
    last = len(field.rules) - len(NUMBERED_BY)
    rules = field.rules[:last] if field.rules[last:] == NUMBERED_BY else field.rules
    keys = [key(field, rule) for rule in rules]
    if not keys:
        best = "min(account_no)"
    elif len(keys) == 1 and rules[0] not in SHARED:  # one small number: both fit into one whole number, which is fast
        best = f"min_by(account_no, {keys[0]} * {ACCOUNTS} + account_no)"
    else:
        packed = ", ".join(f"key_{place} := {each}" for place, each in enumerate([*keys, "account_no"], 1))
        best = f"min_by(account_no, struct_pack({packed}))"
    return f"{best} filter (where {field.name}_filled)"


def _shown(field: Field, carry: set[str], form: str) -> list[str]:
    """The columns of a field and its source, each as `form` says of {0} the field's name and {1} what is shown."""
    values = [f"{form.format(field.name, column)} as {column}" for column in field.carried if column in carry]
    return [*values, f"{form.format(field.name, 'source')} as {field.name}__source"]


def _columns(chosen: Iterable[Field]) -> list[str]:
    return [column for field in chosen for column in field.columns]
