"""Forecasts against series whose future is known, against real shops, and against looking ahead."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from conftest import real_data
from hypothesis import given, settings
from hypothesis import strategies as st
from monthly_series import AHEAD, KINDS, LENGTHS, history, series, shares

from customerbase.intervals import wilson
from customerbase.kpi import forecast as forecasting
from customerbase.kpi.forecast import MIN_MONTHS, Scale, backtest, coverage, forecast, pinball, scale_of
from customerbase.kpi.methods import METHODS, candidates

EACH = 40  # series of every kind and length
POINTS = (0.025, 0.1, 0.5, 0.9, 0.975)
HORIZONS = (1, 3, 6)


@cache
def simulated() -> tuple[pd.DataFrame, pd.DataFrame]:
    """What was forecast and what came (kind, months, horizon, covered 80/95, losses), and chances of goals with outcomes."""
    rng, rows, goals = np.random.default_rng(20261031), [], []
    for kind in KINDS:
        for months in LENGTHS:
            for _ in range(EACH):
                logs, error = series(kind, months, rng)
                whole = history(logs, error)
                known = whole.head(months)
                fan = forecast(known, unit="currency", ahead=AHEAD)
                last = forecasting._fan(forecasting._past(known, "currency", 12, ("last",)), months - 1)
                for step in HORIZONS:
                    came = whole["value"][months - 1 + step]
                    ends, naive = ([one.quantile(p)[step - 1] for p in POINTS] for one in (fan, last))
                    losses = [sum(pinball(came, q, p) for q, p in zip(x, POINTS, strict=True)) for x in (ends, naive)]
                    held = ends[1] <= came <= ends[3], ends[0] <= came <= ends[4]
                    rows.append((kind, months, step, *held, *losses))
                    goal = known["value"].iloc[-1] * np.exp(rng.normal(0, 0.15))
                    goals.append((fan.chance(goal, step), came >= goal))
    names = ["kind", "months", "horizon", "in80", "in95", "loss", "naive"]
    return pd.DataFrame(rows, columns=names), pd.DataFrame(goals, columns=["chance", "reached"])


@pytest.mark.parametrize("horizon", HORIZONS)
def test_intervals_hold_as_often_as_they_say(horizon):
    rows, _ = simulated()
    rows = rows[rows["horizon"] == horizon]
    assert 0.75 <= rows["in80"].mean() <= 0.85
    assert 0.92 <= rows["in95"].mean() <= 0.97


@pytest.mark.parametrize("months", LENGTHS)
def test_intervals_hold_for_short_and_long_histories(months):
    rows, _ = simulated()
    rows = rows[rows["months"] == months]
    assert 0.74 <= rows["in80"].mean() <= 0.88
    assert 0.91 <= rows["in95"].mean() <= 0.985


def test_chances_come_true_as_often_as_they_say():
    _, goals = simulated()
    bins = goals.groupby(pd.cut(goals["chance"], np.linspace(0, 1, 6)), observed=True)
    table = bins.agg(n=("chance", "size"), said=("chance", "mean"), came=("reached", "mean"))
    assert table["n"].min() >= 200
    assert (table["said"] - table["came"]).abs().max() < 0.08
    brier = ((goals["chance"] - goals["reached"]) ** 2).mean()
    assert brier < 0.6 * goals["reached"].var()


def test_losses_are_below_those_of_the_last_value():
    rows, _ = simulated()
    ratio = rows.groupby("kind")[["loss", "naive"]].sum().eval("loss / naive")
    assert rows["loss"].sum() < 0.75 * rows["naive"].sum()
    assert (ratio.drop("walk") < 1).all()
    assert ratio["walk"] < 1.12  # of a random walk the last value is the best forecast there is
    by_length = rows.groupby("months")[["loss", "naive"]].sum().eval("loss / naive")
    assert (by_length < 0.95).all()


def test_shares_stay_shares_and_their_intervals_hold():
    rng, held = np.random.default_rng(5), []
    for _ in range(150):
        logs, _ = series("noisy_walk", 30, rng)
        whole = shares(logs, 300, rng)
        fan = forecast(whole.head(30), unit="ratio", ahead=AHEAD)
        low, high = fan.quantile(0.1), fan.quantile(0.9)
        assert ((low > 0) & (high < 1)).all()
        held += [low[s - 1] <= whole["value"][29 + s] <= high[s - 1] for s in HORIZONS]
    assert 0.74 <= np.mean(held) <= 0.87


def retail_months() -> pd.DataFrame:
    """Month, revenue and active customers of Online Retail II, each document once, whole months only."""
    raw = pd.read_parquet(real_data("online-retail-ii") / "online_retail_ii.parquet")
    once = (raw["sheet"] != raw["sheet"].min()) | (raw["InvoiceDate"] < "2010-12-01")
    sales = raw[once & raw["CustomerID"].notna() & (raw["InvoiceDate"] < "2011-12-01")]
    sales = sales.assign(month=sales["InvoiceDate"].dt.to_period("M").dt.to_timestamp().dt.date)
    sales = sales.assign(amount=sales["Quantity"] * sales["Price"], bought=sales["Quantity"] > 0)
    months = sales.groupby("month")
    active = sales[sales["bought"]].groupby("month")["CustomerID"].nunique()
    return pd.DataFrame({"revenue": months["amount"].sum().astype(float), "active": active.astype(float)}).reset_index()


@pytest.mark.parametrize(("measure", "unit"), [("revenue", "currency"), ("active", "count")])
def test_a_real_shop_is_forecast_better_than_by_its_last_value(measure, unit):
    months = retail_months()
    assert len(months) == 24
    known = pd.DataFrame({"month": months["month"], "value": months[measure], "n": 1000})
    known = known.assign(low=known["value"] * 0.95, high=known["value"] * 1.05)
    made, naive = (backtest(known, unit=unit, methods=m) for m in (METHODS, ("last",)))
    told = coverage(made, naive).set_index("horizon")
    assert list(told.index) == [1, 3, 6, 12] and list(told["n"]) == [16, 14, 11, 5]
    near = made[made["horizon"] <= 6], naive[naive["horizon"] <= 6]
    assert near[0]["loss"].sum() < near[1]["loss"].sum()
    inside = near[0]["actual"].between(near[0]["low"], near[0]["high"])
    assert inside.mean() > 0.6  # one yearly season, seen once: Christmas comes as a surprise


def test_nothing_after_a_month_changes_what_it_forecasts():
    rng = np.random.default_rng(8)
    whole = history(*series("seasonal_trend", 40, rng))
    spoilt = whole.copy()
    spoilt.loc[30:, ["value", "low", "high"]] *= 7
    then, with_spoilt = (
        candidates(np.log(one["value"].to_numpy()), np.full(len(one), 0.01), 12) for one in (whole, spoilt)
    )
    np.testing.assert_array_equal(then[:, :30], with_spoilt[:, :30])
    assert not np.array_equal(then[:, 30:], with_spoilt[:, 30:], equal_nan=True)
    made, later = backtest(whole, unit="currency"), backtest(spoilt, unit="currency")
    ends = ["month", "horizon", "low", "high"]
    before = made["month"] < whole["month"][30]
    pd.testing.assert_frame_equal(made.loc[before, ends], later.loc[before, ends])
    alone = forecast(whole.head(25), unit="currency", ahead=12)
    row = made[(made["month"] == whole["month"][24]) & (made["horizon"] == 3)].iloc[0]
    assert row["low"] == pytest.approx(alone.quantile(0.1)[2]) and row["high"] == pytest.approx(alone.quantile(0.9)[2])


def test_methods_by_hand():
    y = np.array([1.0, 3.0, 2.0, 4.0] * 7)
    made = dict(zip(METHODS, candidates(y, np.zeros(len(y)), 3), strict=True))
    assert list(made["last"][9]) == [3.0, 3.0, 3.0]
    assert list(made["last_year"][20]) == [3.0, 2.0, 4.0]  # months 9, 10 and 11
    assert np.isnan(made["last_year"][10]).all() and np.isnan(made["season"][22]).all()
    assert list(made["season"][23]) == pytest.approx([1.0, 3.0, 2.0])  # a season of four months fits into twelve
    assert made["smooth"][1, 0] == 2.0 and made["slow"][3, 0] == pytest.approx(2.5)  # plain means at first
    assert made["noisy_level"][9, 0] == 3.0  # without sampling error the level is the last value
    quiet = candidates(y, np.full(len(y), 100.0), 1)[METHODS.index("noisy_level")]
    assert quiet[27, 0] == pytest.approx(y.mean())  # where all is sampling error the level is the mean


def test_moved_is_last_year_moved_by_how_the_last_three_months_stand():
    y = np.concatenate([np.arange(12.0), np.arange(12.0) + 5])
    made = candidates(y, np.zeros(24), 2)[METHODS.index("moved")]
    assert list(made[20]) == pytest.approx([y[9] + 5, y[10] + 5])


def test_scales():
    assert scale_of(np.array([0.0, 0.5]), "ratio").kind == "logit"
    assert scale_of(np.array([1.0, 5.0]), "currency").kind == "log"
    assert scale_of(np.array([0.0, 5.0]), "count").kind == "log1p"
    assert scale_of(np.array([-1.0, 5.0]), "currency").kind == "plain"
    for kind, value in (("logit", 0.3), ("log", 7.0), ("log1p", 0.0), ("plain", -4.0)):
        assert Scale(kind).back(Scale(kind).to(value)) == pytest.approx(value)
    assert Scale("logit").back(Scale("logit").to(1.0, 9)) == pytest.approx(0.95)  # half an observation of ten


@pytest.mark.parametrize("months", [0, 1, MIN_MONTHS - 1])
def test_too_few_months_give_no_forecast(months):
    known = history(np.zeros(months), np.full(months, 0.1))
    assert forecast(known, unit="currency", ahead=3) is None and backtest(known, unit="currency").empty


def test_months_before_a_gap_are_left_out():
    whole = history(np.zeros(20), np.full(20, 0.1))
    whole.loc[4, ["value", "low", "high"]] = np.nan
    spoilt = whole.copy()
    spoilt.loc[:3, "value"] = 1e6
    one, two = (forecast(x, unit="currency", ahead=3).quantile(0.9) for x in (whole, spoilt))
    np.testing.assert_array_equal(one, two)
    assert forecast(whole.head(5), unit="currency", ahead=3) is None


def test_a_series_that_never_moved_is_certain_to_stay():
    fan = forecast(history(np.zeros(24), np.zeros(24)), unit="currency", ahead=12)
    assert fan.quantile(0.1) == pytest.approx(1) and fan.quantile(0.9) == pytest.approx(1)
    assert fan.chance(0.99, 12) > 0.999 and fan.chance(1.01, 12) < 0.001


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0, 1, allow_nan=False), min_size=MIN_MONTHS, max_size=40),
    st.sampled_from(["ratio", "count", "currency"]),
)
def test_any_history_gives_finite_ordered_intervals_that_widen(values, unit):
    half = 0.05
    known = pd.DataFrame({"month": range(len(values)), "value": values, "n": 50})
    known = known.assign(low=known["value"] - half, high=known["value"] + half)
    fan = forecast(known, unit=unit, ahead=18)
    ends = [fan.quantile(share) for share in (0.025, 0.1, 0.5, 0.9, 0.975)]
    assert np.isfinite(ends).all() and (np.diff(ends, axis=0) >= 0).all()
    assert (np.diff(fan.spread) >= -1e-12).all()
    chances = [fan.chance(goal, 6) for goal in (0.1, 0.3, 0.5, 0.9)]
    assert all(0 <= c <= 1 for c in chances) and chances == sorted(chances, reverse=True)
    down = fan.chance(0.3, 6, higher_is_better=False)
    assert down == pytest.approx(1 - chances[1])


def test_coverage_by_hand():
    months = list(range(12))
    made = pd.DataFrame(
        {"month": months, "horizon": 3, "actual": [1.0] * 12, "low": 0.5, "high": [2.0] * 9 + [0.9] * 3, "loss": 2.0}
    )
    [row] = coverage(made, made.assign(loss=4.0)).to_dict("records")
    assert (row["n"], row["covered"], row["share"], row["loss"], row["naive_loss"]) == (12, 9, 0.75, 2.0, 4.0)
    low, high = wilson(3.0, 4.0)  # twelve origins of three months that overlap count as four
    assert (row["share_low"], row["share_high"]) == (pytest.approx(float(low)), pytest.approx(float(high)))


def test_pinball_is_smallest_at_its_quantile():
    rng = np.random.default_rng(1)
    came, points = rng.normal(size=4000), np.linspace(-2, 2, 41)
    losses = [np.mean([pinball(c, q, 0.9) for c in came]) for q in points]
    assert points[int(np.argmin(losses))] == pytest.approx(1.2816, abs=0.1)
