"""The priority list of a month: channels from a line of text, its customers, and its backtest against plain numpy."""

import re
from datetime import date, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prediction_tables import company, quick_rhythm

from customerbase import propensity
from customerbase.engine import Engine
from customerbase.errors import ConfigError
from customerbase.prediction import Options, design, study
from customerbase.propensity import backtest, channels, people

AS_OF = date(2026, 10, 31)


# --- channels ---------------------------------------------------------------------------------------------------------


def test_channels_as_they_are_written():
    found = channels(" email:2000:10:0.05,  store visit : 3 : 2000.5 ,電話:0:0:1")
    assert found.columns.tolist() == ["channel", "capacity", "cost", "effect"]
    assert found["channel"].tolist() == ["email", "store visit", "電話"]
    assert found["capacity"].tolist() == [2000, 3, 0] and found["cost"].tolist() == [10.0, 2000.5, 0.0]
    assert found["effect"].fillna(-1).tolist() == [0.05, -1, 1.0]
    assert "effect" not in channels("phone:100:300")


@pytest.mark.parametrize(
    "text",
    [
        "", "email", "email:10", "email:10:", ":10:5", " :10:5", "email:1.5:5", "email:-1:5", "email:10:-5", "email:10:5:x",
        "email:10:1.2.3", "email:10:.", "email:10:5:0.1:9", "email:10:5,", "email:10:5;phone:1:1", "email:1e3:5", "e\n",
    ],
)  # fmt: skip
def test_what_is_no_channel_is_named_with_what_was_expected(text):
    with pytest.raises(ConfigError, match="cannot be read; expected name:capacity:cost or name:capacity:cost:effect"):
        channels(text)
    with pytest.raises(ConfigError, match=re.escape("phone:100:300:0.3")):
        channels(f"mail:1:1, {text}")


def test_a_channel_that_comes_twice_is_refused():
    with pytest.raises(ConfigError, match="channel 'mail' comes twice"):
        channels("mail:1:1,phone:2:2, mail :3:3")


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_in_one_way(text):
    try:
        found = channels(text)
    except ConfigError:
        return
    assert len(found) == text.count(",") + 1 and (found["cost"] >= 0).all() and found["channel"].str.strip().all()


# --- customers --------------------------------------------------------------------------------------------------------


def orders(*rows: tuple) -> Engine:
    """(customer_id, order_at, is_order) each."""
    db = Engine(threads=1)
    db.register("customer_orders", pd.DataFrame(rows, columns=["customer_id", "order_at", "is_order"]))
    return db


FRIDAYS = [("A", datetime(2026, 10, 30, 19) - timedelta(days=7 * week), 1) for week in range(20)]
OTHERS = [(f"X{n}", datetime(2026, 1, 1, n % 24) + timedelta(days=n), 1) for n in range(300)]


def scored(reasons: list[tuple]) -> SimpleNamespace:
    customers = pd.DataFrame(
        {"customer_id": ["A", "B", "C"], "p_30": [0.5, 0.25, 0.1], "expected_spend": [100.0, 40, 0]}
    )
    frame = pd.DataFrame(reasons, columns=["customer_id", "rank", "reason"])
    return SimpleNamespace(customers=customers, reasons=frame.astype({"rank": int}))


def test_people_have_their_margin_best_times_reasons_and_nearest_day():
    result = scored([("A", 1, "frequency"), ("A", 2, "spend"), ("C", 1, "recency")])
    due = pd.DataFrame(
        [("A", "tea", date(2026, 11, 9)), ("A", "rice", date(2026, 11, 4)), ("B", "tea", None), ("Z", "tea", AS_OF)],
        columns=["customer_id", "thing", "contact_day"],
    )
    found = people(orders(*FRIDAYS, *OTHERS), result, margin=0.3, due=due).set_index("customer_id")
    assert found.index.tolist() == ["A", "B", "C"]
    assert found["probability"].tolist() == [0.5, 0.25, 0.1]
    assert found["expected_margin"].tolist() == pytest.approx([30.0, 12.0, 0.0])
    assert found.loc["A", ["best_weekday", "best_hours"]].tolist() == [5, "18-21"]
    assert found.loc[["B", "C"], ["best_weekday", "best_hours"]].isna().all().all()
    assert found.loc["A", "best_day"] == date(2026, 11, 4)
    assert found.loc[["B", "C"], "best_day"].isna().all()
    named = found[["reason_1", "reason_2", "reason_3"]].astype(object).where(lambda one: one.notna(), None)
    assert named.values.tolist() == [["frequency", "spend", None], [None] * 3, ["recency", None, None]]


@pytest.mark.parametrize("due", [None, pd.DataFrame(columns=["customer_id", "thing", "contact_day"])])
def test_without_reasons_orders_or_clock_there_is_a_list(due):
    made = people(orders(*OTHERS), scored([]), margin=1.0, due=due)
    found = propensity.prioritise(made, channels("mail:5:6:0.5"), as_of=AS_OF)
    assert found.table["customer_id"].tolist() == ["A"]  # odds of 1 become 1.5
    assert found.table["gain"].tolist() == pytest.approx([(0.6 - 0.5) * 100 - 6])
    assert found.table[["best_day", "best_weekday", "best_hours", "reason_1"]].isna().all().all()


# --- backtest ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def judged():
    """A study of a company whose spend in the window is known and differs between customers."""
    with pytest.MonkeyPatch.context() as patch:
        quick_rhythm(patch)
        made = company(months=7, customers=400, seed=3)
        snapshots = made.snapshots.assign(active_months_365=made.snapshots["purchase_days_365"].clip(upper=12))
        each = (snapshots["spend_365"] / snapshots["active_months_365"]).to_numpy()[: len(made.labels)]
        spend = made.labels["bought"] * each * np.random.default_rng(0).lognormal(0, 0.5, len(each))
        labels = made.labels.assign(net_spend=np.where(np.arange(len(spend)) % 50 == 0, -5.0, spend.round(2)))
        db = made.engine(snapshots, labels)
        options = {"horizon_days": 30, "leaving": False, "tests": 3, "draws": 20}
        whole = study(db, cutoff=made.cutoff, options=Options(**options))
        some = study(db, cutoff=made.cutoff, options=Options(**options, most_rows=1_200))
        yield whole, some, snapshots, labels


def reached(score: np.ndarray, brought: np.ndarray, count: int) -> float:
    """The share of what was brought by the first so many, equals in every order: the mean over many shuffles."""
    shares = []
    for seed in range(200):
        order = np.lexsort((np.random.default_rng(seed).random(len(score)), -score))
        shares.append(brought[order[:count]].sum())
    return float(np.mean(shares) / brought.sum())


def by_hand(found, snapshots: pd.DataFrame, labels: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Score of the list, of RFM, and what was brought, of the customers of the newest test, from the tables."""
    test = found.tests[-1]
    now = snapshots[snapshots["cutoff"] == test.cutoff].set_index("customer_id").loc[test.window.who]
    told = labels[labels["cutoff"] == test.cutoff].set_index("customer_id").loc[test.window.who]
    brought = np.where(told["bought"], told["net_spend"].clip(lower=0), 0.0)
    score = test.probability(found.chosen) * now["spend_365"] / now["active_months_365"]
    rfm = (
        now["days_since_last_purchase"].rank(pct=True, ascending=False)
        + now["purchase_days_365"].rank(pct=True)
        + now["spend_365"].rank(pct=True)
    )
    return score.to_numpy(), rfm.to_numpy(), brought


def test_the_backtest_by_plain_numpy(judged):
    found, _, snapshots, labels = judged
    curve, told, cutoff = backtest(found, 40)
    score, rfm, brought = by_hand(found, snapshots, labels)
    assert cutoff == found.tests[-1].cutoff and (told.capacity, told.customers) == (40, 400)
    assert told.share == pytest.approx(reached(score, brought, 40), abs=0.005)
    assert told.other == pytest.approx(reached(rfm, brought, 40), abs=0.01)
    assert told.low < told.share < told.high and told.more == pytest.approx(told.share - told.other)
    for share in (0.25, 0.5):
        row = curve[np.isclose(curve["share"], share)].iloc[0]
        assert row["list"] == pytest.approx(reached(score, brought, int(share * 400)), abs=0.005)
        assert row["rfm"] == pytest.approx(reached(rfm, brought, int(share * 400)), abs=0.01)
    assert told.more_low > 0  # who spends much at a time is known here, and RFM counts all of the year


def test_of_a_sample_the_same_share_is_contacted(judged):
    _, some, snapshots, labels = judged
    test = some.tests[-1]
    assert 100 < len(test.y) < 300 and test.window.customers == 400
    _, told, _ = backtest(some, 80)
    score, _, brought = by_hand(some, snapshots, labels)
    assert (told.capacity, told.customers) == (80, 400)
    assert told.share == pytest.approx(reached(score, brought, round(80 * len(test.y) / 400)), abs=0.01)


def test_more_contacts_than_customers_reach_everything(judged):
    _, told, _ = backtest(judged[0], 10_000)
    assert (told.capacity, told.customers) == (400, 400)
    assert told.share == told.other == pytest.approx(1.0)


def test_values_that_are_missing_rank_last(judged):
    found = judged[0]
    test = found.tests[-1]
    places = [design.names().index(name) for name in ("days_since_last_purchase", "spend_365", "purchase_days_365")]
    kept = test.window.x[0, places].copy()
    test.window.x[0, places] = np.nan
    try:
        _, told, _ = backtest(found, 40)
    finally:
        test.window.x[0, places] = kept
    assert 0 < told.share < 1


def test_without_a_test_a_purchase_or_a_contact_there_is_none(judged):
    with pytest.MonkeyPatch.context() as patch:
        quick_rhythm(patch)
        young = company(months=2, customers=60)
        found = study(young.engine(), cutoff=young.cutoff, options=Options(horizon_days=30, leaving=False))
    assert backtest(found, 10) is None
    assert backtest(judged[0], 0) is None
    silent = SimpleNamespace(
        **{name: getattr(judged[0].tests[-1], name) for name in ("window", "probability", "cutoff")}
    )
    silent.y = np.zeros(400)
    assert backtest(SimpleNamespace(tests=(silent,), chosen=judged[0].chosen), 10) is None


# --- categories over horizons -----------------------------------------------------------------------------------------


def test_chances_of_categories_follow_each_customers_own_course_of_time():
    days = {"p_7": [0.1, 0.02], "p_30": [0.4, 0.1], "p_60": [0.6, 0.2], "p_90": [0.7, 0.3]}
    customers = pd.DataFrame({"customer_id": ["A", "B"], **days})
    listed = pd.DataFrame({"customer_id": ["B", "A", "A"], "category": ["tea", "tea", "soap"], "as_of": AS_OF})
    listed["probability"] = [0.1, 0.4, 0.05]
    found = SimpleNamespace(categories=listed, options=propensity.CategoryOptions())
    made = propensity.over_horizons(found, SimpleNamespace(customers=customers))["propensity_category_horizons"]
    assert made["p_30"].tolist() == listed["probability"].tolist()
    # a category as likely as the customer's next purchase altogether has the customer's own chances
    assert made.loc[0, list(days)].tolist() == pytest.approx([0.02, 0.1, 0.2, 0.3])
    assert made.loc[1, list(days)].tolist() == pytest.approx([0.1, 0.4, 0.6, 0.7])
    soap = made.loc[2]
    assert soap["p_90"] == pytest.approx(1 - 0.95 ** (np.log(0.3) / np.log(0.6)))
    assert soap["p_7"] < soap["p_30"] < soap["p_60"] < soap["p_90"] < 0.7
    other = SimpleNamespace(categories=listed, options=propensity.CategoryOptions(horizon_days=60))
    with pytest.raises(ConfigError, match="predicted for 60 days"):
        propensity.over_horizons(other, SimpleNamespace(customers=customers))
