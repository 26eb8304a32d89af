-- One row per cohort (month of the first order) and number of months since: how many of the cohort ordered then.
-- Cells where nobody ordered have no row here; the size of a cohort is its row with months_since = 0.
with

active_months as (
    select customer_id, month from customer_months where orders > 0 and month <= $as_of
),

first_months as (
    select customer_id, min(month) as cohort_month
    from customer_months
    where orders > 0
    group by customer_id
),

ages as (
    select
        first_months.cohort_month,
        (year(active_months.month) * 12 + month(active_months.month))
            - (year(first_months.cohort_month) * 12 + month(first_months.cohort_month)) as months_since
    from active_months
    inner join first_months on active_months.customer_id = first_months.customer_id
),

final as (
    select cohort_month, cast(months_since as integer) as months_since, count(*) as retained
    from ages
    group by cohort_month, months_since
)

select * from final order by cohort_month, months_since
