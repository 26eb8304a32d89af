-- One row per customer, product and day on which a completed order bought it; anonymous sales and lines without a product are left out.
-- A product is its product_id in every source system: shops of one company share their numbers.
with

placed as (
    select source_system, order_id, customer_id, cast(order_at as date) as day
    from customer_orders
    where is_order = 1 and customer_id is not null
),

goods_lines as (
    select source_system, order_id, product_id
    from order_lines
    where line_type = 'goods' and product_id is not null and coalesce(qty, 1) > 0 and coalesce(amount, 1) > 0
),

final as (
    select placed.customer_id, goods_lines.product_id, placed.day
    from goods_lines
    inner join placed
        on goods_lines.source_system = placed.source_system and goods_lines.order_id = placed.order_id
    group by placed.customer_id, goods_lines.product_id, placed.day
)

select * from final
