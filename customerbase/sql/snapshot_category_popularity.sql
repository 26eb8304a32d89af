-- One row per general category bought by anybody in the 365 + $horizon_days days before the cutoff.
--   customers_now        customers who bought it in the last $horizon_days days
--   customers_first      those of them who had never bought it before
--   customers_before     customers who bought it in as many days before that
--   customers_next       customers who bought it in as many days a year ago, from the day of the cutoff on
--   customers_then       customers who bought it in as many days before that
--   customers_365        customers who bought it in the last 365 days
--   customers_ever       eligible customers who have ever bought it
--   purchase_days_365    days of the last 365 on which a customer bought it, added up over customers
with

eligible as (
    select customer_id from snapshot_customers
),

pairs as (
    select
        customer_id,
        category,
        max(age) as first_age,
        min(age) as last_age,
        count(distinct case when age <= 365 then day end) as days_365,
        max(case when age > $horizon_days and age <= 2 * $horizon_days then 1 else 0 end) as is_before,
        max(case when age > 365 - $horizon_days and age <= 365 then 1 else 0 end) as is_next,
        max(case when age > 365 and age <= 365 + $horizon_days then 1 else 0 end) as is_then
    from seen_lines
    where category is not null
    group by customer_id, category
),

final as (
    select
        pairs.category,
        count(case when pairs.last_age <= $horizon_days then 1 end) as customers_now,
        count(case when pairs.first_age <= $horizon_days then 1 end) as customers_first,
        cast(sum(pairs.is_before) as bigint) as customers_before,
        cast(sum(pairs.is_next) as bigint) as customers_next,
        cast(sum(pairs.is_then) as bigint) as customers_then,
        count(case when pairs.last_age <= 365 then 1 end) as customers_365,
        count(eligible.customer_id) as customers_ever,
        cast(sum(pairs.days_365) as bigint) as purchase_days_365
    from pairs
    left join eligible on pairs.customer_id = eligible.customer_id
    group by pairs.category
    having min(pairs.last_age) <= 365 + $horizon_days
)

select * from final
