-- One row per customer and day with a completed order before $until: what was spent, and whether any order was online.
-- customer: the number of inquiry_buyers, since a number sorts and joins many times as fast as an id.
with

buyers as (
    select customer_id, customer from inquiry_buyers
),

dated as (
    select
        buyers.customer,
        date_diff('day', cast('1970-01-01' as date), cast(customer_orders.order_at as date)) as day,
        customer_orders.net_amount,
        case when customer_orders.channel in ('web', 'app') then 1 else 0 end as is_online
    from customer_orders
    inner join buyers on customer_orders.customer_id = buyers.customer_id
    where customer_orders.is_order = 1 and customer_orders.order_at < $until
),

final as (
    select
        customer,
        day,
        cast(cast(sum(net_amount) as decimal(18, 2)) as double) as spend,
        max(is_online) as online
    from dated
    group by customer, day
)

select * from final order by customer, day
