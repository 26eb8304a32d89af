-- One row per customer, thing and day on which the customer bought it, with the next such day (null: none yet).
-- A thing is all goods ('all'), a general category or a product: $level. Reads the views seen_….
--   purchase         1 is the first purchase day of this thing, 2 the second
--   customer_group   one of sixteen parts of the customers, the same for all rows of a customer
with

whole as (
    select customer_id, 'all' as thing, day from seen_documents where is_order = 1 and $level = 'all'
),

goods as (
    select customer_id, case when $level = 'product' then product_id else category end as thing, day
    from seen_lines
    where $level <> 'all'
),

bought as (
    select * from whole
    union all
    select * from goods
),

days as (
    select customer_id, thing, day from bought where thing is not null group by customer_id, thing, day
),

final as (
    select
        customer_id,
        thing,
        day,
        lead(day) over (partition by customer_id, thing order by day) as next_day,
        cast(row_number() over (partition by customer_id, thing order by day) as integer) as purchase,
        substr(md5(customer_id), 1, 1) as customer_group
    from days
)

select * from final
