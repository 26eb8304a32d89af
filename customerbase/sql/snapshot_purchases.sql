-- One row per eligible customer: purchase days, how many and when.
-- purchase_days_decayed weighs a day by one half for every 90 days of age, in millionths: a sum of integers has one value.
with

days as (
    select * from snapshot_days
),

weighted as (
    select *, cast(round(1000000 * power(0.5, cast(age as double) / 90)) as bigint) as millionths from days
),

counts as (
    select
        customer_id,
        min(age) as days_since_last_purchase,
        max(age) as days_since_first_purchase,
        count(*) as purchase_days,
        count(case when age <= 30 then 1 end) as purchase_days_30,
        count(case when age <= 90 then 1 end) as purchase_days_90,
        count(case when age <= 180 then 1 end) as purchase_days_180,
        count(case when age <= 365 then 1 end) as purchase_days_365,
        count(case when age > 90 and age <= 180 then 1 end) as purchase_days_prior_90,
        cast(sum(millionths) as bigint) as millionths,
        max(amount) as largest_purchase
    from weighted
    group by customer_id
),

latest as (
    select days.customer_id, days.amount as last_purchase
    from days
    inner join counts on days.customer_id = counts.customer_id and days.age = counts.days_since_last_purchase
),

final as (
    select
        counts.customer_id,
        counts.days_since_last_purchase,
        counts.days_since_first_purchase,
        counts.purchase_days,
        counts.purchase_days = 1 as bought_once,
        counts.purchase_days_30,
        counts.purchase_days_90,
        counts.purchase_days_180,
        counts.purchase_days_365,
        counts.purchase_days_prior_90,
        counts.purchase_days_90 - counts.purchase_days_prior_90 as purchase_days_trend_90,
        cast(counts.millionths as double) / 1000000 as purchase_days_decayed,
        cast(counts.purchase_days * 30 as double) / counts.days_since_first_purchase as purchase_days_per_30,
        latest.last_purchase,
        counts.largest_purchase
    from counts
    inner join latest on counts.customer_id = latest.customer_id
)

select * from final
