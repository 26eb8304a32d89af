"""What one month's report is made of: small tables, settings and goals; nothing here reads files or the clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd

from customerbase import i18n, kpi
from customerbase.disclosure import suppress_parts
from customerbase.periods import add_months, parse_month
from customerbase.segments.movement import beside

PARTS = {  # ends of the revenue tree -> the KPI whose change they are
    "customers": "active_customers",
    "frequency": "purchase_frequency",
    "basket": "average_order_value",
    "credits": "average_order_value",
    "anonymous": "revenue_anonymous",
}


@dataclass(frozen=True)
class ReportData:
    """The small tables of one month, by name, with the company's title, settings and goals.

    Tables: those that page 13 reads, as in expectations/, and what summed_up makes of the large ones (quarantine by
    reason, identity_links, profile …). Each may be missing or empty: its section then says so, and a section whose page
    was not run is left out. title: {ja, en}; settings: currency, k_min; goals: KPI id -> value, or what the pipeline
    file says of it.
    """

    title: Mapping[str, str]
    pipeline: str
    as_of: date
    tables: Mapping[str, pd.DataFrame]
    settings: Mapping[str, object] = field(default_factory=dict)
    goals: Mapping[str, object] = field(default_factory=dict)
    run_id: str = ""
    data_until: date | None = None

    @property
    def month(self) -> date:
        """First day of the month."""
        return parse_month(self.as_of)

    @property
    def currency(self) -> str:
        """Currency of all money in the report."""
        return str(self.settings.get("currency", "JPY"))

    @property
    def k_min(self) -> int:
        """Cells of fewer customers than this are not shown."""
        return int(self.settings.get("k_min", 10))

    def rows(self, table: str) -> list[dict]:
        """A table as dictionaries, every kind of missing value as None; [] when the table is missing."""
        if table not in self._rows:
            frame = self.tables.get(table)
            known = frame is not None and len(frame)
            self._rows[table] = frame.astype(object).where(frame.notna(), None).to_dict("records") if known else []
        return [dict(row) for row in self._rows[table]]

    @cached_property
    def _rows(self) -> dict[str, list[dict]]:
        """What `rows` has made already: pages ask for the same tables many times."""
        return {}

    @cached_property
    def kpis(self) -> pd.DataFrame:
        """The kpi table with months as dates, up to the month; what would tell of fewer than k_min people is empty."""
        frame = self._kpis
        hidden = [key in self.withheld for key in zip(frame["kpi"], frame["month"], strict=True)]
        if not any(hidden):
            return frame
        numbers = ("value", "n", "low", "high")
        return frame.assign(**{name: frame[name].astype("Float64").mask(hidden).astype(float) for name in numbers})

    @cached_property
    def withheld(self) -> set[tuple[str, date]]:
        """(KPI, month) of all figures of the whole company that are withheld (kpi.withheld)."""
        frame = self._kpis[kpi.withheld(self._kpis, self.k_min)]
        return set(zip(frame["kpi"], frame["month"], strict=True))

    @cached_property
    def _kpis(self) -> pd.DataFrame:
        frame = self.tables.get("kpi")
        if frame is None or not len(frame):
            return pd.DataFrame(columns=["kpi", "month", "value", "n", "low", "high"])
        frame = frame.assign(month=[pd.Timestamp(month).date() for month in frame["month"]])
        return frame[frame["month"] <= self.month]

    @cached_property
    def changes(self) -> dict[tuple[str, str], dict]:
        """(KPI, last_month or last_year) -> its row of kpi.compare, missing values as None."""
        frame = kpi.compare(self.kpis, as_of=self.as_of)
        rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
        found = {(row["kpi"], row["against"]): row for row in rows}
        for root in self.rows("revenue_tree"):  # knows the customers of both months: one verdict on revenue everywhere
            if root["node"] == "revenue" and root["low"] is not None:
                row, bounds = found[("revenue", root["against"])], (float(root["low"]), float(root["high"]))
                row |= {"change_low": bounds[0], "change_high": bounds[1], "verdict": kpi.verdict(*bounds)}
        return found

    @cached_property
    def goal_rows(self) -> dict[str, dict]:
        """KPI -> its row of the goals table, missing values as None."""
        return {row["kpi"]: row for row in self.rows("goals")}

    def goal(self, kpi_id: str) -> float | None:
        """The value that a KPI is to reach, or None: as page 12b resolved it, else the plain number given."""
        row, given = self.goal_rows.get(kpi_id), self.goals.get(kpi_id)
        if row is not None:
            return None if row["fault"] else row["goal"]
        return float(given) if isinstance(given, int | float) else None

    @cached_property
    def parts(self) -> list[dict]:
        """Why revenue changed since last month: part and contribution; [] without a previous month.

        From revenue_tree, the groups of customers added up (refunds to customers without an order belong to the order
        value); without that table kpi.revenue_change.
        """
        rows = [row for row in self.rows("revenue_tree") if row["against"] == "last_month"]
        if not rows:
            return kpi.revenue_change(self.kpis, month=self.month, before=add_months(self.month, -1)).to_dict("records")
        sums = dict.fromkeys(PARTS.values(), 0.0)
        for row in rows:
            if (end := row["node"].rsplit(".", 1)[-1]) in PARTS:
                sums[PARTS[end]] += float(row["contribution"])
        return [{"part": part, "contribution": value} for part, value in sums.items()]

    def value(self, kpi_id: str) -> float | None:
        """This month's value of a KPI, or None."""
        return self.changes[(kpi_id, "last_month")]["value"]

    def n(self, kpi_id: str) -> int | None:
        """What this month's value of a KPI rests on: customers or orders."""
        return self._people.get(kpi_id)

    @cached_property
    def _people(self) -> dict[str, int]:
        """KPI -> what its value of this month rests on, where that is known."""
        now = self.kpis[(self.kpis["month"] == self.month) & self.kpis["n"].notna()]
        return {kpi_id: int(n) for kpi_id, n in zip(now["kpi"], now["n"], strict=True)}

    @cached_property
    def withheld_segments(self) -> set[str]:
        """Segments whose size is not shown: small ones, and those that would give a small one away."""
        rows = self.rows("segment_summary")
        hidden = suppress_parts(np.array([int(row["customers"]) for row in rows]), self.k_min)
        return {row["segment"] for row, hide in zip(rows, hidden, strict=True) if hide}

    @cached_property
    def movements(self) -> dict[int, pd.DataFrame]:
        """Length in months -> cells of the table migration, as they may be shown beside those of the other lengths."""
        return beside.spans(self.tables.get("migration"), self.k_min)

    def money(self, value: object, language: str, **options: bool) -> str:
        """An amount in the report's currency."""
        return i18n.number(value, "money", language, currency=self.currency, **options)

    def number(self, kpi_id: str, value: object, language: str, **options: bool) -> str:
        """A value of one KPI with its unit; nobody counts tenths of customers."""
        whole = kpi.unit(kpi_id) in ("people", "orders") and not i18n.missing(value)
        value = round(float(value)) if whole else value
        return i18n.number(value, kpi.unit(kpi_id), language, currency=self.currency, **options)
