-- One row per product, month, channel and whether it counts: the goods lines of the orders of the months to build.
-- is_counted: 1 for completed orders before $until, whose lines are facts; the others are here for the check alone.
-- An order lies in one month, so even the orders of a product add up. A line that names no product is 'unknown'.
with

orders_to_build as (
    select
        orders.source_system,
        orders.order_id,
        months.month,
        coalesce(orders.channel, 'unknown') as channel,
        case when orders.status = 'completed' and orders.order_at < $until then 1 else 0 end as is_counted
    from orders
    inner join months_to_build as months
        on orders.source_system = months.source_system
        and cast(date_trunc('month', orders.order_at) as date) = months.month
),

bought as (
    select
        orders_to_build.source_system,
        orders_to_build.order_id,
        costed_lines.product_id,
        orders_to_build.month,
        orders_to_build.channel,
        orders_to_build.is_counted,
        count(*) as lines,
        cast(sum(costed_lines.qty) as decimal(18, 3)) as items,
        cast(sum(costed_lines.amount) as decimal(18, 2)) as goods,
        cast(sum(case when costed_lines.cost is null then 0 else costed_lines.amount end) as decimal(18, 2)) as costed,
        cast(sum(coalesce(costed_lines.cost, 0)) as decimal(18, 2)) as cost,
        cast(sum(costed_lines.line_no) as bigint) as line_nos,
        cast(sum(coalesce(costed_lines.cost_told, 0)) as decimal(18, 2)) as cost_told,
        cast(sum(coalesce(costed_lines.qty_untold, 0)) as decimal(18, 3)) as items_untold,
        cast(sum(coalesce(costed_lines.amount_untold, 0)) as decimal(18, 2)) as goods_untold
    from costed_lines
    inner join orders_to_build
        on costed_lines.source_system = orders_to_build.source_system
        and costed_lines.order_id = orders_to_build.order_id
    group by
        orders_to_build.source_system,
        orders_to_build.order_id,
        costed_lines.product_id,
        orders_to_build.month,
        orders_to_build.channel,
        orders_to_build.is_counted
),

final as (
    select
        source_system,
        product_id,
        month,
        channel,
        is_counted,
        count(*) as orders,
        cast(sum(lines) as bigint) as lines,
        cast(sum(items) as decimal(18, 3)) as items,
        cast(sum(goods) as decimal(18, 2)) as goods,
        cast(sum(costed) as decimal(18, 2)) as costed,
        cast(sum(cost) as decimal(18, 2)) as cost,
        cast(sum(line_nos) as bigint) as line_nos,
        cast(sum(cost_told) as decimal(18, 2)) as cost_told,
        cast(sum(items_untold) as decimal(18, 3)) as items_untold,
        cast(sum(goods_untold) as decimal(18, 2)) as goods_untold
    from bought
    group by source_system, product_id, month, channel, is_counted
)

select * from final
