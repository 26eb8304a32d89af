"""KPIs by segment, channel, store and cohort: parts add up to the whole, and no small count is shown or follows."""

from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from test_kpi_facts import AS_OF, SALES, shop, wide

from customerbase import kpi

ADDITIVE = ("orders", "revenue", "revenue_identified", "revenue_anonymous")
OF_CUSTOMERS = ("active_customers", "new_customers", "returning_customers", "reactivated_customers")


@settings(max_examples=20, deadline=None)
@given(SALES)
def test_parts_add_up_to_the_whole(sales):
    orders = [
        (c, f"{date(2025, 10, 15) + timedelta(days=d % 380):%Y-%m-%d}", amount, ch, s) for c, d, amount, ch, s in sales
    ]
    db = shop(orders)
    whole = wide(db)
    if whole.empty:
        assert kpi.kpi_by(db, as_of=AS_OF).fetchall() == []
        return
    people = sorted({c for c, *_ in orders if c})
    segments = pd.DataFrame(
        {"customer_id": [f"s:{c}" for c in people], "segment": ["x" if c < "d" else "y" for c in people]}
    )
    by = kpi.kpi_by(db, as_of=AS_OF, segments=segments, k_min=1).df()
    assert not by["withheld"].any()
    by = by.assign(month=[stamp.date() for stamp in pd.to_datetime(by["month"])])
    for dimension in kpi.DIMENSIONS:
        rows = by[by["dimension"] == dimension]
        for kpi_id in (*ADDITIVE, *(OF_CUSTOMERS if dimension in ("segment", "cohort") else ())):
            sums = rows[rows["kpi"] == kpi_id].groupby("month")["value"].sum()
            for month, total in sums.items():
                assert total == pytest.approx(whole.loc[month, kpi_id]), (dimension, kpi_id, month)
            if dimension != "segment":
                assert sums.sum() == pytest.approx(whole[kpi_id].sum()), (dimension, kpi_id)


def test_parts_by_hand():
    orders = [
        ("a", "2026-09-01", 10, "web", None),
        ("a", "2026-10-01", 100, "web", None),
        ("a", "2026-10-02", 50, "store", "1"),
        ("b", "2026-10-02", 30, "store", "2"),
        (None, "2026-10-02", 7, "store", "1"),
    ]
    segments = pd.DataFrame({"customer_id": ["s:a"], "segment": ["loyal"]})
    db = shop(orders)
    kpi.kpi_table(db, as_of=AS_OF)
    by = kpi.kpi_by(db, as_of=AS_OF, segments=segments, k_min=1).df()
    got = {(r.kpi, r.dimension, r.part, r.month.month): (r.value, r.n) for r in by.itertuples()}
    assert got["revenue", "channel", "store", 10] == (87, 3)
    assert got["revenue", "store", "1", 10] == (57, 2) and got["revenue", "store", "none", 10] == (100, 1)
    assert got["active_customers", "channel", "store", 10] == (2, 2)
    assert got["repeat_rate", "channel", "store", 10] == (0.5, 2)
    assert got["retention_rate", "channel", "web", 10] == (1, 1)  # bought in the web shop in September, and again
    assert got["revenue", "segment", "not_yet", 10] == (30, 1) and got["revenue", "segment", "anonymous", 10] == (7, 1)
    assert got["revenue", "cohort", "2026-Q4", 10] == (30, 1) and got["revenue", "cohort", "2026-Q3", 10] == (150, 2)
    assert not any(dimension == "segment" and month == 9 for _, dimension, _, month in got)


# --- what is withheld -------------------------------------------------------------------------------------------------

COUNTS = ("active_customers", "new_customers", "returning_customers", "reactivated_customers")


def company(seed: int, customers: int = 400, first: date = date(2026, 5, 1)) -> list[tuple]:
    """Some hundred customers with stores of very different size, from `first` to the as-of date."""
    rng = np.random.default_rng(seed)
    orders, days = [], (AS_OF - first).days + 1
    for number in range(customers):
        store = str(min(rng.geometric(0.35), 8))
        for _ in range(rng.integers(1, 6)):
            day = first + timedelta(days=int(rng.integers(0, days)))
            orders.append((f"c{number}", f"{day:%Y-%m-%d}", 10.0, "store", store))
    return orders


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_no_small_count_is_shown_or_follows(seed):
    db = shop(company(seed))
    kpi.kpi_table(db, as_of=AS_OF)
    k_min = 10
    truth, shown_ = (kpi.kpi_by(db, as_of=AS_OF, k_min=k).df() for k in (1, k_min))
    key = ["month", "dimension", "part", "kpi"]
    both = truth.merge(shown_, on=key, suffixes=("", "_shown"))
    assert len(both) == len(truth) == len(shown_)
    assert 0.02 < both["withheld_shown"].mean() < 0.95
    people = both[both["kpi"].isin(COUNTS)]
    assert not ((people["value"] > 0) & (people["value"] < k_min) & ~people["withheld_shown"]).any()
    for (_, dimension, kpi_id), rows in people.groupby(["month", "dimension", "kpi"]):
        if dimension == "cohort" or kpi_id == "active_customers":  # parts of one known total
            hidden = rows.loc[rows["withheld_shown"], "value"]
            # a sum of hidden parts follows from the total: it must not be small nor one part's own, unless all are hidden
            if (rows.loc[~rows["withheld_shown"], "value"] > 0).any() and hidden.sum() > 0:
                assert (hidden > 0).sum() >= 2 and hidden.sum() >= k_min, (dimension, kpi_id)
    rates = both[both["kpi"].isin(["repeat_rate", "retention_rate"]) & ~both["withheld_shown"]]
    tops = (rates["value"] * rates["n"]).round()
    assert not (tops.between(1, k_min - 1) | (rates["n"] - tops).between(1, k_min - 1)).any()
    wide_ = both.pivot_table(index=["month", "dimension", "part"], columns="kpi", values="withheld_shown")
    assert (wide_["new_customers"].fillna(1) >= wide_["repeat_rate"].fillna(0) * (wide_["repeat_rate"] == 1)).all()
    hidden = both[both["withheld_shown"]]
    assert hidden[["value_shown", "n_shown", "low_shown", "high_shown"]].isna().all(axis=None)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_current_customers_from_month_to_month_give_nothing_back(seed):
    db = shop(company(seed, 800, date(2025, 8, 1)))
    kpi.kpi_table(db, as_of=AS_OF)
    table = kpi.kpi_by(db, as_of=AS_OF, k_min=10).df()
    shown = table[table["dimension"] == "cohort"].pivot_table(
        index=["part", "month"], columns="kpi", values="value", dropna=False
    )
    withheld = table[table["dimension"] == "cohort"].pivot_table(
        index=["part", "month"], columns="kpi", values="withheld", aggfunc="max"
    )
    before = shown["current_customers"].groupby("part").shift()
    terms = {name: shown[name] for name in ("new_customers", "reactivated_customers", "lost_customers")}
    known = shown["current_customers"].notna() & before.notna()
    checked = 0
    for name in terms:
        others = [terms[other].notna() for other in terms if other != name]
        told = known & np.logical_and.reduce(others) & (withheld[name] == 1)
        assert not told.any(), f"{name} is withheld and follows from current customers"
        checked += int((withheld[name] == 1).sum())
    assert checked  # something was withheld at all
