"""Lifetime value of purchases grouped into people in one way or another."""

from datetime import date

import numpy as np
import pandas as pd
import pytest

from customerbase import cltv

AS_OF = date(2026, 10, 31)
RNG = np.random.default_rng(5)
LOG = pd.DataFrame(
    {
        "record": RNG.integers(0, 400, 2_400),
        "day": np.datetime64("2025-01-01") + RNG.integers(0, 660, 2_400).astype("timedelta64[D]"),
        "amount": RNG.gamma(4.0, 900.0, 2_400).round(),
    }
)


def worth(person: pd.Series) -> float:
    value = cltv.value_of_grouping(AS_OF)
    return value(person.to_numpy(), LOG["day"].to_numpy(), np.ones(len(LOG)), LOG["amount"].to_numpy())


def plainly(person: pd.Series) -> float:
    """The same through the front door: a summary, the two models, lifetime value."""
    log = LOG.assign(person=person)
    summary = cltv.summary(log, customer="person", date="day", amount="amount", as_of=AS_OF)
    bought = cltv.ModifiedBetaGeometricNBD().fit(summary)
    spent = cltv.GammaGamma().fit(summary["purchases"], summary["spend"] / summary["purchases"])
    spend = spent.expected_spend(summary["purchases"], summary["spend"] / summary["purchases"])
    return float(bought.lifetime_value(spend, months=12, as_of=AS_OF).mean())


@pytest.mark.parametrize("grouped", [1, 2, 7])
def test_value_a_customer_is_that_of_the_front_door(grouped):
    person = LOG["record"] // grouped
    assert worth(person) == pytest.approx(plainly(person), rel=1e-6)


def test_fewer_people_are_worth_more_each():
    assert worth(LOG["record"] // 4) > 2 * worth(LOG["record"])


def test_days_without_an_order_are_no_purchases_and_their_money_counts():
    value = cltv.value_of_grouping(AS_OF)
    person, day, amount = LOG["record"].to_numpy(), LOG["day"].to_numpy(), LOG["amount"].to_numpy()
    back = np.concatenate([np.ones(len(LOG)), np.zeros(len(LOG))])
    twice = value(np.tile(person, 2), np.tile(day, 2), back, np.concatenate([amount, -amount / 2]))
    assert twice == pytest.approx(value(person, day, np.ones(len(LOG)), amount / 2), rel=1e-9)


def test_nobody_and_nothing():
    value = cltv.value_of_grouping(AS_OF)
    nothing = np.zeros(0)
    assert value(nothing.astype(int), nothing.astype("datetime64[D]"), nothing, nothing) is None
    assert value(np.array([1]), np.array(["2026-01-01"], "datetime64[D]"), np.zeros(1), np.zeros(1)) is None
    assert value(np.array([1, 1]), np.array(["2026-01-01"] * 2, "datetime64[D]"), np.ones(2), np.zeros(2)) is None
