"""Page 07d in the month of the sample company: its tables against plain SQL, and nothing of few customers in them."""

import pytest
import sample_run
from sample_run import SampleMonth

pytestmark = pytest.mark.xdist_group("sample_month")
sample_month = sample_run.sample_month  # the fixture

# Written without the package's SQL on purpose: who bought in a year, and under what.
ACTIVE = """
    select l.customer_id, o.channel, o.order_at from orders o join identity_links l using (source_system, source_customer_id)
    where o.status = 'completed' and o.order_at >= '{since}' and o.order_at < '{until}'"""
YEARS = {
    "now": ("2025-11-01", "2026-11-01"),
    "last_month": ("2025-10-01", "2026-10-01"),
    "last_year": ("2024-11-01", "2025-11-01"),
}


def active(window: str) -> str:
    since, until = YEARS[window]
    return ACTIVE.format(since=since, until=until)


def test_recent_buyers_of_three_months(sample_month: SampleMonth):
    counted = {
        window: sample_month.one(f"select count(distinct customer_id) from ({active(window)})") for window in YEARS
    }
    for against in ("last_month", "last_year"):
        found = sample_month.rows(
            f"select attribute, sum(customers), sum(customers_before) from mix where against = '{against}' group by attribute"
        )
        assert len(found) >= 5
        assert {(now, before) for _, now, before in found} == {(counted["now"], counted[against])}


def test_main_channels_by_plain_sql(sample_month: SampleMonth):
    plain = sample_month.rows(f"""
        with counted as (select customer_id, channel, count(*) as orders from ({active("now")}) group by all),
        main as (select customer_id, arg_min(channel, (-orders, channel)) as channel from counted group by all)
        select channel, count(*) from main group by all having count(*) >= 10 order by all""")
    assert sample_month.rows(
        "select value, customers from mix where attribute = 'channel' and against = 'last_year' and value <> '*' order by all"
    ) == [row for row in plain if row[0] in {value for (value,) in sample_month.rows("select value from mix")}]


def test_parts_of_every_kpi_add_up_and_totals_are_plain_sql(sample_month: SampleMonth):
    off = sample_month.one("select max(abs(within + mix - total)) from mix_effects")
    assert off < 1e-6
    orders = {
        window: sample_month.one(f"select count(*) / count(distinct customer_id) from ({active(window)})")
        for window in YEARS
    }
    for against in ("last_month", "last_year"):
        found = sample_month.rows(
            f"select value, value_before, total from mix_effects where against = '{against}' and kpi = 'orders_per_customer'"
        )
        for value, before, total in found:
            assert (value, before) == pytest.approx((orders["now"], orders[against]))
            assert total == pytest.approx(value - before)


def test_no_count_of_few_stands_in_a_table(sample_month: SampleMonth):
    for table, columns in {"mix": ("customers", "customers_before"), "mix_behaviour": ("n", "customers")}.items():
        for column in columns:
            assert sample_month.one(f"select count(*) from {table} where {column} between 1 and 9") == 0
    assert (
        sample_month.one("select count(*) from good_customers where least(customers_with, customers_without) < 10") == 0
    )


def test_the_study_takes_whose_time_is_over_and_few_are_not_told_of(sample_month: SampleMonth):
    everybody = """select l.customer_id, min(o.order_at)::date as day from orders o
        join identity_links l using (source_system, source_customer_id) where o.status = 'completed' group by all"""
    start = sample_month.one(f"select min(day) from ({everybody})")
    over = sample_month.one(f"""
        select count(*) from ({everybody}) e left join profile p using (customer_id)
        where e.day + 455 <= date '2026-11-01'
            and case when p.registered_at is null then e.day >= date '{start}' + 90 else p.registered_at >= '{start}' end""")
    assert sample_month.rows("select distinct customers, early_days, after_days, top from good_customers") == [
        (over, 90, 365, 0.1)
    ]
    assert sample_month.one("select count(*) from good_customers where verdict <> 'few' and smd_after is null") == 0


def test_both_sections_stand_in_the_report(sample_month: SampleMonth):
    page = (sample_month.report / "report.en.html").read_text(encoding="utf-8")
    assert '<section id="mix">' in page and '<section id="good">' in page
