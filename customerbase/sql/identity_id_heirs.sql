-- One row per id that ended and record that carried it into another id: of those that held it last, the first to go on.
--   since   first day with the other id
with

history as (
    select * from alias_history
),

ended as (
    select
        customer_id,
        max(coalesce(valid_to, date '9999-12-31')) as last_day
    from history
    group by customer_id
    having max(coalesce(valid_to, date '9999-12-31')) < date '9999-12-31'
),

last_holders as (
    select
        history.record_id,
        ended.customer_id,
        ended.last_day
    from history
    inner join ended on history.customer_id = ended.customer_id and history.valid_to = ended.last_day
),

followed as (
    select
        last_holders.record_id,
        last_holders.customer_id,
        min(history.valid_from) as since
    from last_holders
    inner join history
        on last_holders.record_id = history.record_id
        and history.valid_from > last_holders.last_day
    group by last_holders.record_id, last_holders.customer_id
),

first_days as (
    select
        customer_id,
        min(since) as since
    from followed
    group by customer_id
),

final as (
    select
        followed.record_id,
        followed.customer_id,
        followed.since
    from followed
    inner join first_days on followed.customer_id = first_days.customer_id and followed.since = first_days.since
)

select * from final
