"""Who will buy, when and what: the repurchase clock and the day to contact, and whom to contact about it."""

from customerbase.propensity.backtest import Captured, captured, captured_title, gain_curve
from customerbase.propensity.category import Categories, CategoryOptions, categories
from customerbase.propensity.clock import Clock, clock
from customerbase.propensity.clock_contact import Contact
from customerbase.propensity.clock_options import ClockOptions
from customerbase.propensity.deals import STAGES, open_deals, with_deals
from customerbase.propensity.priority import EFFECT, Priority, prioritise
from customerbase.propensity.slots import best_times, order_slots

__all__ = [
    "EFFECT",
    "STAGES",
    "Captured",
    "Categories",
    "CategoryOptions",
    "Clock",
    "ClockOptions",
    "Contact",
    "Priority",
    "best_times",
    "captured",
    "captured_title",
    "categories",
    "clock",
    "gain_curve",
    "open_deals",
    "order_slots",
    "prioritise",
    "with_deals",
]
