"""Why two records are one person: the chain of links between them, and what each field says about any two records."""

from dataclasses import dataclass

from customerbase.engine import Engine
from customerbase.errors import InputError
from customerbase.identity.linkage import make_linkage
from customerbase.identity.model import Model
from customerbase.identity.scoring import Scorer


@dataclass(frozen=True)
class Part:
    """What one field contributes: the level reached and its bits, for (+) or against (-) one person."""

    field: str
    level: str
    bits: float


@dataclass(frozen=True)
class Link:
    """One kept edge on the way from one record to another."""

    record_a: str
    record_b: str
    rule: str | None
    match_weight: float | None
    evidence: str

    @property
    def strength(self) -> tuple[bool, float]:
        """Keys before scores, then bits."""
        return self.rule is not None, self.match_weight or 0.0


def breakdown(db: Engine, model: Model, record_a: str, record_b: str) -> list[Part]:
    """The match weight of two records, field by field; the first part is the prior, the sum is the match weight.

    Reads customers_std; the two records need not have been compared before. Raises InputError for an unknown record.
    """
    small = _only(db, record_a, record_b)
    make_linkage(small, b"explain")
    small.execute("create temp table _asked as select 0 as idx_l, 1 as idx_r")
    found = Scorer(small, model, "linkage", []).pairs("_asked")
    row = dict(zip(found.columns, found.fetchall()[0], strict=True))
    parts = [Part(name, _words(model, name, row[f"gamma_{name}"]), row[f"bits_{name}"]) for name in model.names]
    prior = row["match_weight"] - sum(part.bits for part in parts)
    return [Part("prior", "two records at random", prior), *parts]


def _words(model: Model, name: str, gamma: int) -> str:
    return dict(model.levels(name)).get(gamma, "no value on one side")


def _only(db: Engine, *records: str) -> Engine:
    """An engine of its own whose customers_std holds the records asked for and nothing else."""
    found = db.query(
        "select * from customers_std where source_system || ':' || source_customer_id in $records",
        records=sorted(set(records)),
    ).to_arrow_table()
    known = [f"{one['source_system']}:{one['source_customer_id']}" for one in found.to_pylist()]
    for record in records:
        if record not in known:
            raise InputError(f"no customer record {record!r}; expected system:id as in identity_links.")
    small = Engine(threads=1)
    small.connection.register("_found", found)
    small.execute("create temp table customers_std as select * from _found")
    return small


def path(edges: list[Link], record_a: str, record_b: str) -> list[Link]:
    """The chain of kept links from one record to the other whose weakest link is strongest; empty when there is none.

    This is what holds a group together: without its weakest link the two would be two customers. (The path in the
    maximum spanning tree; ties by record ids.)
    """
    neighbours: dict[str, list[Link]] = {}
    group = {name: name for edge in edges for name in (edge.record_a, edge.record_b)}

    def head(name: str) -> str:
        while group[name] != name:
            name = group[name]
        return name

    for edge in sorted(edges, key=lambda one: (tuple(-part for part in one.strength), one.record_a, one.record_b)):
        left, right = head(edge.record_a), head(edge.record_b)
        if left != right:
            group[right] = left
            neighbours.setdefault(edge.record_a, []).append(edge)
            neighbours.setdefault(edge.record_b, []).append(edge)
    return _walk(neighbours, record_a, record_b)


def _walk(neighbours: dict[str, list[Link]], start: str, end: str) -> list[Link]:
    came: dict[str, tuple[str, Link]] = {}
    seen, front = {start}, [start]
    while front and end not in seen:
        here = front.pop()
        for edge in neighbours.get(here, []):
            there = edge.record_b if edge.record_a == here else edge.record_a
            if there not in seen:
                seen.add(there)
                came[there] = (here, edge)
                front.append(there)
    chain: list[Link] = []
    while end in came:
        end, edge = came[end]
        chain.append(edge)
    return chain[::-1]
