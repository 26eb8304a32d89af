-- One row per customer with a completed order or a contract by the as-of date: which of both, and how regular the orders are.
--   gaps      pairs of consecutive days with an order, of customers with a contract
--   in_step   those that lie a whole number of contract periods apart, give or take a sixth of a period
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

contracts as (
    select
        links.customer_id,
        count(*) as contracts,
        count(case when subscriptions.ended_at <= $as_of then 1 end) as ended,
        min(subscriptions.period_months) as period_months
    from subscriptions
    inner join links
        on subscriptions.source_system = links.source_system
        and subscriptions.source_customer_id = links.source_customer_id
    where subscriptions.started_at <= $as_of
    group by links.customer_id
),

order_days as (
    select distinct links.customer_id, cast(orders.order_at as date) as order_day
    from orders
    inner join links
        on orders.source_system = links.source_system and orders.source_customer_id = links.source_customer_id
    where orders.status = 'completed' and cast(orders.order_at as date) <= $as_of
),

steps as (
    select
        customer_id,
        date_diff(
            'day', cast(lag(order_day) over (partition by customer_id order by order_day) as date), order_day
        ) as days
    from order_days
),

periods as (
    select steps.customer_id, steps.days / (contracts.period_months * 30.4375) as apart
    from steps
    inner join contracts on steps.customer_id = contracts.customer_id
    where steps.days is not null
),

regular as (
    select
        customer_id,
        count(*) as gaps,
        count(case when round(apart) >= 1 and abs(apart - round(apart)) <= 1 / 6.0 then 1 end) as in_step
    from periods
    group by customer_id
),

buyers as (
    select customer_id, count(*) as order_days from order_days group by customer_id
),

final as (
    select
        coalesce(buyers.customer_id, contracts.customer_id) as customer_id,
        coalesce(buyers.order_days, 0) as order_days,
        coalesce(contracts.contracts, 0) as contracts,
        coalesce(contracts.ended, 0) as ended,
        coalesce(regular.gaps, 0) as gaps,
        coalesce(regular.in_step, 0) as in_step
    from buyers
    full outer join contracts on buyers.customer_id = contracts.customer_id
    left join regular on contracts.customer_id = regular.customer_id
)

select * from final
