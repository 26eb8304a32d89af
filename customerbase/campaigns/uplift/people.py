"""Randomised campaigns and the people they were planned for: who was drawn into which arm, what was known before, what came after.

Everybody planned for counts in the arm drawn (intention to treat), whether reached or not. Nothing dated on the first planned
day or later is a feature; the outcome is counted from that day to window_days after the last one, alike in both arms.
"""

from datetime import date, timedelta

import numpy as np
import pandas as pd

from customerbase import features
from customerbase.engine import Engine, sql_text
from customerbase.intervals import two_sided

EVER = 36_500  # days: everybody who has ordered before has features
DRAWN_OUT = 31  # days from the first to the last planned day beyond which one window does not fit all
OFF = 0.001  # p-value below which the arms are not as large as planned (sample ratio mismatch)
READY, OLDER, FEW, FEW_BUYERS = "ready", "older", "few", "few_buyers"
STATES = (READY, OLDER, FEW, FEW_BUYERS, "one_arm", "not_over", "drawn_out", "arms_off")


def campaigns(db: Engine, *, as_of: date, window_days: int, least_arm: int) -> pd.DataFrame:
    """Campaigns planned up to as_of, newest first: arms, days, costs and whether people can be ranked by effect.

    state: ready; one_arm (nobody held out, or nobody contacted); not_over (the window ends after as_of); drawn_out (planned
    over more than a month); arms_off (arms not as large as the planned hold-out makes them: something else than chance
    decided); few (the smaller arm has fewer than least_arm people). Reads campaigns, campaign_contacts, identity_links.
    """
    features.keep(db, "uplift_people", sql_text("uplift_people"))
    found = db.run("uplift_campaigns").df()
    found["first_day"], found["last_day"] = (pd.to_datetime(found[name]).dt.date for name in ("first_day", "last_day"))
    found = found[found["first_day"] <= as_of]
    found = found.sort_values(["last_day", "source_system", "campaign_id"], ascending=[False, True, True])
    found["state"] = [_state(row, as_of, window_days, least_arm) for row in found.itertuples()]
    return found.reset_index(drop=True)


def outcomes(db: Engine, campaign: pd.Series, window_days: int) -> pd.DataFrame:
    """The people of one campaign: customer_id, treated, bought (0 or 1) and revenue in its window; one row each, by id.

    Reads uplift_people and customer_orders; leaves the people as uplift_audience.
    """
    chosen = "source_system = $system and campaign_id = $campaign"
    features.keep(
        db, "uplift_audience", f"select customer_id, treated from uplift_people where {chosen}",
        system=campaign["source_system"], campaign=campaign["campaign_id"],
    )  # fmt: skip
    until = campaign["last_day"] + timedelta(days=window_days)
    return (
        db.run("uplift_outcomes", since=campaign["first_day"], until=until)
        .df()
        .sort_values("customer_id", ignore_index=True)
    )


def known_before(db: Engine, frame: pd.DataFrame, day: date) -> pd.DataFrame:
    """Features of the people of `outcomes`, in its order, from what was dated before the day; NaN: had never ordered."""
    known = features.snapshot(db, cutoff=day, eligible_days=EVER, customers="uplift_audience").df()
    return frame[["customer_id"]].merge(known, on="customer_id", how="left")


def needed(share: float, base: float, difference: float, power: float = 0.8) -> float:
    """People of a campaign from which on a difference in effect between two halves of them is found with that power.

    share: treated; base: share who respond, over both arms; difference: of the two halves' effects. Two-sided, level 0.05:
    n = 4·(z₁₋α/₂ + z_power)² · base·(1 − base) / (share·(1 − share)·difference²), four times what the effect itself needs.
    Infinite where there is no difference.
    """
    from scipy.special import ndtri

    if not difference or not 0 < share < 1:
        return float("inf")
    z = float(ndtri(0.975) + ndtri(power))
    return 4 * z * z * base * (1 - base) / (share * (1 - share) * difference**2)


def _state(row, as_of: date, window_days: int, least_arm: int) -> str:
    if not row.treated or not row.control:
        return "one_arm"
    if row.last_day + timedelta(days=window_days) > as_of + timedelta(days=1):
        return "not_over"
    if (row.last_day - row.first_day).days > DRAWN_OUT:
        return "drawn_out"
    if _mismatch(row.treated, row.control, row.holdout_share) < OFF:
        return "arms_off"
    return READY if min(row.treated, row.control) >= least_arm else FEW


def _mismatch(treated: int, control: int, holdout: float | None) -> float:
    """p-value of the sizes of the arms under the planned share held out; 1 where no share was planned."""
    if holdout is None or not 0 < holdout < 1:
        return 1.0
    n = treated + control
    return float(two_sided((control - n * holdout) / np.sqrt(n * holdout * (1 - holdout))))
