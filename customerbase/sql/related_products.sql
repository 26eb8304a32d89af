-- One row per product bought, with a number, and what it is called, belongs to and costs.
--   category   the general part of the path; null when not known
--   price      its list price, else the median of what was paid
with

sold as (
    select product_id, arg_max(name, basket) as name, median(price) as price from related_lines group by product_id
),

listed as (
    select
        product_id,
        max(name) as name,
        max(split_part(category, ' > ', 1)) as category,
        cast(max(price) as double) as price
    from products
    group by product_id
),

final as (
    select
        sold.product_id,
        cast(row_number() over (order by sold.product_id) as integer) as item,
        coalesce(listed.name, sold.name, sold.product_id) as name,
        listed.category,
        case when coalesce(listed.price, sold.price) >= 0 then coalesce(listed.price, sold.price) end as price
    from sold
    left join listed on sold.product_id = listed.product_id
)

select * from final
