"""The repurchase clock: when customers buy a thing again, the best day to contact them, and who is due when."""

from customerbase.propensity.clock.contact import Contact
from customerbase.propensity.clock.month import Clock, clock
from customerbase.propensity.clock.options import ClockOptions

__all__ = ["Clock", "ClockOptions", "Contact", "clock"]
