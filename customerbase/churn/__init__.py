"""Who is leaving: when silence counts as leaving, each customer's chance of it, what is at risk, and how contracts end."""

from customerbase.churn.contractual import Contractual, contract_tables, contracts, contractual
from customerbase.churn.contractual_snapshot import SingleSnapshot, single_snapshot
from customerbase.churn.definition import Definition, definition
from customerbase.churn.month import BANDS, Options, Result, campaign, risk

__all__ = [
    "BANDS",
    "Contractual",
    "Definition",
    "Options",
    "Result",
    "SingleSnapshot",
    "campaign",
    "contract_tables",
    "contracts",
    "contractual",
    "definition",
    "risk",
    "single_snapshot",
]
