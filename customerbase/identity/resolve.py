"""Who is who this month: keys and scores become people, people get their ids, doubts go to the review queue."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from customerbase.engine import Engine, sql_text
from customerbase.errors import InputError
from customerbase.identity.clusters import Partition, partition
from customerbase.identity.constraints import Constraints
from customerbase.identity.decisions import Decision
from customerbase.identity.guard import ScorePairs

KEY_WEIGHT = 40.0  # bits: a deterministic key is stronger than any agreement of names


@dataclass(frozen=True)
class Thresholds:
    """Match weights in bits: from `strict` on two records are one person; from `loose` on they may be for analysis;
    pairs from `review` on that are not joined are shown to people."""

    strict: float = 5.0
    loose: float = 2.0
    review: float = 0.0


@dataclass(frozen=True)
class Pairs:
    """The table pairs as arrays: record numbers, strength in bits (a key counts as KEY_WEIGHT), and the constraints."""

    count: int
    a: np.ndarray
    b: np.ndarray
    weight: np.ndarray
    must: np.ndarray
    constraints: Constraints
    names: Sequence[str] | None = None  # record ids, read only where people have decided something


def read_pairs(db: Engine, decisions: Sequence[Decision] = (), unique_sources: Sequence[str] = ()) -> Pairs:
    """Keys, scores and people's decisions, joined into the table pairs and read as arrays.

    unique_sources: systems in which a person has one account only; two of their records are never joined.
    Raises InputError for a system that delivers no customer record.
    """
    db.execute("create or replace temp table pairs as " + sql_text("identity_pairs"), key_weight=KEY_WEIGHT)
    rows = db.query("select idx_l, idx_r, strength from pairs order by idx_l, idx_r").fetchnumpy()
    count = db.query("select count(*) from linkage").fetchall()[0][0]
    must, cannot = _decided(db, decisions)
    constraints = Constraints(
        cannot=cannot,
        differ=[_codes(db, "member_number")],
        differ_both=[(_codes(db, "birth"), _codes(db, "gender"))],
        at_most_one=_one_per_source(db, unique_sources),
    )
    names = db.query("select record_id from linkage order by idx").fetchnumpy()["record_id"] if decisions else None
    return Pairs(count, rows["idx_l"], rows["idx_r"], rows["strength"], must, constraints, names)


def group(
    pairs: Pairs, threshold: float, *, within: np.ndarray | None = None, score_pairs: ScorePairs | None = None
) -> Partition:
    """People at one threshold; `within` are labels of a stricter grouping that stays together.

    score_pairs gives the guard the weight of pairs that no block proposed (Linked.weights).
    """
    must = pairs.must
    if within is not None:
        order = np.argsort(within, kind="stable")
        chain = within[order[1:]] == within[order[:-1]]
        must = np.concatenate([must, np.column_stack([order[:-1][chain], order[1:][chain]])])
    return partition(
        pairs.count,
        pairs.a,
        pairs.b,
        pairs.weight,
        threshold=threshold,
        constraints=pairs.constraints,
        must=must,
        score_pairs=score_pairs,
        names=pairs.names,
    )


def _codes(db: Engine, column: str) -> np.ndarray:
    """The values of a linkage column as numbers, -1 for none, in the order of idx."""
    text = f"select coalesce(dense_rank() over (order by {column} nulls last), 0) as code, {column} is null as none, idx from linkage"
    rows = db.query(f"select case when none then -1 else code end as code from ({text}) order by idx").fetchnumpy()
    return rows["code"].astype(np.int64)


def _one_per_source(db: Engine, systems: Sequence[str]) -> list[np.ndarray]:
    known = [name for (name,) in db.query("select distinct source_system from linkage order by 1").fetchall()]
    found = []
    for name in systems:
        if name not in known:
            raise InputError(
                f"unique_sources names {name!r}, which delivers no customer record; expected some of {known}."
            )
        mask = db.query("select source_system as s from linkage order by idx").fetchnumpy()["s"] == name
        found.append(np.where(mask, 0, -1))
    return found


def _decided(db: Engine, decisions: Sequence[Decision]) -> tuple[np.ndarray, np.ndarray]:
    """People's decisions as pairs of record numbers, kept as the table _decided too.

    A decision on a record that is gone stays in its file and does nothing.
    """
    rows = [(*sorted((one.record_a, one.record_b)), one.decision) for one in decisions]
    made = {name: [row[place] for row in rows] for place, name in enumerate(("record_a", "record_b", "decision"))}
    db.connection.register("_decisions", pa.table(made, schema=_DECIDED))
    db.execute("create or replace temp table _decided as select * from _decisions")
    found = db.query(
        "select l.idx, r.idx, decision from _decided inner join linkage as l on record_a = l.record_id"
        " inner join linkage as r on record_b = r.record_id order by 1, 2"
    ).fetchall()
    pairs = {kind: [(a, b) for a, b, decided in found if decided == kind] for kind in ("same", "not_same")}
    return tuple(np.array(pairs[kind], dtype=np.int64).reshape(-1, 2) for kind in ("same", "not_same"))


_DECIDED = pa.schema([(name, pa.string()) for name in ("record_a", "record_b", "decision")])
