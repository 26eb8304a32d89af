"""Costs against increments: the simulated payback is that of the closed form for sums of normal amounts, and bad entries are refused."""

import subprocess
import sys
from datetime import date

import numpy as np
import pandas as pd
import pytest
from scipy.stats import norm

from customerbase.campaigns import worth
from customerbase.campaigns.worth import draws as paying
from customerbase.errors import ConfigError
from customerbase.stage import company

AS_OF = date(2026, 10, 31)
Z = 1.959963984540054
SETUP = {"kind": "introduction", "ja": "導入", "en": "Setting up", "amount": 1_000_000, "low": 804_004, "high": 1_195_996,
         "every": "once", "from": "2025-11"}  # fmt: skip
SERVER = {"kind": "running", "ja": "サーバー", "en": "Server", "amount": 20_000, "every": "monthly", "from": "2025-11"}


def read(**items):
    return worth.read_worth({"items": items}, "a.yaml")


def effects(*rows, outcome="margin", method="randomised"):
    """campaign_id, effect per contacted, its standard error, contacted."""
    made = [
        {"campaign_id": code, "outcome": outcome, "n_treated": n, "effect": effect, "low": effect - Z * error,
         "high": effect + Z * error, "method": method} for code, effect, error, n in rows
    ]  # fmt: skip
    return pd.DataFrame(made)


def campaigns(**costs):
    return pd.DataFrame(
        {"campaign_id": list(costs), "start_date": [date(2026, 3, 10)] * len(costs), "cost": list(costs.values())}
    )


def test_payback_follows_the_closed_form_for_sums_of_normal_amounts():
    """Net after m months = m·(benefit − running) − setup is normal; it grows with m, so paid back by m means it is not below 0."""
    told = worth.payback(
        read(setup=SETUP, server=SERVER), as_of=AS_OF, campaigns=campaigns(A=300_000, B=100_000), draws=40_000,
        effects=effects(("A", 800.0, 300.0, 1_500), ("B", 400.0, 250.0, 2_000)),
    )  # fmt: skip
    amount, error = 800 * 1_500 + 400 * 2_000, np.hypot(300 * 1_500, 250 * 2_000)
    benefit, spread = (amount - 400_000) / 12, error / 12  # from November 2025 to October 2026
    month = np.arange(1, 61)
    mean = month * (benefit - 20_000) - 1_000_000
    deviation = np.sqrt(month**2 * spread**2 + 100_000**2)
    assert told.table["paid_back"].to_numpy() == pytest.approx(norm.cdf(mean / deviation), abs=0.008)
    assert told.within(12) == pytest.approx(norm.cdf(mean[11] / deviation[11]), abs=0.008)
    for name, at in (("net", 0.5), ("net_low", 0.025), ("net_high", 0.975)):
        assert (told.table[name].to_numpy() - norm.ppf(at, mean, deviation)) / deviation == pytest.approx(
            np.zeros(60), abs=0.03
        )
    assert told.quantiles[0.5] == np.argmax(norm.cdf(mean / deviation) >= 0.5) + 1
    assert told.per_month[0] == pytest.approx(benefit, abs=0.03 * spread)
    assert told.per_month[1:] == pytest.approx((benefit - Z * spread, benefit + Z * spread), abs=0.03 * spread)


def test_golden_values_of_a_certain_case():
    told = worth.payback(
        read(setup={**SETUP, "low": 1_000_000, "high": 1_000_000}, server=SERVER), as_of=AS_OF,
        effects=effects(("A", 1_000.0, 0.0, 2_000)), campaigns=campaigns(A=560_000),
    )  # fmt: skip
    # 2,000,000 − 560,000 over twelve months are 120,000 a month, less 20,000: ten months
    assert told.quantiles == {0.1: 10, 0.5: 10, 0.9: 10} and (told.within(9), told.within(10)) == (0, 1)
    assert told.table.loc[9, ["cost", "benefit", "net"]].tolist() == [1_200_000, 1_200_000, 0]
    items = told.items().set_index("item")
    assert items.loc["server", ["to_date", "first_year"]].tolist() == [240_000, 240_000]
    assert items.loc["setup", "to_date"] == 1_000_000


def test_an_amount_has_the_stated_median_and_ends():
    drawn = paying.drawn(worth.Spread(100.0, 80.0, 170.0), 200_000, np.random.default_rng(0))
    assert np.quantile(drawn, [0.025, 0.5, 0.975]) == pytest.approx([80, 100, 170], abs=0.7)
    assert drawn.mean() == pytest.approx(100 + (70 - 20) / Z / np.sqrt(2 * np.pi), abs=0.2)


def test_a_later_cost_takes_back_what_was_paid_back():
    net = np.array([[-1, 2, -1, 3], [1, 1, 1, 1], [-1, -1, -1, -1], [1, 1, 1, -1], [-1, -1, -1, 0]])
    assert paying.months(net).tolist() == [4, 1, np.inf, np.inf, 4]


def test_credit_and_margin_scale_what_was_measured():
    content = {"credit": 0.5, "margin": 0.4, "items": {"server": SERVER}}
    given = {"effects": effects(("A", 1_000.0, 0.0, 2_000), outcome="revenue"), "campaigns": campaigns(A=200_000)}
    told = worth.payback(worth.read_worth(content, "a.yaml"), as_of=AS_OF, **given)
    assert told.per_month == pytest.approx((25_000,) * 3)  # (2,000,000 · 0.4 − 200,000) · 0.5 / 12
    without = worth.payback(worth.read_worth({"items": {"server": SERVER}}, "a.yaml"), as_of=AS_OF, **given)
    assert without.state == "no_margin" and without.table["net"].isna().all() and without.table["cost"].notna().all()


def test_only_randomised_campaigns_since_the_month_that_counts_are_benefit_and_failures_stay_in():
    both = pd.concat(
        [
            effects(("A", 100.0, 10.0, 100), ("B", -50.0, 10.0, 100), ("C", 900.0, 1.0, 100)),
            effects(("D", 900.0, 1.0, 100), method="did"),
        ]
    )
    known = campaigns(A=0, B=0, C=0, D=0)
    known.loc[2, "start_date"] = date(2026, 2, 28)
    content = worth.read_worth({"since": "2026-03", "items": {"setup": SETUP}}, "a.yaml")
    found = paying.increments(content, both, known, AS_OF)
    assert (found.campaigns, found.amount, found.months) == (2, pytest.approx(5_000), 8)
    assert found.error == pytest.approx(np.hypot(1_000, 1_000))


def test_without_increments_the_costs_are_shown_alone():
    for nothing in (None, effects(("A", 1.0, 1.0, 1))[:0]):
        told = worth.payback(read(setup=SETUP), as_of=AS_OF, effects=nothing, campaigns=campaigns())
        assert told.state == "no_effects" and len(told.table) == worth.HORIZON and np.isnan(told.within(12))
    told = worth.payback(worth.read_worth({}, "a.yaml"), as_of=AS_OF, effects=None, campaigns=campaigns())
    assert told.state == "no_costs" and told.tables() == {"worth_items": None, "worth_payback": None}


@pytest.mark.parametrize(("content", "words"), [
    ({"item": {}}, "Did you mean 'items'"),
    ({"items": {"a": {**SETUP, "kind": "trainig"}}}, "Did you mean 'training'"),
    ({"items": {"a": {**SETUP, "every": "month"}}}, "Did you mean 'monthly'"),
    ({"items": {"a": {**SETUP, "low": 2_000_000}}}, "in this order"),
    ({"items": {"a": {**SETUP, "amount": "1,000"}}}, "expected a number"),
    ({"items": {"a": {**SETUP, "from": "2025/11"}}}, "such as 2026-04"),
    ({"items": {"a": {**SERVER, "until": "2025-10"}}}, "not before"),
    ({"items": {"a": {key: value for key, value in SETUP.items() if key != "ja"}}}, "has no 'ja'"),
    ({"items": ["a"]}, "cost items by name"), ({"items": {"a": 5}}, "a is 5"), ({"credit": 1.5}, "share from 0 to 1"),
    ({"credit": {"low": 0.5, "high": 0.2}}, "share from 0 to 1"), ({"margin": {"low": 0.5, "hihg": 1}}, "'high'"),
])  # fmt: skip
def test_entries_that_cannot_be_are_refused_in_words(content, words):
    with pytest.raises(ConfigError, match=words) as refused:
        worth.read_worth(content, "a.yaml")
    assert str(refused.value).startswith("a.yaml: worth")


def test_costs_of_a_pipeline_file_are_checked_before_a_page_runs_and_models_stay_unloaded(home):
    (home / "pipelines").mkdir()
    text = "title: {en: A, ja: A}\naim: {en: A, ja: A}\ndata: d\nsources: [s]\nworth: {items: {a: {kind: running, ja: あ, en: A, amount: %s, every: monthly, from: 2026-01}}}\n"
    (home / "pipelines" / "a.yaml").write_text(text % 5, encoding="utf-8")
    (home / "pipelines" / "b.yaml").write_text(text % "five", encoding="utf-8")
    assert company.load("a").costs.items[0].spread == worth.Spread(5.0, 5.0, 5.0)
    with pytest.raises(ConfigError, match=r"b.yaml: worth.items.a.amount is 'five'"):
        assert company.load("b").costs
    code = "import sys; from customerbase.stage import company; company.load('sample'); print('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
