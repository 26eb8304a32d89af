"""Who will buy, and whom to contact about it."""

from customerbase.propensity.backtest import Captured, captured, captured_title, gain_curve
from customerbase.propensity.deals import STAGES, open_deals, with_deals
from customerbase.propensity.priority import EFFECT, Priority, prioritise
from customerbase.propensity.slots import best_times, order_slots

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
