"""What a checked rule is made of: values, conditions, and how these hang together. Nothing of its text is left in it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from customerbase.rules.columns import Field

OPPOSITE = {"<": ">=", ">=": "<", ">": "<=", "<=": ">", "=": "<>", "<>": "="}
MIRRORED = {"<": ">", ">": "<", "<=": ">=", ">=": "<=", "=": "=", "<>": "<>"}
_MARK = re.compile("\0([a-z0-9_]+)\0")  # a threshold's place in a text; rules hold no control characters


@dataclass(frozen=True)
class Value:
    """One side of a comparison. sql: with its texts and thresholds as $names; text: as a reader writes it.

    kind: that of the column, "nothing" for null. fields: columns it looks at. percentiles: name -> n, as yet without
    a column. literal: the Python value of a constant. alone: it is one column and no more.
    """

    kind: str
    sql: str
    text: str
    fields: tuple[Field, ...] = ()
    percentiles: Mapping[str, Fraction] = field(default_factory=dict)
    literal: str | float | bool | date | None = None
    alone: bool = False
    binary: bool = False

    @property
    def inner(self) -> str:
        """Its text as part of a larger one."""
        return f"({self.text})" if self.binary else self.text


@dataclass(frozen=True)
class Condition:
    """A leaf of a rule: true, false or unknown of every customer.

    value, bound: SQL of the two sides where numbers are compared (op says how), else None. thresholds: name ->
    (column, n) of the percentiles in it.
    """

    sql: str
    text: str
    fields: tuple[Field, ...]
    value: str | None = None
    bound: str | None = None
    op: str | None = None
    thresholds: Mapping[str, tuple[Field, Fraction]] = field(default_factory=dict)

    def shown(self, found: Mapping[str, float | None] | None = None) -> str:
        """The condition as text; with the thresholds of a run each stands behind its percentile."""
        return _MARK.sub(lambda mark: "" if found is None else f" (= {figure(found.get(mark[1]))})", self.text)


@dataclass(frozen=True)
class Every:
    """All parts hold (and)."""

    parts: tuple
    word = "and"


@dataclass(frozen=True)
class Either:
    """At least one part holds (or)."""

    parts: tuple
    word = "or"


Logic = Condition | Every | Either


def leaves(logic: Logic) -> list[Condition]:
    """The conditions of a rule from left to right, each once; the first has number 1 wherever they are counted."""
    found = [logic] if isinstance(logic, Condition) else [leaf for part in logic.parts for leaf in leaves(part)]
    once: dict[str, Condition] = {}
    for leaf in found:
        once.setdefault(leaf.shown(), leaf)
    return list(once.values())


def combined(logic: Logic, name) -> str:
    """The rule over names of its conditions: name(condition) gives each one's."""
    if isinstance(logic, Condition):
        return name(logic)
    return "(" + f" {logic.word} ".join(combined(part, name) for part in logic.parts) + ")"


def marked(name: str) -> str:
    """The place of a threshold in a text."""
    return f"\0{name}\0"


def figure(value: float | None) -> str:
    """A threshold or a value as a reader sees it: 12,340; 0.8231; "unknown" where there is none."""
    if value is None or value != value:
        return "unknown"
    if abs(value) >= 100 or float(value).is_integer():
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    return f"{value:.4g}"
