"""The month in numbers: each KPI is one function of the same name; tables, comparisons and cohorts are made of them."""

from customerbase.kpi.changes import (
    CLEAR_DOWN,
    CLEAR_UP,
    NO_CLEAR_CHANGE,
    UNKNOWN,
    compare,
    history,
    revenue_change,
)
from customerbase.kpi.goals import AT_RISK, FAULTY, ON_TRACK, OPEN, UNLIKELY, goal_backtest, goals
from customerbase.kpi.ledger import read_ledger
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
from customerbase.kpi.pdca import pdca
from customerbase.kpi.registry import KPIS, Kpi, find, glossary, name
from customerbase.kpi.tables import cohorts, data_until, kpi_table, months, triangle
from customerbase.kpi.targets import Target, better, read_targets

__all__ = [
    "AT_RISK",
    "CLEAR_DOWN",
    "CLEAR_UP",
    "FAULTY",
    "KPIS",
    "NO_CLEAR_CHANGE",
    "ON_TRACK",
    "OPEN",
    "UNKNOWN",
    "UNLIKELY",
    "Kpi",
    "Target",
    "active_customers",
    "average_order_value",
    "better",
    "cohorts",
    "compare",
    "data_until",
    "find",
    "glossary",
    "goal_backtest",
    "goals",
    "history",
    "kpi_table",
    "months",
    "name",
    "new_customers",
    "orders",
    "pdca",
    "purchase_frequency",
    "read_ledger",
    "read_targets",
    "repeat_rate",
    "retention_rate",
    "revenue",
    "revenue_anonymous",
    "revenue_change",
    "revenue_identified",
    "triangle",
]
