"""The choice behind the ranks, held in one place: any month is ranked by it, under the cut points of any other month."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

import duckdb
import pandas as pd

from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.features.snapshots import exists
from customerbase.periods import add_months, month_end, parse_month
from customerbase.rfm.ranks import MEASURES, METHODS, TIES, Cuts, check_cuts, cut_points, known, rfm

POINTS = [f"cut_{rank}" for rank in range(2, 6)]


@dataclass(frozen=True)
class Rule:
    """How a company's customers are ranked: method, window, ties, and where the cut points come from.

    reference_month: for method frozen, the month (YYYY-MM) whose quintiles hold; "": December of the year before, so
    that the points stay for a calendar year and are known when it begins. frozen: cut points that earlier months
    published, by the last day of their reference month; they hold as they were, whatever came in late.
    """

    method: str = "quintiles"
    window_months: int = 24
    ties: str = "lower"
    cuts: Cuts | None = None
    reference_month: str = ""
    frozen: Mapping[date, dict] = field(default_factory=dict)

    def reference(self, db: Engine, day: date) -> date:
        """Last day of the month whose customers set the cut points that hold in the month that ends with `day`.

        A company younger than the December before has its first month with an order. Reads `customer_months`.
        """
        if self.method != "frozen":
            return day
        if self.reference_month:
            return month_end(self.reference_month)
        [(first,)] = db.query("select min(month) from customer_months where orders > 0").fetchall()
        return max(date(day.year - 1, 12, 31), month_end(first) if first else date.min)

    def points(self, db: Engine, day: date) -> dict[str, list]:
        """The four cut points of each measure that hold in the month that ends with `day`. Reads `customer_months`."""
        if self.method == "cuts":
            return check_cuts(self.cuts or {})
        reference = self.reference(db, day)
        if self.method == "frozen" and reference in self.frozen:
            return self.frozen[reference]
        return cut_points(db, as_of=reference, window_months=self.window_months, ties=self.ties)

    def ranks(self, db: Engine, day: date, at: date | None = None, table: str | None = None) -> duckdb.DuckDBPyRelation:
        """Ranks of the customers as of `day` (see rfm), under the cut points that hold in the month that ends with `at`.

        at: by default `day` itself. Reads `customer_months`.
        """
        points = self.points(db, at or day)
        return rfm(db, as_of=day, method="cuts", window_months=self.window_months, cuts=points, table=table)

    def table(self, db: Engine, as_of: date) -> pd.DataFrame:
        """The table rfm_cuts: the cut points that hold now, those frozen earlier, and for comparison the other methods'."""
        rows = self._rows(db, as_of, in_force=True)
        references = {row["reference"] for row in rows} if self.method == "frozen" else set()
        for other in alternatives(self):
            if other.method != self.method:
                rows += other._rows(db, as_of, in_force=False)
                references |= {other.reference(db, as_of)} if other.method == "frozen" else set()
        for reference in sorted(set(self.frozen) - references):
            rows += replace(self, method="frozen", cuts=None)._listed(self.frozen[reference], as_of, reference, False)
        return pd.DataFrame(rows)

    def _rows(self, db: Engine, as_of: date, in_force: bool) -> list[dict]:
        return self._listed(self.points(db, as_of), as_of, self.reference(db, as_of), in_force)

    def _listed(self, points: Mapping, as_of: date, reference: date, in_force: bool) -> list[dict]:
        about = {
            "as_of": as_of, "method": self.method, "reference": reference, "in_force": in_force,
            "window_months": self.window_months, "ties": self.ties, "reference_month": self.reference_month,
        }  # fmt: skip
        return [about | {"measure": measure} | dict(zip(POINTS, points[measure], strict=True)) for measure in MEASURES]


def rule(
    db: Engine,
    *,
    as_of: date,
    method: str = "quintiles",
    window_months: int = 24,
    ties: str = "lower",
    cuts: Cuts | None = None,
    reference_month: str = "",
) -> Rule:
    """The Rule of these parameters, checked; with the cut points that previous_rfm_cuts (where it stands on db) froze.

    Reads `customer_months`. Raises ConfigError for an unknown method or tie rule, cut points that are none, and a
    reference month after as_of or in which nobody was a customer yet.
    """
    known("method", method, METHODS)
    known("tie rule", ties, TIES)
    if method == "cuts" or cuts:
        check_cuts(cuts or {})
    if cuts and method != "cuts":
        raise ConfigError(f"rfm has cut points, but its method is {method!r}; expected method 'cuts' with them.")
    made = Rule(method, window_months, ties, cuts or None, reference_month)
    if reference_month:
        day = month_end(reference_month)
        if day > as_of:
            raise ConfigError(f"reference_month is {reference_month!r}, after {as_of:%Y-%m}; expected a month before.")
        if not _customers(db, day, window_months):
            raise ConfigError(
                f"reference_month is {reference_month!r}, but nobody had ordered in the {window_months} months that"
                " end with it; expected a month with customers."
            )
    return replace(made, frozen=_frozen(db, "previous_rfm_cuts", made))


def rule_in_force(db: Engine) -> Rule:
    """The Rule by which page 04 ranked this month's customers, from its table rfm_cuts."""
    held = _rows(db.query("select * from rfm_cuts where in_force order by measure"))
    first = held[0]
    cuts = _points(held) if first["method"] == "cuts" else None
    made = Rule(first["method"], first["window_months"], first["ties"], cuts, first["reference_month"])
    return replace(made, frozen=_frozen(db, "rfm_cuts", made))


def alternatives(chosen: Rule) -> list[Rule]:
    """The rule itself and what else it could be: quintiles, frozen, and cut points where they are given."""
    known = [replace(chosen, method="quintiles", cuts=None), replace(chosen, method="frozen", cuts=None)]
    return [*known, chosen] if chosen.method == "cuts" else known


def _frozen(db: Engine, table: str, made: Rule) -> dict[date, dict]:
    """Cut points frozen under the same window and ties, by reference day."""
    if not exists(db, table):
        return {}
    chosen = "where method = 'frozen' and window_months = $months and ties = $ties order by reference, measure"
    rows = _rows(db.query(f"select * from {table} {chosen}", months=made.window_months, ties=made.ties))
    days = dict.fromkeys(row["reference"] for row in rows)
    return {day: _points([row for row in rows if row["reference"] == day]) for day in days}


def _rows(found: duckdb.DuckDBPyRelation) -> list[dict]:
    return [dict(zip(found.columns, row, strict=True)) for row in found.fetchall()]


def _points(rows: list[dict]) -> dict[str, list]:
    return {row["measure"]: [row[name] for name in POINTS] for row in rows}


def _customers(db: Engine, day: date, window_months: int) -> int:
    start = add_months(parse_month(day), 1 - window_months)
    query = "select cast(count(*) as bigint) from customer_months where orders > 0 and month between $start and $day"
    return db.query(query, start=start, day=day).fetchall()[0][0]
