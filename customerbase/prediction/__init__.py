"""Predictions of what a customer will do within a horizon: models learnt from snapshots, judged out of time, calibrated."""

from customerbase.prediction import bootstrap, drift, metrics
from customerbase.prediction.emp import expected_maximum_profit
from customerbase.prediction.lifetable import LifeTable
from customerbase.prediction.notes import Note
from customerbase.prediction.profit import Campaign, Prospects
from customerbase.prediction.scoring import Scorer, scores
from customerbase.prediction.study import Options, Study, Test, study

__all__ = [
    "Campaign",
    "LifeTable",
    "Note",
    "Options",
    "Prospects",
    "Scorer",
    "Study",
    "Test",
    "bootstrap",
    "drift",
    "expected_maximum_profit",
    "metrics",
    "scores",
    "study",
]
