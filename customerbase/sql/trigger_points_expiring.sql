-- One row per person who loses at least $points points from $lead_since to $lead_until, unless they use them. Points are
-- used first in, first out, account by account: what was used, expired or taken back is taken from the points that
-- expire first. met_at: when the first of them expire, in [$since, $before).
--   measure: points about to expire; value: none
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

movements as (
    select
        links.customer_id,
        loyalty_points.source_system,
        loyalty_points.source_customer_id,
        loyalty_points.txn_id,
        loyalty_points.txn_at,
        loyalty_points.delta,
        coalesce(loyalty_points.expires_at, timestamp '9999-12-31 00:00:00') as expires_at
    from loyalty_points
    inner join links
        on loyalty_points.source_system = links.source_system
        and loyalty_points.source_customer_id = links.source_customer_id
    where loyalty_points.txn_at < $until
),

gone as (
    select source_system, source_customer_id, cast(sum(-delta) as decimal(18, 2)) as points
    from movements
    where delta < 0
    group by source_system, source_customer_id
),

lots as (
    select
        *,
        cast(sum(delta) over (
            partition by source_system, source_customer_id
            order by expires_at, txn_at, txn_id rows between unbounded preceding and current row
        ) as decimal(18, 2)) as up_to
    from movements
    where delta > 0
),

remaining as (
    select
        lots.customer_id,
        lots.expires_at,
        greatest(cast(0 as decimal(18, 2)), least(lots.delta, lots.up_to - coalesce(gone.points, 0))) as points
    from lots
    left join gone
        on lots.source_system = gone.source_system and lots.source_customer_id = gone.source_customer_id
    where lots.expires_at >= $lead_since and lots.expires_at < $lead_until
),

final as (
    select
        customer_id,
        concat('expire|', cast(cast(min(expires_at) as date) as varchar)) as episode,
        min(expires_at) as met_at,
        cast(null as varchar) as subject,
        cast(sum(points) as double) as measure,
        cast(null as double) as value
    from remaining
    where points > 0
    group by customer_id
    having cast(sum(points) as double) >= $points and min(expires_at) >= $since and min(expires_at) < $before
)

select * from final
