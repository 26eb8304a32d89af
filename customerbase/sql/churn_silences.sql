-- One row per purchase day of a known customer: how long the silence after it lasted, or has lasted by the as-of date.
-- A purchase day is a day with an order that was not cancelled by then.
--   number     which of the customer's purchase days, from 1
--   days       to the next purchase day where is_ended, else to $as_of
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

purchase_days as (
    select distinct links.customer_id, cast(orders.order_at as date) as day
    from orders
    inner join links
        on orders.source_system = links.source_system and orders.source_customer_id = links.source_customer_id
    where
        orders.order_at < $until
        and (orders.status = 'completed' or (orders.status = 'cancelled' and orders.cancelled_at >= $until))
),

following as (
    select
        customer_id,
        day,
        row_number() over (partition by customer_id order by day) as number,
        lead(day) over (partition by customer_id order by day) as next_day
    from purchase_days
),

final as (
    select
        customer_id,
        number,
        cast(date_diff('day', cast(day as date), coalesce(next_day, $as_of)) as integer) as days,
        next_day is not null as is_ended
    from following
)

select * from final
