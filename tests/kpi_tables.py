"""Hand-made sales for tests of the KPIs: the relation sales_months in plain SQL, of whatever tables of sales there are."""

from customerbase.engine import Engine

LINES = """select source_system, order_id, count(*) as lines, sum(qty) as items, sum(amount) as goods,
        sum(case when cost is not null then amount else 0 end) as costed, coalesce(sum(cost), 0) as cost
    from order_lines where line_type = 'goods' group by all"""


def sales_months(db: Engine, *, store: str = "cast(null as varchar)", lines: bool = False) -> None:
    """Make the view sales_months from orders, refunds and identity_links (customer_orders), and with `lines` order_lines.

    Lines count with completed orders alone. order_lines: source_system, order_id, line_type, qty, amount, cost (whole).
    """
    of_lines = "select '' as source_system, '' as order_id, 0 as lines, 0 as items, 0 as goods, 0 as costed, 0 as cost"
    db.execute(f"create or replace view test_lines as {LINES if lines else of_lines}")
    db.execute(f"""create or replace view sales_months as
        select d.customer_id, cast(date_trunc('month', d.order_at) as date) as month, d.channel, {store} as store_id,
            cast(sum(d.is_order) as bigint) as orders, cast(sum(d.net_amount) as decimal(18, 2)) as revenue,
            cast(sum(cast(d.net_amount as decimal(20, 2)) * d.net_amount) as decimal(38, 4)) as revenue_squared,
            cast(coalesce(sum(l.lines), 0) as bigint) as lines, cast(coalesce(sum(l.items), 0) as decimal(18, 3)) as items,
            cast(coalesce(sum(l.goods), 0) as decimal(18, 2)) as goods,
            cast(coalesce(sum(l.costed), 0) as decimal(18, 2)) as costed,
            cast(coalesce(sum(l.cost), 0) as decimal(18, 2)) as cost
        from customer_orders d
        left join test_lines l
            on d.is_order = 1 and d.source_system = l.source_system and d.order_id = l.order_id
        group by all""")
