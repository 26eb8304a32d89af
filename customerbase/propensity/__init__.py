"""Who will buy, when and what: the repurchase clock and the day to contact.

made = propensity.clock(db, as_of=date(2026, 10, 31), options=propensity.ClockOptions(level="product"))
"""

from customerbase.propensity.clock_contact import Contact
from customerbase.propensity.clock_month import Clock, clock
from customerbase.propensity.clock_options import ClockOptions

__all__ = ["Clock", "ClockOptions", "Contact", "clock"]
