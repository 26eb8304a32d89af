"""Runs: contracts read from the notebooks, a plan checked before any kernel starts, a publication that is whole."""

from customerbase.pipeline.contracts import Contract, read_contract, read_contracts
from customerbase.pipeline.plan import Plan, make_plan
from customerbase.pipeline.run import run
from customerbase.pipeline.verify import verify

__all__ = ["Contract", "Plan", "make_plan", "read_contract", "read_contracts", "run", "verify"]
