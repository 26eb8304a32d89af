-- One row per person of identity_links: the store of their latest order, and the group of people they belong to.
-- store: system:number, null without an order in a store; people: gender and age band of the profile, null where neither is known.
with

links as (
    select distinct customer_id from identity_links
),

visits as (
    select
        customer_orders.customer_id,
        max(
            struct_pack(
                at := customer_orders.order_at, store := orders.source_system || ':' || orders.store_id
            )
        ) as latest
    from customer_orders
    inner join orders
        on customer_orders.source_system = orders.source_system and customer_orders.order_id = orders.order_id
    where customer_orders.is_order = 1 and customer_orders.customer_id is not null and orders.store_id is not null
    group by customer_orders.customer_id
),

final as (
    select
        links.customer_id,
        visits.latest.store as store,
        nullif(trim(concat(coalesce(profile.gender, ''), ' ', coalesce(profile.age_band, ''))), '') as people
    from links
    left join visits on links.customer_id = visits.customer_id
    left join profile on links.customer_id = profile.customer_id
)

select * from final order by customer_id
