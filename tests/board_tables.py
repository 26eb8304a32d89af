"""Tables of one month as page 13 reads them, small and written by hand, for the makers of dashboard pages."""

from datetime import date

import pandas as pd

from customerbase import kpi
from customerbase.periods import add_months, month_range
from customerbase.report import ReportData

AS_OF, MONTH, K_MIN = date(2026, 10, 31), date(2026, 10, 1), 10
EVIL = "<script>alert(1)</script>"
FILES = [  # source system, file, table, rows read, accepted, quarantined
    ("pos", "pos/sales_202609.csv", "order_lines", 200, 190, 10),
    ("pos", "pos/sales_202610.csv", "order_lines", 300, 296, 4),
    ("web", "web/2026-10/orders.csv", "orders", 400, 399, 1),
    ("web", f"web/{EVIL}.csv", "customers_src", 100, 100, 0),
]
FAULTS = [  # source system, file, table, column, reason, severity, lines
    ("pos", "pos/sales_202609.csv", "order_lines", "amount", "invalid_amount", "block", range(2, 9)),
    ("pos", "pos/sales_202609.csv", "order_lines", "-", "wrong_field_count", "block", range(8, 12)),  # line 8 has both
    ("pos", "pos/sales_202610.csv", "order_lines", "amount", "invalid_amount", "block", range(2, 5)),
    ("pos", "pos/sales_202610.csv", "order_lines", "order_id", "after_month", "block", range(5, 6)),
    ("web", "web/2026-10/orders.csv", "orders", "source_system+order_id", "duplicate_key", "block", range(2, 3)),
    ("web", f"web/{EVIL}.csv", "customers_src", "email", "malformed_email", "warn", range(2, 14)),
]
READY = [  # group, requirement, table, present, rows, fill rate, unlocks
    ("basic", "required", "customers_src", True, 100, 0.9, "identity"),
    ("purchase", "required", "orders", True, 399, 0.95, "segments,kpi"),
    ("purchase", "required", "order_lines", True, 486, 0.7, "propensity"),
    ("satisfaction", "required", "inquiries", True, 20, 1.0, "satisfaction"),
    ("satisfaction", "required", "survey_answers", False, 0, None, "satisfaction"),
    ("voice", "optional", "reviews", False, 0, None, "satisfaction"),
]
SCORES = [
    ("completeness", "orders", 0.9, 4000),
    ("validity", "orders", 0.99, 400),
    ("duplication", "orders", 0.0025, 400),
    ("staleness", "orders", 2.0, 399),
    ("validity", "order_lines", 0.97, 500),
    ("completeness", "order_lines", 0.95, 5000),
]
CHECKS = [  # table, column, reason, severity, success, rows, failing
    ("orders", "order_at", "missing_order_at", "block", True, 400, 0),
    ("orders", "source_system+order_id", "duplicate_key", "block", False, 400, 2),
    ("customers_src", "email", "malformed_email", "warn", False, 100, 12),
]


def quarantine() -> pd.DataFrame:
    """The table quarantine: one row per raw row, column and reason."""
    rows = [(*fault[:3], fault[3], fault[4], fault[5], line) for fault in FAULTS for line in fault[6]]
    columns = ["source_system", "file", "table_name", "column_name", "reason", "severity", "line"]
    return pd.DataFrame(rows, columns=columns)


def intake() -> dict[str, pd.DataFrame]:
    """What page 01 wrote, the quarantine summed up as report.summed_up does."""
    faults = quarantine()
    rows_of = ["reason", "severity", "source_system", "file", "line"]
    reasons = faults.drop_duplicates(rows_of).groupby(["reason", "severity"], as_index=False).size()
    places = ["source_system", "file", "table_name", "column_name", "reason", "severity"]
    files = ["source_system", "file", "table_name", "rows_read", "rows_accepted", "rows_quarantined"]
    ready = ["group_name", "requirement", "table_name", "present", "rows", "fill_rate", "unlocks"]
    checks = pd.DataFrame(
        [(*one[:5], one[5], one[6], 100 * one[6] / one[5]) for one in CHECKS],
        columns=["table_name", "column_name", "reason", "severity", "success", "element_count", "unexpected_count",
                 "unexpected_percent"],
    )  # fmt: skip
    return {
        "source_files": pd.DataFrame(FILES, columns=files),
        "quarantine": reasons.rename(columns={"size": "rows"}),
        "quarantine_files": faults.groupby(places, as_index=False).size().rename(columns={"size": "rows"}),
        "readiness": pd.DataFrame(READY, columns=ready),
        "quality_scores": pd.DataFrame(SCORES, columns=["dimension", "table_name", "score", "n"]),
        "quality_results": checks.assign(expectation="expect_something"),
    }


def kpis(months: int = 25, few_in: date | None = None) -> pd.DataFrame:
    """The kpi table of a growing shop; in the month `few_in` only four customers came back after a silence."""
    rows = []
    for step, month in enumerate(month_range(add_months(MONTH, 1 - months), MONTH)):
        back = 4 if month == few_in else 20
        new, returning = 100 + step, 200
        active = new + returning + back
        values = {
            "active_customers": active,
            "new_customers": new,
            "returning_customers": returning,
            "reactivated_customers": back,
            "lost_customers": 50,
            "current_customers": 1000 + step,
            "repeat_rate": (returning + back) / active,
            "revenue": active * 5000.0 + 100_000,
            "revenue_identified": active * 5000.0,
            "revenue_anonymous": 100_000.0,
            "orders": 400 + step,
            "average_order_value": 4000.0,
            "purchase_frequency": 1.25,
        }
        if month == MONTH:
            values |= {"rows_accepted": 0.985, "reachable_by_email": 0.5, "reachable_by_phone": 0.996}
        for name, value in values.items():
            n = 1000 if name in ("rows_accepted", "reachable_by_email", "reachable_by_phone") else active
            rows.append((name, month, float(value), n, value * 0.97, value * 1.03))
    return pd.DataFrame(rows, columns=["kpi", "month", "value", "n", "low", "high"])


def kpis_by() -> pd.DataFrame:
    """Active customers and revenue of three stores this month and last; the two small stores are withheld this month."""
    sizes = {"01": (150, 140), "02": (7, 30), "03": (12, 40)}
    rows = []
    for part, (now, then) in sizes.items():
        for month, people in ((MONTH, now), (add_months(MONTH, -1), then)):
            hide = month == MONTH and part != "01"
            for name, value in (("active_customers", people), ("revenue", people * 3000.0)):
                numbers = (None,) * 4 if hide else (float(value), people, value * 0.9, value * 1.1)
                rows.append((AS_OF, name, month, "store", part, *numbers, hide))
    columns = ["as_of", "kpi", "month", "dimension", "part", "value", "n", "low", "high", "withheld"]
    return pd.DataFrame(rows, columns=columns)


def month(tables: dict | None = None, **options) -> ReportData:
    """A month with the tables of this file, or those given."""
    made = {**intake(), "kpi": kpis(), "kpi_by": kpis_by()} if tables is None else tables
    given = {"title": {"ja": "店", "en": "Shop"}, "pipeline": "sample", "as_of": AS_OF, "run_id": "run1"}
    return ReportData(**given | {"tables": made, "settings": {"k_min": K_MIN}, "data_until": AS_OF} | options)


def units(table) -> list[tuple]:
    """(column, unit, value) of every cell of a dashboard's table."""
    return [
        (column.key, table.unit(column, place), value)
        for place, row in enumerate(table.rows)
        for column, value in zip(table.columns, row, strict=True)
    ]


PEOPLE = [one.id for one in kpi.KPIS.values() if one.unit == "count" and one.id != "orders"]
