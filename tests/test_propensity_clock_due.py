"""Own paces, windows and the calendar: shapes found again, chances that hold, dates that follow from the best day."""

from datetime import date, timedelta

import clock_logs
import numpy as np
import pandas as pd
import pytest
from scipy.special import gammaln

from customerbase import propensity
from customerbase.propensity.repurchase.pace import Course, shape_of

AS_OF = date(2026, 6, 30)
SPAN = 900


def paced(people: int, shape: float, rng: np.random.Generator, days: int) -> pd.DataFrame:
    """Purchase days of people with gamma paces: daily chance pace · 0.02, higher around the 30th day after a purchase."""
    pace = rng.gamma(shape, 1 / shape, people)
    since = np.full(people, -1)
    start = rng.integers(0, days // 2, people)
    found = []
    for day in range(days):
        begins = start == day
        waiting = since >= 0
        base = 0.008 + 0.03 * np.exp(-(((since + 1 - 30) / 8) ** 2))
        buys = begins | (waiting & (rng.random(people) < -np.expm1(-pace * base)))
        found.append(pd.DataFrame({"customer": np.flatnonzero(buys), "day": day}))
        since = np.where(buys, 0, np.where(since >= 0, since + 1, since))
    return pd.concat(found).sort_values(["customer", "day"], ignore_index=True)


@pytest.fixture(scope="module")
def log():
    return paced(4000, 1.2, np.random.default_rng(2), SPAN + 120)


@pytest.fixture(scope="module")
def db(log):
    first = AS_OF - timedelta(days=SPAN - 1)
    days = [str(first + timedelta(days=int(day))) for day in log["day"]]
    rows = zip((f"k{n}" for n in log["customer"]), days, ["tea"] * len(days), strict=True)
    return clock_logs.shop(rows, {"tea": "Food"})


@pytest.fixture(scope="module")
def made(db):
    return propensity.clock(db, as_of=AS_OF, options=propensity.ClockOptions(floor=0.0))


@pytest.fixture(scope="module")
def scored(made, log):
    """Everybody's row, with the day of the next purchase that came (days from as_of; infinite when none did in 120)."""
    later = log[log["day"] >= SPAN].groupby("customer")["day"].min() - SPAN + 1
    due = made.due.df()
    number = due["customer_id"].str.removeprefix("ck").astype(int)
    return due.assign(came=number.map(later).fillna(np.inf).to_numpy())


def test_the_shape_of_the_paces_is_found_again():
    rng = np.random.default_rng(1)
    for shape in (0.5, 2.0, 20.0):
        due = rng.uniform(0.5, 20, 20_000)
        n = rng.poisson(rng.gamma(shape, 1 / shape, 20_000) * due)
        rows = pd.DataFrame({"customers": 1, "repeats": n, "due": np.round(1e6 * due)})
        assert shape_of(rows) == pytest.approx(shape, rel=0.08)
    alike = pd.DataFrame({"customers": 1, "repeats": rng.poisson(due), "due": np.round(1e6 * due)})
    assert shape_of(alike) > 100


def test_the_likelihood_is_the_negative_binomial_one():
    rows = pd.DataFrame({"customers": [3, 5], "repeats": [0, 4], "due": [6e6, 5e6]})
    grid = np.exp(np.linspace(np.log(0.02), np.log(1e4), 4001))
    lam, n = np.array([2.0, 1.0]), np.array([0, 4])
    log = sum(
        c * (gammaln(grid + k) - gammaln(grid) + grid * np.log(grid / (grid + x)) - k * np.log(grid + x))
        for c, k, x in zip([3, 5], n, lam, strict=True)
    )
    assert shape_of(rows) == pytest.approx(grid[log.argmax()], rel=0.01)


def test_days_and_cumulated_hazards_are_each_others_inverse():
    course = Course.of(np.linspace(0.01, 0.05, 60))
    days = np.array([0.0, 1, 10.5, 59, 60, 75, 200])
    assert course.day_of(course.due_by(days)) == pytest.approx(days)
    assert np.diff(course.due_by(days)).min() > 0


def test_the_chance_to_buy_within_thirty_days_is_what_happens(scored):
    bought = scored["came"] <= 30
    assert scored["p_30d"].mean() == pytest.approx(bought.mean(), rel=0.12)
    band = pd.qcut(scored["p_30d"], 5)
    table = pd.DataFrame({"said": scored["p_30d"], "came": bought}).groupby(band, observed=True).mean()
    assert (table["said"] - table["came"]).abs().max() < 0.08
    assert table["came"].is_monotonic_increasing and table["came"].iloc[-1] > 3 * table["came"].iloc[0]


def test_the_windows_hold_what_they_say(scored):
    for name, share in (("window_from", 0.1), ("window_mid", 0.5), ("window_to", 0.9)):
        ahead = (scored[name] - pd.Timestamp(AS_OF)).dt.days
        seen = ahead <= 120  # so far ahead is known whether the purchase came
        assert seen.sum() > 250
        assert (scored["came"] <= ahead)[seen].mean() == pytest.approx(share, abs=0.06)
    assert (scored["window_from"] > pd.Timestamp(AS_OF)).all()


def test_own_purchases_tell_more_than_the_days_since_the_last(scored, made):
    bought = (scored["came"] <= 30).to_numpy()
    days = made.days[made.days["thing"] == "Food"].set_index("day")["trend"].reindex(range(1, 366)).ffill().to_numpy()
    course = Course.of(days)
    since = scored["days_since"].to_numpy()
    plain = -np.expm1(course.due_by(since) - course.due_by(since + 30))
    brier = [np.mean((chance - bought) ** 2) for chance in (scored["p_30d"], plain)]
    assert brier[0] < 0.95 * brier[1]


def test_paces_are_shrunk_and_follow_from_purchases_and_silence(scored):
    often = scored[scored["purchases"] >= 15]
    once = scored[scored["purchases"] == 1]
    assert often["pace"].mean() > 1.5 > 0.8 > once["pace"].mean()
    long = once.sort_values("days_since")
    assert (np.diff(long["pace"]) <= 1e-12).all()  # of those with one purchase: the longer the silence, the slower
    assert 0 < long["pace"].iloc[-1] < long["pace"].iloc[0] < 1


def test_facts_of_the_list_by_plain_sql(scored, db):
    truth = db.query(f"""
        select 'c' || source_customer_id, max(order_at::date), date '{AS_OF}' - max(order_at::date), count(distinct order_at::date)
        from orders where order_at::date <= date '{AS_OF}' group by source_customer_id order by 1""").fetchall()
    found = scored.sort_values("customer_id")[["customer_id", "last_day", "days_since", "purchases"]]
    assert [(a, b.date(), c, d) for a, b, c, d in found.itertuples(index=False)] == truth


def test_the_contact_falls_on_the_best_day_or_the_next_one_as_good(scored, made):
    [thing] = made.things.to_dict("records")
    since = scored["days_since"]
    after = (scored["contact_day"] - scored["last_day"]).dt.days
    assert (after[since < thing["best_day"]] == thing["best_day"]).all()
    still = (since >= thing["best_day"]) & (since < thing["good_to"])
    assert (after[still] == since[still] + 1).all()
    assert after[since >= thing["good_to"]].isna().all() and scored["contact_gain"].isna().equals(after.isna())
    assert (scored["contact_day"].dropna() > pd.Timestamp(AS_OF)).all()
    assert scored["contact_gain"].min() > 0 and scored["contact_gain"].max() < 0.3


def test_the_calendar_adds_up(scored, made):
    calendar = made.calendar
    assert calendar["days_ahead"].tolist() == list(range(1, 36))
    assert calendar["day"].tolist() == [AS_OF + timedelta(days=day) for day in range(1, 36)]
    for column, counted in (("contact_day", "contacts"), ("window_mid", "due")):
        ahead = (scored[column] - pd.Timestamp(AS_OF)).dt.days
        assert calendar[counted].tolist() == [int((ahead == day).sum()) for day in range(1, 36)]
    assert calendar["expected_purchases"].iloc[:30].sum() == pytest.approx(scored["p_30d"].sum())
    came = [int((scored["came"] == day).sum()) for day in range(1, 36)]
    assert calendar["expected_purchases"].sum() == pytest.approx(sum(came), rel=0.15)


def test_a_floor_keeps_the_likely_ones_and_the_expected_purchases(db, made, scored):
    high = propensity.clock(db, as_of=AS_OF, options=propensity.ClockOptions(floor=0.4))
    found = high.due.df()
    assert set(found["customer_id"]) == set(scored.loc[scored["p_30d"] >= 0.4, "customer_id"]) and len(found) < len(
        scored
    )
    assert high.calendar["expected_purchases"].tolist() == made.calendar["expected_purchases"].tolist()


def test_who_waits_for_the_second_purchase(db):
    second = propensity.clock(db, as_of=AS_OF, options=propensity.ClockOptions(gap="second", floor=0.0)).due.df()
    once = db.query(f"""select count(*) from (select source_customer_id from orders where order_at::date <= date '{AS_OF}'
        group by all having count(distinct order_at::date) = 1)""").fetchall()[0][0]
    assert len(second) == once > 20 and (second["purchases"] == 1).all()
    assert second["pace"].to_numpy() == pytest.approx(1, abs=0.01)  # one gap shows nobody's own pace


def test_batches_do_not_change_the_list(db, made, monkeypatch):
    monkeypatch.setattr("customerbase.propensity.repurchase.due.BATCH", 100)
    small = propensity.clock(db, as_of=AS_OF, options=propensity.ClockOptions(floor=0.0))
    pd.testing.assert_frame_equal(small.due.df(), made.due.df())
    assert small.calendar["contacts"].tolist() == made.calendar["contacts"].tolist()
