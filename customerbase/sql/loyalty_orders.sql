-- One row per order of a member, in order of account and time: what ranks are earned with.
-- $until: first instant not read.
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

final as (
    select
        concat(orders.source_system, ' ', orders.source_customer_id) as account,
        coalesce(links.customer_id, concat(orders.source_system, ' ', orders.source_customer_id)) as customer_id,
        orders.order_id,
        orders.order_at,
        orders.status,
        cast(orders.subtotal as double) as subtotal,
        cast(orders.total as double) as total
    from orders
    left join links
        on orders.source_system = links.source_system and orders.source_customer_id = links.source_customer_id
    where orders.source_customer_id is not null and orders.order_at < $until
)

select * from final order by account, order_at, order_id
