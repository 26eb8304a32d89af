"""Deterministic keys: values which, when two records share them, say that they are one person.

A key is trusted only where it behaves like one. A value shared by more records than a person has accounts, or by records
of different given names or birth dates (a family's telephone, an office's e-mail address), is left to the model and
noted in the audit: a family's phone is not a person.
"""

from dataclasses import dataclass

from customerbase.engine import Engine
from customerbase.identity.values import value_id

MOST_RECORDS = 20  # of one key value; beyond it the value is a default, a shop's own address, a test


@dataclass(frozen=True)
class Key:
    """One rule: the linkage columns that must agree, and those of which a person has one value only."""

    name: str
    columns: tuple[str, ...]
    one_of: tuple[str, ...] = ()


_NAME = ("given_sound", "given_kanji", "birth")
KEYS = (
    Key("member_number", ("member_number",)),
    Key("email", ("email",), _NAME),
    Key("phone_and_name", ("phone", "family_sound", "given_sound"), ("birth", "given_kanji")),
    Key("birth_name_postcode", ("birth", "family_sound", "given_sound", "postal_code"), ("given_kanji",)),
)


def key_edges(db: Engine, table: str, key: bytes) -> list[dict]:
    """Make the table key_edges (idx_l < idx_r, rule) from the linkage table; returns audit rows of refused values.

    A pair that several keys join carries the first of KEYS.
    """
    parts, audit = [], []
    for number, rule in enumerate(KEYS):
        db.execute(f"create or replace temp table _key_values as {_values(rule, table)}")
        parts.append(f"_key_{number}")
        db.execute(f"create or replace temp table _key_{number} as {_pairs(rule, table, number)}")
        audit += _refused(db, rule, key)
    union = " union all ".join(f"select * from {part}" for part in parts)
    names = " ".join(f"when {number} then '{rule.name}'" for number, rule in enumerate(KEYS))
    db.execute(
        "create or replace temp table key_edges as select idx_l, idx_r, case min(number) " + names + " end as rule"
        f" from ({union}) group by idx_l, idx_r"
    )
    return audit


def _value(rule: Key) -> str:
    return " || '|' || ".join(rule.columns)


def _values(rule: Key, table: str) -> str:
    """Every value that several records share, with the reason why it is refused, if it is."""
    tests = [f"when count(*) > {MOST_RECORDS} then 'shared_by_many'"]
    tests += [f"when count(distinct {column}) > 1 then 'cardinality'" for column in rule.one_of]
    return (
        f"select {_value(rule)} as value, count(*) as records, case {' '.join(tests)} end as reason from {table}"
        f" where {_value(rule)} is not null group by 1 having count(*) > 1"
    )


def _pairs(rule: Key, table: str, number: int) -> str:
    return (
        f"with members as (select t.idx, v.value from {table} as t inner join _key_values as v on {_value(rule)} = v.value"
        " where v.reason is null)"
        f" select l.idx as idx_l, r.idx as idx_r, {number} as number from members as l"
        " inner join members as r on l.value = r.value and l.idx < r.idx"
    )


def _refused(db: Engine, rule: Key, key: bytes) -> list[dict]:
    rows = db.query("select value, reason, records from _key_values where reason is not null order by 1").fetchall()
    return [
        {
            "rule": rule.name,
            "value_id": value_id(key, rule.name, value),
            "reason": reason,
            "records": records,
            "action": "left_to_model",
        }
        for value, reason, records in rows
    ]
