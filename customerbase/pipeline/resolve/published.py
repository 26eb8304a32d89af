"""Questions and decisions about the people of a published month: why are these one person, who waits, what was decided."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from customerbase import identity
from customerbase.engine import Engine
from customerbase.errors import InputError, near_miss
from customerbase.identity.decisions import Decision, unmerge_lines, write_decisions
from customerbase.identity.explain import Link, Part
from customerbase.identity.model import Model, from_row
from customerbase.stage import remembered
from customerbase.tables import store

TABLES = (
    "customers_std",
    "customers_src",
    "identity_links",
    "identity_edges",
    "identity_review",
    "identity_model",
    "id_history",
    "id_aliases",
)
SIDE_BY_SIDE = (
    "family_name", "given_name", "family_kana", "given_kana", "birth_date", "gender", "email", "phone", "postal_code",
    "prefecture", "city", "town", "block", "building", "registered_at",
)  # fmt: skip


@dataclass(frozen=True)
class Explanation:
    """Why two records are, or are not, one customer: the chain of links, and the direct comparison field by field."""

    records: tuple[str, str]
    customers: tuple[str, str]
    chain: list[Link]
    parts: list[Part]

    @property
    def weight(self) -> float:
        """The match weight of the two records compared directly, in bits."""
        return sum(part.bits for part in self.parts)


class People:
    """The published identity tables of one month, for questions of people."""

    def __init__(self, pipeline: str, month: str | None = None):
        months = store.published_months(pipeline)
        self.pipeline, self.month = pipeline, month or (months[-1] if months else "")
        paths = store.published_tables(pipeline, self.month)
        self.db = Engine()
        for table in TABLES:
            if table not in paths:
                raise InputError(
                    f"the run of {pipeline} {self.month} has no table {table!r}: its stages leave 02_identity out."
                )
            self.db.register(table, paths[table])

    def records(self, name: str) -> list[str]:
        """The records behind a record id, a customer id or an alias. Raises InputError with the near miss."""
        known = self.db.query(
            "select source_system || ':' || source_customer_id from identity_links"
            " where customer_id in (select coalesce((select customer_id from id_aliases where alias_id = $name), $name))"
            " or source_system || ':' || source_customer_id = $name order by 1",
            name=name,
        ).fetchall()
        if not known:
            like = self.db.query(
                "select source_system || ':' || source_customer_id as r from identity_links where left(r, 5) = left($name, 5)"
                " order by 1 limit 1000",
                name=name,
            ).fetchall()
            raise InputError(
                f"no record or customer {name!r} in {self.pipeline} {self.month}.{near_miss(name, [r for (r,) in like])}"
            )
        return [record for (record,) in known]

    def explain(self, one: str, other: str) -> Explanation:
        """Why the two are one customer or not; each is a record id, a customer id or an alias."""
        a, b = self.records(one)[0], next((r for r in self.records(other) if r != self.records(one)[0]), None)
        if b is None:
            raise InputError(f"{one!r} and {other!r} name the same single record; expected two.")
        ids = dict(
            self.db.query(
                "select source_system || ':' || source_customer_id, customer_id from identity_links"
                " where source_system || ':' || source_customer_id in $records",
                records=[a, b],
            ).fetchall()
        )
        chain = identity.path(self._edges(ids[a]), a, b) if ids[a] == ids[b] else []
        return Explanation((a, b), (ids[a], ids[b]), chain, identity.breakdown(self.db, self.model(), a, b))

    def model(self) -> Model:
        """The model as this month used it."""
        [row] = self.db.query("select version, sha256, settings, term_frequencies from identity_model").fetchall()
        return from_row(*row[2:])

    def _edges(self, customer: str) -> list[Link]:
        rows = self.db.query(
            "select record_a, record_b, rule, match_weight, evidence from identity_edges where state = 'kept' and record_a in"
            " (select source_system || ':' || source_customer_id from identity_links where customer_id = $customer)"
            " order by record_a, record_b",
            customer=customer,
        ).fetchall()
        return [Link(*row) for row in rows]

    def queue(self, limit: int = 20) -> list[tuple[str, str, str, float, str]]:
        """The review queue: record_a, record_b, reason, match weight, evidence; the likeliest matches first."""
        return self.db.query(
            "select record_a, record_b, reason, match_weight, evidence from identity_review"
            f" order by match_weight desc nulls last, record_a, record_b limit {int(limit)}"
        ).fetchall()

    def side_by_side(self, one: str, other: str) -> list[tuple[str, str, str]]:
        """Field, value of the one, value of the other: for the eyes of a reviewer, never written anywhere."""
        columns = ", ".join(f"coalesce(cast({column} as varchar), '')" for column in SIDE_BY_SIDE)
        rows = {
            row[0]: row[1:]
            for row in self.db.query(
                f"select source_system || ':' || source_customer_id, {columns} from customers_std"
                " where source_system || ':' || source_customer_id in $records",
                records=[one, other],
            ).fetchall()
        }
        empty = ("",) * len(SIDE_BY_SIDE)
        return list(zip(SIDE_BY_SIDE, rows.get(one, empty), rows.get(other, empty), strict=True))

    def unmerge(self, customer: str, *, apart: Iterable[str] = (), who: str, why: str, when: date) -> list[Decision]:
        """The decisions that undo a customer's latest merge, or that part the records `apart` from its others."""
        apart = list(apart)
        if not apart:
            return unmerge_lines(self.db.query("select * from id_history"), customer, who=who, why=why, when=when)
        members = self.records(customer)
        for record in apart:
            if record not in members:
                raise InputError(f"{record!r} is no record of {customer!r}.{near_miss(record, members)}")
        others = [record for record in members if record not in apart]
        pairs = sorted(tuple(sorted((one, other))) for one in apart for other in others)
        return [Decision("not_same", a, b, who, why, when) for a, b in pairs]

    def decide(self, decisions: list[Decision]) -> Path:
        """Add decisions to the reviewed file pipelines/decisions/<pipeline>.csv; they hold from the next run on."""
        path = store.home() / "pipelines" / "decisions" / f"{self.pipeline}.csv"
        store.replace(path, write_decisions(decisions, remembered.decisions(self.pipeline)))
        return path
