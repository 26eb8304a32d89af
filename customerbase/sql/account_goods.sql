-- One row per account, month, channel and store: the goods lines of the completed orders of the months to build.
-- $until: first instant not read.
with

orders_to_build as (
    select
        orders.source_system,
        orders.order_id,
        orders.source_customer_id,
        months.month,
        orders.channel,
        orders.store_id
    from orders
    inner join months_to_build as months
        on orders.source_system = months.source_system
        and cast(date_trunc('month', orders.order_at) as date) = months.month
    where orders.status = 'completed' and orders.order_at < $until
),

final as (
    select
        orders_to_build.source_system,
        orders_to_build.source_customer_id,
        orders_to_build.month,
        orders_to_build.channel,
        orders_to_build.store_id,
        count(*) as lines,
        cast(sum(costed_lines.qty) as decimal(18, 3)) as items,
        cast(sum(costed_lines.amount) as decimal(18, 2)) as goods,
        cast(sum(case when costed_lines.cost is null then 0 else costed_lines.amount end) as decimal(18, 2)) as costed,
        cast(sum(coalesce(costed_lines.cost, 0)) as decimal(18, 2)) as cost
    from costed_lines
    inner join orders_to_build
        on costed_lines.source_system = orders_to_build.source_system
        and costed_lines.order_id = orders_to_build.order_id
    group by
        orders_to_build.source_system,
        orders_to_build.source_customer_id,
        orders_to_build.month,
        orders_to_build.channel,
        orders_to_build.store_id
)

select * from final
