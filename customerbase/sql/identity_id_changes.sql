-- One row per id that lives this month or ended in it: what became of it.
--   records   records it has this month; of an id that ended: those it had last month (merged: those that went along)
with

history as (
    select * from assign_history
),

ids as (
    select * from assign_ids
),

origins as (
    select * from assign_origins
),

aliases as (
    select * from assign_aliases
),

used as (
    select
        customer_id,
        count(case when valid_to is null then 1 end) as records
    from history
    group by customer_id
),

living as (
    select
        customer_id,
        cluster,
        count(*) as records
    from ids
    group by customer_id, cluster
),

going_on as (
    select
        living.customer_id,
        case
            when used.records > 0 then 'kept'
            when used.customer_id is not null then 'revived'
            when origins.customer_id is null then 'new'
            else 'split'
        end as change,
        case
            when used.records > 0 or origins.customer_id = living.customer_id then null
            else origins.customer_id
        end as other_id,
        living.records
    from living
    left join used on living.customer_id = used.customer_id
    left join origins on living.cluster = origins.cluster
),

merged as (
    select
        alias_id as customer_id,
        'merged' as change,
        customer_id as other_id,
        records
    from aliases
    where since = $month
),

retired as (
    select
        used.customer_id,
        'retired' as change,
        cast(null as varchar) as other_id,
        used.records
    from used
    left join living on used.customer_id = living.customer_id
    left join merged on used.customer_id = merged.customer_id
    where used.records > 0 and living.customer_id is null and merged.customer_id is null
),

changes as (
    select * from going_on
    union all
    select * from merged
    union all
    select * from retired
),

final as (
    select
        $month as month,
        customer_id,
        change,
        other_id,
        records
    from changes
)

select * from final
