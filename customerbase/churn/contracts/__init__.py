"""Contracts that end where everybody can see it: how long they last, and the chance that each ends soon."""

from customerbase.churn.contracts.contractual import Contractual, contract_tables, contracts_of, contractual
from customerbase.churn.contracts.single import SingleSnapshot, single_snapshot

__all__ = ["Contractual", "SingleSnapshot", "contract_tables", "contracts_of", "contractual", "single_snapshot"]
