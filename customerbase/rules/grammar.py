"""The grammar of rules: an allow-list over the tree that sqlglot reads; everything else is refused by name.

The tree is only looked at. What runs is written anew from checked columns and bound values (values.py, conditions
here), so nothing of a rule's text reaches an engine. Three-valued throughout: a condition on an empty value is unknown.
"""

import unicodedata

from customerbase.rules.columns import Columns
from customerbase.rules.faults import ALLOWED, RuleFault, refused, start_of
from customerbase.rules.terms import MIRRORED, OPPOSITE, Condition, Either, Every, Logic, Value, leaves
from customerbase.rules.values import Values, day

LONGEST, MOST_WORDS, DEEPEST, MOST_CONDITIONS, LONGEST_CHAIN = 1000, 250, 10, 30, 40
_COMPARISONS = {"LT": "<", "LTE": "<=", "GT": ">", "GTE": ">=", "EQ": "=", "NEQ": "<>"}
# arguments a node may have; any other that is set is something else in disguise (a window, a subquery, an escape)
_CONDITIONS = {
    **dict.fromkeys(("And", "Or", "Is", "Like", *_COMPARISONS), ("this", "expression")),
    **dict.fromkeys(("Not", "Paren"), ("this",)),
    "Between": ("this", "low", "high"),
    "In": ("this", "expressions"),
}


def parse(text: object, columns: Columns, *, prefix: str = "r") -> tuple[Logic, dict[str, str]]:
    """The rule as checked conditions, and the texts that its SQL names as $names (all begin with prefix).

    Raises RuleFault with the position for anything that is not on the list, a column that is not in `columns`, and
    sides that do not fit.
    """
    tree = _tree(_plain(text))
    reader = _Reader(columns, prefix)
    try:
        logic = reader.logic(tree, False)
    except RecursionError as error:
        raise RuleFault("is nested too deeply; use fewer parentheses and nots.") from error
    if len(leaves(logic)) > MOST_CONDITIONS:
        raise RuleFault(f"has {len(leaves(logic))} conditions; at most {MOST_CONDITIONS} can still be read.")
    return logic, reader.values.texts


def _plain(text: object) -> str:
    if not isinstance(text, str) or not text.strip():
        raise RuleFault(f"is {text!r}; expected a condition such as: days_since_last_order > 90")
    if len(text) > LONGEST:
        raise RuleFault(f"has {len(text):,} characters; at most {LONGEST:,} can still be read.")
    for place, character in enumerate(text):
        if unicodedata.category(character) in ("Cc", "Cs", "Cf") and character not in "\n\t":
            raise RuleFault(f"has the invisible character U+{ord(character):04X}; take it out.", place)
    return text


def _tree(text: str):
    import sqlglot  # imported here: most of a second that only pipelines with rules need
    from sqlglot import exp

    try:
        words = sqlglot.tokenize(text, read="duckdb")
        _words(words)
        return sqlglot.parse_one(text, read="duckdb", into=exp.Condition)
    except RuleFault:
        raise
    except sqlglot.ParseError as error:
        told = error.errors[0] if error.errors else {}
        near = f" near {told['highlight']!r}" if told.get("highlight") else ""
        start = len(told["start_context"]) if near and len(text) < 90 else None  # the context is cut at 100 characters
        raise RuleFault(f"does not read as a condition{near}; {ALLOWED}.", start) from error
    except Exception as error:  # a parser of a whole language has more ways to fail than are documented
        raise RuleFault(f"does not read as a condition (is a quote or a parenthesis left open?); {ALLOWED}.") from error


def _words(words: list) -> None:
    """Refuse before parsing what no rule needs and what could keep the parser busy."""
    if len(words) > MOST_WORDS:
        raise RuleFault(f"has {len(words)} words and signs; at most {MOST_WORDS} can still be read.")
    depth = 0
    for word in words:
        depth += {"(": 1, ")": -1}.get(word.text, 0) * (word.token_type.name in ("L_PAREN", "R_PAREN"))
        if word.token_type.name == "SEMICOLON":
            raise RuleFault("has a semicolon; a rule is one condition.", word.start)
        if word.comments:
            raise RuleFault("has a comment (-- or /*); comments go into the YAML, behind a #.", word.end + 1)
        if depth > DEEPEST:
            raise RuleFault(f"is nested more than {DEEPEST} deep; use fewer parentheses.", word.start)


class _Reader:
    """Reads one tree into conditions; `nay` says whether an odd number of nots stands above."""

    def __init__(self, columns: Columns, prefix: str):
        self.values = Values(columns, prefix)

    def logic(self, node, nay: bool, depth: int = 0) -> Logic:
        """The conditions below a node."""
        if depth > LONGEST_CHAIN:
            raise RuleFault(
                f"joins more than {LONGEST_CHAIN} conditions by and, or and not; split it into two segments."
            )
        kind = type(node).__name__
        only = (*_CONDITIONS.get(kind, ()), "negate")  # how some versions of the parser write `not like`
        if kind in _CONDITIONS and any(value for key, value in node.args.items() if key not in only):
            raise refused(node)
        nay = nay != bool(node.args.get("negate"))
        match kind:
            case "Paren":
                return self.logic(node.this, nay, depth + 1)
            case "Not":
                return self.logic(node.this, not nay, depth + 1)
            case "And" | "Or":
                join = Every if (kind == "And") != nay else Either  # De Morgan; holds of unknown too
                sides = [self.logic(side, nay, depth + 1) for side in (node.this, node.expression)]
                return join(tuple(part for side in sides for part in (side.parts if type(side) is join else (side,))))
            case "Between":
                return self._between(node, nay)
            case "In" | "Is" | "Like":
                return getattr(self, f"_{kind.lower()}")(node, nay)
            case _ if kind in _COMPARISONS:
                op = _COMPARISONS[kind]
                sides = self.values.of(node.this), self.values.of(node.expression)
                return self.compare(node, *sides, OPPOSITE[op] if nay else op)
        return self._alone(node, nay)

    def compare(self, node, left: Value, right: Value, op: str) -> Condition:
        """left op right, the column on the left; dates written as texts become dates, percentiles get their column."""
        if not left.fields and right.fields:
            left, right, op = right, left, MIRRORED[op]
        left, right = day(left, right), day(right, left)
        if not left.fields:
            raise RuleFault(
                "looks at no column; a condition compares a customer's column with something.", start_of(node)
            )
        if "nothing" in (left.kind, right.kind):
            raise RuleFault("compares with null, which is never true; write `is null`.", start_of(node))
        if left.kind != right.kind:
            raise RuleFault(
                f"compares {left.text} ({left.kind}) with {right.text} ({right.kind}); both sides have to be alike.",
                start_of(node),
            )
        if left.kind in ("text", "yes or no") and op not in ("=", "<>"):
            raise RuleFault(f"compares {left.kind} by {op}, but it has no order; use = , <> or in (…).", start_of(node))
        if left.kind == "yes or no" and isinstance(right.literal, bool):
            return self._flag(left, right.literal != (op == "<>"))
        self.values.possible(left, right, start_of(node))
        thresholds = self._thresholds(node, left, right)
        numbers = left.kind == "number"
        return Condition(
            f"({left.sql} {op} {right.sql})",
            f"{left.text} {op} {right.text}",
            (*left.fields, *right.fields),
            *((left.sql, right.sql) if numbers else (None, None)),
            op if numbers else None,
            thresholds,
        )

    def _thresholds(self, node, left: Value, right: Value) -> dict:
        asked = {**left.percentiles, **right.percentiles}
        if asked and (left.percentiles or not left.alone or left.kind != "number"):
            raise RuleFault(
                "uses percentile(n) where the other side is not one column of numbers; write column >= percentile(n).",
                start_of(node),
            )
        return {name: (left.fields[0], n) for name, n in asked.items()}

    def _between(self, node, nay: bool) -> Logic:
        value, low, high = (self.values.of(node.args[key]) for key in ("this", "low", "high"))
        ops = ("<", ">") if nay else (">=", "<=")
        parts = tuple(self.compare(node, value, end, op) for end, op in zip((low, high), ops, strict=True))
        return (Either if nay else Every)(parts)

    def _in(self, node, nay: bool) -> Condition:
        value = self.values.of(node.this)
        options = [day(self.values.of(one), value) for one in node.expressions]
        if not options:
            raise RuleFault(f"has an empty list behind {value.text} in.", start_of(node))
        for one in options:
            if one.literal is None or one.kind != value.kind or value.kind == "yes or no" or not value.fields:
                raise RuleFault(
                    f"asks whether {value.text} ({value.kind}) is in a list with {one.text}; expected a column and"
                    f" constants of its kind.",
                    start_of(node),
                )
            self.values.possible(value, one, start_of(node))
        word = "not in" if nay else "in"
        sql, text = (", ".join(getattr(one, what) for one in options) for what in ("sql", "text"))
        return Condition(f"({value.sql} {word} ({sql}))", f"{value.text} {word} ({text})", value.fields)

    def _is(self, node, nay: bool) -> Condition:
        value, other = self.values.of(node.this), self.values.of(node.expression)
        if other.kind != "nothing" or not value.fields:
            raise refused(node)
        word = "is not null" if nay else "is null"
        return Condition(f"({value.sql} {word})", f"{value.text} {word}", value.fields)

    def _like(self, node, nay: bool) -> Condition:
        value, pattern = self.values.of(node.this), self.values.of(node.expression)
        if value.kind != "text" or not value.fields or not isinstance(pattern.literal, str) or "\\" in pattern.literal:
            raise RuleFault(
                f"has {value.text} like {pattern.text}; expected a column of text and a text in quotes, without \\.",
                start_of(node),
            )
        word = "not like" if nay else "like"
        return Condition(f"({value.sql} {word} {pattern.sql})", f"{value.text} {word} {pattern.text}", value.fields)

    def _alone(self, node, nay: bool) -> Condition:
        value = self.values.of(node) if type(node).__name__ == "Column" else None
        if value is None:
            raise refused(node)
        if value.kind != "yes or no":
            raise RuleFault(f"has {value.text} ({value.kind}) alone; expected a comparison with it.", start_of(node))
        return self._flag(value, not nay)

    def _flag(self, value: Value, wanted: bool) -> Condition:
        word = "" if wanted else "not "
        return Condition(f"({word}{value.sql})", f"{word}{value.text}", value.fields)
