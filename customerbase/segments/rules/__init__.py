"""Segments by rule: readable conditions over the columns of one-row-per-customer tables, checked, compiled, explained."""

from customerbase.segments.rules.columns import BEFORE, Columns, Field, columns
from customerbase.segments.rules.evaluating import Judged, apply_rules, tables
from customerbase.segments.rules.looks import cards, moved, overlap, styled
from customerbase.segments.rules.moves import moves
from customerbase.segments.rules.reading import Rule, Rules, read_rule, read_rules, rule_texts

__all__ = [
    "BEFORE",
    "Columns",
    "Field",
    "Judged",
    "Rule",
    "Rules",
    "apply_rules",
    "cards",
    "columns",
    "moved",
    "moves",
    "overlap",
    "read_rule",
    "read_rules",
    "rule_texts",
    "styled",
    "tables",
]
