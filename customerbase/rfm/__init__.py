"""RFM: how recently, how often and for how much a customer has bought, each as a rank from 1 to 5 (5 is best)."""

from customerbase.rfm.cells import RANKS, grid, withheld
from customerbase.rfm.effect import effect, effect_title, effects_shown
from customerbase.rfm.ranks import MEASURES, METHODS, check_cuts, cut_points, rfm
from customerbase.rfm.rule import Rule, rule, rule_in_force

__all__ = [
    "MEASURES",
    "METHODS",
    "RANKS",
    "Rule",
    "check_cuts",
    "cut_points",
    "effect",
    "effect_title",
    "effects_shown",
    "grid",
    "rfm",
    "rule",
    "rule_in_force",
    "withheld",
]
