"""Page 09 in the month of the sample company: its tables against plain SQL, and the same NPS as the KPI."""

import pytest
import sample_run
from sample_run import SampleMonth

pytestmark = pytest.mark.xdist_group("sample_month")
sample_month = sample_run.sample_month  # the fixture


def test_months_are_those_of_the_kpi_interval_and_n_included(sample_month: SampleMonth):
    """One fact in one place: the KPI and the page tell the same of every month."""
    for measure, kpi in (("nps", "nps"), ("csat", "csat")):
        page = sample_month.rows(
            f"select month, value, n, low, high from satisfaction_trend where measure = '{measure}' order by month"
        )
        board = sample_month.rows(
            f"select month, value, n, low, high from kpi where kpi = '{kpi}' and n > 0 order by month"
        )
        assert len(page) >= 4 and [(row[0], row[2]) for row in page] == [(row[0], row[2]) for row in board]
        for mine, theirs in zip(page, board, strict=True):
            assert mine[1] == pytest.approx(theirs[1], abs=1e-6)
            assert mine[3:] == pytest.approx(theirs[3:], rel=1e-3, abs=1e-3)


def test_requests_and_answers_by_plain_sql(sample_month: SampleMonth):
    asked, answered = sample_month.rows("""
        with asked as (
            select distinct customer_id, source_system, survey_id from survey_invitations
            join identity_links using (source_system, source_customer_id) where asked_at >= '2025-11-01'),
        answered as (
            select distinct customer_id, source_system, survey_id from survey_answers
            join identity_links using (source_system, source_customer_id)
            where asked_at >= '2025-11-01' and answer_num is not null)
        select (select count(*) from (from asked union from answered)), (select count(*) from answered)""")[0]
    found = sample_month.rows("select target, asked, answered from satisfaction_response where dimension = 'all'")
    assert found == [("asked", asked, answered)]
    for dimension in ("wave", "recency", "spend", "channel", "segment"):
        total = f"select sum(asked) from satisfaction_response where dimension = '{dimension}'"
        assert sample_month.one(total) == asked


def test_no_group_of_few_people_is_shown(sample_month: SampleMonth):
    small = "select count(*) from satisfaction_scores where dimension not in ('all', 'response') and people < 10"
    assert sample_month.one(small) == 0
    assert sample_month.one("select count(*) from satisfaction_scores where verdict = 'few' and score is not null") == 0
    assert (
        sample_month.one(
            "select count(*) from satisfaction_response where dimension <> 'invited' and answered between 1 and 9"
        )
        == 0
    )


def test_the_product_that_was_planted_as_worse_is_found_by_its_reviews(sample_month: SampleMonth):
    planted = sample_month.rows("select sku from truth_product_quality where stars_more < 0")
    found = sample_month.rows(
        "select value from satisfaction_scores where dimension = 'product' and verdict = 'clear_down'"
    )
    assert found == planted and len(planted) == 1
    table = "satisfaction_scores where dimension = 'product' and measure = 'stars_mean'"
    page = {row[0]: row[1:] for row in sample_month.rows(f"select value, score, n from {table}")}
    truth = sample_month.rows("""
        with people as (
            select reviews.*, coalesce(customer_id, review_id) as person from reviews
            left join identity_links using (source_system, source_customer_id) where stars is not null),
        latest as (
            select person, product_id, arg_max(stars, (posted_at, review_id)) as stars, max(posted_at) as posted_at
            from people group by person, product_id)
        select product_id, avg(stars), count(*) from latest where posted_at >= '2025-11-01' group by product_id
        having count(*) >= 10""")
    assert len(page) >= 5 and set(page) <= {row[0] for row in truth}
    for product, mean, n in truth:
        assert product not in page or page[product] == (pytest.approx(mean, abs=1e-9), n)
