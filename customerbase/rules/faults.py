"""What is wrong with a rule, and where in its text: turned into one ConfigError by whoever knows the file."""


class RuleFault(Exception):
    """A rule says something that cannot be. `start`: the character it begins at, from 0; None when it is the whole."""

    def __init__(self, message: str, start: int | None = None):
        super().__init__(message)
        self.start = start

    def at(self, start: int | None) -> "RuleFault":
        """The same fault with a place, unless it has one."""
        return self if self.start is not None else RuleFault(str(self), start)


ALLOWED = (
    "allowed are < <= > >= = <>, and, or, not, between, in (…), like '…', is null, + - * /, numbers, 'texts', dates,"
    " abs, coalesce, lower, upper, days_between(date column), percentile(n)"
)
_HINTS = {
    **dict.fromkeys(("LT", "LTE", "GT", "GTE"), "compare one pair at a time, joined by and; or write between"),
    "ILike": "write lower(column) like '…'",
    "Null": "write `is null` or `is not null`",
    "Subquery": "a rule looks at one customer's columns, never at a query",
    "Select": "a rule looks at one customer's columns, never at a query",
    "Exists": "a rule looks at one customer's columns, never at a query",
    "CurrentDate": "rules know no today; days_between(column) counts up to the as-of date",
    "CurrentTimestamp": "rules know no today; days_between(column) counts up to the as-of date",
    "DateDiff": "days_between(column) counts the days up to the as-of date",
    "Cast": "dates are written '2026-10-31', and a time counts as its day",
    "Case": "write the cases with and / or",
    "DPipe": "compare each text by itself",
}


def refused(node) -> RuleFault:
    """The fault of a node of the parser's tree that stands on no list."""
    kind = type(node).__name__
    rest = f": {_HINTS[kind]}." if kind in _HINTS else f"; {ALLOWED}."
    return RuleFault(f"uses {kind}, which rules do not allow{rest}", start_of(node))


def start_of(node) -> int | None:
    """Where a node begins in the rule, as far as the parser tells."""
    return min((one.meta["start"] for one in node.walk() if "start" in one.meta), default=None)
