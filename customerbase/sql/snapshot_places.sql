-- One row per eligible customer: the channels and stores they buy in.
with

eligible as (
    select customer_id from snapshot_customers
),

placed as (
    select
        seen_documents.customer_id,
        seen_documents.source_system,
        seen_documents.order_id,
        seen_documents.event_at,
        seen_documents.age,
        seen_documents.channel,
        seen_documents.store_id,
        case when seen_documents.channel in ('web', 'app') then 1 else 0 end as is_online
    from seen_documents
    inner join eligible on seen_documents.customer_id = eligible.customer_id
    where seen_documents.is_order = 1
),

sums as (
    select
        customer_id,
        count(*) as orders,
        count(distinct channel) as channels,
        count(distinct case when age <= 365 then channel end) as channels_365,
        count(distinct source_system || ':' || store_id) as stores,
        count(distinct case when age <= 365 then source_system || ':' || store_id end) as stores_365,
        cast(sum(is_online) as bigint) as online_orders,
        max(
            struct_pack(
                event_at := event_at, source_system := source_system, order_id := order_id, is_online := is_online
            )
        ) as latest,
        max(
            struct_pack(
                event_at := event_at, source_system := source_system, order_id := order_id, store_id := store_id
            )
        ) filter (where store_id is not null) as latest_in_store
    from placed
    group by customer_id
),

named as (
    select
        customer_id,
        orders,
        channels,
        channels_365,
        stores,
        stores_365,
        online_orders,
        latest.is_online as is_online,
        latest_in_store.source_system as source_system,
        latest_in_store.store_id as store_id
    from sums
),

final as (
    select
        named.customer_id,
        named.channels,
        named.channels_365,
        named.stores,
        named.stores_365,
        cast(named.online_orders as double) / named.orders as online_share,
        named.is_online = 1 as last_order_online,
        seen_stores.store_id is not null as last_store_closed
    from named
    left join seen_stores on named.source_system = seen_stores.source_system and named.store_id = seen_stores.store_id
)

select * from final
