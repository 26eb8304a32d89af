"""Customer lifetime value: who will buy how often, for how much, for how long; the field's models, exact, with intervals.

    summary = cltv.summary(transactions, customer="id", date="day", amount="yen", as_of="2026-10-31")
    fitted = cltv.fit(summary, held=cltv.hold_out(transactions, customer="id", date="day", as_of="2026-10-31"))
    values = fitted.predict(summary, months=12, annual_discount=0.1, margin=0.4)

A month of the workbook goes through `purchases` and `value`.
"""

from customerbase.cltv.alone import Fitted, fit, from_json, hold_out
from customerbase.cltv.betageometric import BetaGeometricNBD, ModifiedBetaGeometricNBD
from customerbase.cltv.bgbb import BetaGeometricBetaBinomial
from customerbase.cltv.contractual import BetaDiscreteWeibull, ShiftedBetaGeometric
from customerbase.cltv.families import FAMILIES
from customerbase.cltv.gammagamma import GammaGamma
from customerbase.cltv.month import Result, value
from customerbase.cltv.nbd import NBD
from customerbase.cltv.options import Options
from customerbase.cltv.pareto import ParetoNBD
from customerbase.cltv.regrouped import value_of_grouping
from customerbase.cltv.simulated import simulated_log
from customerbase.cltv.transactions import purchases, summary

__all__ = [
    "FAMILIES",
    "NBD",
    "BetaDiscreteWeibull",
    "BetaGeometricBetaBinomial",
    "BetaGeometricNBD",
    "Fitted",
    "GammaGamma",
    "ModifiedBetaGeometricNBD",
    "Options",
    "ParetoNBD",
    "Result",
    "ShiftedBetaGeometric",
    "fit",
    "from_json",
    "hold_out",
    "purchases",
    "simulated_log",
    "summary",
    "value",
    "value_of_grouping",
]
