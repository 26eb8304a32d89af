"""The sample month's newer KPIs against plain SQL over the published tables, in every month in which they have a value."""

import pytest
import sample_run
from sample_run import FIRST_DAY, SampleMonth
from test_sample_month import DOCUMENTS

pytestmark = pytest.mark.xdist_group("sample_month")
sample_month = sample_run.sample_month  # the fixture

SILENCE = 3  # months: the parameter of page 12
VISITS = f"""
    select customer, month, lag(month) over whose as before, lead(month) over whose as later
    from (select distinct customer, date_trunc('month', day)::date as month from ({DOCUMENTS})
        where is_order = 1 and customer is not null)
    window whose as (partition by customer order by month)"""
UNITS = """
    select month, customer, count(*) as orders, coalesce(sum(items), 0) as items, coalesce(sum(goods), 0) as goods,
        coalesce(sum(costed), 0) as costed, coalesce(sum(cost), 0) as cost
    from (
        select date_trunc('month', order_at)::date as month, customer_id as customer, source_system, order_id
        from orders left join identity_links using (source_system, source_customer_id) where status = 'completed')
    left join (
        select source_system, order_id, sum(qty) as items, sum(amount) as goods,
            sum(amount) filter (told is not null) as costed, sum(told) as cost
        from (select l.*, coalesce(l.cost, (l.qty * p.cost)::decimal(18, 2)) as told
            from order_lines l left join products p using (source_system, product_id)
            where l.line_type = 'goods')
        group by all) using (source_system, order_id)
    group by all"""


def published(month: SampleMonth, kpi_id: str, value: str = "value") -> dict:
    """Month -> value of a KPI, months without one left out."""
    return dict(month.rows(f"select month, {value} from kpi where kpi = '{kpi_id}' and value is not null"))


def agree(month: SampleMonth, kpi_id: str, by_hand: str, least: int = 1) -> None:
    """The published values are those of the query (month, value), which may have months more or zeros fewer."""
    plain, shown = dict(month.rows(by_hand)), published(month, kpi_id)
    assert len(shown) >= least, kpi_id
    assert {when: plain.get(when, 0) for when in shown} == pytest.approx(shown, rel=1e-12), kpi_id
    assert any(shown.values()), f"{kpi_id} is 0 throughout: nothing was compared"


def test_who_returns_and_who_is_lost(sample_month: SampleMonth):
    near, far = (f"before {sign} month - interval {SILENCE} month" for sign in (">=", "<"))
    for kpi_id, condition in (("returning_customers", near), ("reactivated_customers", far)):
        by_hand = f"select month, count(*)::double from ({VISITS}) where {condition} group by month"
        agree(sample_month, kpi_id, by_hand, least=20)
    reached = f"(month + interval {SILENCE} month)::date"
    lost = f"""select {reached} as month, count(*)::double as lost from ({VISITS})
        where later is null or later > month + interval {SILENCE} month group by all"""
    agree(sample_month, "lost_customers", lost, least=20)
    current = f"""select m.month, count(distinct customer)::double as people from (select distinct month from kpi) m
        join ({VISITS}) v on v.month <= m.month and v.month > m.month - interval {SILENCE} month group by all"""
    agree(sample_month, "current_customers", current, least=20)
    rate = f"""select l.month, l.lost / c.people from ({lost}) l
        join ({current}) c on c.month = l.month - interval 1 month"""
    agree(sample_month, "loss_rate", rate, least=20)


@pytest.mark.parametrize("days", [30, 60, 90, 180])
def test_second_purchases(sample_month: SampleMonth, days):
    by_hand = f"""
        with days as (select distinct customer, day::date as day from ({DOCUMENTS}) where is_order = 1 and customer is not null),
        firsts as (select customer, min(day) as first from days group by customer)
        select date_trunc('month', first)::date as month, avg(exists (from days d where d.customer = f.customer
            and d.day > first and d.day <= first + interval {days} day)::int) as share, count(*) as n
        from firsts f where first + interval {days} day <= date '{sample_run.AS_OF}' group by all"""
    agree(sample_month, f"second_purchase_{days}", f"select month, share from ({by_hand})", least=15)
    counted = {month: n for month, _, n in sample_month.rows(by_hand)}
    assert published(sample_month, f"second_purchase_{days}", "n") == counted


def test_baskets_and_prices(sample_month: SampleMonth):
    with_lines = "sum(orders) filter (items <> 0)"
    for kpi_id, formula in (
        ("items_per_order", f"sum(items)::double / {with_lines}"),
        ("price_per_item", "sum(goods)::double / sum(items)::double"),
    ):
        agree(sample_month, kpi_id, f"select month, {formula} from ({UNITS}) group by month", least=20)


def test_margin_where_a_cost_is_known(sample_month: SampleMonth):
    """A line that tells no cost costs what its product does today; where neither tells one there is no margin."""
    coverage = f"select month, sum(costed)::double / sum(goods)::double from ({UNITS}) group by month"
    assert published(sample_month, "cost_coverage") == pytest.approx(dict(sample_month.rows(coverage)), rel=1e-12)
    margin = f"""select month, (sum(costed) - sum(cost))::double / sum(costed)::double
        from ({UNITS}) group by month having sum(costed) <> 0"""
    assert published(sample_month, "gross_margin") == pytest.approx(dict(sample_month.rows(margin)), rel=1e-12)


def test_answers_of_customers(sample_month: SampleMonth):
    """The sample's answers have no weights: NPS is promoters less detractors, CSAT the share of 4 and 5 of one question."""
    assert sample_month.one("select count(*) from survey_answers where coalesce(weight, 1) <> 1") == 0
    nps = """select date_trunc('month', answered_at)::date as month,
        100.0 * (count(*) filter (answer_num >= 9) - count(*) filter (answer_num <= 6)) / count(*)
        from survey_answers where scale = 'nps' and answer_num is not null group by all"""
    csat = """select date_trunc('month', answered_at)::date as month, avg((answer_num >= 4)::int)
        from survey_answers where question_id = 'csat' and answer_num is not null group by all"""
    agree(sample_month, "nps", nps)
    agree(sample_month, "csat", csat)


def test_e_mails_opened_and_clicked(sample_month: SampleMonth):
    """Of those delivered; a click counts as an opening, and neither counts after the as-of date."""
    until = f"date '{sample_run.AS_OF}' + interval 1 day"
    seen = {
        "email_open_rate": f"opened_at < {until} or clicked_at < {until}",
        "email_click_rate": f"clicked_at < {until}",
    }
    for kpi_id, condition in seen.items():
        by_hand = f"""select date_trunc('month', delivered_at)::date as month, count(*) filter ({condition}) / count(*)
            from campaign_contacts join campaigns using (source_system, campaign_id)
            where channel = 'email' and arm = 'treat' and delivered_at < {until} group by all"""
        agree(sample_month, kpi_id, by_hand)


def test_orders_of_the_month_by_channel(sample_month: SampleMonth):
    """What is shown of the month by channel, counted on the orders themselves."""
    by_hand = f"""select coalesce(channel, 'unknown'), count(*) from orders
        where status = 'completed' and date_trunc('month', order_at) = date '{FIRST_DAY}' group by all"""
    shown = dict(
        sample_month.rows(f"""select part, value from kpi_by
        where dimension = 'channel' and month = '{FIRST_DAY}' and kpi = 'orders' and not withheld""")
    )
    true = dict(sample_month.rows(by_hand))
    assert len(shown) >= 2 and {part: true[part] for part in shown} == shown
