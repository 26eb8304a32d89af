-- One row per basket and product that was bought in it (lines of a positive quantity, or of none told).
--   price   what one piece cost, on average; null where no quantity is told
with

goods as (
    select
        related_baskets.basket,
        related_baskets.customer_id,
        related_baskets.day,
        order_lines.product_id,
        order_lines.qty,
        order_lines.amount,
        order_lines.name
    from order_lines
    inner join related_baskets
        on order_lines.source_system = related_baskets.source_system and order_lines.order_id = related_baskets.order_id
    where order_lines.line_type = 'goods' and order_lines.product_id is not null and coalesce(order_lines.qty, 1) > 0
),

final as (
    select
        basket,
        customer_id,
        day,
        product_id,
        max(name) as name,
        cast(cast(sum(amount) as decimal(18, 2)) / nullif(cast(sum(qty) as decimal(18, 3)), 0) as double) as price
    from goods
    group by basket, customer_id, day, product_id
)

select * from final
