"""Training of the linking model: Fellegi-Sunter m and u by expectation maximisation, without labels.

u, how often two different people agree on a field, is counted on random pairs and freed from the few matches among them;
m, how often two records of one person agree, comes from expectation maximisation over pairs that agree on some fields,
in sessions that each leave out the fields they block on. A weak Dirichlet prior keeps a level that was never seen from
getting the weight of infinity. Sources: Fellegi and Sunter (1969); Winkler (1988); Splink's training by sessions.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from customerbase.engine import Engine, identifier
from customerbase.errors import InputError
from customerbase.identity.blocking import RULES
from customerbase.identity.comparisons import comparisons
from customerbase.identity.model import Model
from customerbase.identity.scoring import Scorer

SESSIONS = (
    ("mobile",),
    ("email",),
    ("family_sound", "given_sound"),
    ("family_kanji", "given_kanji"),
    ("birth", "given_sound"),
)
RANDOM_PAIRS = 1_000_000
SESSION_PAIRS = 500_000
PRIOR = 2.0  # matches' worth of belief in the starting values
CAUTION = 0.1  # share of the starting values in m: life is untidier than the data a model has seen
FEWEST = 20  # pairs that a session needs to say anything
ROUNDS = 200


@dataclass(frozen=True)
class Patterns:
    """Pairs counted by the levels they reach: gamma[pattern, field] (-1 no value), count[pattern]."""

    gamma: np.ndarray
    count: np.ndarray


def train(
    db: Engine,
    table: str,
    version: str,
    compared: list[dict] | None = None,
    *,
    sessions: Sequence[Sequence[str]] = SESSIONS,
    rules: Sequence[str] = tuple(RULES),
) -> Model:
    """A model trained on the linkage table (idx, compared columns, block_<rule>): m, u, and matches per record.

    compared: comparisons in Splink's form (those of customer records when not given). sessions: the columns on which
    each session's pairs agree; a field that reads one of them is not estimated in that session.
    Raises InputError when the table holds fewer than 100 records or no session finds enough pairs.
    """
    compared = compared or comparisons()
    records = db.query(f"select count(*) from {identifier(table)}").fetchall()[0][0]
    if records < 100:
        raise InputError(f"{records} records are too few to train a linking model; expected 100 or more.")
    sizes = [sum(not level.get("is_null_level") for level in one["comparison_levels"]) for one in compared]
    guess = [_trained(one, start(size), np.full(size, 1 / size)) for one, size in zip(compared, sizes, strict=True)]
    scorer = Scorer(db, Model(version, {"comparisons": guess}, 0.0, probability=0.001), table, rules)
    observed = [_shares(level) for level in _counted(_random(db, scorer, table), sizes)]
    m, weight = [np.zeros(size) for size in sizes], np.zeros(len(sizes))
    for columns in sessions:
        found = _session(db, scorer, table, columns)
        if found.count.sum() < FEWEST:
            continue
        free = np.array([not _reads(one, columns) for one in compared])
        estimate, matches = maximise(found, observed, free)
        for field in np.flatnonzero(free):
            m[field] += matches * estimate[field]
            weight[field] += matches
    if not weight.any():
        raise InputError("no two records agree on the fields that training starts from; nothing can be learned here.")
    m = [_cautious(total / by if by else start(len(total))) for total, by in zip(m, weight, strict=True)]
    return _model(version, compared, m, observed, _proposed(scorer), records)


def start(size: int) -> np.ndarray:
    """m before anything is known, from all else (first) to the best level (last): 0.9 for the best."""
    if size == 1:
        return np.ones(1)
    return np.array([0.02] + [0.08 / max(size - 2, 1)] * (size - 2) + [0.9 if size > 2 else 0.98])


def _cautious(m: np.ndarray) -> np.ndarray:
    return (1 - CAUTION) * m + CAUTION * start(len(m))


def maximise(found: Patterns, u: list[np.ndarray], free: np.ndarray) -> tuple[list[np.ndarray], float]:
    """Expectation maximisation of m for the free fields; returns m and the expected number of matches."""
    m = [start(len(one)) for one in u]
    share, fields = 0.5, np.flatnonzero(free)
    for _ in range(ROUNDS):
        odds = _odds(found, m, u, fields, share)
        matches = found.count * odds / (1 + odds)
        before, share = share, min(max(matches.sum() / found.count.sum(), 1e-6), 1 - 1e-6)
        for field in fields:
            m[field] = _posterior(found.gamma[:, field], matches, start(len(u[field])))
        if abs(share - before) < 1e-6:
            break
    return m, float(matches.sum())


def _odds(found: Patterns, m: list, u: list, fields: Sequence[int], share: float) -> np.ndarray:
    bits = np.full(len(found.count), np.log2(share / (1 - share)))
    for field in fields:
        weights = np.append(np.log2(m[field] / u[field]), 0.0)  # the last place is gamma -1: no value, no evidence
        bits += weights[found.gamma[:, field]]
    return np.exp2(np.clip(bits, -200, 200))


def _posterior(gamma: np.ndarray, matches: np.ndarray, expected: np.ndarray) -> np.ndarray:
    known = gamma >= 0
    counts = np.bincount(gamma[known], weights=matches[known], minlength=len(expected)) + PRIOR * expected
    return counts / counts.sum()


def _random(db: Engine, scorer: Scorer, table: str) -> Patterns:
    """All pairs of a random sample of records, the same sample every time."""
    size = int(np.sqrt(2 * RANDOM_PAIRS)) + 1
    db.execute(
        f"create or replace temp table _sample as select idx from {identifier(table)}"
        f" order by md5(cast(idx as varchar)), idx limit {size}"
    )
    db.execute(
        "create or replace temp table _asked as select l.idx as idx_l, r.idx as idx_r from _sample as l, _sample as r where l.idx < r.idx"
    )
    return _patterns(db, scorer, "_asked")


def _session(db: Engine, scorer: Scorer, table: str, columns: Sequence[str]) -> Patterns:
    """The pairs that agree on all the columns, at most SESSION_PAIRS of them, the same ones every time."""
    key = " || '|' || ".join(identifier(column) for column in columns)
    db.execute(
        f"create or replace temp table _keyed as select idx, {key} as key, count(*) over (partition by {key}) as size"
        f" from {identifier(table)} where {key} is not null"
    )
    db.execute(
        "create or replace temp table _asked as select l.idx as idx_l, r.idx as idx_r from _keyed as l inner join _keyed as r"
        " on l.key = r.key and l.idx < r.idx where l.size <= 100"
        f" order by md5(cast(l.idx as varchar) || '-' || cast(r.idx as varchar)), 1, 2 limit {SESSION_PAIRS}"
    )
    return _patterns(db, scorer, "_asked")


def _proposed(scorer: Scorer) -> Patterns:
    return _count(scorer, scorer.within(-1000.0))


def _patterns(db: Engine, scorer: Scorer, pairs: str) -> Patterns:
    if not db.query(f"select count(*) from {pairs}").fetchall()[0][0]:
        return Patterns(np.zeros((0, len(scorer.model.names)), dtype=int), np.zeros(0))
    return _count(scorer, scorer.pairs(pairs))


def _count(scorer: Scorer, found) -> Patterns:
    columns = [f"gamma_{name}" for name in scorer.model.names]
    rows = found.aggregate(f"{', '.join(columns)}, count(*) as n", ", ".join(columns)).order("all").fetchnumpy()
    return Patterns(np.column_stack([rows[name].astype(int) for name in columns]), rows["n"].astype(float))


def _counted(found: Patterns, levels: list[int]) -> list[np.ndarray]:
    """How many random pairs reach each level of each field."""
    counts = []
    for field, size in enumerate(levels):
        known = found.gamma[:, field] >= 0
        counts.append(np.bincount(found.gamma[known, field], weights=found.count[known], minlength=size))
    return counts


def _shares(counts: np.ndarray) -> np.ndarray:
    """Shares of the levels; a level that was never seen gets half an observation."""
    seen = np.maximum(counts, 0.5)
    return seen / seen.sum()


def _reads(comparison: dict, columns: Sequence[str]) -> bool:
    text = " ".join(level["sql_condition"] for level in comparison["comparison_levels"])
    return any(f"{column}_l" in text for column in columns)


def _model(version: str, compared: list[dict], m: list, observed: list, proposed: Patterns, records: int) -> Model:
    """The settings with m and u; u without the matches among the random pairs, matches counted over all proposed pairs."""
    pairs, share, u = records * (records - 1) / 2, 1e-4, observed
    fields = range(len(m))
    for _ in range(50):
        odds = _odds(proposed, m, u, fields, share)
        matches = float((proposed.count * odds / (1 + odds)).sum())
        share = min(max(matches / pairs, 1e-12), 0.5)
        u = [np.maximum(one - share * of, one * 0.01) for one, of in zip(observed, m, strict=True)]
        u = [_falling(of, one / one.sum()) for of, one in zip(m, u, strict=True)]
    settings = {"comparisons": [_trained(*parts) for parts in zip(compared, m, u, strict=True)]}
    return Model(version, settings, matches / records)


def _falling(m: np.ndarray, u: np.ndarray) -> np.ndarray:
    """u raised where a level would weigh more than a better one: that comes from levels too rare to be counted."""
    best = np.minimum.accumulate((m / u)[::-1])[::-1]
    return m / best


def _trained(comparison: dict, m: np.ndarray, u: np.ndarray) -> dict:
    """The comparison with its probabilities, rounded to seven digits so that the model's file is short."""
    levels = []
    gamma = len(m) - 1
    for level in comparison["comparison_levels"]:
        if level.get("is_null_level"):
            levels.append(level)
            continue
        levels.append(level | {"m_probability": float(f"{m[gamma]:.7g}"), "u_probability": float(f"{u[gamma]:.7g}")})
        gamma -= 1
    return comparison | {"comparison_levels": levels}
