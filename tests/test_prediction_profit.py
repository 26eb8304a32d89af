"""Profit of campaigns by brute force, in closed forms and by simulation; expected maximum profit as published."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from customerbase.errors import InputError
from customerbase.prediction.emp import expected_maximum_profit
from customerbase.prediction.profit import RANKINGS, Campaign, Prospects


@st.composite
def small(draw):
    n = draw(st.integers(1, 7))
    some = st.lists(st.integers(0, 8).map(lambda k: k / 8), min_size=n, max_size=n)
    value = draw(st.lists(st.integers(-2, 30).map(float), min_size=n, max_size=n))
    happened = draw(st.lists(st.integers(0, 1), min_size=n, max_size=n))
    money = st.sampled_from([0.0, 0.5, 1.0, 3.0])
    share = st.sampled_from([0.0, 0.25, 0.6, 1.0])
    return (
        np.array(draw(some)),
        np.array(value),
        np.array(happened),
        Campaign(draw(money), draw(money), draw(share), draw(share)),
    )


def one_by_one(p: float, v: float, plan: Campaign) -> float:
    """Mean profit of one contacted customer over all that may happen."""
    total = 0.0
    for leaves, accepts, takes in product((0, 1), repeat=3):
        chance = (p if leaves else 1 - p) * (plan.acceptance if accepts else 1 - plan.acceptance)
        chance *= plan.others if takes else 1 - plan.others
        said_yes = accepts if leaves else takes
        total += chance * ((v if leaves and accepts else 0) - (plan.offer_cost if said_yes else 0) - plan.contact_cost)
    return total


@given(small())
@settings(max_examples=150, deadline=None)
def test_the_best_cut_off_is_the_best_of_all_sets_of_customers(case):
    p, v, happened, plan = case
    prospects = Prospects.of(p, v, happened)
    each = np.array([one_by_one(*one, plan) for one in zip(p, v, strict=True)])
    best = max(each @ np.array(chosen) for chosen in product((0, 1), repeat=len(p)))
    cut = prospects.cut(plan)
    assert cut.profit == pytest.approx(best, abs=1e-9)
    assert cut.contacted == (each > 1e-12).sum() or cut.profit == pytest.approx(each[each > 1e-12].sum())
    curve = prospects.expected(plan)
    assert curve.profit[-1] == pytest.approx(each.sum()) and curve.profit[0] == 0
    assert curve.profit == pytest.approx(np.append(0, np.cumsum(np.sort(each)[::-1])), abs=1e-9)
    seen = prospects.realised(plan, "probability")
    exact = np.array([one_by_one(y, worth, plan) for y, worth in zip(happened, v, strict=True)])
    assert seen.profit[-1] == pytest.approx(exact.sum())
    assert prospects.realised(plan, "random").profit == pytest.approx(np.linspace(0, exact.sum(), len(p) + 1), abs=1e-9)


def test_customers_of_one_probability_are_contacted_in_a_fair_share():
    prospects = Prospects.of([0.9, 0.5, 0.5], [10, 10, 10], [1, 1, 0])
    plan = Campaign(contact_cost=1, acceptance=1, others=0)
    assert prospects.realised(plan, "probability").profit.tolist() == [0, 9, 13, 17]


def test_closed_form_of_the_cut_off_when_only_the_contact_costs():
    """One value for all, a free offer: contact whom p·g·v pays, p above c/(g·v)."""
    p = np.linspace(0, 1, 1001)
    cut = Prospects.of(p, 100.0).cut(Campaign(contact_cost=5, acceptance=0.25))
    assert cut.minimum_probability == pytest.approx(0.201) and cut.minimum_at_stake == pytest.approx(20.1)
    assert cut.contacted == 800 and cut.share == pytest.approx(800 / 1001)
    chosen = p[p > 0.2000001]
    assert cut.profit == pytest.approx((25 * chosen - 5).sum())


def test_a_sales_campaign_pays_the_offer_to_buyers_only():
    plan = Campaign(contact_cost=1, offer_cost=4, acceptance=1, others=0)
    assert Prospects.of([0.5, 0.1], 20.0).expected(plan).profit.tolist() == pytest.approx([0, 7, 7.6])


def test_range_of_the_expected_profit_by_simulation():
    """What really comes out lies in the range in 95 of 100 campaigns, with a known and with an uncertain acceptance."""
    random = np.random.default_rng(4)
    p, v = random.beta(1, 2, 500), random.gamma(2, 500, 500)
    prospects = Prospects.of(p, v)
    for asked in (np.inf, 60.0):
        plan = Campaign(20, 80, 0.3, 0.7, asked)
        curve = prospects.expected(plan)
        k = 250
        rows, inside, total = curve.rows[:k], 0, 0.0
        for _ in range(2000):
            accepted = 0.3 if np.isinf(asked) else random.beta(0.3 * asked, 0.7 * asked)
            leaves, yes = random.random(k) < p[rows], random.random(k)
            kept, taken = leaves & (yes < accepted), ~leaves & (yes < 0.7)
            made = (v[rows] - 80)[kept].sum() - 80 * taken.sum() - 20 * k
            inside, total = inside + (curve.low[k] <= made <= curve.high[k]), total + made
        assert total / 2000 == pytest.approx(curve.profit[k], rel=0.03)
        assert 0.93 < inside / 2000 < 0.97
    assert curve.frame(10)["contacted"].tolist() == sorted({*range(0, 501, 50), curve.best})


def world(random, n: int):
    p, v = random.beta(1, 3, n), random.gamma(1.2, 8000, n)
    return p, v, (random.random(n) < p).astype(int)


def test_ranking_by_profit_beats_probability_and_chance_and_realises_what_it_expects():
    table = Prospects.of(*world(np.random.default_rng(0), 5000)).judged(Campaign(300, 500, 0.3))
    assert table.index.tolist() == list(RANKINGS)
    assert table.loc["profit", "gain_low"] > 0 > table.loc["random", "gain_high"]
    assert table.loc["probability", ["gain", "gain_low", "gain_high"]].tolist() == [0, 0, 0]
    for ranking in RANKINGS:
        row = table.loc[ranking]
        assert row["low"] < row["expected"] < row["high"] and row["low"] < row["realised"] < row["high"]


def test_interval_of_the_realised_profit_covers_what_it_promises():
    plan, share = Campaign(300, 500, 0.3), 0.4
    random = np.random.default_rng(5)
    truth = np.mean([Prospects.of(*world(random, 100_000)).realised(plan).at(share) for _ in range(3)]) / 100_000
    hits = 0
    for _ in range(200):
        row = Prospects.of(*world(random, 400)).band(plan, draws=100).loc[40]
        hits += row["low"] <= truth * 400 <= row["high"]
    assert 0.9 < hits / 200 < 0.99


def test_band_is_the_realised_curve_and_customers_are_drawn_whole():
    p, v, y = world(np.random.default_rng(6), 300)
    plan = Campaign(300, 500, 0.3)
    band = Prospects.of(p, v, y).band(plan, "probability")
    assert band["profit"].to_numpy() == pytest.approx(
        Prospects.of(p, v, y).realised(plan, "probability").at(band["share"])
    )
    thrice = Prospects.of(*(np.repeat(part, 3) for part in (p, v, y)), customer=np.repeat(np.arange(300), 3)).band(plan)
    alone = Prospects.of(p, v, y).band(plan)
    assert (thrice["high"] - thrice["low"])[50] == pytest.approx(3 * (alone["high"] - alone["low"])[50], rel=1e-6)


def test_expected_maximum_profit_as_published():
    """The example of empulse, which follows the R package EMP: CLV 200, incentive 10, contact 1, Beta(6, 14)."""
    prospects = Prospects.of([0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.8, 0.9], 200, [0, 1, 0, 1, 0, 1, 0, 1])
    found = expected_maximum_profit(prospects, Campaign(1, 10, 0.3, asked=20))
    assert found.profit == pytest.approx(23.875593418348124, rel=1e-12)
    assert found.share == pytest.approx(0.8743700763487141, rel=1e-12)


@given(small(), st.sampled_from([0.1, 0.3, 0.8]), st.sampled_from([2.0, 20.0]))
@settings(max_examples=60, deadline=None)
def test_expected_maximum_profit_same_as_integrating_the_best_of_every_acceptance(case, mean, asked):
    p, v, happened, plan = case
    prospects = Prospects.of(p, v, happened)
    plan = Campaign(plan.contact_cost, plan.offer_cost, mean, plan.others, asked)
    found = expected_maximum_profit(prospects, plan)
    levels = beta.ppf((np.arange(2000) + 0.5) / 2000, mean * asked, (1 - mean) * asked)
    fixed = [
        prospects.realised(Campaign(plan.contact_cost, plan.offer_cost, g, plan.others), "probability") for g in (0, 1)
    ]
    lines = fixed[0].profit[:, None] * (1 - levels) + fixed[1].profit[:, None] * levels
    assert found.profit * len(p) == pytest.approx(lines.max(axis=0).mean(), rel=2e-3, abs=2e-2)
    assert 0 <= found.share <= 1 + 1e-12 and found.profit >= 0


def test_nobody_worth_contacting_and_nobody_at_all():
    cut = Prospects.of([0.1, 0.2], 10.0).cut(Campaign(contact_cost=50))
    assert (cut.contacted, cut.share, cut.profit, cut.low, cut.high) == (0, 0, 0, 0, 0)
    assert np.isnan(cut.minimum_probability) and np.isnan(cut.minimum_at_stake)
    nobody = Prospects.of([], 10.0, [])
    assert nobody.cut(Campaign(1)).contacted == 0 and nobody.expected(Campaign(1)).profit.tolist() == [0]
    assert np.isnan(expected_maximum_profit(nobody, Campaign(1, asked=20)).profit)
    assert len(nobody.expected(Campaign(1)).frame()) == 1
    assert nobody.band(Campaign(1))["profit"].isna().all() and nobody.judged(Campaign(1))["realised"].isna().all()


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: Campaign(-1), "contact_cost of a campaign is -1; expected 0 or more"),
        (lambda: Campaign(1, acceptance=30), "acceptance of a campaign is 30; expected 0 to 1"),
        (lambda: Campaign(1, offer_cost=float("nan")), "offer_cost of a campaign is nan"),
        (lambda: Campaign(1, asked=0), "asked of a campaign is 0"),
        (lambda: Prospects.of([0.5, 1.5], 1), r"probability is 1\.5 in row 1"),
        (lambda: Prospects.of([0.5], [np.nan]), "value is missing"),
        (lambda: Prospects.of([0.5], 1, [2]), "happened is 2 in row 0"),
        (lambda: Prospects.of([0.5], 1).realised(Campaign(1)), "give `happened`"),
        (
            lambda: Prospects.of([0.5], 1).expected(Campaign(1), "profits"),
            "ranking is 'profits'.*Did you mean 'profit'",
        ),
        (lambda: expected_maximum_profit(Prospects.of([0.5], 1, [1]), Campaign(1)), r"seen on inf customers; expected"),
    ],
)
def test_impossible_campaigns_are_refused_in_words(call, said):
    with pytest.raises(InputError, match=said):
        call()
