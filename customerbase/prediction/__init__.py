"""Predictions of what a customer will do within a horizon: models learnt from snapshots, judged out of time, calibrated."""

from customerbase.prediction import bootstrap, drift, metrics
from customerbase.prediction.emp import expected_maximum_profit
from customerbase.prediction.lifetable import LifeTable
from customerbase.prediction.profit import Campaign, Prospects

__all__ = ["Campaign", "LifeTable", "Prospects", "bootstrap", "drift", "expected_maximum_profit", "metrics"]
