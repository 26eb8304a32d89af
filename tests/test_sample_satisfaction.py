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


def test_stars_by_product_by_plain_sql(sample_month: SampleMonth):
    table = "satisfaction_scores where dimension in ('all', 'product', 'product_category') and measure = 'stars_mean'"
    page = {
        row[:2]: row[2:]
        for row in sample_month.rows(f"select dimension, value, score, n from {table} and n is not null")
    }
    latest = """
        with people as (
            select reviews.*, coalesce(customer_id, review_id) as person from reviews
            left join identity_links using (source_system, source_customer_id) where stars is not null),
        latest as (
            select person, product_id, arg_max(stars, (posted_at, review_id)) as stars, max(posted_at) as posted_at
            from people group by person, product_id),
        kinds as (select product_id, min(category) as kind from products group by product_id)
        select {what}, avg(stars), count(*) from latest left join kinds using (product_id)
        where posted_at >= '2025-11-01' group by all having count(distinct person) >= 10"""
    truth = {("all", "all"): sample_month.rows(latest.format(what="'all'"))[0][1:]}
    for dimension, what in (("product", "product_id"), ("product_category", "kind")):
        truth |= {(dimension, row[0]): row[1:] for row in sample_month.rows(latest.format(what=what))}
    assert len(page) >= 3 and page.keys() <= truth.keys()
    for key, (score, n) in page.items():
        assert (score, n) == (pytest.approx(truth[key][0], abs=1e-9), truth[key][1]), key
