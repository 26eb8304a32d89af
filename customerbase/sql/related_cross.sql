-- One row per two general categories, also of a category and itself: customers who bought from both since $since.
with

bought as (
    select distinct related_lines.customer_id, related_products.category
    from related_lines
    inner join related_products on related_lines.product_id = related_products.product_id
    where
        related_lines.customer_id is not null
        and related_products.category is not null
        and (related_lines.day is null or related_lines.day >= $since)
),

final as (
    select one.category as category_1, other.category as category_2, count(*) as customers_both
    from bought as one
    inner join bought as other on one.customer_id = other.customer_id
    group by one.category, other.category
)

select * from final
