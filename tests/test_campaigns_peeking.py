"""Looks before the window is over: published bounds, false alarms by simulation, and what a running campaign is told."""

from datetime import date, timedelta

import campaign_world as world
import numpy as np
import pytest
from campaign_world import SENT, drawn

import customerbase.campaigns.peeking as peeking
from customerbase.campaigns import Arm, bounds, difference
from customerbase.campaigns.people import gather
from customerbase.errors import InputError


def test_bounds_are_the_published_ones():
    """O'Brien-Fleming-like spending, five equal looks, 5 % on both sides: ldbounds (Casper & Perez), and one look alone."""
    assert bounds([0.2, 0.4, 0.6, 0.8, 1.0]) == pytest.approx([4.8769, 3.3569, 2.6803, 2.2898, 2.0310], abs=5e-4)
    assert bounds([1.0]) == pytest.approx([1.959964], abs=1e-4)
    assert peeking.spent(np.array([0.0, 1.0])) == pytest.approx([0, 0.05])


@pytest.mark.parametrize("wrong", [[0.5, 0.4], [0.0, 1.0], [0.5, 1.2]])
def test_information_that_does_not_rise_is_refused(wrong):
    with pytest.raises(InputError, match="expected rising shares"):
        bounds(wrong)


def test_looking_every_week_cries_wolf_and_the_bounds_do_not():
    naive, guarded = peeking.false_alarms([7 / 30, 14 / 30, 21 / 30, 28 / 30, 1], draws=20_000, seed=1)
    assert naive > 0.12
    assert 0.044 < guarded < 0.056


def test_purchases_that_hang_together_over_time_cross_no_more_often():
    """People who differ in how often they buy: their weeks are alike, no effect anywhere; the fixed bound fails, this does not."""
    random, draws, people = np.random.default_rng(2), 1500, 300
    rate = random.gamma(0.5, 0.4, (draws, people))
    weeks = random.poisson(rate[:, :, None], (draws, people, 5)).cumsum(axis=2)
    z = []
    for week in range(5):
        found = difference(Arm.of_values(weeks[:, :200, week]), Arm.of_values(weeks[:, 200:, week]), adjust=False)
        z.append(np.abs(found["effect"] / found["error"]))
    z = np.array(z).T
    assert (z > 1.96).any(axis=1).mean() > 0.08
    assert (z > bounds([0.2, 0.4, 0.6, 0.8, 1.0])).any(axis=1).mean() <= 0.06


def test_a_running_campaign_is_told_look_by_look_with_what_was_known_then():
    tables = drawn(3000, effect=0.4, seed=8)
    table = {}
    for day in (16, 25):
        db = world.engine(**tables)
        found = gather(db, as_of=(SENT + timedelta(days=day)).date())
        table[day] = peeking.looks(db, found)
    assert table[16]["days"].tolist() == [7, 14]
    assert table[25]["days"].tolist() == [7, 14, 21]
    assert table[25].iloc[:2].drop(columns="as_of").equals(table[16].drop(columns="as_of"))
    assert not table[25]["final"].any()
    assert table[25]["clear"].iloc[-1]  # an effect this large shows before the end
    first = table[25].iloc[0]
    rows = world.engine(**tables).query(f"""
        select arm, avg(coalesce(k, 0)) as k from campaign_contacts left join (
            select source_customer_id, count(*) as k from orders
            where order_at >= timestamp '{SENT}' and order_at < timestamp '{SENT + timedelta(days=7)}' group by all
        ) using (source_customer_id) group by arm order by arm
    """).fetchall()  # fmt: skip
    assert first["effect"] == pytest.approx(rows[1][1] - rows[0][1], abs=0.03)  # less what the past explains


def test_a_campaign_long_over_is_not_looked_at_again():
    db = world.engine(**drawn(400, seed=9))
    assert len(peeking.looks(db, gather(db, as_of=date(2027, 3, 31)))) == 0
