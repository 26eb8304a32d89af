"""The best day to contact after a purchase: by expected incremental purchases under stated assumptions, not by the mode.

A contact at the end of day N goes to those who have not bought on days 1 … N. Of them, `reach` take notice; for the
`effect_days` days after it their hazard is (1 + effect) times what it was. Counted is the change of the chance to have bought
by the end of day `horizon`, so a purchase that would have come by then anyway, and only came earlier, counts as nothing:

    gain(N) = reach · S(N) · [S(horizon) / S(N)] · [1 − exp(−x(N))]  =  reach · S(horizon) · [1 − exp(−x(N))]
    x(N)    = sum over d = N + 1 … min(N + effect_days, horizon) of  log(1 − h(d)) − log(1 − min(1, (1 + effect) h(d)))

with h the daily hazard and S the share that has not bought by the end of a day. The first bracket is the chance of not
buying by the horizon after all: whoever would have bought anyway cannot be won. So the best day is the eve of the days
with the highest hazard of those still waiting, not of the days with the most purchases; a cost per contact moves it later.
Everything is by customers who made a purchase (day 0). The effect itself is an assumption until a campaign with a hold-out
has measured it. Sources of the ideas: incremental response, Radcliffe & Surry (2011), "Real-world uplift modelling"; the
raised hazard as a proportional one, Cox (1972), J. R. Stat. Soc. B 34, 187–220.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.special import expit

from customerbase.errors import ConfigError
from customerbase.propensity.repurchase.hazard import Trend

CLOSE = 0.95  # days that give this share of the best day's gain are as good for all practical purposes
PER = 1000  # customers


@dataclass(frozen=True)
class Contact:
    """What a contact is assumed to do, and what it costs; checked when made.

    effect: by how much it raises the hazard (0.5: half as much again). effect_days: for how many days after it. reach: share
    of the contacted who take notice. horizon: days since the purchase by the end of which a purchase counts. cost: of
    one contact, and worth: of one more purchase, both in the company's currency; without worth the best day is the one with
    the most incremental purchases whatever the number of contacts.
    """

    effect: float = 0.5
    effect_days: int = 7
    reach: float = 1.0
    horizon: int = 90
    cost: float = 0.0
    worth: float | None = None

    def __post_init__(self):
        for name, low, high in (("effect_days", 1, 365), ("horizon", 2, 3650)):
            given = getattr(self, name)
            if not isinstance(given, int) or isinstance(given, bool) or not low <= given <= high:
                raise ConfigError(
                    f"contact: {name} is {given!r}; expected a whole number of days from {low} to {high:,}."
                )
        bounds = {"effect": (0, 100), "reach": (0, 1), "cost": (0, np.inf), "worth": (0, np.inf)}
        for name, (low, high) in bounds.items():
            given, exclusive = getattr(self, name), name in ("effect", "reach", "worth")
            if given is None and name == "worth":
                continue
            if not isinstance(given, int | float) or not low <= given <= high or (exclusive and given == low):
                more = "more than 0" if exclusive else "0 or more"
                raise ConfigError(
                    f"contact: {name} is {given!r}; expected {more}{f' and at most {high}' * (high < np.inf)}."
                )


@dataclass(frozen=True)
class BestDay:
    """The best day N with its 95 % interval, the days as good as it, and what each day gives.

    day is None where no day is worth its contacts. table: one row per day 0 … horizon − 1 with day, incremental (purchases
    per 1,000 customers), contacts (per 1,000 customers) and value (the amount gained per 1,000; NaN without worth).
    incremental, incremental_low, incremental_high: at the best day, per 1,000 customers, with 95 % interval.
    """

    day: int | None
    low: int | None
    high: int | None
    first: int | None
    last: int | None
    table: pd.DataFrame
    incremental: float = float("nan")
    incremental_low: float = float("nan")
    incremental_high: float = float("nan")


def gains(hazard: np.ndarray, contact: Contact) -> tuple[np.ndarray, np.ndarray]:
    """Per customer who bought: expected incremental purchases, and contacts, by the day N = 0 … horizon − 1 of the contact.

    hazard: one column per day from 1, to the horizon at least; one row per curve, or one curve alone.
    """
    curves = np.atleast_2d(hazard)[:, : contact.horizon]
    if curves.shape[1] < contact.horizon:
        raise ConfigError(
            f"contact: horizon is {contact.horizon}; expected at most the {curves.shape[1]} days whose hazard is known."
        )
    plain = cumulated(curves)
    made = contact.reach * np.exp(-plain[:, [-1]]) * -np.expm1(-added(curves, contact))
    start = np.arange(contact.horizon)
    contacted = np.exp(-plain[:, start])
    return made.reshape((*np.shape(hazard)[:-1], -1)), contacted.reshape((*np.shape(hazard)[:-1], -1))


def best_day(trend: Trend, contact: Contact) -> BestDay:
    """The best day to contact on the smoothed hazard; its interval from the curves that the data allow as well."""
    made, contacted = gains(trend.hazard, contact)
    worth = _objective(made, contacted, contact)
    table = pd.DataFrame({
        "day": np.arange(contact.horizon), "incremental": PER * made, "contacts": PER * contacted,
        "value": PER * worth if contact.worth is not None else np.nan,
    })  # fmt: skip
    best = int(_first_best(worth))
    if worth[best] <= 0:
        return BestDay(None, None, None, None, None, table)
    drawn, drawn_contacts = gains(expit(trend.draws), contact)
    days = _first_best(_objective(drawn, drawn_contacts, contact))
    low, high = np.quantile(days, [0.025, 0.975], method="inverted_cdf")
    short = np.flatnonzero(worth < CLOSE * worth[best])
    first = int(short[short < best].max(initial=-1)) + 1
    last = int(short[short > best].min(initial=contact.horizon)) - 1
    made_low, made_high = PER * np.quantile(drawn[:, best], [0.025, 0.975])
    ends = (int(min(low, best)), int(max(high, best)), first, last)
    return BestDay(best, *ends, table, float(PER * made[best]), float(made_low), float(made_high))


def added(hazard: np.ndarray, contact: Contact) -> np.ndarray:
    """x(N), the cumulated hazard that a contact adds for those who take notice, by its day N = 0 … horizon − 1."""
    known = np.asarray(hazard, dtype=float)[..., : contact.horizon]
    raised = np.minimum((1 + contact.effect) * known, 1 - 1e-9)
    more = cumulated(raised) - cumulated(known)
    start = np.arange(contact.horizon)
    return more[..., np.minimum(start + contact.effect_days, contact.horizon)] - more[..., start]


def cumulated(hazard: np.ndarray) -> np.ndarray:
    """−log S of days 0, 1, … D from the hazards of days 1 … D (in the last axis)."""
    steps = np.cumsum(-np.log1p(-np.asarray(hazard, dtype=float)), axis=-1)
    return np.concatenate([np.zeros((*steps.shape[:-1], 1)), steps], axis=-1)


def _first_best(worth: np.ndarray) -> np.ndarray:
    """The first day (last axis) as good as the best; where the hazard is constant all are equal but for the last digits."""
    most = worth.max(axis=-1, keepdims=True)
    return (worth >= most - 1e-9 * np.abs(most)).argmax(axis=-1)


def _objective(made: np.ndarray, contacted: np.ndarray, contact: Contact) -> np.ndarray:
    return made if contact.worth is None else contact.worth * made - contact.cost * contacted
