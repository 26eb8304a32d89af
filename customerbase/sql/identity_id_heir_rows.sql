-- One row per row of history of every heir; place = the id the heir holds now, or held when it was last seen.
--   asked   1 where the row speaks of the id that ended
with

history as (
    select * from alias_history
),

heirs as (
    select * from assign_heirs
),

heir_records as (
    select distinct record_id from heirs
),

last_days as (
    select
        history.record_id,
        max(history.valid_from) as valid_from
    from history
    inner join heir_records on history.record_id = heir_records.record_id
    group by history.record_id
),

places as (
    select
        history.record_id,
        history.customer_id as place
    from history
    inner join last_days on history.record_id = last_days.record_id and history.valid_from = last_days.valid_from
),

final as (
    select
        history.record_id,
        history.customer_id,
        history.valid_from,
        history.valid_to,
        places.place,
        case when heirs.customer_id is null then 0 else 1 end as asked
    from history
    inner join places on history.record_id = places.record_id
    left join heirs on history.record_id = heirs.record_id and history.customer_id = heirs.customer_id
)

select * from final
