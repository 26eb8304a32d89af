-- One row per id and day with documents of customer_orders: whether something was ordered, and the day's net amount.
--   position   the id's row in identity_orders_by_record, counted from 0
with

ids as (
    select distinct source_system, source_customer_id from customer_orders where source_customer_id is not null
),

numbered as (
    select
        source_system,
        source_customer_id,
        row_number() over (order by source_system, source_customer_id) - 1 as position
    from ids
),

final as (
    select
        numbered.position,
        cast(customer_orders.order_at as date) as order_day,
        max(customer_orders.is_order) as ordered,
        cast(sum(customer_orders.net_amount) as decimal(18, 2)) as net_amount
    from customer_orders
    inner join numbered
        on customer_orders.source_system = numbered.source_system
        and customer_orders.source_customer_id = numbered.source_customer_id
    group by numbered.position, cast(customer_orders.order_at as date)
)

select * from final order by position, order_day
