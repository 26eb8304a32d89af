-- One row per source system and month that was whole in the month before and whose documents are others now.
with

revenue_then as (
    select source_system, month, cast(sum(revenue) as decimal(18, 2)) as revenue
    from previous_account_months
    group by source_system, month
),

revenue_today as (
    select source_system, month, cast(sum(revenue) as decimal(18, 2)) as revenue
    from account_months
    group by source_system, month
),

final as (
    select
        changed.month,
        changed.source_system,
        changed.documents_before,
        changed.documents_now,
        coalesce(revenue_then.revenue, 0) as revenue_before,
        coalesce(revenue_today.revenue, 0) as revenue_now
    from changed_months as changed
    left join revenue_then
        on changed.source_system = revenue_then.source_system and changed.month = revenue_then.month
    left join revenue_today
        on changed.source_system = revenue_today.source_system and changed.month = revenue_today.month
    where changed.month < $late_before
)

select * from final
