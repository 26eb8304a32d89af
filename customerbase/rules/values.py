"""One side of a comparison: columns, constants, arithmetic and the few functions that rules have."""

import re
from datetime import date
from fractions import Fraction

from customerbase.engine import identifier, literal
from customerbase.errors import near_miss
from customerbase.rules.columns import Columns, Field
from customerbase.rules.faults import RuleFault, refused, start_of
from customerbase.rules.terms import Value, marked

DEEPEST = 20
FUNCTIONS = ("abs", "coalesce", "days_between", "lower", "percentile", "upper")
_ARITHMETIC = {"Add": "+", "Sub": "-", "Mul": "*", "Div": "/"}
_NAMED = {"Abs": "abs", "Coalesce": "coalesce", "Lower": "lower", "Upper": "upper"}
_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{0,15})?|\.[0-9]{1,15}")
_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?")


def day(value: Value, other: Value) -> Value:
    """A text beside a date, read as a date. Raises RuleFault when it is none."""
    if other.kind != "date" or not isinstance(value.literal, str):
        return value
    return _dated(value.literal, None)


def _dated(text: str, start: int | None) -> Value:
    try:
        when = date.fromisoformat(text) if re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text) else None
    except ValueError:
        when = None
    if when is None or when.year < 1000:
        raise RuleFault(f"has {text!r} where a date belongs; expected 'YYYY-MM-DD', such as '2026-10-31'.", start)
    return Value("date", literal(when), f"'{when}'", literal=when)


class Values:
    """Reads the sides of comparisons. texts: what the SQL names as $names."""

    def __init__(self, columns: Columns, prefix: str):
        self.columns, self.prefix = columns, prefix
        self.texts: dict[str, str] = {}
        self.asked, self.depth = 0, 0

    def of(self, node) -> Value:
        """The checked value of a node. Raises RuleFault for one that is not on the list."""
        self.depth += 1
        if self.depth > DEEPEST:
            raise RuleFault(f"is nested more than {DEEPEST} deep; use fewer parentheses and signs.")
        try:
            return self._of(node)
        finally:
            self.depth -= 1

    def _of(self, node) -> Value:
        kind = type(node).__name__
        try:
            read = getattr(self, f"_{kind.lower()}", None)
            if read and kind in ("Paren", "Column", "Literal", "Null", "Boolean", "Neg", "Anonymous", "Cast"):
                return read(node)
            if kind in _ARITHMETIC:
                return self._two(node, _ARITHMETIC[kind])
            if kind in _NAMED and not _more(node, "this", "expressions"):
                return self._call(_NAMED[kind], [node.this, *node.expressions], node)
        except RuleFault as fault:
            raise fault.at(start_of(node)) from None
        raise refused(node)

    def possible(self, value: Value, other: Value, start: int | None) -> None:
        """Raise RuleFault for a text that a column never holds, as far as the dictionary lists what it holds."""
        if value.alone and value.fields[0].values and isinstance(other.literal, str):
            known = value.fields[0].values
            if other.literal not in known:
                raise RuleFault(
                    f"asks for {value.text} {other.text}, which never occurs; expected one of {', '.join(known)}."
                    f"{near_miss(other.literal, known)}",
                    start,
                )

    def _paren(self, node) -> Value:
        return self.of(node.this)

    def _column(self, node) -> Value:
        if _more(node, "this", "table") or type(node.this).__name__ != "Identifier":
            raise RuleFault(f"names {node.sql(dialect='duckdb')!r}; expected column or table.column.")
        found = self.columns.find(node.name, node.table or None)
        return Value(found.kind, _read(found), self.columns.shown(found), (found,), alone=True)

    def _literal(self, node) -> Value:
        if node.is_string:
            return self._text(node.this)
        if not _NUMBER.fullmatch(node.this):
            raise RuleFault(f"has the number {node.this[:40]}; expected digits such as 90 or 0.5, at most 15.")
        value = float(node.this)
        return Value("number", literal(value), node.this, literal=value)

    def _text(self, text: str) -> Value:
        name = next((name for name, known in self.texts.items() if known == text), f"{self.prefix}_t{len(self.texts)}")
        self.texts[name] = text
        return Value("text", f"${name}", "'" + text.replace("'", "''") + "'", literal=text)

    def _null(self, node) -> Value:
        return Value("nothing", "null", "null")

    def _boolean(self, node) -> Value:
        return Value("yes or no", literal(bool(node.this)), str(bool(node.this)).lower(), literal=bool(node.this))

    def _cast(self, node) -> Value:
        if type(node.this).__name__ == "Literal" and node.this.is_string and node.to.sql() == "DATE":
            return _dated(node.this.this, start_of(node))
        raise refused(node)

    def _neg(self, node) -> Value:
        value = self._number(node.this, "-")
        negative = -value.literal if isinstance(value.literal, float) else None
        return Value("number", f"(- {value.sql})", f"-{value.inner}", value.fields, value.percentiles, negative)

    def _two(self, node, sign: str) -> Value:
        left, right = self._number(node.this, sign), self._number(node.expression, sign)
        divisor = f"nullif({right.sql}, cast('0.0' as double))" if sign == "/" else right.sql
        return Value(
            "number",
            f"({left.sql} {sign} {divisor})",
            f"{left.inner} {sign} {right.inner}",
            (*left.fields, *right.fields),
            {**left.percentiles, **right.percentiles},
            binary=True,
        )

    def _number(self, node, where: str) -> Value:
        value = self.of(node)
        if value.kind != "number":
            raise RuleFault(f"has {value.text} ({value.kind}) with {where}; expected numbers.", start_of(node))
        return value

    def _anonymous(self, node) -> Value:
        name = str(node.this).lower()
        if name == "percentile":
            return self._percentile(node)
        if name == "days_between":
            return self._call(name, node.expressions, node)
        raise RuleFault(
            f"calls {str(node.this)[:40]!r}; the functions of rules are {', '.join(FUNCTIONS)}."
            f"{near_miss(name, FUNCTIONS)}"
        )

    def _percentile(self, node) -> Value:
        told = [one.this for one in node.expressions if type(one).__name__ == "Literal" and not one.is_string]
        n = (
            Fraction(told[0])
            if len(told) == len(node.expressions) == 1 and _PERCENT.fullmatch(told[0])
            else Fraction(0)
        )
        if not 0 < n <= 100:
            raise RuleFault("has percentile(…) without one number above 0 and up to 100, such as percentile(80).")
        name = f"{self.prefix}_p{self.asked}"
        self.asked += 1
        return Value(
            "number", f"cast(${name} as double)", f"percentile({told[0]}){marked(name)}", percentiles={name: n}
        )

    def _call(self, name: str, nodes: list, node) -> Value:
        given = [self.of(one) for one in nodes]
        wanted = {"abs": "number", "lower": "text", "upper": "text", "days_between": "date"}.get(name, given[0].kind)
        if name != "coalesce" and len(given) != 1:
            raise RuleFault(f"gives {name}() {len(given)} values; expected one.")
        if name == "coalesce":
            given = [day(one, given[0]) for one in given]
        for one in given:
            if one.kind != wanted or one.kind == "nothing" or (name == "days_between" and not one.fields):
                raise RuleFault(f"gives {name}() the {one.kind} {one.text}; expected a {wanted} column.")
        inside, text = (", ".join(getattr(one, what) for one in given) for what in ("sql", "text"))
        sql = f"cast(date_diff('day', {inside}, $as_of) as double)" if name == "days_between" else f"{name}({inside})"
        fields = tuple(field for one in given for field in one.fields)
        percentiles = {name: n for one in given for name, n in one.percentiles.items()}
        return Value("number" if name == "days_between" else wanted, sql, f"{name}({text})", fields, percentiles)


def _read(field: Field) -> str:
    """A column in SQL: every number a double, every time its day, so that both engines reckon alike."""
    column = f"{identifier(field.table)}.{identifier(field.name)}"
    return {"number": f"cast({column} as double)", "date": f"cast({column} as date)"}.get(field.kind, column)


def _more(node, *known: str) -> bool:
    return any(value for key, value in node.args.items() if key not in known)
