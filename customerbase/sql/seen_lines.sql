-- One row per goods line of an order of seen_documents, with the general category of its product (null: not known).
-- Products are today's: a product that was moved to another category counts in the new one at every cutoff.
with

placed as (
    select customer_id, source_system, order_id, day, age from seen_documents where is_order = 1
),

goods_lines as (
    select source_system, order_id, product_id, qty, amount from order_lines where line_type = 'goods'
),

categories as (
    select source_system, product_id, split_part(category, ' > ', 1) as category from products
),

final as (
    select
        placed.customer_id,
        placed.source_system,
        placed.order_id,
        placed.day,
        placed.age,
        goods_lines.product_id,
        categories.category,
        cast(coalesce(goods_lines.qty, 0) as decimal(18, 3)) as items,
        cast(coalesce(goods_lines.amount, 0) as decimal(18, 2)) as amount
    from goods_lines
    inner join placed
        on goods_lines.source_system = placed.source_system and goods_lines.order_id = placed.order_id
    left join categories
        on goods_lines.source_system = categories.source_system and goods_lines.product_id = categories.product_id
)

select * from final
