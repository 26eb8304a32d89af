-- One row per customer and day with a completed order: a purchase occasion, whatever was bought that day.
-- Money given back is netted against the day of its order; a credit note that names none against the last purchase
-- before it. What was given back before any purchase belongs to none: purchase_day is null there, one row a customer.
--   net_amount   orders of the day minus what was given back of them up to the as-of date; may be 0 or negative
with

documents as (
    select source_system, order_id, customer_id, channel, cast(order_at as date) as day, is_order, net_amount
    from customer_orders
    where customer_id is not null
),

order_days as (
    select source_system, order_id, customer_id, min(day) as order_day
    from documents
    where is_order = 1
    group by source_system, order_id, customer_id
),

returns as (
    select
        documents.customer_id,
        coalesce(order_days.order_day, documents.day) as day,
        documents.is_order,
        documents.net_amount,
        cast(null as varchar) as channel
    from documents
    left join order_days
        on documents.source_system = order_days.source_system
        and documents.order_id = order_days.order_id
        and documents.customer_id = order_days.customer_id
    where documents.is_order = 0
),

both_kinds as (
    select customer_id, day, is_order, net_amount, coalesce(channel, 'unknown') as channel
    from documents
    where is_order = 1
    union all
    select customer_id, day, is_order, net_amount, channel from returns
),

days as (
    select
        customer_id,
        day,
        cast(sum(is_order) as bigint) as orders,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        min(channel) as channel
    from both_kinds
    group by customer_id, day
),

attached as (
    select
        customer_id,
        max(case when orders > 0 then day end) over (partition by customer_id order by day) as purchase_day,
        orders,
        net_amount,
        channel
    from days
),

final as (
    select
        customer_id,
        purchase_day,
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount,
        min(channel) as channel
    from attached
    group by customer_id, purchase_day
)

select * from final
