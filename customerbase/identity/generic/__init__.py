"""Linking people of any list: no labels, no description, no questions.

`link` takes the raw text of a list and says which rows are one person. Steps: which columns are compared and as what
(roles), values in comparable form (values, standard, linkage), pairs that agree on any two things (blocking), the level
that each field reaches (fields, pairs), what a level weighs, learned from the list itself (training, relatives), and
groups guarded against merging too much (identity.clusters).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from customerbase.engine import Engine
from customerbase.identity.generic.blocking import information
from customerbase.identity.generic.fields import Field
from customerbase.identity.generic.linkage import COPIES, make_linkage
from customerbase.identity.generic.pairs import codes
from customerbase.identity.generic.resolving import Resolved, resolve
from customerbase.identity.generic.roles import ROLES, Column, plan
from customerbase.identity.generic.training import THRESHOLD

__all__ = ["ROLES", "THRESHOLD", "Column", "Linked", "link"]


MOST_FIELDS = 40  # compared
COPY = '{"record": "a copy in everything compared"}'


@dataclass(frozen=True)
class Linked:
    """Who is who: label (number of the person), weight and evidence in the order of `record`.

    weight: bits of the strongest link to the same person, NaN when alone; evidence: JSON of field -> level reached on
    it, "" when alone. fields: headings of what was compared, with their kinds; ignored: heading and reason.
    compared: pairs; rules: of blocking; cut: links that the guard cut.
    """

    label: np.ndarray
    weight: np.ndarray
    evidence: list[str]
    fields: tuple[tuple[str, str], ...]
    ignored: tuple[tuple[str, str], ...]
    compared: int = 0
    rules: int = 0
    cut: int = 0


def link(db: Engine, table: str, columns: Sequence[Column], *, threshold: float = THRESHOLD) -> Linked:
    """Which records of `table` are one person.

    table: one row per record with `record` (0, 1, …, in an order that does not depend on how the rows happened to come)
    and the columns as raw text. threshold: bits from which on two records are linked. Raises ConfigError for a role that
    does not exist.
    """
    made = plan(db, table, columns)
    fields, empty = make_linkage(db, table, made)
    rows = db.query("select record, idx, copy from linkage_of order by record").fetchnumpy()
    records = int(rows["idx"].max(initial=-1)) + 1
    fields, numbers, beyond = _telling(fields, codes(db, fields))
    used = tuple((one.title, one.kind) for one in fields)
    ignored = (*made.ignored, *empty, *beyond)
    if not fields or records < 2:
        alone = np.arange(len(rows["idx"]))
        return Linked(alone, np.full(len(alone), np.nan), [""] * len(alone), used, ignored)
    found = resolve(db, fields, numbers, records, threshold)
    label, weight, evidence = _unfold(rows, found, threshold)
    return Linked(label, weight, evidence, used, ignored, found.compared, found.rules, found.cut)


def _telling(
    fields: list[Field], numbers: list[np.ndarray]
) -> tuple[list[Field], list[np.ndarray], list[tuple[str, str]]]:
    """The fields that tell most, in their order, where there are very many; and those left out."""
    bits = [information(number) for number in numbers]
    best = sorted(range(len(fields)), key=lambda place: (-bits[place], place))[:MOST_FIELDS]
    left_out = [
        (one.title, f"beyond the {MOST_FIELDS} that tell most") for place, one in enumerate(fields) if place not in best
    ]
    return [fields[place] for place in sorted(best)], [numbers[place] for place in sorted(best)], left_out


def _unfold(rows: dict[str, np.ndarray], found: Resolved, threshold: float) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """The records that were not compared because enough of their copies were: with the first copy, if that would link."""
    idx, further = rows["idx"].astype(np.int64), rows["copy"] > COPIES
    alike = further & (found.copy_weight[idx] >= threshold)
    alone = further & ~alike
    label = found.label[idx]
    label[alone] = label.max() + 1 + np.arange(alone.sum())
    weight = np.where(alike, found.copy_weight[idx], np.where(alone, np.nan, found.weight[idx]))
    evidence = [COPY if copy else "" if single else found.evidence[place]
                for copy, single, place in zip(alike.tolist(), alone.tolist(), idx.tolist(), strict=True)]  # fmt: skip
    return label, weight, evidence
