-- One row per eligible customer and cutoff up to $last whose window of $horizon_days has ended: the snapshot and what followed.
-- Of every cutoff the same share of customers, drawn by a digest of customer and cutoff: those below $until_digest (16
-- hexadecimal digits; 'g' takes all).
with

final as (
    select
        snapshots.*,
        snapshot_labels.bought as label_bought,
        snapshot_labels.net_spend as label_net_spend,
        snapshot_labels.days_to_purchase as label_days
    from snapshots
    inner join snapshot_labels
        on snapshots.customer_id = snapshot_labels.customer_id
        and snapshots.cutoff = snapshot_labels.cutoff
    where snapshot_labels.horizon_days = $horizon_days
        and snapshot_labels.cutoff <= $last
        and substring(md5(concat(snapshots.customer_id, cast(snapshots.cutoff as varchar))), 1, 16) < $until_digest
)

select * from final
