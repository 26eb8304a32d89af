"""Features and labels of snapshots against plain Python on random data, and known figures of real data."""

from datetime import date, timedelta
from itertools import pairwise
from statistics import mean, median, pstdev

import pandas as pd
import pytest
from conftest import real_data
from identity_tables import link_every_id
from snapshot_tables import company

from customerbase import features
from customerbase.engine import Engine

CUTOFF = date(2026, 7, 1)


# --- against plain Python ------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def made():
    """A random company, its tables as pandas frames with customer_id, and its snapshot as pandas."""
    db = company(3)
    tables = {name: db.query(f"select * from {name}").df() for name in ("orders", "refunds", "order_lines", "products")}
    for name in ("web_events", "campaign_contacts", "inquiries", "loyalty_points"):
        tables[name] = db.query(
            f"select t.*, l.customer_id from {name} t join identity_links l using (source_system, source_customer_id)"
        ).df()
    links = db.query("select source_system, source_customer_id, customer_id from identity_links").df()
    tables["orders"] = tables["orders"].merge(links, on=["source_system", "source_customer_id"])
    return tables, features.snapshot(db, cutoff=CUTOFF).df().set_index("customer_id")


def counted_orders(tables) -> pd.DataFrame:
    """Orders placed before the cutoff that nobody had cancelled by then, with their age."""
    frame = tables["orders"]
    cutoff = pd.Timestamp(CUTOFF)
    kept = frame.status.eq("completed") | (frame.status.eq("cancelled") & (frame.cancelled_at >= cutoff))
    frame = frame[(frame.order_at < cutoff) & kept].copy()
    return frame.assign(age=(cutoff - frame.order_at.dt.normalize()).dt.days, total=frame.total.astype(float))


def test_who_is_in_it(made):
    tables, found = made
    orders = counted_orders(tables)
    assert sorted(found.index) == sorted(orders[orders.age <= 365].customer_id.unique())
    assert 30 < len(found) < 60


def test_purchases_and_rhythm(made):
    tables, found = made
    orders = counted_orders(tables)
    seen = 0
    for customer, row in found.iterrows():
        ages = sorted(set(orders[orders.customer_id == customer].age), reverse=True)
        assert row.purchase_days == len(ages)
        for days in (30, 90, 180, 365):
            assert row[f"purchase_days_{days}"] == sum(age <= days for age in ages)
        assert row.purchase_days_trend_90 == sum(a <= 90 for a in ages) - sum(90 < a <= 180 for a in ages)
        assert (row.days_since_last_purchase, row.days_since_first_purchase) == (ages[-1], ages[0])
        assert row.purchase_days_decayed == pytest.approx(sum(0.5 ** (age / 90) for age in ages), abs=1e-5)
        gaps = [earlier - later for earlier, later in pairwise(ages)]
        if not gaps:
            assert row.bought_once and pd.isna(row.median_gap) and pd.isna(row.silence_ratio) and not row.is_overdue
            continue
        assert row.median_gap == median(gaps)
        assert row.mean_gap == pytest.approx(mean(gaps))
        assert (row.last_gap, row.longest_gap) == (gaps[-1], max(gaps))
        assert row.silence_ratio == pytest.approx(ages[-1] / median(gaps))
        assert row.gaps_outlasted_share == pytest.approx(mean(gap < ages[-1] for gap in gaps))
        assert row.days_until_due == median(gaps) - ages[-1]
        assert row.is_overdue == (ages[-1] > median(gaps))
        if len(gaps) >= 2:
            assert row.gap_variation == pytest.approx(pstdev(gaps) / mean(gaps), abs=1e-9)
        if len(gaps) >= 4:
            seen += 1
            assert row.gap_trend == pytest.approx(mean(gaps[-3:]) / mean(gaps))
        else:
            assert pd.isna(row.gap_trend)
    assert seen > 10


def test_money(made):
    tables, found = made
    cutoff, orders = pd.Timestamp(CUTOFF), counted_orders(tables)
    credit = tables["orders"]
    credit = credit[(credit.status == "credit_note") & (credit.order_at < cutoff)]
    refunds = tables["refunds"].merge(
        orders[["source_system", "order_id", "customer_id"]], on=["source_system", "order_id"], suffixes=("", "_o")
    )
    refunds = refunds[refunds.refunded_at < cutoff]
    back = pd.concat(
        [
            pd.DataFrame(
                {"customer_id": credit.customer_id, "at": credit.order_at, "amount": -credit.total.astype(float)}
            ),
            pd.DataFrame(
                {"customer_id": refunds.customer_id, "at": refunds.refunded_at, "amount": refunds.amount.astype(float)}
            ),
        ]
    )
    back["age"] = (cutoff - back["at"].dt.normalize()).dt.days
    for customer, row in found.iterrows():
        mine, gone = orders[orders.customer_id == customer], back[back.customer_id == customer]
        for days, column in (
            (30, "spend_30"),
            (90, "spend_90"),
            (180, "spend_180"),
            (365, "spend_365"),
            (10**6, "spend"),
        ):
            expected = mine[mine.age <= days].total.sum() - gone[gone.age <= days].amount.sum()
            assert float(row[column]) == pytest.approx(expected, abs=0.006)
        year = mine[mine.age <= 365]
        assert row.orders == len(mine) and row.orders_365 == len(year)
        assert row.mean_order_365 == pytest.approx(year.total.mean())
        discount = year.discount.astype(float)
        assert row.discount_share_365 == pytest.approx(discount.sum() / (discount.sum() + year.total.sum()))
        assert row.discounted_orders_share_365 == pytest.approx((discount > 0).mean())
        assert row.points_orders_share_365 == pytest.approx((year.points_used.astype(float) > 0).mean())
        assert row.returns_365 == (gone.age <= 365).sum()
        assert row.returned_share_365 == pytest.approx(gone[gone.age <= 365].amount.sum() / year.total.sum())
        assert (row.days_since_last_return == gone.age.min()) if len(gone) else pd.isna(row.days_since_last_return)
    assert found.returns_365.sum() > 20


def test_baskets_places_and_season(made):
    tables, found = made
    orders = counted_orders(tables)
    products = tables["products"].assign(category=lambda frame: frame.category.str.split(" > ").str[0])
    lines = tables["order_lines"].query("line_type == 'goods'")
    lines = lines.merge(orders, on=["source_system", "order_id"], suffixes=("", "_o"))
    lines = lines.merge(
        products[["source_system", "product_id", "category"]], on=["source_system", "product_id"], how="left"
    )
    for customer, row in found.iterrows():
        mine, bought = lines[lines.customer_id == customer], orders[orders.customer_id == customer]
        assert (row.lines, row.lines_365) == (len(mine), (mine.age <= 365).sum())
        assert row.categories == mine.category.nunique()
        assert row.categories_90 == mine[mine.age <= 90].category.nunique()
        known = mine.category.dropna()
        if len(known):
            assert row.top_category_share == pytest.approx(known.value_counts().iloc[0] / len(known))
        if len(mine):
            per_product = mine.assign(key=mine.product_id + mine.category.fillna("")).groupby("key").age.nunique()
            assert row.products == len(per_product)
            assert row.products_rebought == (per_product > 1).sum()
        assert row.channels == bought.channel.nunique()
        assert row.stores == (bought.source_system + bought.store_id).nunique()
        assert row.online_share == pytest.approx(bought.channel.isin(["web", "app"]).mean())
        days = pd.Series(bought.order_at.dt.normalize().unique())
        assert row.active_months == days.dt.to_period("M").nunique()
        assert row.purchase_days_same_month_last_year == days.between("2025-07-01", "2025-07-31").sum()
        assert row.purchase_days_same_quarter_last_year == days.between("2025-07-01", "2025-09-30").sum()
        assert row.coming_quarter_share == pytest.approx(days.dt.month.isin([7, 8, 9]).mean())
        assert row.top_weekday_share == pytest.approx(days.dt.day_of_week.value_counts().iloc[0] / len(days))
        assert row.weekend_share == pytest.approx((days.dt.day_of_week >= 5).mean())
    assert found.products_rebought.sum() > 5


def test_engagement(made):
    tables, found = made
    cutoff = pd.Timestamp(CUTOFF)
    age = lambda times: (cutoff - times.dt.normalize()).dt.days  # noqa: E731
    web, mail, desk, points = (tables[n] for n in ("web_events", "campaign_contacts", "inquiries", "loyalty_points"))
    web, mail, desk = web[web.event_at < cutoff], mail[mail.sent_at < cutoff], desk[desk.opened_at < cutoff]
    points = points[points.txn_at < cutoff]
    for customer, row in found.iterrows():
        mine = web[web.customer_id == customer]
        assert row.visit_days_90 == mine[age(mine.event_at) <= 90].event_at.dt.date.nunique()
        assert row.cart_adds_90 == ((age(mine.event_at) <= 90) & (mine.event_name == "add_to_cart")).sum()
        assert (
            (row.days_since_last_visit == age(mine.event_at).min()) if len(mine) else pd.isna(row.days_since_last_visit)
        )
        mine = mail[mail.customer_id == customer]
        opened = mine.opened_at.where(mine.opened_at < cutoff)
        assert row.messages_90 == (age(mine.sent_at) <= 90).sum()
        assert row.opens_90 == (age(opened) <= 90).sum()
        year = age(mine.sent_at) <= 365
        assert (
            (row.open_rate_365 == pytest.approx(opened[year].notna().mean()))
            if year.any()
            else pd.isna(row.open_rate_365)
        )
        mine = desk[desk.customer_id == customer]
        assert row.inquiries == len(mine)
        assert row.open_inquiries == (~(mine.closed_at < cutoff)).sum()
        mine = points[points.customer_id == customer]
        assert float(row.points_balance) == mine.delta.astype(float).sum()
        assert (
            float(row.points_used_365)
            == -mine[(mine.kind == "use") & (age(mine.txn_at) <= 365)].delta.astype(float).sum()
        )
    assert found.open_inquiries.sum() > 5 and found.opens_90.sum() > 5


# --- labels --------------------------------------------------------------------------------------------------------------


def test_labels_against_plain_python():
    db = company(2)
    orders = db.query(
        "select o.*, customer_id from orders o join identity_links using (source_system, source_customer_id)"
    ).df()
    horizon = 60
    end = CUTOFF + timedelta(days=horizon)
    kept = orders.status.eq("completed") | (orders.status.eq("cancelled") & (orders.cancelled_at >= pd.Timestamp(end)))
    inside = orders[kept & (orders.order_at >= pd.Timestamp(CUTOFF)) & (orders.order_at < pd.Timestamp(end))]
    label = features.labels(db, cutoff=CUTOFF, horizon_days=horizon).df()
    assert 0.2 < label.bought.mean() < 0.95
    for row in label.itertuples():
        mine = inside[inside.customer_id == row.customer_id].order_at
        assert row.bought == (len(mine) > 0) == (not row.is_censored)
        assert (row.orders, row.purchase_days) == (len(mine), mine.dt.date.nunique())
        first = (mine.min().normalize() - pd.Timestamp(CUTOFF)).days if len(mine) else horizon
        assert row.days_to_purchase == first


# --- real data -----------------------------------------------------------------------------------------------------------


def test_who_is_active_and_who_leaves_in_online_retail():
    """Counted once before by other SQL: customers active for a year, and the share without a purchase in 90 days."""
    path = real_data("online-retail-ii") / "online_retail_ii.parquet"
    db = Engine()
    db.execute(f"""create table orders as
        with sales as (select *, sheet <> min(sheet) over () or InvoiceDate < '2010-12-01' as is_once from '{path}')
        select 'r' as source_system, Invoice as order_id, cast(any_value(CustomerID) as varchar) as source_customer_id,
            'web' as channel, cast(null as varchar) as store_id, min(InvoiceDate) as order_at,
            case when Invoice like 'C%' then 'credit_note' else 'completed' end as status,
            cast(sum(Quantity * Price) as decimal(18, 2)) as total, cast(0 as decimal(18, 2)) as discount,
            cast(0 as decimal(18, 2)) as points_used, cast(null as timestamp) as cancelled_at
        from sales where is_once and Invoice not like 'A%' and CustomerID is not null group by Invoice""")
    link_every_id(db)
    found = []
    for month in (6, 7, 8, 9):
        label = features.labels(db, cutoff=date(2011, month, 1), horizon_days=90)
        found += label.aggregate("count(*), round(avg(case when bought then 0 else 1 end), 3)").fetchall()
    assert found == [(4338, 0.634), (4326, 0.614), (4337, 0.568), (4335, 0.505)]
