-- One row per unit and product it holds. A unit is a basket, or a customer with all that was bought since $since: $level.
with

bought as (
    select
        case when $level = 'basket' then cast(related_lines.basket as varchar) else related_lines.customer_id end as unit,
        related_products.item
    from related_lines
    inner join related_products on related_lines.product_id = related_products.product_id
    where $level = 'basket' or related_lines.day is null or related_lines.day >= $since
),

final as (
    select unit, item from bought where unit is not null group by unit, item
)

select * from final
