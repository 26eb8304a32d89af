-- One row per customer with documents: orders, spend, channels (from the result profile_order_groups) and stores.
-- Main channel and main store: those of most orders, of equals the first in alphabetical order.
with

groups as (
    select * from profile_order_groups
),

by_channel as (
    select customer_id, channel, cast(sum(orders) as bigint) as orders
    from groups
    where channel is not null and orders > 0
    group by customer_id, channel
),

store_orders as (
    select source_system, order_id, source_system || ':' || store_id as store from orders where store_id is not null
),

by_store as (
    select customer_orders.customer_id, store_orders.store, count(*) as orders
    from customer_orders
    inner join store_orders
        on customer_orders.source_system = store_orders.source_system
        and customer_orders.order_id = store_orders.order_id
    where customer_orders.customer_id is not null and customer_orders.is_order = 1
    group by customer_orders.customer_id, store_orders.store
),

channels as (
    select
        customer_id,
        array_to_string(list_sort(array_agg(channel)), ';') as channels,
        min(struct_pack(key := -orders, channel := channel)) as main
    from by_channel
    group by customer_id
),

stores as (
    select customer_id, count(*) as stores, min(struct_pack(key := -orders, store := store)) as main
    from by_store
    group by customer_id
),

totals as (
    select
        customer_id,
        cast(sum(orders) as bigint) as orders,
        cast(sum(net_spend) as decimal(18, 2)) as net_spend,
        min(first_order_at) as first_order_at,
        max(last_order_at) as last_order_at
    from groups
    group by customer_id
),

final as (
    select
        totals.*,
        channels.channels,
        channels.main.channel as main_channel,
        stores.main.store as main_store,
        coalesce(stores.stores, 0) as stores
    from totals
    left join channels on totals.customer_id = channels.customer_id
    left join stores on totals.customer_id = stores.customer_id
)

select * from final
