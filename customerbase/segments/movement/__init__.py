"""Who moved between segments: how many and how surely, for what reason, whether that is unusual, and what it is worth."""

from customerbase.segments.movement.month import CAUSES, MOVED, SPANS, Movement, Span, movement
from customerbase.segments.movement.paths import HISTORY_MONTHS, history
from customerbase.segments.movement.usual import Usual, alarms_before, usual

__all__ = [
    "CAUSES",
    "HISTORY_MONTHS",
    "MOVED",
    "SPANS",
    "Movement",
    "Span",
    "Usual",
    "alarms_before",
    "history",
    "movement",
    "usual",
]
