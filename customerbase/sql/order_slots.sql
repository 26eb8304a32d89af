-- One row per customer, day of the week and hour in which they have ordered.
--   weekday   1 Monday to 7 Sunday
--   hour      0 to 23; null where the log has no times: an order of exactly midnight is taken for a day without a time
--   days      days with an order in that hour; several orders of one hour count once
with

orders_made as (
    select customer_id, cast(order_at as date) as day, order_at
    from customer_orders
    where is_order = 1 and customer_id is not null
),

slots as (
    select distinct
        customer_id,
        day,
        case when order_at > cast(day as timestamp) then extract(hour from order_at) end as hour
    from orders_made
),

numbered as (
    select
        customer_id,
        hour,
        (date_diff('day', cast('2001-01-01' as date), day) % 7 + 7) % 7 + 1 as weekday  -- 1 January 2001 was a Monday
    from slots
),

final as (
    select customer_id, cast(weekday as integer) as weekday, cast(hour as integer) as hour, count(*) as days
    from numbered
    group by customer_id, weekday, hour
)

select * from final
