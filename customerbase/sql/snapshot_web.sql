-- One row per eligible customer seen on the web site or in the app: visits, views and carts.
-- A cart is left when the last thing put into one came after the last order, and within 30 days before the cutoff.
with

orders_placed as (
    select seen_documents.customer_id, max(seen_documents.event_at) as ordered_at
    from seen_documents
    inner join snapshot_customers on seen_documents.customer_id = snapshot_customers.customer_id
    where seen_documents.is_order = 1
    group by seen_documents.customer_id
),

sums as (
    select
        seen_web.customer_id,
        orders_placed.ordered_at,
        min(seen_web.age) as days_since_last_visit,
        count(distinct case when seen_web.age <= 30 then seen_web.day end) as visit_days_30,
        count(distinct case when seen_web.age <= 90 then seen_web.day end) as visit_days_90,
        count(distinct case when seen_web.age <= 90 then seen_web.source_system || ':' || seen_web.session_id end)
            as sessions_90,
        count(case when seen_web.age <= 30 and seen_web.event_name = 'view_item' then 1 end) as product_views_30,
        count(case when seen_web.age <= 90 and seen_web.event_name = 'view_item' then 1 end) as product_views_90,
        count(distinct case when seen_web.age <= 90 and seen_web.event_name = 'view_item' then seen_web.product_id end)
            as products_viewed_90,
        count(case when seen_web.age <= 30 and seen_web.event_name = 'add_to_cart' then 1 end) as cart_adds_30,
        count(case when seen_web.age <= 90 and seen_web.event_name = 'add_to_cart' then 1 end) as cart_adds_90,
        count(case when seen_web.age <= 90 and seen_web.event_name = 'begin_checkout' then 1 end) as checkouts_90,
        min(case when seen_web.event_name = 'add_to_cart' then seen_web.age end) as days_since_last_cart_add,
        max(case when seen_web.event_name = 'add_to_cart' then seen_web.event_at end) as added_at,
        count(distinct case when seen_web.event_at > orders_placed.ordered_at then seen_web.day end)
            as visit_days_since_purchase
    from seen_web
    inner join orders_placed on seen_web.customer_id = orders_placed.customer_id
    group by seen_web.customer_id, orders_placed.ordered_at
),

final as (
    select
        customer_id,
        days_since_last_visit,
        visit_days_30,
        visit_days_90,
        visit_days_since_purchase,
        sessions_90,
        product_views_30,
        product_views_90,
        products_viewed_90,
        cart_adds_30,
        cart_adds_90,
        checkouts_90,
        days_since_last_cart_add,
        coalesce(added_at > ordered_at and days_since_last_cart_add <= 30, false) as has_left_cart
    from sums
)

select * from final
