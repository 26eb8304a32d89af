"""From fields to people: pairs weighed, grouped, and the strongest link of every record with its evidence."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import customerbase.identity.generic.blocking as blocking
import customerbase.identity.generic.training as training
from customerbase.engine import Engine
from customerbase.identity.clusters import CUT_GUARD
from customerbase.identity.generic.fields import Field
from customerbase.identity.generic.pairs import Pairs, compared, random_pairs
from customerbase.identity.generic.training import Model, Random


@dataclass(frozen=True)
class Resolved:
    """Per record of linkage: number of the person, bits and evidence of its strongest link, bits against its own copy.

    compared: pairs; rules: of blocking; cut: links cut by the guard; model: what was learned.
    """

    label: np.ndarray
    weight: np.ndarray
    evidence: list[str]
    copy_weight: np.ndarray
    compared: int
    rules: int
    cut: int
    model: Model


def resolve(
    db: Engine, fields: Sequence[Field], numbers: Sequence[np.ndarray], records: int, threshold: float
) -> Resolved:
    """Who is who among the records of the table linkage; numbers: per field the codes of the values."""
    proposed = blocking.propose(db, fields, numbers, records)
    pairs = compared(db, fields, proposed.a, proposed.b, proposed.mask)
    model = training.fit(fields, numbers, pairs, _random(db, fields, pairs, proposed.rules, records), records)
    weight = model.weights(pairs)
    asked: list[tuple[Pairs, np.ndarray]] = [(pairs, weight)]

    def score(a: np.ndarray, b: np.ndarray) -> np.ndarray:
        more = compared(db, fields, a, b)
        asked.append((more, model.weights(more)))
        return asked[-1][1]

    found = training.clusters(records, pairs, weight, threshold, score)
    best, evidence = _strongest(fields, asked, found.label, threshold, records)
    return Resolved(
        label=found.label,
        weight=best,
        evidence=evidence,
        copy_weight=model.weights(_copies(fields, numbers, records)),
        compared=sum(len(part) for part, _ in asked),
        rules=proposed.rules,
        cut=int((found.edge_state == CUT_GUARD).sum()),
        model=model,
    )


def _random(db: Engine, fields: Sequence[Field], pairs: Pairs, rules: int, records: int) -> Random:
    """Random pairs; all pairs, where they were compared anyway."""
    gamma = compared(db, fields, *random_pairs(records)).gamma if rules else pairs.gamma
    patterns, count = np.unique(gamma, axis=0, return_counts=True)
    return Random(patterns, count)


def _copies(fields: Sequence[Field], numbers: Sequence[np.ndarray], records: int) -> Pairs:
    """Every record against a copy of itself: what is known agrees."""
    gamma = np.column_stack([np.where(code >= 0, one.top, -1) for one, code in zip(fields, numbers, strict=True)])
    every = np.arange(records)
    return Pairs(every, every, np.zeros(records, dtype=np.int64), gamma.astype(np.int8))


def _strongest(
    fields: Sequence[Field],
    asked: Sequence[tuple[Pairs, np.ndarray]],
    label: np.ndarray,
    threshold: float,
    records: int,
) -> tuple[np.ndarray, list[str]]:
    """Bits and evidence of each record's strongest link inside its group; ties go to the smaller record number."""
    kept = [(label[part.a] == label[part.b]) & (weight >= threshold) for part, weight in asked]
    pairs = [part[keep] for (part, _), keep in zip(asked, kept, strict=True)]
    gamma = np.concatenate([part.gamma for part in pairs])
    one, other = (np.concatenate([getattr(part, side) for part in pairs]) for side in ("a", "b"))
    bits = np.concatenate([weight[keep] for (_, weight), keep in zip(asked, kept, strict=True)])
    record, partner, link = np.r_[one, other], np.r_[other, one], np.tile(np.arange(len(one)), 2)
    order = np.lexsort((partner, -bits[link], record))
    first = order[np.diff(record[order], prepend=-1) != 0]
    best, words = np.full(records, np.nan), [""] * records
    best[record[first]] = bits[link[first]]
    said: dict[bytes, str] = {}
    for place, row in zip(record[first].tolist(), gamma[link[first]], strict=True):
        key = row.tobytes()
        if key not in said:
            said[key] = _words(fields, row)
        words[place] = said[key]
    return best, words


def _words(fields: Sequence[Field], gamma: np.ndarray) -> str:
    """The levels reached as a JSON object, fields without a value left out."""
    reached = {one.title: one.label(int(level)) for one, level in zip(fields, gamma, strict=True) if level >= 0}
    return json.dumps(reached, ensure_ascii=False)
