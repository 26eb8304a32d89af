-- One row per row of history of every living record that has a say: it stands in an open cluster (not a settled one),
-- or it held, at any time, an id that a record of an open cluster held too.
--   place   the cluster where the record stands now
--   asked   1 where the id is one that a record of an open cluster held
with

records as (
    select * from assign_records
),

history as (
    select * from assign_history
),

settled as (
    select * from assign_settled
),

open_records as (
    select records.record_id
    from records
    left join settled on records.cluster = settled.cluster
    where settled.cluster is null
),

open_ids as (
    select distinct history.customer_id
    from history
    inner join open_records on history.record_id = open_records.record_id
),

claimants as (
    select distinct
        records.record_id,
        records.cluster
    from history
    inner join open_ids on history.customer_id = open_ids.customer_id
    inner join records on history.record_id = records.record_id
),

final as (
    select
        history.record_id,
        history.customer_id,
        history.valid_from,
        history.valid_to,
        claimants.cluster as place,
        case when open_ids.customer_id is null then 0 else 1 end as asked
    from history
    inner join claimants on history.record_id = claimants.record_id
    left join open_ids on history.customer_id = open_ids.customer_id
)

select * from final
