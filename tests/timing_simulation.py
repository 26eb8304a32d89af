"""Customers whose chance of buying in each interval is known: snapshots, labels, and the truth behind them."""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase.features import features
from customerbase.periods import add_months

ENDS = (7, 14, 30, 60, 90)
FIRST = date(2025, 1, 1)


def truth(snapshot: pd.DataFrame) -> np.ndarray:
    """P(purchase before each end): hazards by frequency, silence and their interval, as the simulation draws them."""
    silence, bought = snapshot["days_since_last_purchase"], snapshot["purchase_days_365"]
    score = (0.9 * np.log1p(bought) - 0.7 * np.log1p(silence)).to_numpy(dtype=float)
    hazards = [1 / (1 + np.exp(-(base + slope * score))) for base, slope in zip(BASE, SLOPE, strict=True)]
    return 1 - np.cumprod(1 - np.column_stack(hazards), axis=1)


BASE, SLOPE = (-0.6, -0.6, 0.2, 0.6, 0.4), (1.2, 1.1, 1.0, 0.9, 0.8)


def company(months: int = 8, customers: int = 1_500, seed: int = 0) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Snapshots of so many months, and labels of 7, 30, 60 and 90 days that follow the known hazards."""
    rng = np.random.default_rng(seed)
    snapshots, labels = [], []
    for month in range(months):
        cutoff = add_months(FIRST, month)
        made = _snapshot(rng, cutoff, customers)
        days = _days(rng, truth(made))
        snapshots.append(made)
        for horizon in (7, 30, 60, 90):
            bought = days < horizon
            spend = np.where(bought, made["mean_order_365"] * rng.lognormal(0, 0.5, customers), 0.0)
            told = {"customer_id": made["customer_id"], "cutoff": cutoff, "horizon_days": horizon, "bought": bought}
            told |= {"days_to_purchase": np.where(bought, days, horizon), "is_censored": ~bought, "net_spend": spend}
            labels.append(pd.DataFrame(told))
    return pd.concat(snapshots, ignore_index=True), pd.concat(labels, ignore_index=True)


def _snapshot(rng, cutoff: date, customers: int) -> pd.DataFrame:
    """All features; those the story does not tell are missing or, where counts, 0."""
    made = {name: 0.0 if one.kind.empty is not None else np.nan for name, one in features().items()}
    frame = pd.DataFrame(made, index=range(customers))
    bought = 1 + rng.negative_binomial(1, 0.25, customers)
    age = rng.integers(30, 700, customers)
    silence = np.where(bought > 1, np.ceil(age * rng.beta(1, 1.5, customers)).clip(1, 365), np.minimum(age, 365))
    frame["purchase_days"] = frame["purchase_days_365"] = bought
    frame["days_since_first_purchase"] = np.where(bought > 1, np.maximum(age, silence + 1), silence)
    frame["days_since_last_purchase"] = silence
    frame["median_gap"] = np.where(bought > 1, (age / bought).round() + 1, np.nan)
    frame["mean_order_365"] = rng.lognormal(4, 0.6, customers).round(2)
    frame["active_months_365"] = np.minimum(bought, 12)
    frame["spend_365"] = frame["mean_order_365"] * bought
    frame["mean_item_price"] = np.where(rng.random(customers) < 0.2, np.nan, rng.lognormal(1, 1, customers))
    frame.insert(0, "cutoff", cutoff)
    frame.insert(0, "customer_id", [f"K{number:05}" for number in range(customers)])
    return frame


def _days(rng, before: np.ndarray) -> np.ndarray:
    """Whole days to the purchase drawn from the chances before each end; 90 and more: not within them."""
    edges, chance = np.array((0, *ENDS)), rng.random(len(before))
    place = (chance[:, None] >= before).sum(axis=1)
    low = np.column_stack([np.zeros(len(before)), before])
    inside = np.minimum(place, len(ENDS) - 1)
    rows = np.arange(len(before))
    share = (chance - low[rows, inside]) / (low[rows, inside + 1] - low[rows, inside])
    days = edges[inside] + np.floor(share * (edges[inside + 1] - edges[inside]))
    return np.where(place < len(ENDS), days, 10_000).astype(int)


def concordance(days: np.ndarray, bought: np.ndarray, risk: np.ndarray) -> float:
    """Harrell's C: of pairs whose order is known, the share in which the earlier purchase has the higher risk, ties half."""
    right = pairs = 0.0
    for row in np.flatnonzero(bought):
        later = (days > days[row]) | ((days == days[row]) & ~bought)
        pairs += later.sum()
        right += (risk[row] > risk[later]).sum() + 0.5 * (risk[row] == risk[later]).sum()
    return right / pairs


def error_of_bands(p: np.ndarray, bought: np.ndarray, bands: int = 10) -> float:
    """Expected calibration error: mean distance of chance and share over bands of equally many customers."""
    order = np.argsort(p, kind="stable")
    parts = np.array_split(order, bands)
    return sum(abs(p[part].mean() - bought[part].mean()) * len(part) for part in parts) / len(p)


def after(cutoff: date, days: int) -> date:
    """The day so many days later."""
    return cutoff + timedelta(days=days)
