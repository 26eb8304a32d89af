"""Triggers: conditions of customers turned into one queue of contacts, with priority, caps, quiet hours and consent."""

from customerbase.audiences.triggers.conditions import Span
from customerbase.audiences.triggers.evaluating import PREVIOUS, READS, Evaluated, evaluate
from customerbase.audiences.triggers.kinds import KINDS
from customerbase.audiences.triggers.queue import Known, fill, queue_id
from customerbase.audiences.triggers.quiet import Quiet
from customerbase.audiences.triggers.reading import Cap, Trigger, Triggers, read_triggers

__all__ = [
    "KINDS",
    "PREVIOUS",
    "READS",
    "Cap",
    "Evaluated",
    "Known",
    "Quiet",
    "Span",
    "Trigger",
    "Triggers",
    "evaluate",
    "fill",
    "queue_id",
    "read_triggers",
]
