"""KPIs of Online Retail II against plain SQL over the raw file: second purchases, cohorts and their revenue, who returns."""

import duckdb
import pytest
from test_real_data_analytics import retail  # noqa: F401  (a fixture)

from customerbase import kpi

# what an order is, written anew: invoices without A (adjustments); those with C are credit notes; sheets overlap in December 2010
RAW = """create view lines as select Invoice as invoice, cast(CustomerID as bigint) as customer,
        cast(InvoiceDate as date) as day, date_trunc('month', InvoiceDate) as month,
        left(Invoice, 1) <> 'C' as sale, cast(Quantity * Price as decimal(18, 4)) as amount
    from read_parquet('{path}')
    where left(Invoice, 1) <> 'A' and InvoiceDate < timestamp '2011-12-01'
        and not (sheet = (select min(sheet) from read_parquet('{path}')) and InvoiceDate >= timestamp '2010-12-01')"""


@pytest.fixture(scope="module")
def raw():
    from conftest import real_data

    db = duckdb.connect()
    db.execute(RAW.format(path=real_data("online-retail-ii") / "online_retail_ii.parquet"))
    db.execute("create table days as select distinct customer, day from lines where sale and customer is not null")
    db.execute("create table firsts as select customer, min(day) as first from days group by all")
    return db


def test_revenue_of_two_novembers(raw, retail):  # noqa: F811
    for month in ("2010-11-01", "2011-11-01"):
        [(plain,)] = raw.execute(f"select sum(amount)::double from lines where month = timestamp '{month}'").fetchall()
        assert retail.value("revenue", month) == pytest.approx(plain, abs=1)  # invoices are rounded to pennies


@pytest.mark.parametrize("days", [30, 60, 90, 180])
def test_second_purchases_of_every_month(raw, retail, days):  # noqa: F811
    plain = raw.execute(f"""
        select date_trunc('month', first)::date as month, count(*) as n, avg(second::int) as share
        from (select first, exists (from days d where d.customer = f.customer and d.day > first
            and d.day <= first + interval {days} day) as second
            from firsts f where first + interval {days} day <= date '2011-11-30')
        group by all order by all""").fetchall()
    rows = retail.kpis[(retail.kpis["kpi"] == f"second_purchase_{days}") & (retail.kpis["n"] > 0)]
    got = [(row.month.date(), row.n, row.value) for row in rows.itertuples()]
    assert [row[:2] for row in got] == [row[:2] for row in plain] and len(got) >= 18
    assert [row[2] for row in got] == pytest.approx([row[2] for row in plain])


def test_who_returns_and_who_is_lost_in_every_month(raw, retail):  # noqa: F811
    plain = raw.execute("""
        with active as (select distinct customer, date_trunc('month', day)::date as month from days),
        gaps as (select *, lag(month) over (partition by customer order by month) as before,
            lead(month) over (partition by customer order by month) as later from active),
        returns as (select month, count(*) filter (before >= month - interval 3 month) as returning_,
            count(*) filter (before < month - interval 3 month) as reactivated from gaps group by all),
        losses as (select (month + interval 3 month)::date as month, count(*) as lost from gaps
            where later is null or later > month + interval 3 month group by all)
        select month, returning_, reactivated, coalesce(lost, 0) from returns left join losses using (month)
        where month >= date '2010-04-01' order by month""").fetchall()
    for month, returning, reactivated, lost in plain:
        assert retail.value("returning_customers", str(month)) == returning
        assert retail.value("reactivated_customers", str(month)) == reactivated
        assert retail.value("lost_customers", str(month)) == lost
    assert len(plain) == 20


def test_cohort_triangle_with_revenue(raw, retail):  # noqa: F811
    plain = raw.execute("""
        with starts as (select customer, date_trunc('month', first) as cohort from firsts),
        cells as (select cohort, date_diff('month', cohort, l.month) as age, sum(amount)::double as revenue,
            count(distinct l.customer) filter (sale) as retained
            from lines l join starts using (customer) where l.month >= cohort group by all)
        select cohort::date, c.age, c.retained, c.revenue / s.revenue from cells c
        join cells s using (cohort) where s.age = 0""").fetchall()
    got = kpi.cohorts(retail.db, as_of=retail.as_of).df()
    cells = {(row.cohort_month.date(), row.months_since): row for row in got.itertuples()}
    for cohort, age, retained, ratio in plain:
        assert cells[cohort, age].retained == retained
        assert cells[cohort, age].revenue_rate == pytest.approx(ratio, rel=1e-3, abs=1e-4)
    assert len(cells) == 24 * 25 / 2 and len(plain) > 280
