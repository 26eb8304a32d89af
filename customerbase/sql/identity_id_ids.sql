-- One row per record of the month: its cluster and its id.
with

records as (
    select * from assign_records
),

named as (
    select cluster, customer_id from assign_known
    union all
    select cluster, customer_id from assign_fresh
),

final as (
    select
        records.record_id,
        records.source_system,
        records.source_customer_id,
        records.cluster,
        named.customer_id
    from records
    inner join named on records.cluster = named.cluster
)

select * from final
