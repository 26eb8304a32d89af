-- One row per customer (their number) who has ordered: when they began, whether a second purchase followed, and their value.
--   second_30 …   1 when an order on a later day than the first one lies within 30 days of it …
--   matured_30 …  … and 1 when those 30 days have ended by the as-of date: only then second_30 is counted
--   new_value     lifetime value; valued is 1 where there is one
with

order_days as (
    select kpi_people.number as customer_id, cast(customer_orders.order_at as date) as day
    from customer_orders
    inner join kpi_people on customer_orders.customer_id = kpi_people.customer_id
    where customer_orders.is_order = 1 and cast(customer_orders.order_at as date) <= $as_of
),

first_days as (
    select customer_id, min(day) as first_day
    from order_days
    group by customer_id
),

second_days as (
    select first_days.customer_id, min(order_days.day) as second_day
    from order_days
    inner join first_days on order_days.customer_id = first_days.customer_id
    where order_days.day > first_days.first_day
    group by first_days.customer_id
),

value_of as (
    select kpi_people.number as customer_id, cast(cltv.cltv as decimal(18, 2)) as value
    from cltv
    inner join kpi_people on cltv.customer_id = kpi_people.customer_id
    where cltv.cltv is not null
),

waits as (
    select
        first_days.customer_id,
        first_days.first_day,
        date_diff('day', cast(first_days.first_day as date), second_days.second_day) as wait,
        date_diff('day', cast(first_days.first_day as date), cast($as_of as date)) as known_days,
        value_of.value
    from first_days
    left join second_days on first_days.customer_id = second_days.customer_id
    left join value_of on first_days.customer_id = value_of.customer_id
),

final as (
    select
        customer_id,
        cast(date_trunc('month', first_day) as date) as first_month,
        cast(year(first_day) as varchar) || '-Q' || cast(quarter(first_day) as varchar) as cohort,
        case when known_days >= 30 then 1 else 0 end as matured_30,
        case when known_days >= 60 then 1 else 0 end as matured_60,
        case when known_days >= 90 then 1 else 0 end as matured_90,
        case when known_days >= 180 then 1 else 0 end as matured_180,
        case when known_days >= 30 and wait <= 30 then 1 else 0 end as second_30,
        case when known_days >= 60 and wait <= 60 then 1 else 0 end as second_60,
        case when known_days >= 90 and wait <= 90 then 1 else 0 end as second_90,
        case when known_days >= 180 and wait <= 180 then 1 else 0 end as second_180,
        case when value is null then 0 else 1 end as valued,
        coalesce(value, 0) as new_value
    from waits
)

select * from final
