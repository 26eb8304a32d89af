"""What a contact is expected to change: measured by a campaign of before, else as assumed; offers and triggers alike.

effect: {campaign: C202607, assumed: 0.2, low: 0.05, high: 0.35, why: last year's voucher}

Purchase: p(1 - p)e / (1 + pe) more chance of a purchase within 30 days, times the margin of that purchase. Staying: the
same of the chance of being a customer still, times CLTV / p_alive, what one who stays is worth. Margin: money a contact.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from customerbase.audiences.values import line, one_of
from customerbase.errors import ConfigError
from customerbase.prediction.lift import probability_gain

PURCHASE, STAYING, MARGIN = "purchase", "staying", "margin"
CHANGES = (PURCHASE, STAYING, MARGIN)
OUTCOMES = {PURCHASE: "customers", MARGIN: "margin"}  # of campaign_effects, by what a contact changes
MEASURED, ASSUMED, UNKNOWN = "measured", "assumed", "unknown"
_KEYS = ("campaign", "assumed", "low", "high", "why")


@dataclass(frozen=True)
class Effect:
    """campaign: whose measured effect counts; assumed with low, high and why: what counts without one (nan: nothing)."""

    campaign: str = ""
    assumed: float = np.nan
    low: float = np.nan
    high: float = np.nan
    why: str = ""


@dataclass(frozen=True)
class Known:
    """The effect in use: odds - 1 (purchase, staying) or money a contact (margin), where it is from and what was proven."""

    value: float
    low: float
    high: float
    source: str
    verdict: str = ""


def read_effect(given: object, changes: str, place: str) -> Effect:
    """`effect:` of an offer or a trigger. Raises ConfigError naming place, value and what was expected."""
    spec = mapping(given, _KEYS, place)
    if "campaign" not in spec and "assumed" not in spec:
        raise ConfigError(f"{place} is {given!r}; expected a campaign, or what is assumed with low, high and why.")
    if "campaign" in spec and changes == STAYING:
        raise ConfigError(f"{place}: campaigns measure purchases and margin, not staying; state what is assumed.")
    campaign = line(spec.get("campaign", ""), f"{place}.campaign")
    if "assumed" not in spec:
        return Effect(campaign)
    why = line(spec.get("why", ""), f"{place}.why")
    if not why or "low" not in spec or "high" not in spec:
        raise ConfigError(f"{place}: an assumption says low, high and why it is made.")
    least = -np.inf if changes == MARGIN else -0.999
    value, low, high = (number(spec, key, place, 0.0, least) for key in ("assumed", "low", "high"))
    if not low <= value <= high:
        raise ConfigError(f"{place}: assumed {value:g} is not within low {low:g} and high {high:g}.")
    return Effect(campaign, value, low, high, why)


def effect(given: Effect, changes: str, effects: pd.DataFrame | None) -> Known:
    """The effect in use: measured where last month's campaign_effects has its campaign, else as assumed.

    A measured effect on buyers is turned into odds: of the share who bought with and without the campaign.
    """
    rows = effects if effects is not None and len(effects) and given.campaign else None
    if rows is not None:
        rows = rows[(rows["campaign_id"] == given.campaign) & (rows["outcome"] == OUTCOMES.get(changes))]
        rows = rows[rows[["effect", "low", "high", "mean_control"]].notna().all(axis=1)]
    if rows is not None and len(rows):
        row = rows.iloc[0]
        base = float(row["mean_control"])
        told = [float(row[name]) for name in ("effect", "low", "high")]
        if changes == MARGIN or 0 < base < 1:
            made = told if changes == MARGIN else [_odds(base, one) for one in told]
            return Known(*made, MEASURED, str(row["verdict"]))
    return Known(given.assumed, given.low, given.high, UNKNOWN if np.isnan(given.assumed) else ASSUMED)


def _odds(base: float, more: float) -> float:
    share = min(max(base + more, 1e-6), 1 - 1e-6)
    return share / (1 - share) / (base / (1 - base)) - 1


def expected(customers: pd.DataFrame, changes: str, value: float) -> tuple[np.ndarray, np.ndarray]:
    """Incremental margin of a contact, and what it adds to the chance of a purchase, of each customer at one value of the effect.

    customers: probability, expected_margin, p_alive, cltv. NaN where a customer's are not known.
    """
    p = customers["probability"].to_numpy(dtype=float)
    if changes == PURCHASE:
        raised = probability_gain(p, value)
        return raised * customers["expected_margin"].to_numpy(dtype=float), raised
    raised = np.zeros(len(customers))
    if changes == MARGIN:
        return np.full(len(customers), value), raised
    alive, worth = (customers[name].to_numpy(dtype=float) for name in ("p_alive", "cltv"))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(alive > 0, probability_gain(alive, value) * worth / alive, 0.0), raised


def mapping(given: object, keys: tuple[str, ...], place: str) -> Mapping:
    """A mapping of these keys and no others. Raises ConfigError."""
    if not isinstance(given, Mapping):
        raise ConfigError(f"{place} is {given!r}; expected the keys {', '.join(keys)}.")
    for key in given:
        one_of(key, keys, place, "key")
    return given


def number(spec: Mapping, key: str, place: str, without: float, least: float = 0.0) -> float:
    """A number from `least` up, or `without` where none is given. Raises ConfigError."""
    value = spec.get(key, without)
    if isinstance(value, bool) or not isinstance(value, int | float) or np.isnan(value) or value < least:
        raise ConfigError(f"{place}.{key} is {value!r}; expected a number from {least:g} up.")
    return float(value)
