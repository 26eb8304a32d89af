"""Weekday and hours of a customer's own orders: counted as plain SQL counts them, said only where clearly their own."""

from datetime import datetime

import numpy as np
import pandas as pd
import pytest

from customerbase import propensity
from customerbase.engine import Engine
from customerbase.propensity.sales.slots import likeness, preferred

EVERYBODY = np.array([0.10, 0.10, 0.12, 0.13, 0.15, 0.22, 0.18])


def database(*orders: tuple) -> Engine:
    """(customer_id, order_at, is_order) each."""
    db = Engine(threads=1)
    db.register("customer_orders", pd.DataFrame(orders, columns=["customer_id", "order_at", "is_order"]))
    return db


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_slots_by_hand():
    db = database(
        ("A", at("2026-10-30 18:59:59"), 1),  # a Friday
        ("A", at("2026-10-30 18:00:00"), 1),  # the same hour of the same day counts once
        ("A", at("2026-10-23 18:30:00"), 1),
        ("A", at("2026-11-01 00:00:00"), 1),  # a Sunday without a time
        ("A", at("2026-10-31 09:00:00"), 0),  # a refund
        ("B", at("1999-12-31 23:00:00"), 1),  # a Friday before 2001
        (None, at("2026-10-30 18:00:00"), 1),
    )
    found = propensity.order_slots(db)
    rows = [
        (row.customer_id, row.weekday, None if pd.isna(row.hour) else int(row.hour), row.days)
        for row in found.itertuples()
    ]
    assert rows == [("A", 5, 18, 2), ("A", 7, None, 1), ("B", 5, 23, 1)]


def test_weekdays_are_those_of_the_calendar():
    days = pd.date_range("1995-01-01", "2030-12-31", freq="13D") + pd.Timedelta(hours=5)
    found = propensity.order_slots(database(*[(f"{number:04}", day, 1) for number, day in enumerate(days)]))
    assert found["weekday"].tolist() == [day.isoweekday() for day in days]


def shares(rng, customers: int, strength: float) -> np.ndarray:
    return rng.dirichlet(EVERYBODY * strength, customers)


def drawn(rng, each: np.ndarray, orders: np.ndarray) -> np.ndarray:
    return np.array([rng.multinomial(n, p) for n, p in zip(orders, each, strict=True)])


@pytest.mark.parametrize("strength", [2.0, 10.0, 50.0])
def test_how_alike_customers_are_is_found_again(strength):
    rng = np.random.default_rng(1)
    counts = drawn(rng, shares(rng, 4000, strength), rng.integers(1, 40, 4000))
    assert likeness(counts) == pytest.approx(strength, rel=0.12)


def test_where_everybody_buys_alike_nobody_is_named():
    rng = np.random.default_rng(2)
    named = 0
    for _ in range(5):
        counts = drawn(rng, np.tile(EVERYBODY, (5000, 1)), rng.integers(1, 60, 5000))
        named += (preferred(counts) >= 0).sum()
    assert named <= 5  # of 25,000


def test_who_is_named_differs_indeed_and_in_that_class():
    rng = np.random.default_rng(3)
    each = np.tile(EVERYBODY, (6000, 1))
    own = rng.integers(0, 7, 1500)
    each[:1500] = 0.4 * EVERYBODY
    each[np.arange(1500), own] += 0.6
    found = preferred(drawn(rng, each, np.full(6000, 25)))
    named = np.flatnonzero(found >= 0)
    assert (named < 1500).mean() >= 0.97
    right = found[:1500] == own
    assert right.mean() >= 0.9


def test_two_orders_on_one_day_of_the_week_prove_nothing():
    rng = np.random.default_rng(4)
    counts = drawn(rng, shares(rng, 3000, 20.0), rng.integers(2, 30, 3000))
    counts[0] = [2, 0, 0, 0, 0, 0, 0]
    assert preferred(counts)[0] == -1


def test_best_times_name_a_weekday_and_hours():
    rng = np.random.default_rng(5)
    rows = []
    for number in range(400):
        for day in rng.integers(0, 700, 20):
            when = datetime(2024, 11, 1) + pd.Timedelta(days=int(day), hours=int(rng.integers(9, 21)), minutes=1)
            rows.append((f"K{number:03}", when, 1))
    for week in range(30):
        rows.append(("own", datetime(2026, 1, 3, 19, 30) + pd.Timedelta(weeks=week), 1))  # Saturdays
        rows.append(("undated", datetime(2026, 1, 6) + pd.Timedelta(weeks=week), 1))  # Tuesdays, without a time
    found = propensity.best_times(propensity.order_slots(database(*rows))).set_index("customer_id")
    assert found.loc["own"].tolist() == [6, "18-21"]
    assert found.loc["undated", "best_weekday"] == 2 and found.loc["undated", "best_hours"] is None
    others = found.drop(["own", "undated"])
    assert others["best_weekday"].notna().sum() + others["best_hours"].notna().sum() <= 4


@pytest.mark.parametrize(
    "counts", [np.zeros((3, 7)), np.zeros((0, 7)), np.eye(7), np.full((4, 7), [5, 0, 0, 0, 0, 0, 0])]
)
def test_too_little_to_tell_names_nobody(counts):
    assert (preferred(counts) == -1).all()


def test_no_orders_give_an_empty_table():
    found = propensity.best_times(propensity.order_slots(database(("A", at("2026-10-30 10:00:00"), 0))))
    assert len(found) == 0 and list(found.columns) == ["customer_id", "best_weekday", "best_hours"]
