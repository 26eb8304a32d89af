"""Which pairs are compared at all: blocks of records that agree on a few values, none of them larger than a budget allows.

Every rule is a column of the linkage table that holds the agreed values as one text, or null; null never blocks. A block
over the limit is taken out and noted in the audit: a value that a thousand records share tells nobody apart, and its
pairs would cost more than all others together.
"""

import duckdb

from customerbase.engine import Engine, identifier

RULES = {
    "phone": ["phone"],
    "email": ["email"],
    "birth_given": ["birth", "coalesce(given_sound, given_kanji)"],
    "birth_family": ["birth", "coalesce(family_sound, family_kanji)"],
    "birth_kanji": ["birth", "given_kanji"],
    "name_place": ["given_sound", "family_sound", "postal_code"],
    "kanji_place": ["given_kanji", "family_kanji", "postal_code"],
    "given_house": ["coalesce(given_sound, given_kanji)", "house"],
    "email_local": ["email_local", "coalesce(given_sound, given_kanji)"],
}
LIMITS = (1000, 300, 100, 30, 10)  # records in one block, tried in turn until the pairs fit into the budget
PAIRS_PER_RECORD = 60  # budget of comparisons: this many per record …
PAIRS_AT_LEAST = 2_000_000  # … or this many for a small base


def blocked(db: Engine, table: str, rules: dict[str, list[str]], *, name: str = "linkage") -> duckdb.DuckDBPyRelation:
    """Add to `table` (one row per record, `idx`) one column block_<rule> per rule, and keep the result as `name`.

    Returns the blocks that were left out: rule, value (the text of the block), records.
    """
    columns = ", ".join(f"{_key(parts)} as {identifier('block_' + rule)}" for rule, parts in rules.items())
    db.execute(f"create or replace temp table _unlimited as select *, {columns} from {identifier(table)}")
    sizes = " union all ".join(
        f"select '{rule}' as rule, {identifier('block_' + rule)} as value, count(*) as records from _unlimited"
        f" where {identifier('block_' + rule)} is not null group by 2 having count(*) > 1"
        for rule in rules
    )
    db.execute(f"create or replace temp table _blocks as {sizes}")
    limit = _limit(db)
    db.execute(f"create or replace temp table _too_large as select * from _blocks where records > {limit}")
    kept = ", ".join(
        f"case when {column} not in (select value from _too_large where rule = '{rule}') then {column} end as {column}"
        for rule in rules
        for column in [identifier("block_" + rule)]
    )
    large = [rule for (rule,) in db.query("select distinct rule from _too_large order by 1").fetchall()]
    replace = f"* replace ({kept})" if large else "*"
    db.execute(f"create or replace temp table {identifier(name)} as select {replace} from _unlimited")
    db.execute("drop table _unlimited")
    return db.query("select rule, value, records from _too_large order by all")


def comparisons_count(db: Engine) -> int:
    """Number of pairs that the kept blocks hold, a pair of two rules counted twice; after `blocked`."""
    pairs = "cast(coalesce(sum(records * (records - 1) / 2), 0) as bigint)"
    return db.query(
        f"select {pairs} from _blocks where (rule, value) not in (select rule, value from _too_large)"
    ).fetchall()[0][0]


def _key(parts: list[str]) -> str:
    """The parts as one text; null where one is null."""
    return " || '|' || ".join(f"({part})" for part in parts)


def _limit(db: Engine) -> int:
    """The largest limit on the size of a block under which the pairs stay within the budget."""
    budget = max(PAIRS_AT_LEAST, PAIRS_PER_RECORD * db.query("select count(*) from _unlimited").fetchall()[0][0])
    for limit in LIMITS:
        pairs = "cast(coalesce(sum(records * (records - 1) / 2), 0) as bigint)"
        if db.query(f"select {pairs} from _blocks where records <= {limit}").fetchall()[0][0] <= budget:
            return limit
    return 1
