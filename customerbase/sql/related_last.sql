-- One row per known customer and product bought last: the ten newest; of one basket in the order of their numbers.
--   place   1 is the newest
with

bought as (
    select customer_id, product_id, max(basket) as basket, max(day) as day
    from related_lines
    where customer_id is not null
    group by customer_id, product_id
),

ranked as (
    select
        customer_id,
        cast(row_number() over (partition by customer_id order by basket desc, product_id) as integer) as place,
        product_id,
        day
    from bought
),

final as (
    select customer_id, place, product_id, day, cast($as_of as date) as as_of from ranked where place <= 10
)

select * from final
