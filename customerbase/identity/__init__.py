"""Identity: which records of which systems are the same person, under one id that stays from month to month."""

from customerbase.identity.blocking import comparisons_count
from customerbase.identity.decisions import read_decisions
from customerbase.identity.explain import breakdown, path
from customerbase.identity.linkage import Linked, link, make_linkage
from customerbase.identity.model import as_row, read_model, shipped
from customerbase.identity.on_spark import on_spark
from customerbase.identity.people import identify, threshold_effect
from customerbase.identity.records import standardise
from customerbase.identity.resolve import Thresholds, read_pairs
from customerbase.identity.stability import MOST_CHANGED, Stability, stability
from customerbase.identity.training import train

__all__ = [
    "MOST_CHANGED",
    "Linked",
    "Stability",
    "Thresholds",
    "as_row",
    "breakdown",
    "comparisons_count",
    "identify",
    "link",
    "make_linkage",
    "on_spark",
    "path",
    "read_decisions",
    "read_model",
    "read_pairs",
    "shipped",
    "stability",
    "standardise",
    "threshold_effect",
    "train",
]
