"""The month in numbers: each KPI is one function of the same name; tables, comparisons and cohorts are made of them."""

from customerbase.kpi.changes import (
    CLEAR_DOWN,
    CLEAR_UP,
    NO_CLEAR_CHANGE,
    UNKNOWN,
    compare,
    history,
    verdict,
)
from customerbase.kpi.measures import (
    active_customers,
    average_order_value,
    new_customers,
    orders,
    purchase_frequency,
    repeat_rate,
    retention_rate,
    revenue,
    revenue_anonymous,
    revenue_identified,
)
from customerbase.kpi.movers import beginnings, revenue_movers
from customerbase.kpi.registry import KPIS, Kpi, find, glossary, name
from customerbase.kpi.season import kpi_season
from customerbase.kpi.tables import cohorts, data_until, kpi_table, months, triangle
from customerbase.kpi.tree import revenue_change, revenue_tree, shown_tree

__all__ = [
    "CLEAR_DOWN",
    "CLEAR_UP",
    "KPIS",
    "NO_CLEAR_CHANGE",
    "UNKNOWN",
    "Kpi",
    "active_customers",
    "average_order_value",
    "beginnings",
    "cohorts",
    "compare",
    "data_until",
    "find",
    "glossary",
    "history",
    "kpi_season",
    "kpi_table",
    "months",
    "name",
    "new_customers",
    "orders",
    "purchase_frequency",
    "repeat_rate",
    "retention_rate",
    "revenue",
    "revenue_anonymous",
    "revenue_change",
    "revenue_identified",
    "revenue_movers",
    "revenue_tree",
    "shown_tree",
    "triangle",
    "verdict",
]
