-- One row per customer who looked at a product since $viewed_since, or bought it since $bought_since, that was out of stock
-- a month before and is there again: of several the one looked at or bought last. One number is one product in all
-- systems; a product of which any system has some is there.
--   subject: that product; measure: how many such products there are; value: its price
with

stock_now as (
    select product_id, max(stock) as stock, max(price) as price
    from products
    where coalesce(status, 'active') = 'active' and stock is not null
    group by product_id
),

stock_before as (
    select product_id, max(stock) as stock from previous_products where stock is not null group by product_id
),

restocked as (
    select stock_now.product_id, stock_now.price
    from stock_now
    inner join stock_before on stock_now.product_id = stock_before.product_id
    where stock_now.stock > 0 and stock_before.stock <= 0
),

interests as (
    select customer_id, product_id, event_at as seen_at
    from trigger_events
    where event_name in ('view_item', 'add_to_cart') and event_at >= $viewed_since
    union all
    select customer_id, product_id, order_at as seen_at from trigger_purchases where order_at >= $bought_since
),

found as (
    select interests.customer_id, interests.product_id, max(interests.seen_at) as seen_at, max(restocked.price) as price
    from interests
    inner join restocked on interests.product_id = restocked.product_id
    group by interests.customer_id, interests.product_id
),

placed as (
    select
        *,
        row_number() over (partition by customer_id order by seen_at desc, product_id) as place,
        count(*) over (partition by customer_id) as products
    from found
),

final as (
    select
        customer_id,
        concat('stock|', product_id, '|', $stock_before) as episode,
        cast($day as timestamp) as met_at,
        product_id as subject,
        cast(products as double) as measure,
        cast(price as double) as value
    from placed
    where place = 1
)

select * from final
