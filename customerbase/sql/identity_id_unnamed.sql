-- One row per cluster without an id of earlier months, with its smallest record.
with

records as (
    select * from assign_records
),

known as (
    select * from assign_known
),

final as (
    select
        records.cluster,
        min(records.record_id) as record_id
    from records
    left join known on records.cluster = known.cluster
    where known.cluster is null
    group by records.cluster
)

select * from final
