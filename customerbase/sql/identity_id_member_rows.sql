-- One row per row of history of every record that has the id $customer_id now.
--   asked   1 where the row speaks of that id
with

history as (
    select * from alias_history
),

members as (
    select record_id from history where customer_id = $customer_id and valid_to is null
),

final as (
    select
        history.record_id,
        history.customer_id,
        history.valid_from,
        history.valid_to,
        0 as place,
        case when history.customer_id = $customer_id then 1 else 0 end as asked
    from history
    inner join members on history.record_id = members.record_id
)

select * from final
