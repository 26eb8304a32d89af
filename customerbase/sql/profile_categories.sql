-- One row per customer who has bought goods of a known category: the general category they spent most on, up to the
-- as-of date of customer_orders; of equals the first in alphabetical order.
with

completed_orders as (
    select source_system, order_id, customer_id from customer_orders where customer_id is not null and is_order = 1
),

categories as (
    select source_system, product_id, split_part(category, ' > ', 1) as category
    from products
    where category is not null
),

goods_lines as (
    select order_lines.source_system, order_lines.order_id, categories.category, order_lines.amount
    from order_lines
    inner join categories
        on order_lines.source_system = categories.source_system and order_lines.product_id = categories.product_id
    where order_lines.line_type = 'goods'
),

spend as (
    select
        completed_orders.customer_id,
        goods_lines.category,
        cast(sum(goods_lines.amount) as decimal(18, 2)) as amount
    from goods_lines
    inner join completed_orders
        on goods_lines.source_system = completed_orders.source_system
        and goods_lines.order_id = completed_orders.order_id
    group by completed_orders.customer_id, goods_lines.category
),

favourites as (
    select customer_id, min(struct_pack(key := -amount, category := category)) as best
    from spend
    where amount > 0
    group by customer_id
),

final as (
    select customer_id, best.category as favourite_category from favourites
)

select * from final
