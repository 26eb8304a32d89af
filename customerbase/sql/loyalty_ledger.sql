-- One row per movement of points with the rank after it, in order of account and time. $until: first instant not read.
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

final as (
    select
        concat(points.source_system, ' ', points.source_customer_id) as account,
        coalesce(links.customer_id, concat(points.source_system, ' ', points.source_customer_id)) as customer_id,
        points.txn_id,
        points.txn_at,
        points.kind,
        cast(points.delta as double) as delta,
        points.rank_after
    from loyalty_points as points
    left join links
        on points.source_system = links.source_system and points.source_customer_id = links.source_customer_id
    where points.txn_at < $until
)

select * from final order by account, txn_at, txn_id
