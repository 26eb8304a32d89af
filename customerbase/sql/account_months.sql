-- One row per account, month, channel and store of the months to build: orders, revenue, goods, cost and discount.
-- What counts is what customer_orders says. An unnamed channel is 'unknown', a document of no store has the store 'none'.
with

documents as (
    select
        customer_orders.source_system,
        customer_orders.source_customer_id,
        months.month,
        customer_orders.channel,
        orders.store_id,
        customer_orders.is_order,
        customer_orders.net_amount,
        case when customer_orders.is_order = 1 then customer_orders.order_at end as ordered_at,
        0 as lines,
        cast(0 as decimal(18, 3)) as items,
        cast(0 as decimal(18, 2)) as goods,
        cast(0 as decimal(18, 2)) as costed,
        cast(0 as decimal(18, 2)) as cost,
        cast(case when customer_orders.is_order = 1 then coalesce(orders.discount, 0) else 0 end as decimal(18, 2))
            as discount
    from customer_orders
    inner join orders
        on customer_orders.source_system = orders.source_system and customer_orders.order_id = orders.order_id
    inner join months_to_build as months
        on customer_orders.source_system = months.source_system
        and cast(date_trunc('month', customer_orders.order_at) as date) = months.month
),

goods_of_documents as (
    select
        source_system,
        source_customer_id,
        month,
        channel,
        store_id,
        0 as is_order,
        cast(0 as decimal(18, 2)) as net_amount,
        cast(null as timestamp) as ordered_at,
        lines,
        items,
        goods,
        costed,
        cost,
        cast(0 as decimal(18, 2)) as discount
    from account_goods
),

facts as (
    select * from documents
    union all
    select * from goods_of_documents
),

final as (
    select
        month,
        source_system,
        source_customer_id,
        coalesce(channel, 'unknown') as channel,
        coalesce(store_id, 'none') as store_id,
        cast(sum(is_order) as bigint) as orders,
        cast(sum(net_amount) as decimal(18, 2)) as revenue,
        cast(sum(cast(net_amount as decimal(20, 2)) * net_amount) as decimal(38, 4)) as revenue_squared,
        min(ordered_at) as first_order_at,
        max(ordered_at) as last_order_at,
        cast(sum(lines) as bigint) as lines,
        cast(sum(items) as decimal(18, 3)) as items,
        cast(sum(goods) as decimal(18, 2)) as goods,
        cast(sum(costed) as decimal(18, 2)) as costed,
        cast(sum(cost) as decimal(18, 2)) as cost,
        cast(sum(discount) as decimal(18, 2)) as discount
    from facts
    group by
        source_system, source_customer_id, month, coalesce(channel, 'unknown'), coalesce(store_id, 'none')
)

select * from final
