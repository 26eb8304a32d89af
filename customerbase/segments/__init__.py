"""Segments of the customer base: named ones over the ranks of RFM, and those that a company writes as rules."""

from customerbase.segments import movement, rules
from customerbase.segments.named import (
    ABSENT_BEFORE,
    ABSENT_NOW,
    ANY,
    SEGMENTS,
    Segment,
    assign,
    codes,
    find,
    glossary,
    in_force,
    name,
    put_in_force,
    read_named,
    rule_sql,
    segment_of,
)
from customerbase.segments.sizes import ATTRIBUTES, attributes, flow, migration, summary

__all__ = [
    "ABSENT_BEFORE",
    "ABSENT_NOW",
    "ANY",
    "ATTRIBUTES",
    "SEGMENTS",
    "Segment",
    "assign",
    "attributes",
    "codes",
    "find",
    "flow",
    "glossary",
    "in_force",
    "migration",
    "movement",
    "name",
    "put_in_force",
    "read_named",
    "rule_sql",
    "rules",
    "segment_of",
    "summary",
]
