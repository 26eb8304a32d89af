-- One row per eligible customer with movements of points: what they hold, earn, use and are about to lose.
-- points_expiring_90: points given that expire within 90 days after the cutoff, as printed then; at most the balance.
with

sums as (
    select
        seen_points.customer_id,
        cast(sum(seen_points.delta) as decimal(18, 2)) as points_balance,
        cast(sum(case when seen_points.kind = 'earn' and seen_points.age <= 90 then seen_points.delta else 0 end) as decimal(18, 2))
            as points_earned_90,
        cast(sum(case when seen_points.kind = 'use' and seen_points.age <= 365 then -seen_points.delta else 0 end) as decimal(18, 2))
            as points_used_365,
        cast(sum(
            case when seen_points.kind = 'earn' and seen_points.days_to_expiry between 0 and 90 then seen_points.delta else 0 end
        ) as decimal(18, 2)) as expiring,
        min(seen_points.age) as days_since_last_points,
        min(case when seen_points.kind = 'use' then seen_points.age end) as days_since_points_used
    from seen_points
    inner join snapshot_customers on seen_points.customer_id = snapshot_customers.customer_id
    group by seen_points.customer_id
),

final as (
    select
        customer_id,
        points_balance,
        points_earned_90,
        points_used_365,
        case when points_balance <= 0 then cast(0 as decimal(18, 2)) else least(points_balance, expiring) end
            as points_expiring_90,
        days_since_last_points,
        days_since_points_used
    from sums
)

select * from final
