"""Ranks of a loyalty programme: history replayed under its rule, and what other thresholds would have cost."""
