-- One row per customer with a completed order among customer_orders: when the last one was.
with

final as (
    select customer_id, max(order_at) as last_order_at
    from customer_orders
    where is_order = 1 and customer_id is not null
    group by customer_id
)

select * from final
