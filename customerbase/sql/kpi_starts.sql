-- One row per customer who has ordered: when they began, whether a second purchase followed, what they are worth.
--   second_30 …   1 when an order on a later day than the first one lies within 30 days of it …
--   matured_30 …  … and 1 when those 30 days have ended by the as-of date: only then second_30 is counted
--   new_value     lifetime value; valued is 1 where there is one
with

order_days as (
    select customer_id, cast(order_at as date) as day
    from customer_orders
    where is_order = 1 and customer_id is not null and cast(order_at as date) <= $as_of
    group by customer_id, cast(order_at as date)
),

first_days as (
    select customer_id, min(day) as first_day
    from order_days
    group by customer_id
),

second_days as (
    select first_days.customer_id, first_days.first_day, min(order_days.day) as second_day
    from first_days
    left join order_days
        on first_days.customer_id = order_days.customer_id and order_days.day > first_days.first_day
    group by first_days.customer_id, first_days.first_day
),

waits as (
    select
        customer_id,
        first_day,
        date_diff('day', cast(first_day as date), second_day) as wait,
        date_diff('day', cast(first_day as date), cast($as_of as date)) as known_days
    from second_days
),

final as (
    select
        waits.customer_id,
        cast(date_trunc('month', waits.first_day) as date) as first_month,
        cast(year(waits.first_day) as varchar) || '-Q' || cast(quarter(waits.first_day) as varchar) as cohort,
        case when waits.known_days >= 30 then 1 else 0 end as matured_30,
        case when waits.known_days >= 60 then 1 else 0 end as matured_60,
        case when waits.known_days >= 90 then 1 else 0 end as matured_90,
        case when waits.known_days >= 180 then 1 else 0 end as matured_180,
        case when waits.known_days >= 30 and waits.wait <= 30 then 1 else 0 end as second_30,
        case when waits.known_days >= 60 and waits.wait <= 60 then 1 else 0 end as second_60,
        case when waits.known_days >= 90 and waits.wait <= 90 then 1 else 0 end as second_90,
        case when waits.known_days >= 180 and waits.wait <= 180 then 1 else 0 end as second_180,
        case when kpi_values.cltv is null then 0 else 1 end as valued,
        cast(coalesce(kpi_values.cltv, 0) as decimal(18, 2)) as new_value
    from waits
    left join kpi_values on waits.customer_id = kpi_values.customer_id
)

select * from final
