"""The rule language: readable conditions over the columns of one-row-per-customer tables, checked, compiled, explained.

Segments by rule and audiences are written in it (docs/segment-rules.md).
"""

from customerbase.rules.columns import BEFORE, Columns, Field, columns
from customerbase.rules.reading import Rule, Rules, read_logic, read_rule, read_rules, rule_texts

__all__ = [
    "BEFORE",
    "Columns",
    "Field",
    "Rule",
    "Rules",
    "columns",
    "read_logic",
    "read_rule",
    "read_rules",
    "rule_texts",
]
