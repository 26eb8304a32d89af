"""Page 08 in the month of the sample company: both lists against plain SQL on orders, and what the run keeps."""

import pytest
import sample_run
from sample_run import AS_OF, SampleMonth

pytestmark = pytest.mark.xdist_group("sample_month")
sample_month = sample_run.sample_month  # the fixture

# Written without the package's SQL on purpose: what each customer has bought.
BOUGHT = """
    select distinct customer_id, product_id
    from order_lines join orders o using (source_system, order_id)
    join identity_links using (source_system, source_customer_id)
    where line_type = 'goods' and o.status = 'completed' and qty > 0 and amount > 0"""


def test_both_lists_are_what_they_say(sample_month: SampleMonth):
    both = f"from recommendations r left join ({BOUGHT}) b using (customer_id, product_id)"
    assert sample_month.one("select count(*) from recommendations") > 5_000
    wrong = f"select count(*) {both} where (list = 'buy_again') <> (b.product_id is not null)"
    assert sample_month.one(wrong) == 0
    assert sample_month.rows("select distinct as_of::varchar from recommendations") == [(AS_OF,)]
    ranks = "select max(rank) - count(*) from recommendations group by customer_id, list"
    assert {row[0] for row in sample_month.rows(ranks)} == {0}
    because = f"""select count(*) from recommendations r anti join ({BOUGHT}) b
        on r.customer_id = b.customer_id and r.because_product_id = b.product_id where because_product_id is not null"""
    assert sample_month.one(because) == 0


def test_everybody_gets_something_new_and_nothing_that_is_not_on_sale(sample_month: SampleMonth):
    people = "select count(distinct customer_id) from identity_links"
    listed = "select count(distinct customer_id) from recommendations where list = 'new_for_you'"
    assert sample_month.one(listed) == sample_month.one(people)
    offered = "select count(*) from recommendations semi join products p using (product_id)"
    assert sample_month.one(offered) == sample_month.one("select count(*) from recommendations")


def test_the_models_are_judged_and_the_run_keeps_how_they_did(sample_month: SampleMonth):
    kept = sample_month.manifest["records"]["recommend"]
    whole = "select recall, ndcg from recommendation_models where is_chosen and role = 'test' and segment = 'all'"
    for kind in ("all", "buy_again", "new_for_you"):
        [(recall, ndcg)] = sample_month.rows(f"{whole} and list = '{kind}'")
        assert (kept[f"{kind}_recall"], kept[f"{kind}_ndcg"]) == pytest.approx((recall, ndcg))
    popular = "select ndcg from recommendation_models where role = 'test' and segment = 'all' and list = 'all' and model = 'popular_30_days'"
    assert kept["all_ndcg"] > sample_month.one(popular)
