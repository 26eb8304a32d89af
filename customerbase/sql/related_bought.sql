-- One row per basket of a known customer and product that at least $fewest customers bought.
with

bought as (
    select related_steps.basket, related_steps.customer, related_products.item
    from related_lines
    inner join related_steps on related_lines.basket = related_steps.basket
    inner join related_products on related_lines.product_id = related_products.product_id
),

looked_at as (
    select item from bought group by item having count(distinct customer) >= $fewest
),

final as (
    select bought.basket, bought.customer, bought.item
    from bought
    inner join looked_at on bought.item = looked_at.item
)

select * from final
