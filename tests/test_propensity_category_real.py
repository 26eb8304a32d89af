"""Purchases of categories on real and invented companies: the wholesaler of Online Retail II, and the sample company."""

from datetime import date

import pytest
import sample_run
from conftest import real_data
from sample_run import SampleMonth

from customerbase import features
from customerbase.engine import Engine
from customerbase.propensity import Categories, categories

sample_month = sample_run.sample_month  # the fixture
READ = ("orders", "refunds", "order_lines", "products", "stores", "web_events", "campaign_contacts", "inquiries",
        "survey_answers", "reviews", "loyalty_points", "identity_links")  # fmt: skip


def _mean(found: Categories, scope: str, model: str, measure: str) -> float:
    rows = found.models.query("scope == @scope and model == @model and category == 'all'")
    return rows[measure].mean()


# --- Online Retail II has no categories: the first two digits of its stock codes stand in for them ------------------------


def _retail() -> Engine:
    path = real_data("online-retail-ii") / "online_retail_ii.parquet"
    db = Engine()
    db.execute(
        f"""create table sales as select *, cast(CustomerID as varchar) as customer, upper(StockCode) as code from '{path}'
        where not (sheet = 'Year 2009-2010' and InvoiceDate >= '2010-12-01') and CustomerID is not null
        and Invoice not like 'A%' and InvoiceDate < '2011-12-01'"""
    )
    db.execute(
        """create table orders as select 'r' as source_system, Invoice as order_id, min(customer) as source_customer_id,
        'web' as channel, cast(null as varchar) as store_id, min(InvoiceDate) as order_at,
        case when Invoice like 'C%' then 'credit_note' else 'completed' end as status,
        cast(sum(Quantity * Price) as decimal(18, 2)) as total, cast(0 as decimal(18, 2)) as discount,
        cast(0 as decimal(18, 2)) as points_used, cast(null as timestamp) as cancelled_at from sales group by Invoice"""
    )
    db.execute(
        """create table order_lines as select 'r' as source_system, Invoice as order_id, 'goods' as line_type,
        code as product_id, cast(Quantity as decimal(18, 3)) as qty, cast(Quantity * Price as decimal(18, 2)) as amount
        from sales"""
    )
    db.execute(
        """create table products as select distinct 'r' as source_system, code as product_id,
        nullif(regexp_extract(code, '^[0-9]{2}'), '') as category from sales"""
    )
    db.execute(
        "create table identity_links as select distinct source_customer_id as customer_id, 'r' as source_system,"
        " source_customer_id from orders"
    )
    return db


@pytest.mark.slow
def test_on_a_wholesaler_the_learnt_model_beats_the_rule_also_for_first_purchases():
    db, as_of = _retail(), date(2011, 11, 30)
    features.monthly_snapshots(db, as_of=as_of, count=16, horizons=(30,))
    found = categories(db, as_of=as_of)
    assert len(found.names) == 12 and found.study.chosen in ("wide", "mean")
    assert {"better_than_rule", "left_out"} <= {note.code for note in found.notes}
    chosen = found.study.chosen
    for scope, auc, gain in (("all", 0.84, 0.008), ("bought_before", 0.78, 0.008), ("new", 0.73, 0.015)):
        assert _mean(found, scope, chosen, "auc") > auc
        assert _mean(found, scope, chosen, "auc") - _mean(found, scope, "rule", "auc") > gain
        for measure in ("log_loss", "brier"):
            assert _mean(found, scope, chosen, measure) < _mean(found, scope, "rule", measure)
    assert _mean(found, "all", chosen, "ece") < 0.035
    assert _mean(found, "new", chosen, "ece") < 0.015


@pytest.mark.slow
@pytest.mark.xdist_group("sample_month")
def test_on_the_sample_company(sample_month: SampleMonth):
    db = Engine()
    for name in READ:
        if name in sample_month.tables:
            db.register(name, sample_month.tables[name])
    as_of = date(2026, 10, 31)
    features.monthly_snapshots(db, as_of=as_of, count=13, horizons=(30,))
    found = categories(db, as_of=as_of)
    assert len(found.names) == sample_month.one(
        "select count(distinct split_part(category, ' > ', 1)) from products where category is not null"
    )
    assert len(found.study.tests) == 4
    assert _mean(found, "all", found.study.chosen, "auc") > 0.8
    assert _mean(found, "all", found.study.chosen, "ece") < 0.03
    listed = found.categories["customer_id"]
    assert listed.nunique() == found.customers == len(db.query("select * from snapshots where cutoff = '2026-11-01'"))
