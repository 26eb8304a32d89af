-- One row per product, month and channel of the months to build: what completed orders bought of it before $until.
-- An order lies in one month, so even the orders of a product add up. A line that names no product is 'unknown'.
with

completed_orders as (
    select
        orders.source_system,
        orders.order_id,
        months.month,
        coalesce(orders.channel, 'unknown') as channel
    from orders
    inner join months_to_build as months
        on orders.source_system = months.source_system
        and cast(date_trunc('month', orders.order_at) as date) = months.month
    where orders.status = 'completed' and orders.order_at < $until
),

bought as (
    select
        completed_orders.source_system,
        completed_orders.order_id,
        coalesce(order_lines.product_id, 'unknown') as product_id,
        completed_orders.month,
        completed_orders.channel,
        count(*) as lines,
        cast(sum(coalesce(order_lines.qty, 0)) as decimal(18, 3)) as items,
        cast(sum(order_lines.amount) as decimal(18, 2)) as goods,
        cast(sum(case when order_lines.cost is null then 0 else order_lines.amount end) as decimal(18, 2)) as costed,
        cast(sum(coalesce(order_lines.cost, 0)) as decimal(18, 2)) as cost
    from order_lines
    inner join completed_orders
        on order_lines.source_system = completed_orders.source_system
        and order_lines.order_id = completed_orders.order_id
    where order_lines.line_type = 'goods'
    group by
        completed_orders.source_system,
        completed_orders.order_id,
        coalesce(order_lines.product_id, 'unknown'),
        completed_orders.month,
        completed_orders.channel
),

final as (
    select
        source_system,
        product_id,
        month,
        channel,
        count(*) as orders,
        cast(sum(lines) as bigint) as lines,
        cast(sum(items) as decimal(18, 3)) as items,
        cast(sum(goods) as decimal(18, 2)) as goods,
        cast(sum(costed) as decimal(18, 2)) as costed,
        cast(sum(cost) as decimal(18, 2)) as cost
    from bought
    group by source_system, product_id, month, channel
)

select * from final
