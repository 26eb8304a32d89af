"""Segments by rule: the rules of a pipeline file applied to a month, who came and went, and how that is shown."""

from customerbase.segments.rules.evaluating import Judged, apply_rules, tables
from customerbase.segments.rules.looks import cards, moved, overlap, styled
from customerbase.segments.rules.moves import moves

__all__ = ["Judged", "apply_rules", "cards", "moved", "moves", "overlap", "styled", "tables"]
