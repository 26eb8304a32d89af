"""Who is leaving: when silence counts as leaving, how long contracts last, and what each customer's chances are."""

from customerbase.churn.contractual import Contractual, contractual
from customerbase.churn.contractual_snapshot import SingleSnapshot, single_snapshot
from customerbase.churn.definition import Definition, definition

__all__ = ["Contractual", "Definition", "SingleSnapshot", "contractual", "definition", "single_snapshot"]
