"""Deals of the sales force beside the customers to contact: who owns the account, and what is about to be won there."""

from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase.engine import Engine
from customerbase.errors import InputError, near_miss
from customerbase.propensity.sales.priority import REASONS, Remark

# Chance to win a deal of each open stage where nothing is done: stated, not measured. A company sets its own.
STAGES = {"lead": 0.10, "qualified": 0.25, "proposal": 0.50, "negotiation": 0.75}
REASON = "open_deal"


def open_deals(db: Engine, *, as_of: date) -> pd.DataFrame:
    """The open deal of every customer who has one: customer_id, owner_id, stage, amount, expected_close, deals.

    Reads deals and identity_links. Of several open deals of a customer the one furthest on counts, then the largest.
    """
    return db.run("open_deals", until=as_of + timedelta(days=1)).df().sort_values("customer_id", ignore_index=True)


def with_deals(
    customers: pd.DataFrame, deals: pd.DataFrame | None, *, margin: float = 1.0, stages: Mapping[str, float] = STAGES
) -> tuple[pd.DataFrame, tuple[Remark, ...]]:
    """Customers with their open deal: a second purchase that a contact may win, at the chance of its stage.

    The rule: a contact raises the chance of the stage as it raises that of any purchase, and what it adds times the
    deal's amount times `margin` (gross margin, a share of the amount) is added to the gain of the contact. So stage and
    amount raise the priority, and no deal lowers it; a deal without an amount adds nothing but its owner.
    Adds deal_stage, deal_probability, deal_margin and owner (where a deal names one; an owner known before stays where
    none does), and puts the reason open_deal first. deals: of open_deals; None or empty: the customers as they are.
    The remarks say what was done; hand them to prioritise(notes=…).
    Raises InputError for a stage without a chance, a chance outside 0 to 1 or a customer with two rows.
    """
    if deals is None or not len(deals):
        return customers, (Remark("no_deals"),)
    for stage in sorted(set(deals["stage"]) - set(stages)):
        raise InputError(f"a deal's stage is {stage!r}; expected one of {', '.join(stages)}.{near_miss(stage, stages)}")
    for stage, chance in stages.items():
        if not 0 <= chance <= 1:
            raise InputError(f"the chance of stage {stage!r} is {chance}; expected 0 to 1.")
    if (twice := deals["customer_id"].duplicated()).any():
        raise InputError(f"customer {deals.loc[twice, 'customer_id'].iloc[0]!r} has two deals; expected one row each.")
    found = deals.set_index("customer_id").reindex(customers["customer_id"])
    has = found["stage"].notna().to_numpy()
    owners = found["owner_id"].astype(object).to_numpy()
    before = customers["owner"].astype(object).to_numpy() if "owner" in customers else np.full(len(customers), None)
    joined = customers.assign(
        owner=np.where(pd.notna(owners), owners, before),
        deal_stage=found["stage"].to_numpy(),
        deal_probability=found["stage"].map(stages).to_numpy(dtype=float),
        deal_margin=found["amount"].to_numpy(dtype=float, na_value=np.nan) * margin,
    )
    told = ", ".join(f"{stage} {chance:g}" for stage, chance in stages.items())
    unknown = len(deals) - int(has.sum())
    said = [Remark("deals_used", {"customers": f"{int(has.sum()):,}", "stages": told})]
    said += [Remark("deals_of_others", {"deals": f"{unknown:,}"})] if unknown else []
    return _reason_first(joined, has), tuple(said)


def _reason_first(customers: pd.DataFrame, has: np.ndarray) -> pd.DataFrame:
    """The reason open_deal in the first place, the others one place down."""
    reasons = customers.reindex(columns=list(REASONS)).astype(object)
    down = reasons.shift(1, axis=1)
    down[REASONS[0]] = REASON
    return customers.assign(**{name: np.where(has, down[name], reasons[name]) for name in REASONS})
