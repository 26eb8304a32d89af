"""Predictions of what a customer will do within a horizon: models learnt from snapshots, judged out of time, calibrated."""

from customerbase.prediction import bootstrap, drift, metrics
from customerbase.prediction.lifetable import LifeTable

__all__ = ["LifeTable", "bootstrap", "drift", "metrics"]
