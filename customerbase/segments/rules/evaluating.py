"""What the rules say of a month: members, truth of every condition, sizes with intervals, overlap."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import duckdb
import numpy as np
import pandas as pd

from customerbase.disclosure import pair_shown, suppress
from customerbase.engine import Engine, literal
from customerbase.intervals import wilson
from customerbase.rules.compiling import bound, conditions_sql, percentiles
from customerbase.rules.reading import Rules

HELD = "segment_rules_judged"  # the temporary table of conditions_sql
NOBODY = "none"  # in no named segment: never bought


@dataclass(frozen=True)
class Judged:
    """The rules applied to one month; its tables are in the form of expectations/segment_*.yaml.

    thresholds: name -> value of every percentile. sizes: segment_rules. overlap: segment_overlap, small cells
    withheld. members and conditions: relations on the engine, large ones.
    """

    rules: Rules
    as_of: date
    thresholds: Mapping[str, float | None]
    sizes: pd.DataFrame
    overlap: pd.DataFrame
    members: duckdb.DuckDBPyRelation
    conditions: duckdb.DuckDBPyRelation

    @property
    def everybody(self) -> int:
        """Customers who were judged."""
        return int(self.sizes["everybody"].iloc[0])

    def texts(self, place: int) -> list[str]:
        """The conditions of the rule at this place (from 0), thresholds filled in."""
        return [one.shown(self.thresholds) for one in self.rules.rules[place].conditions]


def apply_rules(db: Engine, rules: Rules, *, as_of: date, k_min: int = 10) -> Judged | None:
    """Judge every customer of the tables that the rules were read for, all as views on db; None without rules.

    A segment's share is of all customers that stand in any of these tables of this month; unknown is not a member.
    Cells of the overlap below k_min are withheld, with those that would give them back.
    """
    if not len(rules):
        return None
    thresholds = percentiles(db, rules.rules)
    named = {"named": "rfm.segment"} if "rfm" in rules.columns.now else {}
    text = conditions_sql(rules.rules, rules.columns, attached=named)
    db.execute(f"create or replace temp table {HELD} as {text}", **bound(text, rules.rules, thresholds, as_of))
    patterns = _patterns(db, rules, bool(named))
    sizes = _sizes(db, rules, thresholds, patterns["customers"].to_numpy(), _matrix(patterns, rules), as_of)
    return Judged(rules, as_of, thresholds, sizes, _overlap(rules, patterns, as_of, k_min), *_long(db, rules))


def tables(judged: Judged | None, moves: pd.DataFrame) -> dict[str, object]:
    """What a page writes, by table; None where there are no rules."""
    parts = ("sizes", "members", "conditions", "overlap")
    names = ("segment_rules", "segment_members", "segment_conditions", "segment_overlap")
    return {name: getattr(judged, part) if judged else None for name, part in zip(names, parts, strict=True)} | {
        "segment_moves": moves if len(moves) else None
    }


def _patterns(db: Engine, rules: Rules, named: bool) -> pd.DataFrame:
    """Customers by named segment and by the rules that they fit: all that sizes and overlaps need, a few rows."""
    flags = [f"s{place}" for place in range(len(rules))]
    group = f"coalesce(named, {literal(NOBODY)})" if named else literal(NOBODY)
    keys = ", ".join([group, *flags])
    return db.query(
        f"select {group} as named, {', '.join(flags)}, count(*) as customers from {HELD} group by {keys} order by {keys}"
    ).df()


def _matrix(patterns: pd.DataFrame, rules: Rules) -> np.ndarray:
    return patterns[[f"s{place}" for place in range(len(rules))]].to_numpy(dtype="int64")


def _sizes(db: Engine, rules: Rules, thresholds, weights: np.ndarray, fits: np.ndarray, as_of: date) -> pd.DataFrame:
    counts = [f"count(*) filter (where s{place}_unknown)" for place in range(len(rules))]
    customers, everybody = weights @ fits, int(weights.sum())
    low, high = wilson(customers, np.full(len(rules), everybody))
    return pd.DataFrame(
        {
            "as_of": as_of,
            "place": range(1, len(rules) + 1),
            "segment": [rule.code for rule in rules],
            "title_en": [rule.en for rule in rules],
            "title_ja": [rule.ja for rule in rules],
            "rule": [rule.text for rule in rules],
            "conditions": ["\n".join(one.shown(thresholds) for one in rule.conditions) for rule in rules],
            "customers": customers,
            "unknown": list(db.query(f"select {', '.join(counts)} from {HELD}").fetchone()),
            "everybody": everybody,
            "share": customers / max(everybody, 1),
            "share_low": low,
            "share_high": high,
            "todo_en": [rule.todo_en or None for rule in rules],
            "todo_ja": [rule.todo_ja or None for rule in rules],
        }
    )


def _overlap(rules: Rules, patterns: pd.DataFrame, as_of: date, k_min: int) -> pd.DataFrame:
    """Customers in both, of every rule with every rule and with every named segment; small ones withheld.

    Two rules make a table of two by two whose margins are known, a rule and the named segments one of two rows: each
    is withheld by itself, as disclosure.suppress says.
    """
    weights, fits = patterns["customers"].to_numpy(), _matrix(patterns, rules)
    both, everybody = fits.T @ (weights[:, None] * fits), int(weights.sum())
    groups = [code for code in dict.fromkeys(patterns["named"]) if code != NOBODY] + [NOBODY]
    within = np.stack([(patterns["named"] == code).to_numpy() * weights for code in groups], axis=1)
    rows = []
    for i, rule in enumerate(rules):
        for j, other in enumerate(rules):
            shown = pair_shown(both[i, j], both[i, i], both[j, j], everybody, k_min)
            rows.append((rule.code, "rule", other.code, both[i, j], shown, both[i, i]))
        inside = fits[:, i] @ within
        hidden = suppress(np.stack([inside, within.sum(axis=0) - inside]), k_min)[0]
        told = zip(groups, inside, ~hidden, strict=True)
        rows += [(rule.code, "named", code, count, shown, both[i, i]) for code, count, shown in told]
    return _told(rows, as_of)


def _told(rows: list[tuple], as_of: date) -> pd.DataFrame:
    frame = pd.DataFrame(rows, columns=["segment", "kind", "other", "customers", "shown", "size"])
    customers = frame["customers"].where(frame["shown"])
    share = (customers / frame["size"].where(frame["size"] > 0)).astype(float)
    frame = frame.assign(customers=customers.astype("Int64"), share=share).drop(columns=["shown", "size"])
    frame.insert(0, "as_of", as_of)
    return frame


def _long(db: Engine, rules: Rules) -> tuple[duckdb.DuckDBPyRelation, duckdb.DuckDBPyRelation]:
    """Members, and the truth of every condition for everybody, one below the other."""
    members, conditions = [], []
    for place, rule in enumerate(rules):
        code = f"customer_id, {literal(rule.code)} as segment"
        members.append(f"select {code} from {HELD} where s{place}")
        conditions += [
            f"select {code}, cast({number} as integer) as condition, s{place}_c{number} as holds,"
            f" s{place}_v{number} as value, s{place}_b{number} as bound from {HELD}"
            for number in range(1, len(rule.conditions) + 1)
        ]
    return db.query(" union all ".join(members)), db.query(" union all ".join(conditions))
