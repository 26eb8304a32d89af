-- One row per calendar month up to $as_of that saw a purchase: repeat purchases, those after a customer's first day.
-- Only customers who had bought by $known count.
with

first_days as (
    select customer_id, min(purchase_day) as first_day
    from cltv_purchases
    where purchase_day <= $known
    group by customer_id
),

final as (
    select
        cast(date_trunc('month', purchases.purchase_day) as date) as month,
        cast(sum(case when purchases.purchase_day > first_days.first_day then 1 else 0 end) as bigint) as repeat_purchases
    from cltv_purchases as purchases
    inner join first_days on purchases.customer_id = first_days.customer_id
    where purchases.purchase_day <= $as_of
    group by cast(date_trunc('month', purchases.purchase_day) as date)
)

select * from final order by month
