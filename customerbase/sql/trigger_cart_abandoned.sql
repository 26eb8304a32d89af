-- One row per customer and web site whose cart holds something and was left alone from `met_at` on, which lies in
-- [$since, $before). In the cart is what was added after the last order on that site and since $kept_since, not taken
-- out again, and not bought by the same person anywhere else after it was added; a product that no event names counts as one.
--   subject  the product added last; measure: products in the cart; value: what they cost
with

moves as (
    select
        customer_id,
        source_system,
        event_at,
        event_name,
        coalesce(product_id, '') as product_id
    from trigger_events
    where event_name in ('add_to_cart', 'remove_from_cart', 'begin_checkout', 'view_cart', 'purchase')
        and event_at >= $kept_since
),

clears as (
    select customer_id, source_system, event_at as cleared_at from moves where event_name = 'purchase'
    union all
    select customer_id, source_system, order_at as cleared_at
    from customer_orders
    where is_order = 1 and customer_id is not null and order_at >= $kept_since and channel in ('web', 'app')
),

cleared as (
    select customer_id, source_system, max(cleared_at) as cleared_at from clears group by customer_id, source_system
),

open_moves as (
    select moves.*
    from moves
    left join cleared on moves.customer_id = cleared.customer_id and moves.source_system = cleared.source_system
    where cleared.cleared_at is null or moves.event_at > cleared.cleared_at
),

left_alone as (
    select customer_id, source_system, max(event_at) as met_at
    from open_moves
    group by customer_id, source_system
    having max(event_at) >= $since and max(event_at) < $before
),

contents as (
    select
        customer_id,
        source_system,
        product_id,
        max(case when event_name = 'add_to_cart' then event_at end) as added_at,
        max(case when event_name = 'remove_from_cart' then event_at end) as removed_at
    from open_moves
    where event_name in ('add_to_cart', 'remove_from_cart')
    group by customer_id, source_system, product_id
),

bought as (
    select customer_id, product_id, max(order_at) as bought_at
    from trigger_purchases
    group by customer_id, product_id
),

prices as (
    select product_id, max(price) as price from products group by product_id
),

held as (
    select
        left_alone.customer_id,
        left_alone.source_system,
        left_alone.met_at,
        contents.product_id,
        contents.added_at,
        prices.price
    from left_alone
    inner join contents
        on left_alone.customer_id = contents.customer_id and left_alone.source_system = contents.source_system
    left join bought on contents.customer_id = bought.customer_id and contents.product_id = bought.product_id
    left join prices on contents.product_id = prices.product_id
    where contents.added_at is not null
        and (contents.removed_at is null or contents.added_at > contents.removed_at)
        and (bought.bought_at is null or bought.bought_at < contents.added_at)
),

final as (
    select
        customer_id,
        concat(source_system, '|', cast(met_at as varchar)) as episode,
        met_at,
        nullif(max(struct_pack(added_at := added_at, product_id := product_id)).product_id, '') as subject,
        cast(count(*) as double) as measure,
        cast(sum(price) as double) as value
    from held
    group by customer_id, source_system, met_at
)

select * from final
