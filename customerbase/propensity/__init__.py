"""Who will buy, when and what: the repurchase clock and the day to contact, and whom to contact about it."""

from customerbase.propensity.by_category import Categories, CategoryOptions, categories
from customerbase.propensity.lists import backtest, channels, over_horizons, people
from customerbase.propensity.month import Options, Result, intent
from customerbase.propensity.repurchase import Clock, ClockOptions, Contact, clock
from customerbase.propensity.sales import (
    EFFECT,
    STAGES,
    Captured,
    Priority,
    best_times,
    captured,
    captured_title,
    gain_curve,
    open_deals,
    order_slots,
    prioritise,
    with_deals,
)

__all__ = [
    "EFFECT",
    "STAGES",
    "Captured",
    "Categories",
    "CategoryOptions",
    "Clock",
    "ClockOptions",
    "Contact",
    "Options",
    "Priority",
    "Result",
    "backtest",
    "best_times",
    "captured",
    "captured_title",
    "categories",
    "channels",
    "clock",
    "gain_curve",
    "intent",
    "open_deals",
    "order_slots",
    "over_horizons",
    "people",
    "prioritise",
    "with_deals",
]
