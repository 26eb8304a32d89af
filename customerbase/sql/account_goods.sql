-- One row per account, month, channel, store and whether it counts: the goods lines of the orders of the months to build.
-- is_counted: 1 for completed orders before $until, whose lines are facts; the others are here for the check alone.
with

orders_to_build as (
    select
        orders.source_system,
        orders.order_id,
        orders.source_customer_id,
        months.month,
        orders.channel,
        orders.store_id,
        case when orders.status = 'completed' and orders.order_at < $until then 1 else 0 end as is_counted
    from orders
    inner join months_to_build as months
        on orders.source_system = months.source_system
        and cast(date_trunc('month', orders.order_at) as date) = months.month
),

final as (
    select
        orders_to_build.source_system,
        orders_to_build.source_customer_id,
        orders_to_build.month,
        orders_to_build.channel,
        orders_to_build.store_id,
        orders_to_build.is_counted,
        count(*) as lines,
        cast(sum(coalesce(checked_lines.qty, 0)) as decimal(18, 3)) as items,
        cast(sum(checked_lines.amount) as decimal(18, 2)) as goods,
        cast(sum(case when checked_lines.cost is null then 0 else checked_lines.amount end) as decimal(18, 2)) as costed,
        cast(sum(coalesce(checked_lines.cost, 0)) as decimal(18, 2)) as cost,
        cast(sum(checked_lines.line_check) as decimal(38, 3)) as lines_check
    from checked_lines
    inner join orders_to_build
        on checked_lines.source_system = orders_to_build.source_system
        and checked_lines.order_id = orders_to_build.order_id
    group by
        orders_to_build.source_system,
        orders_to_build.source_customer_id,
        orders_to_build.month,
        orders_to_build.channel,
        orders_to_build.store_id,
        orders_to_build.is_counted
)

select * from final
