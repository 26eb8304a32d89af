-- One row per customer with at least one order up to $as_of (the last day of a month): the three measures of RFM.
-- order_count and net_spend look at the months from $window_start on; a customer silent for longer stays, with 0 orders.
with

months as (
    select * from customer_months where month <= $as_of
),

customers as (
    select
        customer_id,
        max(last_order_at) as last_order_at,
        cast(sum(case when month >= $window_start then orders else 0 end) as bigint) as order_count,
        cast(sum(case when month >= $window_start then revenue else 0 end) as decimal(18, 2)) as net_spend
    from months
    group by customer_id
),

final as (
    select
        customer_id,
        date_diff('day', cast(last_order_at as date), $as_of) as days_since_last_order,
        order_count,
        net_spend
    from customers
    where last_order_at is not null
)

select * from final
