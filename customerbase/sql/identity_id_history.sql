-- One row per record and period in which it held one id: last month's rows, ended where they no longer hold, and new ones.
with

history as (
    select * from assign_history
),

ids as (
    select * from assign_ids
),

continued as (
    select
        history.customer_id,
        history.record_id,
        history.source_system,
        history.source_customer_id,
        history.valid_from,
        case
            when history.valid_to is null and (ids.customer_id is null or ids.customer_id <> history.customer_id)
                then $last_day
            else history.valid_to
        end as valid_to
    from history
    left join ids on history.record_id = ids.record_id
),

begun as (
    select
        ids.customer_id,
        ids.record_id,
        ids.source_system,
        ids.source_customer_id,
        $month as valid_from,
        cast(null as date) as valid_to
    from ids
    left join history
        on ids.record_id = history.record_id
        and ids.customer_id = history.customer_id
        and history.valid_to is null
    where history.record_id is null
),

final as (
    select * from continued
    union all
    select * from begun
)

select * from final
