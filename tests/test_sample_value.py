"""Page 05 in the month of the sample company: its tables against plain SQL, the report against its tables."""

import html
import re

import pyarrow.parquet as pq
import pytest
import sample_run
from sample_run import AS_OF, SampleMonth

from customerbase import i18n
from customerbase.tables import schemas

pytestmark = pytest.mark.xdist_group("sample_month")
sample_month = sample_run.sample_month  # the fixture

TABLES = ("cltv", "cltv_models", "cltv_calibration", "cltv_tracking", "cltv_groups", "cltv_concentration")
# Written without the package's SQL on purpose: a purchase is a day with a completed order of a known customer.
PURCHASES = """
    select distinct customer_id, o.order_at::date as day
    from orders o join identity_links using (source_system, source_customer_id) where o.status = 'completed'"""


def test_page_05_ran_and_left_its_tables(sample_month: SampleMonth):
    assert set(TABLES) <= set(sample_month.tables)
    assert all(sample_month.one(f"select count(*) from {name}") > 0 for name in TABLES)
    kept = sample_month.manifest["records"]["cltv"]
    assert kept["customers"] == sample_month.one("select count(*) from cltv")
    assert kept["cltv_low"] < kept["cltv"] < kept["cltv_high"]
    assert kept["cltv"] == pytest.approx(sample_month.one("select sum(cltv) from cltv"))
    assert abs(kept["holdout_bias"]) < 1 and 0 < kept["holdout_coverage"] <= 1


def test_one_row_per_customer_of_rfm(sample_month: SampleMonth):
    assert sample_month.one("select count(*) - count(distinct customer_id) from cltv") == 0
    for one, other in (("rfm", "cltv"), ("cltv", "rfm")):
        assert sample_month.one(f"select count(*) from {one} anti join {other} using (customer_id)") == 0
    assert sample_month.rows("select distinct as_of::varchar from cltv") == [(AS_OF,)]


def test_histories_by_plain_sql(sample_month: SampleMonth):
    different = sample_month.one(f"""
        with histories as (
            select customer_id, count(*) - 1 as frequency, (max(day) - min(day)) / 7.0 as recency,
                (date '{AS_OF}' - min(day)) / 7.0 as age
            from ({PURCHASES}) group by customer_id)
        select count(*) from cltv full join histories h using (customer_id)
        where cltv.frequency is distinct from h.frequency or abs(cltv.recency - h.recency) > 1e-9
            or abs(cltv."T" - h.age) > 1e-9""")
    assert different == 0


def test_spend_so_far_by_plain_sql(sample_month: SampleMonth):
    """Where nothing was given back, the mean of repeat purchases follows from the orders alone."""
    pairs = sample_month.rows(f"""
        with known as (
            select customer_id, o.* from orders o join identity_links using (source_system, source_customer_id)),
        given_back as (
            select customer_id from known where status = 'credit_note'
            union select customer_id from known join refunds using (source_system, order_id)),
        days as (select customer_id, order_at::date as day, sum(total) as spend from known
            where status = 'completed' group by all),
        firsts as (select customer_id, min(day) as first from ({PURCHASES}) group by all)
        select any_value(cltv.monetary_value), avg(days.spend)
        from days join firsts using (customer_id) join cltv using (customer_id)
        where days.day > firsts.first and customer_id not in (select customer_id from given_back)
        group by customer_id""")
    assert len(pairs) > 100
    assert all(value == pytest.approx(float(mean), rel=1e-9) for value, mean in pairs)


def test_groups_add_up_to_the_customers(sample_month: SampleMonth):
    sums = "count(*), sum(purchases_12m), sum(spend_12m), sum(cltv), avg(p_alive)"
    columns = "customers, purchases, spend, cltv, p_alive"
    [whole] = sample_month.rows(f"select {columns} from cltv_groups where dimension = 'all'")
    assert whole == pytest.approx(sample_month.rows(f"select {sums} from cltv")[0], rel=1e-9)
    firsts = f"select customer_id, min(day) as first from ({PURCHASES}) group by all"
    for dimension, label, source in (
        ("segment", "segment", "rfm"),
        ("cohort", "strftime(first, '%Y-%m')", f"({firsts})"),
    ):
        found = sample_month.rows(
            f"select value, {columns} from cltv_groups where dimension = '{dimension}' order by value"
        )
        truth = sample_month.rows(
            f"select {label} as value, {sums} from cltv join {source} using (customer_id) group by value order by value"
        )
        assert [row[0] for row in found] == [row[0] for row in truth] and len(found) > 2
        for one, other in zip(found, truth, strict=True):
            assert one[1:] == pytest.approx(other[1:], rel=1e-9)
    for dimension in ("segment", "cohort", "channel"):
        parts = f"select sum(customers), sum(cltv) from cltv_groups where dimension = '{dimension}'"
        assert sample_month.rows(parts)[0] == pytest.approx((whole[0], whole[3]), rel=1e-9)


def test_intervals_hold_what_they_are_of(sample_month: SampleMonth):
    upside_down = "cltv_low > cltv or cltv > cltv_high or purchases_low > purchases or purchases > purchases_high"
    assert sample_month.one(f"select count(*) from cltv_groups where {upside_down}") == 0
    ordered = "cltv_low <= cltv_mid and cltv_mid <= cltv_high and purchases_low <= purchases_high"
    assert sample_month.one(f"select count(*) from cltv where not ({ordered})") == 0
    # one customer's interval is wider, relative to the value, than that of all together
    each, whole = (
        sample_month.one(f"select avg((cltv_high - cltv_low) / cltv) from {table} where cltv > 0 {where}")
        for table, where in (("cltv", ""), ("cltv_groups", "and dimension = 'all'"))
    )
    assert each > 3 * whole > 0


def test_values_are_finite_chances_are_chances_and_longer_is_more(sample_month: SampleMonth):
    assert sample_month.one("select count(*) from cltv where p_alive is not null and p_alive not between 0 and 1") == 0
    numbers = [name for name, column in schemas()["cltv"].columns.items() if column.type == "DOUBLE"]
    broken = " or ".join(f'isnan("{name}") or isinf("{name}")' for name in numbers)
    assert sample_month.one(f"select count(*) from cltv where {broken}") == 0
    grows = "purchases_3m <= purchases_6m and purchases_6m <= purchases_12m and purchases_12m <= purchases_24m"
    assert sample_month.one(f"select count(*) from cltv where not ({grows} and cltv <= cltv_infinite)") == 0
    model = sample_month.rows("select distinct p_alive_model from cltv")
    assert model in ([("mbg_nbd",)], [("pareto_nbd",)])  # in no other can one-time buyers have left


def test_months_of_the_tracking_by_plain_sql(sample_month: SampleMonth):
    firsts = f"select *, min(day) over (partition by customer_id) as first from ({PURCHASES})"
    truth = dict(
        sample_month.rows(
            f"select date_trunc('month', day)::date, count(*) filter (day > first) from ({firsts}) group by all"
        )
    )
    found = dict(sample_month.rows("select month, actual from cltv_tracking where not ahead"))
    assert {month: found[month] for month in truth} == truth and len(truth) == sample_run.MONTHS
    assert sum(found.values()) == sum(truth.values())
    ahead = sample_month.one("select sum(expected) from cltv_tracking where ahead")
    assert ahead == pytest.approx(sample_month.one("select sum(purchases_12m) from cltv"), rel=1e-9)


def test_concentration_by_plain_sql(sample_month: SampleMonth):
    for share, customers, value in sample_month.rows(
        "select top_share, customers, value_share from cltv_concentration"
    ):
        truth = f"""select count(*), sum(cltv) / (select sum(cltv) from cltv)
            from (select cltv from cltv order by cltv desc limit ceil({share} * (select count(*) from cltv) - 1e-9)::int)"""
        assert (customers, value) == pytest.approx(sample_month.rows(truth)[0], rel=1e-9)


def test_no_contact_column_stands_in_its_tables(sample_month: SampleMonth):
    for name in TABLES:
        assert schemas()[name].contact_columns == ()
        assert set(pq.read_schema(sample_month.tables[name]).names) == set(schemas()[name].columns)


@pytest.mark.parametrize("language", ["ja", "en"])
def test_the_report_prints_the_total_of_the_groups(sample_month: SampleMonth, language):
    pages = list(sample_month.report.glob(f"report.{language}.html"))
    if not pages:
        pytest.skip(f"the run wrote no report in {language!r}")
    text = html.unescape(re.sub(r"<[^>]+>", "", pages[0].read_text(encoding="utf-8")))
    [(customers, *amounts)] = sample_month.rows(
        "select customers, cltv, cltv_low, cltv_high from cltv_groups where dimension = 'all'"
    )
    value, low, high = (i18n.number(one, "money", language, currency="JPY") for one in amounts)
    assert i18n.number(int(customers), "people", language) in text
    sentence = {"ja": rf"{value}の見込みです（80%区間 ", "en": rf"worth {value} together"}[language]
    assert sentence in text.replace("\u00a0%", "%") and low in text and high in text


def test_the_published_page_names_nobody_not_even_by_id(sample_month: SampleMonth):
    page = (sample_month.report / "notebooks" / "05_cltv.ipynb").read_text(encoding="utf-8")
    assert not [one for (one,) in sample_month.rows("select customer_id from cltv") if one in page]
    assert "if not stage.run_id:" in page  # who opens the page by hand sees the ten largest falls
