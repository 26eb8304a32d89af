-- One row per customer, of today or of the month before, whose accounts are not the same in both.
-- A row of a snapshot depends on the accounts of its customer alone: all others may be kept as they were stored.
with

today as (
    select source_system, source_customer_id, customer_id from identity_links
),

earlier as (
    select source_system, source_customer_id, customer_id from previous_identity_links
),

differing as (
    select today.customer_id
    from today
    left join earlier
        on today.source_system = earlier.source_system and today.source_customer_id = earlier.source_customer_id
    where earlier.customer_id is null or earlier.customer_id <> today.customer_id
    union all
    select earlier.customer_id
    from earlier
    left join today
        on earlier.source_system = today.source_system and earlier.source_customer_id = today.source_customer_id
    where today.customer_id is null or today.customer_id <> earlier.customer_id
),

final as (
    select customer_id
    from differing
    group by customer_id
)

select * from final
