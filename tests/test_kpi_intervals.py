"""Intervals of the KPIs over many worlds with known means: they hold the truth about as often as they say."""

from datetime import date

import numpy as np
import pandas as pd

from customerbase import kpi
from customerbase.engine import Engine, sql_text
from customerbase.kpi import facts
from customerbase.periods import add_months

WORLDS = [add_months(date(1900, 1, 1), number) for number in range(600)]


def covered(rows: pd.DataFrame, truth: float) -> float:
    """Share of the worlds whose interval holds the truth."""
    return ((rows["low"] <= truth) & (truth <= rows["high"])).mean()


def test_intervals_hold_the_truth_in_nineteen_of_twenty_worlds():
    """Worlds with known means, one a month: a share, a count, a total with anonymous sales, ratios with and without."""
    rng = np.random.default_rng(5)
    parts = []
    for month in WORLDS:
        known, anonymous = rng.poisson(150), rng.poisson(60)
        spent = rng.exponential(50, known + anonymous).round(2)
        margin = rng.choice([0.2, 0.6], known + anonymous)
        name = [f"c{i}" for i in range(known)]
        active = np.r_[np.ones(known), np.zeros(anonymous)].astype(int)
        orders = np.r_[1 + rng.poisson(0.5, known), np.ones(anonymous)].astype(int)
        is_new = (active * (rng.random(known + anonymous) < 0.4)).astype(int)
        cost = (spent * (1 - margin)).round(2)
        columns = {
            "active": active,
            "is_new": is_new,
            "orders": orders,
            "revenue": spent,
            "costed": spent,
            "cost": cost,
        }
        frame = pd.DataFrame(columns).assign(month=month, customer_id=[*name, *[None] * anonymous])
        whole = frame[frame["customer_id"].isna()]  # anonymous sales are one row, with the squares of its documents
        one = whole.drop(columns="customer_id").groupby("month", as_index=False).sum()
        one = one.assign(customer_id=None, revenue_squared=(whole["revenue"] ** 2).sum())
        parts.append(pd.concat([frame[frame["customer_id"].notna()].assign(revenue_squared=0.0), one]))
    db = Engine(threads=1)
    db.register("given", pd.concat(parts, ignore_index=True).astype({"customer_id": "string"}))
    db.execute("""create table kpi_facts as select * replace (cast(revenue as decimal(18, 2)) as revenue,
        cast(costed as decimal(18, 2)) as costed, cast(cost as decimal(18, 2)) as cost,
        cast(revenue_squared as decimal(38, 4)) as revenue_squared), 'all' as part, 0 as present from given""")
    truth = {
        "new_customers": 150 * 0.4,
        "repeat_rate": 0.6,
        "revenue": 210 * 50,
        "purchase_frequency": 1.5,
        "average_order_value": 50 / 1.5,
        "gross_margin": 0.4,
    }
    sums = facts.sums(db, [kpi.find(name) for name in truth])
    for name, expected in truth.items():
        assert 0.91 < covered(sums.estimates(kpi.find(name)), expected) < 0.98, name


def test_the_interval_of_the_top_tenth_covers():
    rng = np.random.default_rng(6)
    spent = [(f"c{i}", month, value) for month in WORLDS for i, value in enumerate(rng.exponential(100, 300))]
    db = Engine(threads=1)
    db.register("given", pd.DataFrame(spent, columns=["customer_id", "month", "revenue"]))
    db.execute("create table kpi_sales as select * replace (cast(month as date) as month,"
               " cast(revenue as decimal(18, 2)) as revenue) from given")  # fmt: skip
    db.execute("create table kpi_years as select distinct month, month as from_month from kpi_sales")
    db.execute(f"create table kpi_top_decile as {sql_text('kpi_top_decile')}")
    one = kpi.find("top_decile_share")
    rows = facts.sums(db, [one], "kpi_top_decile").estimates(one)
    # the top tenth of exponential spending; the estimate of a share of few is a little low
    assert 0.91 < covered(rows, 0.1 * (1 + np.log(10))) < 0.975
