-- One row per segment that has customers, from the view segment_members (one row per customer).
with

members as (
    select * from segment_members
),

final as (
    select
        segment,
        count(*) as customers,
        cast(sum(net_spend) as decimal(18, 2)) as net_spend,
        cast(sum(order_count) as bigint) as orders,
        -- median: exact on both engines, the mean of the two middle values when their number is even
        median(days_since_last_order) as median_days_since_last_order
    from members
    group by segment
)

select * from final order by segment
