-- One row per eligible customer of the cutoff: what they did in [cutoff, cutoff + $horizon_days), as known at its end.
-- Reads snapshot_customers of the cutoff and the documents seen within the window.
--   days_to_purchase   days from the cutoff to the first purchase (0: on the day of the cutoff), else the horizon
--   is_censored        no purchase within the window: days_to_purchase is only a lower bound
with

within as (
    select
        customer_id,
        count(distinct case when is_order = 1 then day end) as purchase_days,
        count(case when is_order = 1 then 1 end) as orders,
        cast(sum(net_amount) as decimal(18, 2)) as net_spend,
        min(case when is_order = 1 then day end) as first_day
    from seen_documents
    group by customer_id
),

final as (
    select
        snapshot_customers.customer_id,
        $cutoff as cutoff,
        cast($horizon_days as integer) as horizon_days,
        within.first_day is not null as bought,
        coalesce(within.purchase_days, 0) as purchase_days,
        coalesce(within.orders, 0) as orders,
        coalesce(within.net_spend, cast(0 as decimal(18, 2))) as net_spend,
        cast(coalesce(date_diff('day', cast($cutoff as date), within.first_day), $horizon_days) as integer)
            as days_to_purchase,
        within.first_day is null as is_censored
    from snapshot_customers
    left join within on snapshot_customers.customer_id = within.customer_id
)

select * from final
