-- One row per id of any source table with its cluster: a record's group, or one of its own for an id without a record.
with

named as (
    select
        _all_ids.source_system,
        _all_ids.source_customer_id,
        _all_ids.source_system || ':' || _all_ids.source_customer_id as record_id,
        _groups.strict
    from _all_ids
    left join linkage
        on _all_ids.source_system = linkage.source_system
        and _all_ids.source_customer_id = linkage.source_customer_id
    left join _groups on linkage.idx = _groups.idx
),

numbered as (
    select *, row_number() over (order by record_id) as position from named
),

final as (
    select
        record_id,
        source_system,
        source_customer_id,
        coalesce(strict, -position) as cluster
    from numbered
)

select * from final
