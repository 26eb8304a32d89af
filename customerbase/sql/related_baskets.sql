-- One row per completed order up to $until (an order without a date counts always), numbered in the order of time.
--   basket        1, 2, …: by day; of one day, and without any date, by order number (2 before 10)
--   customer_id   null for an anonymous sale
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

placed as (
    select
        orders.source_system,
        orders.order_id,
        links.customer_id,
        cast(orders.order_at as date) as day
    from orders
    left join links
        on orders.source_system = links.source_system and orders.source_customer_id = links.source_customer_id
    where orders.status = 'completed' and (orders.order_at is null or (orders.order_at >= $since and orders.order_at < $until))
),

final as (
    select
        source_system,
        order_id,
        customer_id,
        day,
        cast(
            row_number() over (order by coalesce(day, date '1900-01-01'), source_system, length(order_id), order_id) as bigint
        ) as basket
    from placed
)

select * from final
