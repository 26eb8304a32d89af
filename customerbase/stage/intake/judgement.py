"""Which raw rows are accepted: the expectations of each table, duplicates, rows after the month, rules between tables.

The raw row is the unit: what one table refuses, no table gets. A derived row (one order from its lines) that is refused
takes every raw row behind it along; when only some of them go for another reason, it is derived again without them,
until nothing more is set aside.
"""

import dataclasses
from datetime import date

from customerbase.engine import identifier, literal
from customerbase.errors import RunError
from customerbase.quality import setting_aside as aside
from customerbase.sources import rows
from customerbase.sources.mapping import TableMap
from customerbase.stage.intake.landing import Part, Types, empty_sql, incoming_sql
from customerbase.stage.intake.workspace import Workspace
from customerbase.tables import Schema, flag_sql

TURNS = 20  # real data need one or two


class Judgement:
    """Leaves in the engine, for each table: the view <table> (accepted rows) and _first_<table> (rows as they came in).

    Also _flags (turn, table_name, _row, severity, column_name, reason) and _rejected (_row, turn).
    """

    def __init__(self, space: Workspace, parts: list[Part], schemas: dict[str, Schema], types: Types, as_of: date):
        self.space, self.parts, self.schemas, self.types, self.as_of = space, parts, schemas, types, as_of
        maps = [item for part in parts for item in part.spec.tables]
        self.fed = sorted({item.table for item in maps})
        self.derived = sorted({item.table for item in maps if item.derived})
        self._turn, self._kept_flags = 0, 0
        self._begin()
        self._judge_raw()
        while self._another_turn():
            pass
        space.store("_all_flags", "select * from _flags")
        space.view("_flags", "select * from _all_flags")

    def made(self, table: str) -> list[str]:
        """The columns of a table that some source fills, in the declared order."""
        filled = {column for _, item in self._maps(table) for column in item.made}
        return [column for column in self.types[table] if column in filled]

    def _begin(self) -> None:
        self.space.empty("_rejected", "_row bigint, turn integer")
        self.space.empty(
            "_no_flags",
            "turn integer, table_name varchar, _row bigint, severity varchar, column_name varchar, reason varchar",
        )
        self._keep_flags("select * from _no_flags")
        for table in self.schemas:
            self._incoming(table)

    def _judge_raw(self) -> None:
        """Turn 0: records that are no records, cells that could not be read, tables fed row by row."""
        for part in self.parts:
            whole = (
                f"select _row, 'block|{aside.WHOLE_RECORD}|' || _bad as entry from {part.mapped} where _bad is not null"
            )
            self._settle(whole, part.spec.primary.table)
            for item in part.spec.tables:
                if item.derived:
                    errors = f"unnest({identifier(item.table + '._errors')}) as entry"
                    self._settle(f"select _row, {errors} from {part.mapped} where _bad is null", item.table)
        for table in self.fed:
            if any(not item.derived for _, item in self._maps(table)):
                self._judge_alone(table)

    def _another_turn(self) -> bool:
        """Derive, judge what was derived, apply the rules between tables; True while derived rows must be built anew."""
        self._turn += 1
        if self._turn > TURNS:
            raise RunError(
                f"rows were still being set aside after {TURNS} turns: rules of the tables work against each other."
            )
        self.space.view("_before", f"select _row from _rejected where turn < {self._turn}")
        for table in self.derived:
            self._derive(table)
            self._judge_alone(table)
        for table in aside.order_of({table: self._looks_into(table) for table in self.fed}):
            self._judge_between(table)
        return any(self.space.count(aside.partly_sql(f"_groups_{table}", "_rejected")) for table in self.derived)

    def _derive(self, table: str) -> None:
        derived, groups = {}, []
        for part, item in self._maps(table):
            if item.derived:
                name = derived[part.number] = f"_derived_{part.number}_{table}_{self._turn}"
                self.space.store(name, rows.collapse_sql(item, self.types[table], part.mapped, "_before"))
                groups.append(aside.groups_sql(table, item.one_row_per, name, part.mapped, "_before"))
        self.space.view(f"_groups_{table}", " union all ".join(groups))
        self._incoming(table, derived)

    def _incoming(self, table: str, derived: dict[int, str] | None = None) -> None:
        pieces = [
            incoming_sql(part, item, self.types[table], (derived or {}).get(part.number))
            for part, item in self._maps(table)
        ]
        together = " union all ".join(pieces or [empty_sql(self.types[table])])
        self.space.view(f"_in_{table}", together)
        if self._turn <= 1:
            self.space.view(f"_first_{table}", together)
        self.space.view(table, f"select * from _in_{table} anti join _rejected using (_row)")

    def _judge_alone(self, table: str) -> None:
        """The rules that look at one table only, then duplicates among the rows that are left."""
        schema = self.schemas[table]
        own = [
            rule
            for rule in schema.expectations
            if not rule.tables and not (rule.implied and rule.reason == "duplicate_key")
        ]
        flagged = flag_sql(dataclasses.replace(schema, expectations=own), f"_in_{table}")
        self._settle(aside.findings_sql(flagged, table, list(schema.columns), self.as_of, errors=True), table)
        self._settle(aside.duplicates_sql(table, schema.key), table)

    def _judge_between(self, table: str) -> None:
        """The rules that look into other tables, and what follows from an order that was set aside."""
        schema = self.schemas[table]
        if table in aside.PARTS_OF_ORDERS and "orders" in self.fed:
            self._settle(aside.orphans_sql(table, "_in_orders", "orders", "_flags", "_rejected"), table)
        between = [rule for rule in schema.expectations if rule.tables]
        if between:
            flagged = flag_sql(dataclasses.replace(schema, expectations=between), table)
            self._settle(aside.findings_sql(flagged, table, list(schema.columns), self.as_of, errors=False), table)

    def _looks_into(self, table: str) -> set[str]:
        others = {other for rule in self.schemas[table].expectations for other in rule.tables}
        return others | ({"orders"} if table in aside.PARTS_OF_ORDERS else set())

    def _settle(self, findings: str, table: str) -> None:
        """Keep findings as flags; the rows they block are set aside from here on."""
        self.space.table("_found", findings)
        if not self.space.count("select count(*) from _found"):
            return
        groups = f"_groups_{table}" if self._turn and table in self.derived else None
        name = self._keep_flags(aside.flags_sql("_found", table, self._turn, groups))
        self.space.run(
            f"insert into _rejected select distinct _row, {self._turn} from {name} where severity = 'block'"
            " and _row not in (select _row from _rejected)"
        )

    def _keep_flags(self, query: str) -> str:
        self._kept_flags += 1
        name = f"_flags_{self._kept_flags:04d}"
        self.space.store(name, query)
        every = literal(str(self.space.folder / "_flags_*.parquet"))
        self.space.view("_flags", f"select * from read_parquet({every})")
        return name

    def _maps(self, table: str) -> list[tuple[Part, TableMap]]:
        return [(part, item) for part in self.parts for item in part.spec.tables if item.table == table]
