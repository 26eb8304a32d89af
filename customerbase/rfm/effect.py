"""What the choice of cut points does: how many change rank from one month to the next, and for whose sake."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from itertools import product

import duckdb
import pandas as pd
import pyarrow as pa

from customerbase import i18n
from customerbase.disclosure import suppress_parts
from customerbase.engine import Engine
from customerbase.features import keep
from customerbase.intervals import wilson
from customerbase.periods import add_months, month_end
from customerbase.prediction.drift import psi_of_counts
from customerbase.rfm.ranks import measures, quintile_cuts, score_cuts
from customerbase.rfm.rule import Rule, alternatives

Assign = Callable[[duckdb.DuckDBPyRelation], duckdb.DuckDBPyRelation]
MOVED = ("r", "f", "m", "segment")
COLUMNS = [
    *("as_of", "month", "since", "method", "in_force", "measure", "customers", "changed", "own", "cut_points"),
    *("both_causes", "unchanged", "unchanged_low", "unchanged_high", "psi"),
]


def effect(db: Engine, rule: Rule, *, as_of: date, assign: Assign, months: int = 12) -> pd.DataFrame:
    """Customers whose rank changed within a month, by method: by their own doing or because the cut points moved.

    The table rfm_effect: one row per month's end (the last `months` of them in which there were customers before),
    method (quintiles, frozen, cuts where they are given) and measure (r, f, m, segment), of the customers ranked at
    both ends. own + cut_points + both_causes = changed. unchanged: share who kept the rank, with its 95 % interval
    (Wilson); psi: population stability index of the ranks, this month's against the month before (prediction/drift.py).
    assign adds the column segment to ranks, by r, f and m alone. Reads `customer_months`, as known today.
    """
    methods = {other.method: other for other in alternatives(rule)}
    rows: dict[str, list[dict]] = {method: [] for method in methods}
    _name_codes(db, assign)
    held = _Ends(db)
    for back in range(months):
        day, before = (month_end(add_months(as_of, -step)) for step in (back, back + 1))
        for name, end in (("rfm_now", day), ("rfm_then", before)):
            db.register(name, db.query(f"select * from {held.measures(rule, end)}"))
        for method, other in methods.items():
            then, now = (_prefixed(name, held.points(other, end)) for name, end in (("then", before), ("now", day)))
            found = db.run("rfm_moves", **then, **now).df()
            about = {"as_of": as_of, "month": day, "since": before, "method": method}
            about["in_force"] = method == rule.method
            rows[method] += [about | _row(found[found["measure"] == name], name) for name in MOVED if len(found)]
        if not len(found):
            break  # nobody was a customer before
    held.let_go()
    return pd.DataFrame([row for method in methods for row in rows[method]], columns=COLUMNS)


class _Ends:
    """What each month's end is asked for more than once: the measures of the last two ends, and all cut points."""

    def __init__(self, db: Engine):
        self.db = db
        self._tables: list[tuple[date, str]] = []
        self._cuts: dict[date, dict[str, list]] = {}

    def measures(self, rule: Rule, day: date) -> str:
        """The table that holds the measures at a day; the quintiles of that day come with it."""
        for held, table in self._tables:
            if held == day:
                return table
        measures(self.db, day, rule.window_months)
        self._cuts.setdefault(day, quintile_cuts(self.db, rule.ties))
        table = f"rfm_end_{len(self._tables)}" if len(self._tables) < 2 else self._tables[0][1]
        keep(self.db, table, "select * from rfm_base")
        self._tables = [*self._tables, (day, table)][-2:]
        return table

    def points(self, rule: Rule, day: date) -> dict[str, list]:
        """The cut points that hold in the month that ends with a day: those of rule.points, each looked up once."""
        reference = rule.reference(self.db, day)
        if rule.method == "cuts" or (rule.method == "frozen" and reference in rule.frozen):
            return rule.points(self.db, day)
        if reference not in self._cuts:
            self._cuts[reference] = rule.points(self.db, day)
        return self._cuts[reference]

    def let_go(self) -> None:
        """Drop the measures."""
        for _, table in self._tables:
            self.db.execute(f"drop table if exists {table}")


def _name_codes(db: Engine, assign: Assign) -> None:
    """Hold rfm_codes: the segment of each of the 125 triples of ranks, numbered as sql/rfm_moves.sql does."""
    triples = list(product(range(1, 6), repeat=3))
    columns = {name: [triple[place] for triple in triples] for place, name in enumerate("rfm")}
    db.register("rfm_triples", pa.table({"code": range(len(triples))} | columns))
    db.register("rfm_named", assign(db.query("select * from rfm_triples")))
    keep(db, "rfm_codes", "select code, r, f, m, segment from rfm_named")


def _prefixed(name: str, points: dict[str, list]) -> dict[str, Decimal | None]:
    return {f"{name}_{key}": value for key, value in score_cuts(points).items()}


def _row(found: pd.DataFrame, measure: str) -> dict:
    customers, changed = int(found["customers"].sum()), int(found["changed"].sum())
    sides = [found.groupby(name)["customers"].sum() for name in ("rank_then", "rank_now")]
    ranks = sorted(set(sides[0].index) | set(sides[1].index))
    low, high = wilson(customers - changed, customers)
    return {
        "measure": measure, "customers": customers, "changed": changed,
        **{name: int(found[name].sum()) for name in ("own", "cut_points", "both_causes")},
        "unchanged": (customers - changed) / customers, "unchanged_low": float(low), "unchanged_high": float(high),
        "psi": psi_of_counts(*(side.reindex(ranks, fill_value=0) for side in sides)),
    }  # fmt: skip


def effects_shown(frame: pd.DataFrame, *, language: str, k_min: int = 10) -> pd.DataFrame:
    """The newest month of rfm_effect for people: methods down, share who changed R, F, M and segment across.

    The last columns: of those who changed segment, the share for whom only the cut points moved or both did; and the
    least and the mean share of customers who kept their segment over the months. Small counts are withheld.
    """
    rows, month = [], frame["month"].max()
    for method, mine in frame.groupby("method", sort=False):
        newest = mine[mine["month"] == month].set_index("measure")
        segment = mine[mine["measure"] == "segment"]
        row = {i18n.word("movement.effect.method", language): _method(method, mine, language)}
        for measure in MOVED:
            row[i18n.word(f"movement.effect.{measure}", language)] = _share(newest.loc[measure], k_min, language)
        row[i18n.word("movement.effect.by_cuts", language)] = _by_cuts(newest.loc["segment"], k_min, language)
        row[i18n.word("movement.effect.mean", language)] = i18n.number(segment["unchanged"].mean(), "rate", language)
        row[i18n.word("movement.effect.least", language)] = i18n.number(segment["unchanged"].min(), "rate", language)
        rows.append(row)
    return pd.DataFrame(rows)


def effect_title(frame: pd.DataFrame, *, language: str, k_min: int = 10) -> str:
    """The finding: for how many of those who changed segment by the method in force only the cut points had moved."""
    held = frame[(frame["month"] == frame["month"].max()) & frame["in_force"] & (frame["measure"] == "segment")]
    if not len(held):
        return i18n.word("movement.effect.first_month", language)
    row = held.iloc[0]
    parts = _parts(row, k_min)
    if parts is None:
        return i18n.word("movement.effect.few", language)
    if not parts[1]:
        return i18n.word("movement.effect.own_only", language)
    told = {"changed": i18n.number(int(row["changed"]), "people", language),
            "by_cuts": i18n.number(parts[1], "people", language)}  # fmt: skip
    return i18n.sentence("movement.effect.finding", language, **told)


def _method(method: str, rows: pd.DataFrame, language: str) -> str:
    name = i18n.word(f"movement.method.{method}", language)
    return f"★ {name}" if rows["in_force"].iloc[0] else name


def _share(row: pd.Series, k_min: int, language: str) -> str:
    """Share of customers who changed; withheld where few did, or few did not."""
    changed, customers = int(row["changed"]), int(row["customers"])
    if any(0 < part < k_min for part in (changed, customers - changed)):
        return f"<{k_min}" if changed < k_min else i18n.MISSING
    return i18n.number(changed / customers, "rate", language)


def _parts(row: pd.Series, k_min: int) -> tuple[int, int] | None:
    """Customers moved by themselves alone, and with moved cut points; None where one of both is too small to show."""
    own, by_cuts = int(row["own"]), int(row["cut_points"]) + int(row["both_causes"])
    hidden = suppress_parts(pd.Series([own, by_cuts]).to_numpy(), k_min).any()
    return None if hidden or 0 < own + by_cuts < k_min else (own, by_cuts)


def _by_cuts(row: pd.Series, k_min: int, language: str) -> str:
    parts = _parts(row, k_min)
    if parts is None or not sum(parts):
        return i18n.MISSING
    return i18n.number(parts[1] / sum(parts), "rate", language)


# what charts.caption prints under Japanese figures
effect.definition_ja = "1か月の間にランク・セグメントが変わった顧客数（本人の変化と、区切り値の動きに分けたもの）"
