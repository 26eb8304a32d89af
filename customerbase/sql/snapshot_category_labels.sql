-- One row per eligible customer and category they bought from in [cutoff, cutoff + $horizon_days); no row: not bought.
with

eligible as (
    select customer_id from snapshot_customers
),

final as (
    select
        seen_lines.customer_id,
        $cutoff as cutoff,
        cast($horizon_days as integer) as horizon_days,
        seen_lines.category,
        count(distinct seen_lines.day) as purchase_days,
        cast(sum(seen_lines.amount) as decimal(18, 2)) as gross,
        cast(date_diff('day', cast($cutoff as date), min(seen_lines.day)) as integer) as days_to_purchase
    from seen_lines
    inner join eligible on seen_lines.customer_id = eligible.customer_id
    where seen_lines.category is not null
    group by seen_lines.customer_id, seen_lines.category
)

select * from final
