"""Pairs of records with the level that each field reaches, as arrays."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from customerbase.engine import Engine
from customerbase.identity.generic.fields import Field

SEED = 20_261_101
RANDOM = 400_000
AT_ONCE = 500_000  # pairs compared in one statement: the columns of both sides stand in memory meanwhile


@dataclass(frozen=True)
class Pairs:
    """Pairs a < b (record numbers). gamma: int8, pairs x fields, -1 no value, 0 different … best.

    mask: a bit for every field without which no block would have proposed the pair.
    """

    a: np.ndarray
    b: np.ndarray
    mask: np.ndarray
    gamma: np.ndarray

    def __len__(self) -> int:
        return len(self.a)

    def __getitem__(self, part) -> "Pairs":
        return Pairs(self.a[part], self.b[part], self.mask[part], self.gamma[part])

    def chunks(self, size: int) -> Iterator["Pairs"]:
        """The pairs in order, so many at a time."""
        for start in range(0, len(self), size):
            yield self[start : start + size]

    def every(self, step: int) -> "Pairs":
        """Every so many-th pair."""
        return self if step == 1 else self[::step]


def compared(
    db: Engine, fields: Sequence[Field], a: np.ndarray, b: np.ndarray, mask: np.ndarray | None = None
) -> Pairs:
    """The pairs with the levels of all fields; reads the table linkage."""
    parts = [
        _levels(db, fields, a[start : start + AT_ONCE], b[start : start + AT_ONCE])
        for start in range(0, len(a), AT_ONCE)
    ]
    gamma = np.concatenate(parts) if parts else np.empty((0, len(fields)), dtype=np.int8)
    return Pairs(a, b, np.zeros(len(a), dtype=np.int64) if mask is None else mask, gamma)


def _levels(db: Engine, fields: Sequence[Field], a: np.ndarray, b: np.ndarray) -> np.ndarray:
    columns = [
        column for column in db.query("select * from linkage limit 0").columns if column not in ("idx", "record")
    ]
    sides = "".join(f", l.{column} as {column}_l, r.{column} as {column}_r" for column in columns)
    levels = "".join(f", {one.gamma()} as {one.name}" for one in fields)
    db.connection.register("_asked", pa.table({"place": np.arange(len(a)), "idx_l": a, "idx_r": b}))
    found = db.query(
        f"select place{levels} from (select p.place{sides} from _asked as p"
        " inner join linkage as l on p.idx_l = l.idx inner join linkage as r on p.idx_r = r.idx)"
    ).fetchnumpy()
    db.connection.unregister("_asked")
    gamma = np.empty((len(a), len(fields)), dtype=np.int8)
    for place, one in enumerate(fields):
        gamma[found["place"], place] = found[one.name]
    return gamma


def random_pairs(records: int) -> tuple[np.ndarray, np.ndarray]:
    """Pairs of two different records drawn at random, with a fixed seed; all pairs where they are few."""
    if records * (records - 1) // 2 <= RANDOM:
        return np.triu_indices(records, 1)
    drawn = np.random.default_rng(SEED).integers(0, records, (2, RANDOM))
    drawn = np.sort(drawn[:, drawn[0] != drawn[1]], axis=0)
    return drawn[0], drawn[1]


def codes(db: Engine, fields: Sequence[Field]) -> list[np.ndarray]:
    """Per field the number of each record's value, -1 for none, in the order of idx."""
    found = []
    for one in fields:
        column = db.query(f"select {one.name} as value from linkage order by idx").to_arrow_table().column("value")
        numbered = column.combine_chunks().dictionary_encode()
        found.append(numbered.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32))
    return found
