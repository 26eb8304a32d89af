-- One row per goods line of a completed order of a known customer in [$since, $until), whatever the channel.
with

documents as (
    select source_system, order_id, customer_id, order_at from customer_orders
    where is_order = 1 and customer_id is not null and order_at >= $since and order_at < $until
),

goods as (
    select source_system, order_id, product_id from order_lines where line_type = 'goods' and product_id is not null
),

categories as (
    select product_id, min(split_part(category, ' > ', 1)) as category from products group by product_id
),

final as (
    select
        documents.customer_id,
        documents.order_at,
        goods.product_id,
        categories.category
    from documents
    inner join goods on documents.source_system = goods.source_system and documents.order_id = goods.order_id
    left join categories on goods.product_id = categories.product_id
)

select * from final
