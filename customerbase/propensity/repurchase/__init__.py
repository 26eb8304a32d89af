"""The repurchase clock: when customers buy a thing again, the best day to contact them, and who is due when."""

from customerbase.propensity.repurchase.contact import Contact
from customerbase.propensity.repurchase.month import Clock, clock
from customerbase.propensity.repurchase.options import ClockOptions

__all__ = ["Clock", "ClockOptions", "Contact", "clock"]
