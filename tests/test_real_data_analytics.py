"""RFM, segments and KPIs on real data: the package's figures against plain pandas on the raw lines, and pinned numbers."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from conftest import real_data
from identity_tables import link_every_id
from kpi_tables import sales_months

from customerbase import features, kpi, rfm, segments
from customerbase.engine import Engine

NO_REFUNDS = """select '' as source_system, '' as order_id, timestamp '2000-01-01' as refunded_at,
    cast(0 as decimal(18, 2)) as amount where false"""


class Shop:
    """One data set: its canonical orders in an engine, and the same sales as raw pandas lines."""

    def __init__(self, as_of: date, orders_sql: str, lines: pd.DataFrame):
        self.as_of = as_of
        self.db = Engine()
        self.db.execute(f"create table orders as {orders_sql}")
        self.db.execute(f"create table refunds as {NO_REFUNDS}")
        link_every_id(self.db)
        features.customer_months(self.db, as_of=as_of)
        sales_months(self.db)
        self.lines = lines[lines["day"] <= pd.Timestamp(as_of)]
        self.kpis = kpi.kpi_table(self.db, as_of=as_of).df()

    def value(self, kpi_id: str, month: str) -> float:
        rows = self.kpis[(self.kpis["kpi"] == kpi_id) & (self.kpis["month"] == pd.Timestamp(month))]
        return rows["value"].item()


@pytest.fixture(scope="module")
def cdnow() -> Shop:
    """Each line of the log is an order."""
    path = real_data("cdnow") / "cdnow_master.csv"
    lines = pd.read_csv(path, dtype={"customer_id": str}, parse_dates=["date"])
    lines = lines.rename(columns={"customer_id": "customer", "date": "day"}).assign(order=range(len(lines)), sale=True)
    sql = f"""select 'cdnow' as source_system, cast(row_number() over () as varchar) as order_id,
        customer_id as source_customer_id, 'web' as channel, cast(date as timestamp) as order_at,
        'completed' as status, cast(amount as decimal(18, 2)) as total
        from read_csv('{path}', types = {{'customer_id': 'varchar'}})"""
    return Shop(date(1998, 6, 30), sql, lines)


@pytest.fixture(scope="module")
def retail() -> Shop:
    """Each invoice is an order, C… a credit note, A… an adjustment; the first sheet ends where the second begins."""
    path = real_data("online-retail-ii") / "online_retail_ii.parquet"
    raw = pd.read_parquet(path)
    first_sheet = raw["sheet"] == sorted(raw["sheet"].unique())[0]
    raw = raw[~(first_sheet & (raw["InvoiceDate"] >= "2010-12-01"))]
    raw = raw[~raw["Invoice"].str.startswith("A")]
    lines = pd.DataFrame(
        {
            "customer": raw["CustomerID"].map(lambda number: None if pd.isna(number) else str(int(number))),
            "order": raw["Invoice"],
            "day": raw["InvoiceDate"].dt.normalize(),
            "amount": (raw["Quantity"] * raw["Price"]),
            "sale": ~raw["Invoice"].str.startswith("C"),
        }
    )
    sql = f"""select 'uk' as source_system, Invoice as order_id, cast(min(CustomerID) as varchar) as source_customer_id,
        'web' as channel, min(InvoiceDate) as order_at,
        case when Invoice like 'C%' then 'credit_note' when Invoice like 'A%' then 'adjustment' else 'completed' end
            as status,
        cast(round(sum(Quantity * Price), 2) as decimal(18, 2)) as total
        from read_parquet('{path}')
        where not (sheet = (select min(sheet) from read_parquet('{path}')) and InvoiceDate >= timestamp '2010-12-01')
        group by Invoice"""
    return Shop(date(2011, 11, 30), sql, lines)


@pytest.fixture(scope="module", params=["cdnow", "retail"])
def shop(request) -> Shop:
    return request.getfixturevalue(request.param)


def month(lines: pd.DataFrame) -> pd.Series:
    return lines["day"].dt.to_period("M").dt.to_timestamp()


def test_kpis_of_every_month_equal_plain_pandas(shop):
    lines = shop.lines.assign(month=month(shop.lines))
    known = lines[lines["customer"].notna() & lines["sale"]]
    active = known.groupby("month")["customer"].agg(set)
    first = known.groupby("customer")["month"].min().value_counts()
    for stamp, people in active.items():
        label = str(stamp.date())
        assert shop.value("active_customers", label) == len(people)
        assert shop.value("new_customers", label) == first.get(stamp, 0)
        assert shop.value("orders", label) == lines[(lines["month"] == stamp) & lines["sale"]]["order"].nunique()
        assert shop.value("revenue", label) == pytest.approx(
            lines.loc[lines["month"] == stamp, "amount"].sum(), abs=0.05
        )
        before = active.get(stamp - pd.DateOffset(months=1), set())
        if before:
            assert shop.value("retention_rate", label) == pytest.approx(len(people & before) / len(before))
        earlier = set().union(*active[active.index < stamp])
        if earlier:
            assert shop.value("repeat_rate", label) == pytest.approx(len(people & earlier) / len(people))


def test_tree_and_parts_add_up_in_every_month(shop):
    wide = shop.kpis.pivot(index="month", columns="kpi", values="value")
    product = wide["active_customers"] * wide["purchase_frequency"] * wide["average_order_value"]
    np.testing.assert_allclose(product, wide["revenue_identified"], rtol=1e-12)
    for now, then in zip(wide.index[1:], wide.index[:-1], strict=True):
        parts = kpi.revenue_change(shop.kpis, month=now.date(), before=then.date())
        change = wide.loc[now, "revenue"] - wide.loc[then, "revenue"]
        assert round(parts["contribution"].sum(), 2) == round(change, 2)


def test_rfm_equals_plain_pandas(shop):
    lines, as_of = shop.lines, pd.Timestamp(shop.as_of)
    window = lines["day"] > as_of - pd.DateOffset(months=24)
    sales = lines[lines["customer"].notna() & lines["sale"]]
    expected = pd.DataFrame({"days": (as_of - sales.groupby("customer")["day"].max()).dt.days})
    expected["orders"] = sales[window.loc[sales.index]].groupby("customer")["order"].nunique()
    expected["spend"] = lines[window & lines["customer"].isin(expected.index)].groupby("customer")["amount"].sum()
    expected = expected.fillna(0).sort_index()
    got = rfm.rfm(shop.db, as_of=shop.as_of).df()
    got.index = got["customer_id"].str.split(":").str[1]
    got = got.sort_index()
    assert list(got.index) == list(expected.index)
    assert (got["days_since_last_order"] == expected["days"]).all()
    assert (got["order_count"] == expected["orders"]).all()
    np.testing.assert_allclose(got["net_spend"], expected["spend"], atol=0.06)
    current = got[got["order_count"] > 0]
    for letter, scores in {
        "r": -current["days_since_last_order"],
        "f": current["order_count"],
        "m": current["net_spend"],
    }.items():
        worse = scores.rank(method="min") - 1
        assert (current[letter] == 1 + (5 * worse) // len(current)).all()
    assert (got.loc[got["order_count"] == 0, ["r", "f", "m"]] == 1).all(axis=None)


def test_cohorts_equal_plain_pandas(shop):
    lines = shop.lines.assign(month=month(shop.lines))
    known = lines[lines["customer"].notna() & lines["sale"]][["customer", "month"]].drop_duplicates()
    known["cohort"] = known.groupby("customer")["month"].transform("min")
    known["age"] = (
        (known["month"].dt.year - known["cohort"].dt.year) * 12 + known["month"].dt.month - known["cohort"].dt.month
    )
    expected = known.groupby(["cohort", "age"]).size()
    got = kpi.cohorts(shop.db, as_of=shop.as_of).df().set_index(["cohort_month", "months_since"])
    assert got["retained"].sum() == len(known)
    assert all(got.loc[key, "retained"] == count for key, count in expected.items())
    assert (got["customers"] >= got["retained"]).all()


def test_segments_hold_everybody_once(shop):
    members = segments.assign(rfm.rfm(shop.db, as_of=shop.as_of))
    summary = segments.summary(shop.db, members, as_of=shop.as_of)
    assert summary["customers"].sum() == shop.lines.loc[shop.lines["sale"], "customer"].nunique()
    assert summary["share"].sum() == pytest.approx(1)


def test_pinned_figures_of_cdnow(cdnow):
    assert cdnow.kpis["month"].nunique() == 18
    assert cdnow.kpis.loc[cdnow.kpis["kpi"] == "revenue", "value"].sum() == pytest.approx(2_500_315.63)  # its README
    assert sum(cdnow.value("new_customers", f"1997-0{m}-01") for m in (1, 2, 3)) == 23_570
    june = [cdnow.value(kpi_id, "1998-06-01") for kpi_id in ("active_customers", "orders", "revenue", "repeat_rate")]
    assert june == [1506, 2043, 76_109.30, 1.0]


def test_pinned_figures_of_online_retail(retail):
    november = {row.kpi: row.value for row in retail.kpis[retail.kpis["month"] == "2011-11-01"].itertuples()}
    assert november["revenue"] == 1_461_756.25
    assert (november["active_customers"], november["new_customers"], november["orders"]) == (1665, 192, 3021)
    assert november["repeat_rate"] == pytest.approx(1473 / 1665)
    assert november["retention_rate"] == pytest.approx(622 / 1364)
    assert kpi.data_until(retail.db, as_of=retail.as_of) == date(2011, 11, 30)


def test_a_month_cut_short_is_seen(retail):
    features.customer_orders(retail.db, as_of=date(2011, 12, 31))
    assert kpi.data_until(retail.db, as_of=date(2011, 12, 31)) == date(2011, 12, 9)
