"""What each offer should bring of each customer, and cost: expected incremental margin, with the interval of the effect.

Purchase: p(1 - p)e / (1 + pe) more chance of a purchase within 30 days, times the margin of that purchase. Staying: the
same of the chance of being a customer still, times CLTV / p_alive, what one who stays is worth. Margin: money a contact.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from customerbase.audiences.budget.offers import MARGIN, PURCHASE, Effect, Offer
from customerbase.prediction.lift import probability_gain

OUTCOMES = {PURCHASE: "customers", MARGIN: "margin"}  # of campaign_effects, by what an offer changes
MEASURED, ASSUMED, UNKNOWN = "measured", "assumed", "unknown"


@dataclass(frozen=True)
class Known:
    """The effect in use: odds - 1 (purchase, staying) or money a contact (margin), where it is from and what was proven."""

    value: float
    low: float
    high: float
    source: str
    verdict: str = ""


def effect(offer: Offer, effects: pd.DataFrame | None) -> Known:
    """The effect of an offer: measured where last month's campaign_effects has its campaign, else as assumed.

    A measured effect on buyers is turned into odds: of the share who bought with and without the campaign.
    """
    given: Effect = offer.effect
    rows = effects if effects is not None and len(effects) and given.campaign else None
    if rows is not None:
        rows = rows[(rows["campaign_id"] == given.campaign) & (rows["outcome"] == OUTCOMES.get(offer.changes))]
        rows = rows[rows[["effect", "low", "high", "mean_control"]].notna().all(axis=1)]
    if rows is not None and len(rows):
        row = rows.iloc[0]
        base = float(row["mean_control"])
        told = [float(row[name]) for name in ("effect", "low", "high")]
        if offer.changes == MARGIN or 0 < base < 1:
            made = told if offer.changes == MARGIN else [_odds(base, one) for one in told]
            return Known(*made, MEASURED, str(row["verdict"]))
    return Known(given.assumed, given.low, given.high, UNKNOWN if np.isnan(given.assumed) else ASSUMED)


def _odds(base: float, more: float) -> float:
    share = min(max(base + more, 1e-6), 1 - 1e-6)
    return share / (1 - share) / (base / (1 - base)) - 1


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
    p = customers["probability"].to_numpy(dtype=float)
    raised = probability_gain(p, value)
    if offer.changes == PURCHASE:
        margin = raised * customers["expected_margin"].to_numpy(dtype=float)
    elif offer.changes == MARGIN:
        margin, raised = np.full(len(customers), value), np.zeros(len(customers))
    else:
        alive, worth = (customers[name].to_numpy(dtype=float) for name in ("p_alive", "cltv"))
        with np.errstate(divide="ignore", invalid="ignore"):
            margin = np.where(alive > 0, probability_gain(alive, value) * worth / alive, 0.0)
        raised = np.zeros(len(customers))
    cost = np.full(len(customers), offer.cost)
    if offer.cost_response:
        cost = cost + offer.cost_response * offer.redeemed * (p + raised)
    return margin, cost
