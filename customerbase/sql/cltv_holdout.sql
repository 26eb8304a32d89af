-- One row per distinct history of customers known by $cut, and what they did from then to $as_of; with their number.
--   frequency, recency, age   as known at $cut; later: purchases after it
--   last_week                 weeks from the first to the last purchase of all: recency as it is at $as_of
with

known as (
    select customer_id, min(purchase_day) as first_day
    from cltv_purchases
    where purchase_day <= $cut
    group by customer_id
),

histories as (
    select
        known.customer_id,
        known.first_day,
        max(case when cltv_purchases.purchase_day <= $cut then cltv_purchases.purchase_day end) as last_before,
        max(cltv_purchases.purchase_day) as last_day,
        cast(sum(case when cltv_purchases.purchase_day <= $cut then 1 else 0 end) as bigint) as earlier,
        cast(sum(case when cltv_purchases.purchase_day > $cut then 1 else 0 end) as bigint) as later
    from known
    inner join cltv_purchases on known.customer_id = cltv_purchases.customer_id
    where cltv_purchases.purchase_day <= $as_of
    group by known.customer_id, known.first_day
),

final as (
    select
        cast(earlier - 1 as double) as frequency,
        cast(date_diff('day', cast(first_day as date), last_before) as double) / 7 as recency,
        cast(date_diff('day', cast(first_day as date), $cut) as double) / 7 as age,
        cast(later as double) as later,
        cast(date_diff('day', cast(first_day as date), last_day) as double) / 7 as last_week,
        cast(count(*) as double) as customers
    from histories
    group by earlier, first_day, last_before, later, last_day
)

select * from final order by frequency, recency, age, later, last_week
