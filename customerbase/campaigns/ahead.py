"""Before the launch: what a campaign of this size could show, what its hold-out costs, and whether the method cries wolf."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from customerbase.campaigns.estimates import Arm, difference
from customerbase.campaigns.judge import JUDGED, RANDOMISED
from customerbase.campaigns.people import BEFORE, DAYS, Contacted
from customerbase.engine import Engine
from customerbase.errors import InputError
from customerbase.intervals import Z

SHARES = (0.05, 0.1, 0.2, 0.3, 0.5)
POWER = 0.8
DRAWS, MOST, BLOCK = 1000, 20_000, 100
NEAR = (0.04, 0.06)  # levels as good as 5 % for a test that is not exact (Cochran 1954, Biometrics 10, 417–451)
BUYERS = 15  # expected in the smaller arm: with fewer the test is not near its level, and few draws have what a verdict asks for
PLANNED = ("customers", "orders", "revenue")
PLANS = [
    *("channel", "outcome", "share", "people", "n_control", "spread", "usual", "usual_low", "usual_high", "detectable"),
    *("power", "people_needed", "campaigns_needed", "holdout_cost", "as_of"),
]
TRIALS = ["outcome", "people", "share", "draws", "rejected", "rate", "low", "high", "within", "as_of"]


def error(spread: ArrayLike, treated: ArrayLike, control: ArrayLike) -> np.ndarray:
    """Standard error of the difference of two means of one standard deviation."""
    return np.asarray(spread) * np.sqrt(1 / np.asarray(treated, dtype=float) + 1 / np.asarray(control, dtype=float))


def power(effect: ArrayLike, spread: ArrayLike, treated: ArrayLike, control: ArrayLike) -> np.ndarray:
    """Chance that a two-sided test at 5 % finds an effect per person that is there."""
    from scipy.special import ndtr

    z = np.abs(np.asarray(effect)) / error(spread, treated, control)
    return ndtr(z - Z) + ndtr(-z - Z)


def detectable(spread: ArrayLike, treated: ArrayLike, control: ArrayLike, sure: float = POWER) -> np.ndarray:
    """The least effect per person that the test finds with the chance `sure` (MDE): (z₀.₉₇₅ + z_sure) · standard error.

    Source: Bloom (1995), Eval. Rev. 19, 547–556.
    """
    return (Z + _deviate(sure)) * error(spread, treated, control)


def needed(effect: ArrayLike, spread: ArrayLike, share: ArrayLike, sure: float = POWER) -> np.ndarray:
    """People of both arms together that such a test needs when `share` of them is held out; inf for no effect."""
    held = np.asarray(share, dtype=float)
    if ((held <= 0) | (held >= 1)).any():
        raise InputError(f"share is {share!r}; expected above 0 and below 1, such as 0.1.")
    size = np.abs(np.asarray(effect, dtype=float))
    with np.errstate(divide="ignore"):
        return ((Z + _deviate(sure)) * np.asarray(spread) / size) ** 2 / (held * (1 - held))


def _deviate(sure: float) -> float:
    from scipy.special import ndtri

    if not 0.5 <= sure < 1:
        raise InputError(f"the chance to find the effect is {sure!r}; expected from 0.5 to below 1, usually 0.8.")
    return float(ndtri(sure))


def plans(found: Contacted, effects: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """Table campaign_plans: for the next campaign of each channel, like its last one, and several shares held out.

    spread: standard deviation of the outcome within the arms of the channel's last campaign, after CUPED. usual: mean effect
    of the channel's campaigns, weighted by how sure each is. holdout_cost: margin that the people held out are expected to
    bring less, where the margin's effect is above 0. campaigns_needed: of equal ones, until the usual effect is found with
    80 % chance; empty where the usual effect is not above 0.
    """
    made = []
    judged = results[(results["state"] == JUDGED) & (results["method"] == RANDOMISED)]
    for channel, mine in judged.groupby("channel", sort=True):
        last = mine.iloc[-1]
        rows = effects[effects["campaign_id"].isin(mine["campaign_id"]) & (effects["method"] == RANDOMISED)]
        gain = _usual(rows[rows["outcome"] == "margin"])[0]
        for outcome in PLANNED:
            made += _plan(rows[rows["outcome"] == outcome], str(channel), outcome, last["campaign_id"], gain)
    return pd.DataFrame(made, columns=PLANS[:-1]).assign(as_of=found.as_of)[PLANS]


def _plan(rows: pd.DataFrame, channel: str, outcome: str, last: str, gain: float) -> list[dict]:
    row = rows[rows["campaign_id"] == last].iloc[0]
    one, two = float(row["n_treated"]), float(row["n_control"])
    spread = (row["high"] - row["low"]) / 2 / Z / np.sqrt(1 / one + 1 / two)
    if not spread > 0:
        return []
    usual, low, high = _usual(rows)
    people, made = int(one + two), []
    for share in SHARES:
        control = round(people * share)
        row = {"channel": channel, "outcome": outcome, "share": share, "people": people, "n_control": control}
        row |= {"spread": spread, "usual": usual, "usual_low": low, "usual_high": high}
        row["holdout_cost"] = control * gain if gain > 0 else None
        if control >= 2:
            row["detectable"] = float(detectable(spread, people - control, control))
            if usual > 0:
                row["power"] = float(power(usual, spread, people - control, control))
                row["people_needed"] = float(np.ceil(needed(usual, spread, share)))
                row["campaigns_needed"] = int(np.ceil(row["people_needed"] / people))
        made.append(row)
    return made


def _usual(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Mean effect weighted by 1 / variance, with its interval."""
    known = rows.dropna(subset=["low", "high"])
    variance = ((known["high"] - known["low"]).astype(float) / 2 / Z) ** 2
    if not len(known) or not (variance > 0).all():
        return float("nan"), float("nan"), float("nan")
    weight = 1 / variance
    value, half = float((weight * known["effect"]).sum() / weight.sum()), Z / float(np.sqrt(weight.sum()))
    return value, value - half, value + half


def trials(
    db: Engine,
    *,
    as_of: date,
    days: int = DAYS,
    before: int = BEFORE,
    share: float = 0.3,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Table campaign_trials: the company's customers drawn into two arms that were treated alike, again and again (A/A).

    The share of draws whose difference is called clear should be near 5 %: low and high are the band in which it lies in 95 of
    100 such trials where the true level is 4 or 6 %. The draws are all of the same customers, so a level that is a little off with
    few buyers and long tails does not average out: a band of chance around 5 % alone called sound companies wrong.
    Outcomes of the last days, of at most 20,000 customers; no row where too few of them bought. Reads customer_orders
    (people.events).
    """
    until = as_of + timedelta(days=1)
    start = until - timedelta(days=days)
    values = {"since": start - timedelta(days=before), "start": start, "until": until, "most": MOST}
    frame = db.run("campaign_quiet", **values).df()
    if min(share, 1 - share) * (frame["orders"] > 0).sum() < BUYERS:
        return pd.DataFrame(columns=TRIALS)
    y = np.column_stack([frame["orders"] > 0, frame["orders"], frame["revenue"]]).astype(float)
    x = np.column_stack([frame["orders_before"], frame["orders_before"], frame["revenue_before"]]).astype(float)
    rejected, told = again(y, x, share=share, draws=draws, seed=seed)
    made = pd.DataFrame({"outcome": PLANNED, "people": len(frame), "share": share, "draws": told, "rejected": rejected})
    low, high = (
        end + side * Z * np.sqrt(end * (1 - end) / made["draws"]) for end, side in zip(NEAR, (-1, 1), strict=True)
    )
    made = made.assign(rate=made["rejected"] / made["draws"], low=low.clip(lower=0), high=high, as_of=as_of)
    made["within"] = (made["rate"] >= made["low"]) & (made["rate"] <= made["high"])
    return made[made["draws"] > 0].reset_index(drop=True)[TRIALS]


def again(
    y: np.ndarray, x: np.ndarray, *, share: float, draws: int = DRAWS, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """How many of many random divisions call the difference clear, by outcome, and how many could be judged.

    y, x: outcomes and measures before, shape (people, outcomes). The sums of all draws are one matrix product.
    """
    random, outcomes = np.random.default_rng(seed), y.shape[1]
    values = np.hstack([np.ones((len(y), 1)), y, y * y, x, x * x, x * y])
    whole = values.sum(axis=0)
    rejected, told = np.zeros(outcomes, dtype=int), np.zeros(outcomes, dtype=int)
    for start in range(0, draws, BLOCK):
        held = (random.random((min(BLOCK, draws - start), len(y))) < share).astype(float)
        control = held @ values
        arms = [_arm(sums, outcomes) for sums in (whole - control, control)]
        p = difference(*arms)["p_value"].to_numpy().reshape(-1, outcomes)
        rejected += (p < 0.05).sum(axis=0)
        told += np.isfinite(p).sum(axis=0)
    return rejected, told


def _arm(sums: np.ndarray, outcomes: int) -> Arm:
    """An arm of every draw and outcome, flat, of rows of sums: n, then y, y², x, x², x·y of each outcome."""
    parts = [sums[:, 1 + place * outcomes : 1 + (place + 1) * outcomes].ravel() for place in range(5)]
    return Arm.of(np.repeat(sums[:, 0], outcomes), *parts)
