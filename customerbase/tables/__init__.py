"""Where tables live and what they must be: schemas from expectations/, checked by one query per table."""

from customerbase.tables.checks import Check, checks_from_json, checks_to_json
from customerbase.tables.compiler import evaluate, evaluate_sql, flag, flag_sql
from customerbase.tables.schema import Column, Expectation, Schema, schema, schemas

__all__ = [
    "Check",
    "Column",
    "Expectation",
    "Schema",
    "checks_from_json",
    "checks_to_json",
    "evaluate",
    "evaluate_sql",
    "flag",
    "flag_sql",
    "schema",
    "schemas",
]
