"""Who is leaving: when silence counts as leaving, each customer's chance of it, what is at risk, and how contracts end."""

from customerbase.churn.contracts import (
    Contractual,
    SingleSnapshot,
    contract_tables,
    contracts_of,
    contractual,
    single_snapshot,
)
from customerbase.churn.definition import Definition, definition
from customerbase.churn.month import BANDS, Affordable, Options, Result, campaign, risk, within

__all__ = [
    "BANDS",
    "Affordable",
    "Contractual",
    "Definition",
    "Options",
    "Result",
    "SingleSnapshot",
    "campaign",
    "contract_tables",
    "contracts_of",
    "contractual",
    "definition",
    "risk",
    "single_snapshot",
    "within",
]
