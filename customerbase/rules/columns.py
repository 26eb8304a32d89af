"""What a rule may name: columns of the tables that have one row per customer, as the data dictionary declares them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from customerbase.errors import near_miss
from customerbase.rules.faults import RuleFault

BEFORE = "previous_"  # as a page sees a table of the newest published month before this one
_KINDS = {"VARCHAR": "text", "BOOLEAN": "yes or no", "DATE": "date", "TIMESTAMP": "date"}


@dataclass(frozen=True)
class Field:
    """One column a rule may name. kind: number, text, date (a time counts as its day) or "yes or no".

    values: all values it can take, where the dictionary lists them; empty otherwise.
    """

    table: str
    name: str
    kind: str
    values: tuple[str, ...] = ()

    @property
    def full(self) -> str:
        """The name with its table: cltv.p_alive."""
        return f"{self.table}.{self.name}"


@dataclass(frozen=True)
class Columns:
    """The columns that rules may name on one page, and what is known of all others so that errors can help.

    readable: tables of the page, those of the month before as previous_<table>. fields: their columns. elsewhere:
    columns of tables with one row per customer that the page does not read. contact: columns that no rule may name.
    """

    readable: tuple[str, ...]
    fields: tuple[Field, ...]
    elsewhere: tuple[Field, ...]
    contact: frozenset[str]

    @property
    def now(self) -> tuple[str, ...]:
        """The readable tables of this month: who stands in one of them is counted."""
        return tuple(table for table in self.readable if not table.startswith(BEFORE))

    def find(self, name: str, table: str | None) -> Field:
        """The column of this name, of this table when one is given.

        Raises RuleFault: unknown (with the near miss, or the table that has it), in several tables, or contact data.
        """
        if table is not None:
            return self._in(table, name)
        found = [field for field in self.fields if field.name == name and field.table in self.now]
        if len(found) == 1:
            return found[0]
        if found:
            raise RuleFault(
                f"{name!r} stands in several tables; write {_or(field.full for field in found)}, whichever is meant."
            )
        raise RuleFault(self._unknown(name))

    def shown(self, field: Field) -> str:
        """How a condition names the column: bare where that can mean only this one."""
        alone = sum(other.name == field.name and other.table in self.now for other in self.fields) == 1
        return field.name if alone and field.table in self.now else field.full

    def _in(self, table: str, name: str) -> Field:
        found = {(field.table, field.name): field for field in self.fields}
        if (table, name) in found:
            return found[table, name]
        if name in self.contact:
            raise RuleFault(self._contact(name))
        if table in self.readable:
            names = [field.name for field in self.fields if field.table == table]
            raise RuleFault(f"table {table!r} has no column {name!r} that a rule may name.{near_miss(name, names)}")
        if any(field.table == table for field in self.elsewhere):
            raise RuleFault(f"table {table!r} is not one this page reads; {self._reads()}.{self._earlier(table, name)}")
        raise RuleFault(f"there is no table {table!r} for rules; {self._reads()}.{near_miss(table, self.readable)}")

    def _unknown(self, name: str) -> str:
        if name == "customer_id":
            return "customer_id names one person; a rule describes a group by its other columns."
        if name in self.contact:
            return self._contact(name)
        if before := [field.full for field in self.fields if field.name == name]:
            return f"{name!r} is known here of the month before only; say so: {_or(before)}."
        if there := sorted(field.table for field in self.elsewhere if field.name == name):
            return f"{name!r} stands in table {_or(there)}, which this page does not read; {self._reads()}."
        known = dict.fromkeys(field.name for field in (*self.fields, *self.elsewhere))
        close = near_miss(name, known)
        place = close and next((f" It stands in table {f.table!r}." for f in self.fields if repr(f.name) in close), "")
        return f"there is no column {name!r}.{close}{place}" + ("" if close else f" {self._reads().capitalize()}.")

    def _contact(self, name: str) -> str:
        return f"{name!r} is contact data and stays out of analysis; {self._reads()}."

    def _reads(self) -> str:
        return f"it may name columns of {', '.join(self.readable)}"

    def _earlier(self, table: str, name: str) -> str:
        there = any((field.table, field.name) == (BEFORE + table, name) for field in self.fields)
        return f" Of the month before it is known: {BEFORE}{table}.{name}." if there else ""


def columns(schemas: Mapping, readable: Iterable[str], values: Mapping[str, Iterable[str]] | None = None) -> Columns:
    """The columns that rules may name on a page that reads these tables.

    schemas: those of expectations/ by table (tables.schemas()). Of `readable` those count that are of kind analysis
    with the key customer_id and without contact data; previous_<table> is that table of the month before. values: the
    values of a column named table.column, where the dictionary does not list them.
    """
    ours = {name: one for name, one in schemas.items() if _per_customer(one)}
    told = dict(values or {})
    readable = tuple(dict.fromkeys(table for table in readable if table.removeprefix(BEFORE) in ours))
    fields = [field for table in readable for field in _fields(table, ours[table.removeprefix(BEFORE)], told)]
    rest = [field for name, one in ours.items() if name not in readable for field in _fields(name, one, told)]
    contact = {column for one in schemas.values() for column in one.contact_columns}
    plain = {field.name for field in (*fields, *rest)}
    return Columns(readable, tuple(fields), tuple(rest), frozenset(contact - plain))


def _per_customer(schema) -> bool:
    return schema.kind == "analysis" and schema.key == ("customer_id",) and not schema.contact_columns


def _fields(table: str, schema, told: Mapping[str, Iterable[str]]) -> list[Field]:
    listed = {
        each.kwargs["column"]: each.kwargs["value_set"]
        for each in schema.expectations
        if each.type == "expect_column_values_to_be_in_set" and each.severity == "block"
    }
    listed |= {name.partition(".")[2]: these for name, these in told.items() if name.startswith(f"{schema.name}.")}
    return [
        Field(table, column.name, _KINDS.get(column.type, "number"), tuple(map(str, listed.get(column.name, ()))))
        for column in schema.columns.values()
        if column.sensitivity in ("public", "internal")
    ]


def _or(words: Iterable[str]) -> str:
    return " or ".join(words)
