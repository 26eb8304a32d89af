"""Values that may not identify anybody: those of nobody (nobody.yaml) and those that too many records share."""

import hashlib
from functools import cache
from pathlib import Path

import yaml

from customerbase.engine import Engine, identifier, literal

FIELDS = ("email", "phone", "birth_date", "member_number")
# records that may share one value before it stops saying who somebody is (a household may share a telephone)
SHARED_LIMIT = {"email": 10, "phone": 10, "member_number": 20}
DATE_SHARE, DATE_RECORDS = 0.01, 100  # a birth date of more than 1 % of the records, and of 100 at least, is a default


@cache
def nobodys() -> dict[str, dict[str, list[str]]]:
    """The lists in nobody.yaml: field -> exact values and whole-value patterns."""
    return yaml.safe_load((Path(__file__).parent / "nobody.yaml").read_text(encoding="utf-8"))


def is_nobodys(field: str, column: str) -> str:
    """The SQL condition that a standard value is one that nobody has: test@…, 000-0000-0000, 1900-01-01."""
    known = nobodys().get(field, {})
    exact = [str(value) for value in known.get("exact", [])]
    tests = [f"{column} in {literal(exact)}"] if exact else []
    tests += [f"regexp_full_match({column}, {literal(pattern)})" for pattern in known.get("pattern", [])]
    return "(" + " or ".join(tests or ["false"]) + ")"


def value_id(key: bytes, field: str, value: str) -> str:
    """A value's name in the audit: a keyed digest, so that the table tells values apart and shows none."""
    return hashlib.blake2b(f"{field}\0{value}".encode(), key=key[:64], digest_size=8).hexdigest()


def block_values(db: Engine, table: str, key: bytes) -> list[dict]:
    """Take the values of nobody and the over-shared ones out of `table`, status `blocked`; returns the audit rows.

    `table` has the columns of FIELDS with their statuses, one row per record.
    """
    audit = []
    for field in FIELDS:
        found = _to_block(db, table, field)
        if found:
            _take_out(db, table, field, [value for value, _, _ in found])
        audit += [
            {"rule": field, "value_id": value_id(key, field, value), "reason": reason, "records": records}
            for value, reason, records in found
        ]
    return [row | {"action": "not_used"} for row in audit]


def _to_block(db: Engine, table: str, field: str) -> list[tuple[str, str, int]]:
    """(value, reason, records) of the values to take out, in the order of the values."""
    column = identifier(field)
    limit = SHARED_LIMIT.get(field)
    if limit is None:  # a date: by its share
        total = db.query(f"select count({column}) from {identifier(table)}").fetchall()[0][0]
        limit = max(DATE_RECORDS, DATE_SHARE * total)
    return db.query(
        f"select value, case when {is_nobodys(field, 'value')} then 'blocked_value' else 'shared_by_many' end, n from ("
        f"select cast({column} as varchar) as value, count(*) as n from {identifier(table)}"
        f" where {column} is not null group by 1) where n > {limit} or {is_nobodys(field, 'value')} order by 1"
    ).fetchall()


def _take_out(db: Engine, table: str, field: str, values: list[str]) -> None:
    status = f", {field}_status = 'blocked'" if field != "member_number" else ""
    db.execute(
        f"update {identifier(table)} set {identifier(field)} = null{status}"
        f" where cast({identifier(field)} as varchar) in {literal(values)}"
    )
