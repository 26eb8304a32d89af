-- One row per unit and product it holds. A unit is a basket, or a customer with all that was bought since $since: $level.
--   month   of a basket, counted in months from the year 0; 0 without a date, and for customers
with

bought as (
    select
        case when $level = 'basket' then cast(related_lines.basket as varchar) else related_lines.customer_id end as unit,
        case
            when $level = 'basket' and related_lines.day is not null
                then extract(year from related_lines.day) * 12 + extract(month from related_lines.day)
            else 0
        end as month,
        related_products.item
    from related_lines
    inner join related_products on related_lines.product_id = related_products.product_id
    where $level = 'basket' or related_lines.day is null or related_lines.day >= $since
),

final as (
    select unit, item, cast(max(month) as integer) as month from bought where unit is not null group by unit, item
)

select * from final
