"""Expected maximum profit: one number for how much a ranking is worth to a campaign whose acceptance is uncertain.

Source: Verbraken, Verbeke & Baesens (2013), IEEE Trans. Knowl. Data Eng. 25, 961-973; with a value of each customer:
Óskarsdóttir et al. (2018), Big Data 6, 53-65, doi 10.1089/big.2018.0015.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import betainc

from customerbase.errors import InputError
from customerbase.prediction.profit import Campaign, Prospects, Ranking


@dataclass(frozen=True)
class EMP:
    """profit: expected maximum profit a customer of the base; share: of customers contacted on average to reach it."""

    profit: float
    share: float


def expected_maximum_profit(prospects: Prospects, campaign: Campaign, ranking: Ranking = "probability") -> EMP:
    """Profit a customer when the cut-off is the best for each acceptance, averaged over the acceptance's Beta; exact.

    Profit at each cut-off is a straight line in the acceptance, so the best is their upper envelope, integrated piece by
    piece. Needs known outcomes, and an acceptance seen on a finite number of customers. NaN without customers.
    """
    if np.isinf(campaign.asked) or not 0 < campaign.acceptance < 1:
        raise InputError(
            f"acceptance is {campaign.acceptance!r}, seen on {campaign.asked!r} customers; expected a share between 0 and 1"
            " and a number of customers: 0.3 and 20 for Beta(6, 14)."
        )
    n = len(prospects.value)
    none, all_ = (
        prospects.realised(Campaign(campaign.contact_cost, campaign.offer_cost, g, campaign.others), ranking).profit
        for g in (0.0, 1.0)
    )
    if not n:
        return EMP(float("nan"), float("nan"))
    cuts, bounds = _envelope(none, all_ - none)
    a, b = campaign.acceptance * campaign.asked, (1 - campaign.acceptance) * campaign.asked
    weight = np.diff(betainc(a, b, bounds))
    mean = np.diff(betainc(a + 1, b, bounds)) * campaign.acceptance  # of the acceptance within each piece
    profit = (none[cuts] * weight + (all_ - none)[cuts] * mean).sum()
    return EMP(float(profit) / n, float((cuts * weight).sum()) / n)


def _envelope(level: np.ndarray, slope: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which line level + slope·x is the highest from 0 to 1, piece by piece, and where the pieces end."""
    cuts, bounds = [int(np.lexsort((slope, level))[-1])], [0.0]
    last = int(np.lexsort((slope, level + slope))[-1])
    open_: list[int] = [last]
    while open_:
        line, target = cuts[-1], open_[-1]
        rise = slope[target] - slope[line]
        if target == line or rise <= 0:
            open_.pop()
            continue
        cross = float(np.clip((level[line] - level[target]) / rise, 0, 1))
        heights = level + slope * cross
        top = int(np.argmax(heights))
        if (
            heights[top] - heights[line] > 1e-9 * max(abs(heights[line]), 1.0)
            and slope[line] < slope[top] < slope[target]
        ):
            open_.append(top)
        else:
            cuts.append(target)
            bounds.append(cross)
            open_.pop()
    return np.array(cuts), np.array([*bounds, 1.0])
