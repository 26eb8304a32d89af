"""Without a hold-out: customers alike find the truth where the data hold what chose them, and the placebo tells where they do not."""

from datetime import date, timedelta

import campaign_world as world
import numpy as np
import pandas as pd
import pytest
from campaign_world import SENT, campaign

import customerbase.campaigns.judge as judge
import customerbase.campaigns.unheld as unheld
from customerbase.campaigns.people import gather

AS_OF = date(2026, 10, 31)


def chosen(n: int, effect: float, seed: int, *, unseen: float = 0.0) -> dict:
    """Frequent buyers of the last year are chosen more often; unseen: what also chooses them and doubles as purchases, always."""
    random = np.random.default_rng(seed)
    rate, hidden = np.exp(random.normal(-1.2, 0.7, n)), random.random(n) < 0.5
    rate = rate * np.where(hidden, 1 + unseen, 1)
    year, older = random.poisson(rate * 12), random.poisson(rate * 12) + 1
    before = year + older
    score = 0.12 * year - 1.0 + 1.5 * unseen * hidden
    treated = random.random(n) < 1 / (1 + np.exp(-score))
    after = random.poisson(rate) + (treated & (random.random(n) < effect))
    who = np.repeat(np.tile(np.arange(n), 2), np.concatenate([before, after]))
    last = np.concatenate([np.repeat([0, 1], [a, b]) for a, b in zip(year, older, strict=True)])
    days = np.concatenate([-365 * (random.random(before.sum()) + last) - 0.01, 29 * random.random(after.sum()) + 0.5])
    names = np.char.add("a", np.char.zfill(np.arange(n).astype(str), 6))
    orders = pd.DataFrame({
        "source_system": "web", "order_id": [f"o{k}" for k in range(len(who))], "source_customer_id": names[who], "channel": "web",
        "order_at": np.datetime64(SENT, "us") + (days * 86400e6).astype("timedelta64[us]"), "status": "completed", "total": 1000,
    })  # fmt: skip
    contacts = pd.DataFrame({"source_system": "web", "campaign_id": "K1", "source_customer_id": names[treated], "contact_no": 1,
                             "arm": "treat", "planned_at": SENT, "sent_at": SENT + timedelta(hours=1), "cost": 10.0})  # fmt: skip
    people = pd.DataFrame({"source_system": "web", "source_customer_id": names, "customer_id": np.char.add("C", names)})
    return {
        "campaigns": [campaign(holdout_share=None)],
        "campaign_contacts": contacts,
        "identity_links": people,
        "orders": orders,
    }


def _told(**options) -> tuple[pd.DataFrame, pd.DataFrame]:
    db = world.engine(**chosen(**options))
    found = gather(db, as_of=AS_OF)
    effects, checks = unheld.unheld(db, found, judge.results(found, judge.effects(found)))
    return judge.settled(effects).set_index("outcome"), checks.set_index("outcome")


def test_customers_alike_find_the_effect_that_the_plain_difference_misses():
    effects, checks = _told(n=4000, effect=0.15, seed=2)
    row = effects.loc["orders"]
    assert row["method"] == "matched"
    assert row["low"] < 0.15 < row["high"]
    assert row["plain"] > 0.28  # who is chosen buys more anyway
    assert checks.loc["orders", "smd_before"] > 0.2 > 0.05 > checks.loc["orders", "smd_after"]
    assert checks.loc["orders", "placebo_low"] < 0 < checks.loc["orders", "placebo_high"]
    assert row["verdict"] == "worked"
    assert checks.loc["customers", "e_value"] > checks.loc["customers", "e_value_bound"] > 1


def test_intervals_hold_the_truth_and_no_effect_is_seldom_called_one():
    random, holds, called = np.random.default_rng(2), 0, 0
    for _ in range(25):
        row, nothing = (
            unheld.compare(unheld.Window(_people(random, effect)), "orders", 30)[0] for effect in (0.1, 0.0)
        )
        holds += row["low"] <= 0.1 <= row["high"]
        called += nothing["p_value"] < 0.05 and not nothing["reason"]
    assert holds >= 21  # of 25; 95 % give 20 or fewer in 1 of 100 cases
    assert called <= 3


def _people(random: np.random.Generator, effect: float, n: int = 800) -> pd.DataFrame:
    rate = np.exp(random.normal(-1.2, 0.7, n))
    year = random.poisson(rate * 12) + 1
    treated = (random.random(n) < 1 / (1 + np.exp(1.0 - 0.12 * year))).astype(int)
    late = random.poisson(rate) + (random.random(n) < effect) * treated
    last = random.geometric(np.minimum(rate / 30, 1))
    return pd.DataFrame({
        "treated": treated, "since_last": last, "tenure": last + 400, "orders_old": random.poisson(rate), "orders_90": random.poisson(rate * 3), "orders_365": year,
        "revenue_365": year * 1000.0, "orders_before": random.poisson(rate), "orders_earlier": random.poisson(rate), "orders": late,
    }).assign(revenue_before=lambda frame: frame["orders_before"] * 1000.0)  # fmt: skip


def test_what_the_data_do_not_hold_is_caught_by_the_placebo():
    effects, checks = _told(n=6000, effect=0.0, seed=3, unseen=2.0)
    assert checks.loc["orders", "placebo_low"] > 0
    assert (effects.loc["orders", "reason"], effects.loc["orders", "verdict"]) == ("placebo", "not_proven")


def test_where_nobody_is_alike_the_change_is_compared_and_said_so():
    """Only those silent for more than 90 days were chosen: no weights make them alike to the others."""
    random = np.random.default_rng(4)
    frame = _people(random, 0.0)
    frame["treated"] = (frame["since_last"] > 90).astype(int)
    frame["orders_90"] = np.where(frame["treated"] == 1, 0, frame["orders_90"] + 1)
    row, _ = unheld.compare(unheld.Window(frame), "orders", 30)
    assert row["method"] == "did"
    has = frame["treated"] == 1
    change = frame["orders"] - frame["orders_before"]
    assert row["effect"] == pytest.approx(change[has].mean() - change[~has].mean())


def test_too_few_to_compare_say_nothing():
    db = world.engine(**chosen(n=30, effect=0.0, seed=5))
    found = gather(db, as_of=AS_OF)
    effects, checks = unheld.unheld(db, found, judge.results(found, judge.effects(found)))
    assert effects.empty
    assert checks.empty
