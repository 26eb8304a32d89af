-- One row per record that has the id now: since when, and the id it had before; null when it had no other.
with

stays as (
    select * from assign_stays
),

history as (
    select * from stay_rows
),

former_days as (
    select
        stays.record_id,
        max(history.valid_from) as valid_from
    from stays
    inner join history on stays.record_id = history.record_id and history.valid_from < stays.since
    group by stays.record_id
),

former_ids as (
    select
        history.record_id,
        history.customer_id
    from history
    inner join former_days
        on history.record_id = former_days.record_id
        and history.valid_from = former_days.valid_from
),

final as (
    select
        stays.record_id,
        stays.since,
        former_ids.customer_id as former_id
    from stays
    left join former_ids on stays.record_id = former_ids.record_id
)

select * from final order by record_id
