-- One row per eligible customer and category they have bought from: what a propensity per category is fitted on.
with

eligible as (
    select customer_id from snapshot_customers
),

final as (
    select
        seen_lines.customer_id,
        $cutoff as cutoff,
        seen_lines.category,
        min(seen_lines.age) as days_since_last_purchase,
        max(seen_lines.age) as days_since_first_purchase,
        count(distinct seen_lines.day) as purchase_days,
        count(distinct case when seen_lines.age <= 90 then seen_lines.day end) as purchase_days_90,
        count(distinct case when seen_lines.age <= 365 then seen_lines.day end) as purchase_days_365,
        cast(sum(seen_lines.amount) as decimal(18, 2)) as gross,
        cast(sum(case when seen_lines.age <= 365 then seen_lines.amount else 0 end) as decimal(18, 2)) as gross_365
    from seen_lines
    inner join eligible on seen_lines.customer_id = eligible.customer_id
    where seen_lines.category is not null
    group by seen_lines.customer_id, seen_lines.category
)

select * from final
