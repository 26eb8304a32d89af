"""The refills planted in the sample company are found; a real shop's clock is sensible."""

from datetime import date

import clock_logs
import numpy as np
import pandas as pd
import pytest
from clock_logs import REFILLS, SAMPLE_AS_OF
from conftest import real_data

from customerbase import propensity
from customerbase.engine import Engine

SHARP = [[4, 12.0]]  # one consumable alone, used up in twelve days


def true_peaks(products: list[str], people: int, seeds: range, refills: list | None = None) -> dict[str, float]:
    """The day of the highest hazard among very many invented people, by plain SQL and a quartic; nobody's smoother."""
    sums = {product: np.zeros((2, 150)) for product in products}
    for seed in seeds:
        db = clock_logs.sample_engine(people, seed, refills)
        for product in products:
            found = clock_logs.gaps_by_sql(db, product, SAMPLE_AS_OF)
            sums[product] += np.vstack(clock_logs.daily(found, 150))
    return {product: clock_logs.highest(*one) for product, one in sums.items()}


def test_a_planted_peak_within_fourteen_days_is_found_within_a_day():
    true = true_peaks(["M0004"], 20_000, range(50, 53), SHARP)["M0004"]
    assert 10 < true < 14.5
    db = clock_logs.sample_engine(3000, 1, SHARP)
    made = propensity.clock(db, as_of=SAMPLE_AS_OF, options=propensity.ClockOptions(level="product", most=8))
    rows = made.things.set_index("thing")
    found = rows.loc["M0004"]
    assert found["verdict"] == "peak" and abs(found["peak_day"] - true) <= 1
    assert found["peak_low"] <= true <= found["peak_high"] and found["name"] == "乳液 しっとり"
    assert found["best_day"] < found["peak_day"]  # the week after the contact is to hold the peak
    others = rows.drop("M0004")
    assert (others["verdict"] != "peak").all() and len(others) == 7


@pytest.mark.slow
def test_every_refill_of_the_sample_company_is_found_within_a_day():
    db = clock_logs.sample_engine(20_000, 1)
    options = propensity.ClockOptions(level="product", most=40, contact=propensity.Contact(horizon=120))
    made = propensity.clock(db, as_of=SAMPLE_AS_OF, options=options)
    rows = made.things.set_index("thing")
    for product, true in true_peaks(list(REFILLS), 200_000, range(100, 110)).items():
        found = rows.loc[product]
        assert found["verdict"] == "peak" and abs(found["peak_day"] - round(true)) <= 1, (
            product,
            true,
            found["peak_day"],
        )
        assert found["peak_low"] <= true <= found["peak_high"]
    others = rows[~rows.index.isin(REFILLS)]
    assert (others["verdict"] == "peak").sum() == 0 and len(others) == 34


@pytest.fixture(scope="module")
def retail() -> Engine:
    """Online Retail II with its customers' numbers as ids; categories are the first two digits of a code."""
    file = real_data("online-retail-ii") / "online_retail_ii.parquet"
    db = Engine()
    db.execute(
        "create table sales as select *, row_number() over () as n from (select *, min(sheet) over () as first_sheet"
        f" from '{file}') where (sheet <> first_sheet or InvoiceDate < '2010-12-01') and Invoice not like 'A%' and CustomerID is not null"
    )
    db.execute(
        "create table orders as select 'r' as source_system, Invoice as order_id, 'web' as channel,"
        " cast(any_value(CustomerID) as varchar) as source_customer_id, cast(null as varchar) as store_id,"
        " min(InvoiceDate) as order_at, case when Invoice like 'C%' then 'credit_note' else 'completed' end as status,"
        " cast(sum(Quantity * Price) as decimal(18, 2)) as total, cast(0 as decimal(18, 2)) as discount,"
        " cast(0 as decimal(18, 2)) as points_used, cast(null as timestamp) as cancelled_at from sales group by Invoice"
    )
    db.execute(
        "create table order_lines as select 'r' as source_system, Invoice as order_id, 'goods' as line_type,"
        " upper(StockCode) as product_id, cast(Quantity as decimal(18, 3)) as qty,"
        " cast(Quantity * Price as decimal(18, 2)) as amount from sales"
    )
    db.execute(
        "create table products as select distinct 'r' as source_system, product_id,"
        " nullif(regexp_extract(product_id, '^([0-9]{2})', 1), '') as category from order_lines"
    )
    db.execute(
        "create table identity_links as select distinct source_customer_id as customer_id, source_system,"
        " source_customer_id from orders"
    )
    return db


def test_a_real_shops_week_is_no_peak_and_its_shares_are_those_of_plain_sql(retail):
    made = propensity.clock(retail, as_of=date(2011, 12, 9), options=propensity.ClockOptions(level="all"))
    [row] = made.things.to_dict("records")
    # customers come back on their weekday: the raw hazard leaps by half on days 7, 14 and 21
    raw = made.days.set_index("day")["hazard"]
    assert all(raw[day] > 1.3 * raw[[day - 3, day + 3]].mean() for day in (7, 14, 21))
    assert row["verdict"] == "no_peak" and row["best_day"] <= 3
    returned, n = retail.query("""
        with days as (select distinct source_customer_id as who, order_at::date as day from orders where status = 'completed'),
        spells as (select *, lead(day) over (partition by who order by day) - day as gap from days)
        select count(*) filter (gap <= 30), count(*) from spells where day <= date '2011-11-09'""").fetchall()[0]
    assert row["share_30d"] == pytest.approx(returned / n, abs=0.02)
    assert row["dispersion"] > 2  # some customers come all the time


def test_a_real_shops_chances_hold_in_the_month_after(retail):
    bought, said, since = [], [], []
    for as_of in (date(2011, 5, 31), date(2011, 8, 31), date(2011, 10, 31)):
        options = propensity.ClockOptions(level="all", floor=0.0)
        due = propensity.clock(retail, as_of=as_of, options=options).due.df()
        text = "select distinct source_customer_id from orders where status = 'completed' and order_at::date between $a + 1 and $a + 30"
        came = {who for (who,) in retail.query(text, a=as_of).fetchall()}
        bought.append(due["customer_id"].isin(came).to_numpy())
        said.append(due["p_30d"].to_numpy())
        since.append(due["days_since"].to_numpy())
    bought, said, since = (np.concatenate(one) for one in (bought, said, since))
    by_silence = pd.Series(bought).groupby(pd.qcut(since, 20, duplicates="drop"), observed=True).transform("mean")
    # better than the best that could be said from the days since the last purchase, even in hindsight
    assert np.mean((said - bought) ** 2) < 0.95 * np.mean((by_silence - bought) ** 2)
    for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 1)):
        within = (said >= low) & (said < high)
        assert said[within].mean() == pytest.approx(bought[within].mean(), abs=0.06)  # autumn sells more


def test_mailing_by_the_chance_to_buy_beats_mailing_on_a_fixed_day(retail):
    fixed, hazard, size = 0, 0, 0
    for as_of in (date(2011, 3, 31), date(2011, 5, 31), date(2011, 7, 31), date(2011, 9, 30), date(2011, 10, 31)):
        due = propensity.clock(retail, as_of=as_of, options=propensity.ClockOptions(level="all", floor=0.0)).due.df()
        text = "select distinct source_customer_id from orders where status = 'completed' and order_at::date between $a + 1 and $a + 14"
        came = due["customer_id"].isin({who for (who,) in retail.query(text, a=as_of).fetchall()})
        on_the_day = due["days_since"].between(27, 33)  # everybody a month after the purchase, give or take three days
        best = due["p_30d"].rank(ascending=False, method="first") <= on_the_day.sum()
        fixed, hazard, size = fixed + came[on_the_day].sum(), hazard + came[best].sum(), size + on_the_day.sum()
    assert size > 500 and hazard > 2 * fixed
