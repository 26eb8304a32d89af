"""Groups of customers by behaviour, found in the data rather than laid down as rules: k-means or a mixture, page 07c."""

from customerbase.segments.clusters.agreement import adjusted_rand
from customerbase.segments.clusters.behaviour import FEATURES
from customerbase.segments.clusters.choice import Choice, choose
from customerbase.segments.clusters.effects import Effect, cliff
from customerbase.segments.clusters.month import Before, Options, Result, group
from customerbase.segments.clusters.notes import Note

__all__ = [
    "FEATURES",
    "Before",
    "Choice",
    "Effect",
    "Note",
    "Options",
    "Result",
    "adjusted_rand",
    "choose",
    "cliff",
    "group",
]
