"""Which pairs are compared: those that agree on any two things, as long as few others agree on the same two.

A rule is one or two keys of fields (the value itself, its beginning, its sound). A block is the records that share a
rule's keys; the larger it is, the less its pairs say, so blocks over a limit are left out, and the limit is the largest
under which all pairs together fit into a budget. A value that two hundred thousand records share costs nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from customerbase.engine import Engine
from customerbase.identity.generic.fields import Field
from customerbase.identity.generic.pairs import RANDOM

LIMITS = (400, 250, 160, 100, 64, 40, 25, 16, 10, 6, 4, 3, 2)  # records in one block, tried in turn
PAIRS_PER_RECORD, PAIRS_AT_LEAST, PAIRS_AT_MOST = 60, 600_000, 8_000_000
OVERLAP = 4  # pairs are proposed by several rules; so many times the budget may be proposed in all
MANY = 200_000  # records from which on rules of two coarse keys are left out
TELLING, TELLING_MANY = 12, 8  # fields that go into rules of two: those that tell most; fewer in a long list
COARSE = frozenset(["initial", "start", "year", "head", "tail", "month_day", "area", "sound"])
Rule = tuple[tuple[int, str], ...]


@dataclass(frozen=True)
class Proposed:
    """Pairs to compare (a < b, in order), with a bit for every field that stands in all the rules that propose a pair.

    rules: how many were used; limit: records in the largest block.
    """

    a: np.ndarray
    b: np.ndarray
    mask: np.ndarray
    rules: int
    limit: int


def propose(db: Engine, fields: Sequence[Field], codes: Sequence[np.ndarray], records: int) -> Proposed:
    """The pairs to compare of the table linkage: all of them in a short list. codes: see pairs.codes."""
    if records * (records - 1) // 2 <= RANDOM:
        a, b = np.triu_indices(records, 1)
        return Proposed(a, b, np.zeros(len(a), dtype=np.int64), 0, records)
    keys = _keys(db, fields)
    rules = rules_of(fields, [information(code) for code in codes], many=records > MANY)
    sizes = [_sizes(db, keys, rule) for rule in rules]
    limit = _limit(sizes, OVERLAP * max(PAIRS_AT_LEAST, min(PAIRS_PER_RECORD * records, PAIRS_AT_MOST)))
    db.execute("create or replace temp table _proposed (idx_l integer, idx_r integer, fields bigint)")
    for rule in rules:
        _fill(db, keys, rule, limit)
    found = db.query(
        "select idx_l, idx_r, bit_and(fields) as fields from _proposed group by all order by idx_l, idx_r"
    ).fetchnumpy()
    db.execute("drop table _proposed")
    db.execute("drop table _keys")
    return Proposed(found["idx_l"], found["idx_r"], found["fields"], len(rules), limit)


def information(code: np.ndarray) -> float:
    """Bits by which a field tells two records apart: of two random values, times the share of the records with one."""
    known = code[code >= 0].astype(np.int64)
    shares = np.bincount(known) / max(len(known), 1)
    return float(-np.log2(max((shares**2).sum(), 1e-12)) * len(known) / max(len(code), 1)) if len(known) else 0.0


def rules_of(fields: Sequence[Field], bits: Sequence[float], *, many: bool = False) -> list[Rule]:
    """Every rule: a value alone (but no word of a short list), and every two keys of two of the fields that tell most."""
    keys = [(place, key) for place, one in enumerate(fields) for key in one.blocks]
    alone = [((place, key),) for place, key in keys if key in ("whole", "local") and fields[place].kind != "category"]
    telling = sorted(range(len(fields)), key=lambda place: (-bits[place], place))[: TELLING_MANY if many else TELLING]
    pairs = [(one, other) for one, other in combinations(keys, 2) if one[0] != other[0]]
    pairs = [rule for rule in pairs if all(place in telling for place, _ in rule)]
    if many:
        pairs = [(one, other) for one, other in pairs if not (one[1] in COARSE and other[1] in COARSE)]
    return alone + pairs


def _keys(db: Engine, fields: Sequence[Field]) -> dict[tuple[int, str], str]:
    """Make _keys: per record and key a number made of its text; returns the columns' names."""
    names = {(place, key): f"k{place}_{key}" for place, one in enumerate(fields) for key in one.blocks}
    made = "".join(
        f", md5_number_lower('{name}|' || nullif(cast({fields[place].blocks[key]} as varchar), '')) as {name}"
        for (place, key), name in names.items()
    )
    db.execute(f"create or replace temp table _keys as select cast(idx as integer) as idx{made} from linkage")
    return names


def _key(keys: dict[tuple[int, str], str], rule: Rule) -> str:
    columns = [keys[part] for part in rule]
    return columns[0] if len(columns) == 1 else f"xor({', '.join(columns)})"


def _sizes(db: Engine, keys: dict[tuple[int, str], str], rule: Rule) -> dict[int, int]:
    """Records in a block -> how many such blocks the rule has."""
    return dict(
        db.query(
            f"select records, count(*) from (select count(*) as records from (select {_key(keys, rule)} as key from _keys)"
            f" where key is not null group by key having count(*) between 2 and {LIMITS[0]}) group by 1"
        ).fetchall()
    )


def _limit(sizes: Sequence[dict[int, int]], budget: int) -> int:
    for limit in LIMITS:
        pairs = sum(blocks * n * (n - 1) // 2 for found in sizes for n, blocks in found.items() if n <= limit)
        if pairs <= budget:
            return limit
    return LIMITS[-1]


def _fill(db: Engine, keys: dict[tuple[int, str], str], rule: Rule, limit: int) -> None:
    """Add a rule's pairs to _proposed."""
    mask = sum(1 << place for place, _ in rule)
    db.execute(
        f"insert into _proposed with keyed as (select idx, {_key(keys, rule)} as key from _keys),"
        f" blocks as (select key from keyed where key is not null group by key having count(*) between 2 and {limit}),"
        " members as (select idx, key from keyed semi join blocks using (key))"
        f" select l.idx, r.idx, {mask} from members as l inner join members as r on l.key = r.key and l.idx < r.idx"
    )
