-- One row per movement of a known customer's points in [$since, $until).
--   days_to_expiry   days from $until to the day the points expire, as printed when they were given; null without one
with

links as (
    select source_system, source_customer_id, customer_id from seen_links
),

final as (
    select
        links.customer_id,
        loyalty_points.kind,
        loyalty_points.delta,
        cast(date_diff('day', cast(loyalty_points.txn_at as date), $until) as integer) as age,
        cast(date_diff('day', cast($until as date), cast(loyalty_points.expires_at as date)) as integer)
            as days_to_expiry
    from loyalty_points
    inner join links
        on loyalty_points.source_system = links.source_system
        and loyalty_points.source_customer_id = links.source_customer_id
    where loyalty_points.txn_at >= $since and loyalty_points.txn_at < $until
)

select * from final
