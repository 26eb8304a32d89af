"""What each offer should bring of each customer, and cost: expected incremental margin, with the interval of the effect."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from customerbase.audiences.budget.offers import Offer
from customerbase.audiences.effects import UNKNOWN, Known, expected


def gains(
    customers: pd.DataFrame, offers: Sequence[Offer], known: Mapping[str, Known], allowed: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """customers x offers: gain, gain_low, gain_high (margin less cost; -inf where not allowed), margin and cost (expected).

    customers: probability, expected_margin, p_alive, cltv. An offer whose effect or customer is not known brings nothing.
    """
    shape = (len(customers), len(offers))
    made = {name: np.full(shape, -np.inf) for name in ("gain", "gain_low", "gain_high")}
    made |= {"margin": np.zeros(shape), "cost": np.zeros(shape)}
    for place, offer in enumerate(offers):
        one, may = known[offer.code], allowed[offer.code]
        if one.source == UNKNOWN:
            continue
        for name, value in (("gain", one.value), ("gain_low", one.low), ("gain_high", one.high)):
            margin, cost = _expected(customers, offer, value)
            able = may & np.isfinite(margin) & np.isfinite(cost)
            made[name][able, place] = (margin - cost)[able]
            if name == "gain":
                made["margin"][able, place], made["cost"][able, place] = margin[able], cost[able]
    return made


def _expected(customers: pd.DataFrame, offer: Offer, value: float) -> tuple[np.ndarray, np.ndarray]:
    """Incremental margin and cost of each customer, at one value of the effect."""
    margin, raised = expected(customers, offer.changes, value)
    cost = np.full(len(customers), offer.cost)
    if offer.cost_response:
        cost = cost + offer.cost_response * offer.redeemed * (customers["probability"].to_numpy(dtype=float) + raised)
    return margin, cost
