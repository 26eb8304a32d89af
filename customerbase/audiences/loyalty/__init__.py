"""Ranks of a loyalty programme: history replayed under its rule, and what other thresholds would have cost."""

from customerbase.audiences.loyalty.programme import Programme, Scheme, read_programme
from customerbase.audiences.loyalty.simulation import TABLES, Simulation, simulate

__all__ = ["TABLES", "Programme", "Scheme", "Simulation", "read_programme", "simulate"]
