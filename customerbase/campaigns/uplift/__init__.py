"""Uplift: whom a campaign moves, learnt from a randomised one, measured with intervals, and said to be unproven where it is."""

from customerbase.campaigns.uplift.effects import DIMENSIONS
from customerbase.campaigns.uplift.evaluation import NOT_PROVEN, PROVEN, Evaluation, Options, evaluate
from customerbase.campaigns.uplift.learners import BY_EFFECT, LEARNERS, People
from customerbase.campaigns.uplift.metrics import Ranking
from customerbase.campaigns.uplift.people import STATES, needed
from customerbase.campaigns.uplift.study import Studied, Uplift, study

__all__ = [
    "BY_EFFECT",
    "DIMENSIONS",
    "LEARNERS",
    "NOT_PROVEN",
    "PROVEN",
    "STATES",
    "Evaluation",
    "Options",
    "People",
    "Ranking",
    "Studied",
    "Uplift",
    "evaluate",
    "needed",
    "study",
]
