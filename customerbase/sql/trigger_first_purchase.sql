-- One row per customer whose first completed order was at `met_at` in [$since, $before).
--   measure, value: what that order brought
with

orders_of_people as (
    select customer_id, order_at, net_amount
    from customer_orders
    where is_order = 1 and customer_id is not null
),

first_orders as (
    select customer_id, min(order_at) as met_at from orders_of_people group by customer_id
    having min(order_at) >= $since and min(order_at) < $before
),

final as (
    select
        first_orders.customer_id,
        'first' as episode,
        first_orders.met_at,
        cast(null as varchar) as subject,
        cast(sum(orders_of_people.net_amount) as double) as measure,
        cast(null as double) as value
    from first_orders
    inner join orders_of_people
        on first_orders.customer_id = orders_of_people.customer_id and first_orders.met_at = orders_of_people.order_at
    group by first_orders.customer_id, first_orders.met_at
)

select * from final
