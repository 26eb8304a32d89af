"""Page 09c in the month of the sample company: its tables against plain SQL and against what the simulation knows."""

import pytest
import sample_run
from sample_run import SampleMonth

pytestmark = pytest.mark.xdist_group("sample_month")
sample_month = sample_run.sample_month  # the fixture


def test_volume_and_backlog_by_plain_sql(sample_month: SampleMonth):
    opened = "select cast(date_trunc('month', opened_at) as date) as month, count(*) from inquiries where opened_at < '2026-11-01' group by all"
    known = dict(sample_month.rows(opened))
    found = sample_month.rows("select month, cast(value as integer) from inquiry_months where measure = 'opened'")
    assert len(found) >= 10 and all(known.get(month, 0) == value for month, value in found)
    backlog = sample_month.one("select count(*) from inquiries where opened_at < '2026-11-01' and closed_at is null")
    newest = "select cast(value as integer) from inquiry_months where measure = 'backlog' and month = '2026-10-01'"
    assert sample_month.one(newest) == backlog


def test_reopened_inquiries_are_those_of_the_truth_and_lie_between_arrival_and_closing(sample_month: SampleMonth):
    wrong = """select count(*) from inquiries join truth_inquiries using (source_system, inquiry_id)
        where reopened <> (reopened_at is not null) and coalesce(closed_at, opened_at) < '2026-10-25'"""
    assert sample_month.one("select count(*) from truth_inquiries where reopened") > 0
    assert sample_month.one(wrong) == 0
    assert (
        sample_month.one("select count(*) from inquiries where reopened_at < opened_at or reopened_at > closed_at") == 0
    )
    assert sample_month.one("select count(distinct agent_group) from inquiries") == 3


def test_inquiries_compared_are_no_more_than_customers_who_asked_and_nobody_stands_in_a_table_but_by_id(
    sample_month: SampleMonth,
):
    askers = sample_month.one("""select count(distinct customer_id) from inquiries
        join identity_links using (source_system, source_customer_id) where opened_at >= '2025-08-02' and opened_at < '2026-08-03'""")
    assert 0 < sample_month.one("select inquiries from inquiry_effect where comparison = 'asked'") <= askers
    columns = {name for table in ("inquiry_months", "inquiry_groups", "inquiry_effect", "inquiry_balance")
               for name, *_ in sample_month.rows(f"describe {table}")}  # fmt: skip
    assert not columns & {"customer_id", "source_customer_id", "text", "agent_id"}
