-- One row per distinct purchase history of the customers of a cutoff up to $last: what the models of purchases need, and
-- how many have it.
--   repeats         purchase days after the first
--   recency_days    days from the first to the last purchase
--   tenure_days     days from the first purchase to the cutoff
with

final as (
    select
        cutoff,
        purchase_days - 1 as repeats,
        days_since_first_purchase - days_since_last_purchase as recency_days,
        days_since_first_purchase as tenure_days,
        count(*) as customers
    from snapshots
    where cutoff <= $last
    group by
        cutoff,
        purchase_days - 1,
        days_since_first_purchase - days_since_last_purchase,
        days_since_first_purchase
)

select * from final
