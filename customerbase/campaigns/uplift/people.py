"""Randomised campaigns that can tell whom they move: what was known of their people before, and what they did after.

Arms, windows and outcomes are those of campaigns/people.py, person by person. Nothing dated on the first planned day or later
is a feature; the outcome is counted from each person's own planned contact.
"""

from datetime import date

import pandas as pd

import customerbase.campaigns.people as contacted
from customerbase import features
from customerbase.campaigns.estimates import UNEQUAL, sample_ratio
from customerbase.engine import Engine, sql_text

EVER = 36_500  # days: everybody who has ordered before has features
DRAWN_OUT = (
    31  # days from the first to the last planned day beyond which features of the first are too old for the last
)
READY, OLDER, FEW, FEW_BUYERS = "ready", "older", "few", "few_buyers"
STATES = (READY, OLDER, FEW, FEW_BUYERS, "one_arm", "not_over", "drawn_out", "arms_off")


def campaigns(db: Engine, *, as_of: date, window_days: int, least_arm: int) -> pd.DataFrame:
    """Campaigns planned up to as_of, newest first: arms, days, costs and whether people can be ranked by effect.

    state: ready; one_arm (nobody held out, or nobody contacted); not_over (a window ends after as_of); drawn_out (planned
    over more than a month); arms_off (arms not as large as the planned hold-out makes them: something else than chance
    decided); few (the smaller arm has fewer than least_arm people). Holds what people did (campaign_events). Reads campaigns,
    campaign_contacts, identity_links, orders, refunds, order_lines, products and web_events.
    """
    found = contacted.arms(db, as_of=as_of, days=window_days)
    if len(found):
        contacted.events(db, found, as_of=as_of, before=1)
    found["first_day"], found["last_day"] = (pd.to_datetime(found[name]).dt.date for name in ("first_at", "last_at"))
    found["ratio_p"] = sample_ratio(found["treated"], found["control"], found["holdout_share"])
    found = found.assign(campaign_id=found["source_campaign_id"], crossed=found["both_arms"])
    found = found.sort_values(["last_day", "source_system", "campaign_id"], ascending=[False, True, True])
    found["state"] = [_state(row, least_arm) for row in found.itertuples()]
    return found.reset_index(drop=True)


def outcomes(db: Engine, campaign: pd.Series, window_days: int) -> pd.DataFrame:
    """The people of one of `campaigns`: customer_id, treated, bought (0 or 1) and revenue in their window; one row each, by id.

    Leaves them as uplift_audience.
    """
    contacted.outcomes(db, [campaign["campaign"]], days=window_days, before=1, recent=1)  # nothing of before is asked
    features.keep(db, "uplift_audience", sql_text("uplift_audience"))
    return db.query("select * from uplift_audience order by customer_id").df()


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


def _state(row, least_arm: int) -> str:
    if not row.treated or not row.control:
        return "one_arm"
    if not row.over:
        return "not_over"
    if (row.last_day - row.first_day).days > DRAWN_OUT:
        return "drawn_out"
    if row.ratio_p < UNEQUAL:
        return "arms_off"
    return READY if min(row.treated, row.control) >= least_arm else FEW
