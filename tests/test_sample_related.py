"""Page 08b in the month of the sample company: its pairs are those that were planted, its counts those of plain SQL."""

import pytest
import sample_run
from sample_run import SampleMonth

pytestmark = pytest.mark.xdist_group("sample_month")
sample_month = sample_run.sample_month  # the fixture

# Written without the package's SQL on purpose: which basket holds what.
HELD = """
    select distinct o.source_system, o.order_id, d.product_id, l.customer_id, o.order_at
    from orders o join order_lines d using (source_system, order_id)
    left join identity_links l on l.source_system = o.source_system and l.source_customer_id = o.source_customer_id
    where o.status = 'completed' and o.order_at >= '2024-11-01' and o.order_at < '2026-11-01'
    and d.line_type = 'goods' and d.product_id is not null and coalesce(d.qty, 1) > 0"""


def test_the_pairs_found_are_those_that_were_planted(sample_month: SampleMonth):
    planted = {tuple(sorted(row)) for row in sample_month.rows("select sku, companion from truth_product_pairs")}
    found = set(sample_month.rows("select product_1, product_2 from product_pairs where level = 'basket'"))
    assert len(found & planted) >= 2
    assert len(found - planted) <= 1  # one in twenty may be chance


def test_pairs_are_counted_as_plain_sql_counts_them(sample_month: SampleMonth):
    pairs = sample_month.rows(
        "select product_1, product_2, units, units_1, units_2, units_both from product_pairs where level = 'basket'"
    )
    whole = sample_month.one(f"select count(distinct (source_system, order_id)) from ({HELD})")
    for one, other, units, first, second, both in pairs:
        with_one, with_other = (
            f"select source_system, order_id from ({HELD}) where product_id = '{code}'" for code in (one, other)
        )
        assert units == whole
        assert first == sample_month.one(f"select count(*) from ({with_one})")
        assert second == sample_month.one(f"select count(*) from ({with_other})")
        assert both == sample_month.one(f"select count(*) from ({with_one} intersect {with_other})")


def test_the_matrix_is_that_of_plain_sql(sample_month: SampleMonth):
    bought = f"""select distinct customer_id, split_part(p.category, ' > ', 1) as category from ({HELD}) h
        join (select product_id, max(category) as category from products group by all) p using (product_id)
        where customer_id is not null and order_at >= '2025-11-01'"""
    truth = sample_month.rows(f"""
        with bought as ({bought})
        select a.category, b.category, count(*) from bought a join bought b using (customer_id)
        where a.category <> b.category group by all order by all""")
    found = sample_month.rows(
        "select category_1, category_2, customers_both from category_cross where customers_both > 0 order by all"
    )
    assert len(found) > 20 and found == truth


def test_the_last_products_are_those_of_the_newest_orders(sample_month: SampleMonth):
    newest = dict(
        sample_month.rows(
            f"select customer_id, max(order_at)::date from ({HELD}) where customer_id is not null group by all"
        )
    )
    first = sample_month.rows("select customer_id, day from last_products where place = 1")
    assert len(first) == len(newest) and all(newest[who] == day for who, day in first)
    assert sample_month.one("select max(place) from last_products") == 10
