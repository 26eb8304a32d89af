-- One row per day up to $as_of on which somebody bought for the first time: how many customers did.
with

firsts as (
    select customer_id, min(purchase_day) as first_day
    from cltv_purchases
    where purchase_day <= $as_of
    group by customer_id
),

final as (
    select first_day, cast(count(*) as double) as customers
    from firsts
    group by first_day
)

select * from final order by first_day
