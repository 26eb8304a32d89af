"""Data quality: what was accepted and set aside, how good each table is, and which analyses the data are ready for."""

from customerbase.quality.accounting import (
    known,
    line_types,
    quarantine,
    quarantine_raw,
    reasons,
    results,
    source_files,
)
from customerbase.quality.late import COMPARED, PERSONAL, late_changes, late_documents, late_totals
from customerbase.quality.readiness import GROUPS, NEEDS, locked, readiness, unlocked
from customerbase.quality.scores import scores

__all__ = [
    "COMPARED",
    "GROUPS",
    "NEEDS",
    "PERSONAL",
    "known",
    "late_changes",
    "late_documents",
    "late_totals",
    "line_types",
    "locked",
    "quarantine",
    "quarantine_raw",
    "readiness",
    "reasons",
    "results",
    "scores",
    "source_files",
    "unlocked",
]
