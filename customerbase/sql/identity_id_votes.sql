-- One row per id held last month and cluster in which records of it stand this month.
with

history as (
    select * from assign_history where valid_to is null
),

records as (
    select * from assign_records
),

final as (
    select
        history.customer_id,
        records.cluster,
        count(*) as records
    from history
    inner join records on history.record_id = records.record_id
    group by history.customer_id, records.cluster
)

select * from final
