-- One row per customer and day with a completed order before $until: what was spent, and whether any order was online.
with

final as (
    select
        customer_id,
        date_diff('day', cast('1970-01-01' as date), cast(order_at as date)) as day,
        cast(cast(sum(net_amount) as decimal(18, 2)) as double) as spend,
        max(case when channel in ('web', 'app') then 1 else 0 end) as online
    from customer_orders
    where customer_id is not null and is_order = 1 and order_at < $until
    group by customer_id, date_diff('day', cast('1970-01-01' as date), cast(order_at as date))
)

select * from final order by customer_id, day
