"""What the choice of cut points does: how many change rank from one month to the next, and for whose sake."""

from collections.abc import Callable
from datetime import date

import duckdb
import pandas as pd

from customerbase import i18n
from customerbase.disclosure import suppress_parts
from customerbase.engine import Engine
from customerbase.intervals import wilson
from customerbase.periods import add_months, month_end
from customerbase.prediction.drift import psi_of_counts
from customerbase.rfm.rule import Rule, alternatives

Assign = Callable[[duckdb.DuckDBPyRelation], duckdb.DuckDBPyRelation]
MOVED = ("r", "f", "m", "segment")
COLUMNS = [
    *("as_of", "month", "since", "method", "in_force", "measure", "customers", "changed", "own", "cut_points"),
    *("both_causes", "unchanged", "unchanged_low", "unchanged_high", "psi"),
]
_THEN, _BETWEEN, _NOW = "rfm_then", "rfm_between", "rfm_now"


def effect(db: Engine, rule: Rule, *, as_of: date, assign: Assign, months: int = 12) -> pd.DataFrame:
    """Customers whose rank changed within a month, by method: by their own doing or because the cut points moved.

    The table rfm_effect: one row per month's end (the last `months` of them in which there were customers before),
    method (quintiles, frozen, cuts where they are given) and measure (r, f, m, segment), of the customers ranked at
    both ends. own + cut_points + both_causes = changed. unchanged: share who kept the rank, with its 95 % interval
    (Wilson); psi: population stability index of the ranks, this month's against the month before (prediction/drift.py).
    assign adds the column segment to ranks. Reads `customer_months`, as known today.
    """
    rows = []
    for other in alternatives(rule):
        for back in range(months):
            day = month_end(add_months(as_of, -back))
            found = _moves(db, other, day, assign)
            if not len(found):
                break
            about = {"as_of": as_of, "month": day, "since": month_end(add_months(day, -1)), "method": other.method}
            about["in_force"] = other.method == rule.method
            rows += [about | _row(found[found["measure"] == measure], measure) for measure in MOVED]
    for table in (_THEN, _BETWEEN, _NOW):
        db.execute(f"drop table if exists {table}_ranks")
    return pd.DataFrame(rows, columns=COLUMNS)


def _moves(db: Engine, rule: Rule, day: date, assign: Assign) -> pd.DataFrame:
    before = month_end(add_months(day, -1))
    for name, behaviour, at in ((_THEN, before, before), (_BETWEEN, day, before), (_NOW, day, day)):
        db.register(name, assign(rule.ranks(db, behaviour, at, table=f"{name}_ranks")))
    return db.run("rfm_moves").df()


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
