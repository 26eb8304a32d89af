-- One row per customer with a purchase up to $as_of: the summary that models of repeat buying are fitted on.
--   frequency, recency, age   repeat purchases; weeks from the first to the last purchase; weeks from the first to $as_of
--   monetary_value            mean net amount of a repeat purchase, null without one
--   purchases, spend          all purchases and their net amount; days_without_spend: those with nothing left of it
with

first_days as (
    select customer_id, min(purchase_day) as first_day
    from cltv_purchases
    where purchase_day <= $as_of
    group by customer_id
),

customers as (
    select
        purchases.customer_id,
        first_days.first_day,
        max(purchases.purchase_day) as last_day,
        count(*) as purchases,
        cast(sum(purchases.net_amount) as double) as spend,
        cast(sum(case when purchases.purchase_day > first_days.first_day then purchases.net_amount else 0 end) as double)
            as repeat_spend,
        cast(sum(case when purchases.net_amount <= 0 then 1 else 0 end) as bigint) as days_without_spend,
        max(case when purchases.purchase_day = first_days.first_day then purchases.channel end) as first_channel
    from cltv_purchases as purchases
    inner join first_days on purchases.customer_id = first_days.customer_id
    where purchases.purchase_day <= $as_of
    group by purchases.customer_id, first_days.first_day
),

final as (
    select
        customer_id,
        cast(purchases - 1 as bigint) as frequency,
        cast(date_diff('day', cast(first_day as date), last_day) as double) / 7 as recency,
        cast(date_diff('day', cast(first_day as date), $as_of) as double) / 7 as age,
        case when purchases > 1 then repeat_spend / (purchases - 1) end as monetary_value,
        cast(purchases as bigint) as purchases,
        spend,
        days_without_spend,
        first_day,
        first_channel
    from customers
)

select * from final order by customer_id
