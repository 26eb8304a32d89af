"""Whom to contact, by whom, and when: the priority list of sales, and what earlier lists would have captured."""

from customerbase.propensity.sales.backtest import Captured, captured, captured_title, gain_curve
from customerbase.propensity.sales.deals import STAGES, open_deals, with_deals
from customerbase.propensity.sales.priority import EFFECT, Priority, prioritise
from customerbase.propensity.sales.slots import best_times, order_slots

__all__ = [
    "EFFECT",
    "STAGES",
    "Captured",
    "Priority",
    "best_times",
    "captured",
    "captured_title",
    "gain_curve",
    "open_deals",
    "order_slots",
    "prioritise",
    "with_deals",
]
