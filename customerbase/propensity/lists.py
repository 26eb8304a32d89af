"""The priority list of a month: its customers from the chances to buy, its channels from one line of text, and its backtest."""

import re
from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd

from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.prediction import Study, design
from customerbase.prediction.timing import HORIZONS
from customerbase.propensity.by_category import Categories
from customerbase.propensity.month import DAYS, Result
from customerbase.propensity.sales import Captured, best_times, captured, gain_curve, order_slots

LIST, RFM = "list", "rfm"
_NUMBER = r"([0-9]+(?:\.[0-9]+)?)"
_CHANNEL = re.compile(rf"\s*([^:,]*[^:,\s])\s*:\s*([0-9]+)\s*:\s*{_NUMBER}\s*(?::\s*{_NUMBER}\s*)?")


def channels(text: str) -> pd.DataFrame:
    """Channels from "name:capacity:cost" or "name:capacity:cost:effect", parted by commas.

    capacity: contacts of the month; cost: of one; effect: the odds of a purchase are multiplied by 1 + effect. Raises
    ConfigError for a part that does not say so, and for a name that comes twice.
    """
    rows = []
    for part in text.split(","):
        found = _CHANNEL.fullmatch(part)
        if not found:
            raise ConfigError(
                f"channel {part.strip()!r} cannot be read; expected name:capacity:cost or name:capacity:cost:effect,"
                " such as phone:100:300 or phone:100:300:0.3 (plain numbers, 0 or more)."
            )
        name, capacity, cost, effect = found.groups()
        if name in (row[0] for row in rows):
            raise ConfigError(f"channel {name!r} comes twice in {text!r}; expected one part for each channel.")
        rows.append([name, int(capacity), float(cost), float(effect) if effect else np.nan])
    made = pd.DataFrame(rows, columns=["channel", "capacity", "cost", "effect"])
    return made if made["effect"].notna().any() else made.drop(columns="effect")


def people(db: Engine, result: Result, *, margin: float, due: pd.DataFrame | None = None) -> pd.DataFrame:
    """The customers of `prioritise`: chance and margin of a purchase within the month, best day and hours, reasons.

    margin: gross margin as a share of net sales; due: repurchase_due, for the nearest day to contact. Reads customer_orders.
    """
    made = result.customers[["customer_id"]].assign(
        probability=result.customers["p_30"], expected_margin=result.customers["expected_spend"] * margin
    )
    made = made.merge(best_times(order_slots(db)), on="customer_id", how="left")
    if due is not None and len(due):
        days = due.dropna(subset=["contact_day"]).groupby("customer_id")["contact_day"].min()
        made["best_day"] = made["customer_id"].map(days)
    why = result.reasons.pivot(index="customer_id", columns="rank", values="reason")
    for rank in (1, 2, 3):
        made[f"reason_{rank}"] = made["customer_id"].map(why[rank]) if rank in why else None
    return made


def backtest(study: Study, capacity: int) -> tuple[pd.DataFrame, Captured, date] | None:
    """What the list of the newest test window would have reached, against classic RFM: the gain curve, the share, the window.

    The list is ordered by chance times the customer's own spend an active month; RFM by the sum of three rank positions
    (recency, purchase days and spend of the year). Reached is what customers then spent, not what a contact would add.
    capacity: of all customers; where a sample of them was tested, the same share of the sample is contacted. None without
    a test, without a purchase in it, or without a contact.
    """
    if not study.tests or capacity < 1:
        return None
    test = study.tests[-1]
    column = {name: test.window.x[:, place] for place, name in enumerate(design.names())}
    each = np.maximum(np.nan_to_num(column["spend_365"]), 0) / np.maximum(np.nan_to_num(column["active_months_365"]), 1)
    score = test.probability(study.chosen) * each
    ranks = [
        pd.Series(values).rank(pct=True, na_option="top")
        for values in (-column["days_since_last_purchase"], column["purchase_days_365"], column["spend_365"])
    ]
    rfm = sum(ranks).to_numpy()
    brought = np.maximum(test.window.spend, 0.0) * test.y
    if not brought.sum():
        return None
    everybody = test.window.customers
    contacts = min(capacity, everybody)
    seats = max(round(contacts * len(score) / everybody), 1)
    found = replace(captured(brought, score, seats, against=rfm), capacity=contacts, customers=everybody)
    return gain_curve(brought, {LIST: score, RFM: rfm}), found, test.cutoff


def over_horizons(found: Categories, result: Result) -> dict[str, pd.DataFrame]:
    """The table propensity_category_horizons: the chances of the other horizons beside those of 30 days.

    Of each customer all categories follow the own course of time: 1 - (1 - P)^k, k = log(1 - p_h) / log(1 - p_30). Measured on
    Online Retail II it is as well calibrated at 7, 60 and 90 days as at 30 (docs/predictions.md). Raises ConfigError for
    categories of another horizon.
    """
    if found.options.horizon_days != DAYS:
        raise ConfigError(
            f"categories are predicted for {found.options.horizon_days} days; expected {DAYS} to spread them."
        )
    made = found.categories[["customer_id", "category", "as_of"]].copy()
    chance = np.clip(found.categories["probability"].to_numpy(dtype=float), 0, 1 - 1e-9)
    whole = result.customers.set_index("customer_id")
    stay = {days: np.log1p(-np.clip(whole[f"p_{days}"], 1e-9, 1 - 1e-9)) for days in HORIZONS}
    for days in HORIZONS:
        power = (stay[days] / stay[DAYS]).reindex(made["customer_id"]).to_numpy(dtype=float)
        made[f"p_{days}"] = chance if days == DAYS else 1 - (1 - chance) ** power
    return {"propensity_category_horizons": made}
