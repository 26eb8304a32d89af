-- One row per account with a customer record: whose it is, its source row, and a number that stands for it.
-- Numbers follow trust (the view profile_source_priority; systems not named share the last place), then the latest
-- change (updated_at, else registered_at), then source_system, source_row_id and record_id: whatever the order
-- of loading, an account has the same number, and of equals the smallest number survives.
--   seconds_unchanged   seconds from the latest change to the year 2200: smaller is more recent
--   seconds_registered  seconds from the year 1800 to the registration: smaller is earlier
--   alone               the customer has no other account: nothing has to be chosen
with

accounts as (
    select
        identity_links.customer_id,
        customers_std.source_system,
        customers_std.source_customer_id,
        customers_std.source_row_id,
        customers_std.source_system || ':' || customers_std.source_customer_id as record_id,
        coalesce(profile_source_priority.position, 1000000) as source_position,
        coalesce(
            date_diff(
                'second',
                date_trunc('second', coalesce(customers_std.updated_at, customers_std.registered_at)),
                timestamp '2200-01-01 00:00:00'
            ),
            100000000000
        ) as seconds_unchanged,
        coalesce(date_diff('second', timestamp '1800-01-01 00:00:00', customers_std.registered_at), 100000000000)
            as seconds_registered,
        count(*) over (partition by identity_links.customer_id) = 1 as alone
    from customers_std
    inner join identity_links
        on customers_std.source_system = identity_links.source_system
        and customers_std.source_customer_id = identity_links.source_customer_id
    left join profile_source_priority on customers_std.source_system = profile_source_priority.source_system
),

final as (
    select
        customer_id,
        source_system,
        source_customer_id,
        source_system || ':' || source_row_id as source,
        source_position,
        seconds_unchanged,
        seconds_registered,
        alone,
        row_number() over (
            order by source_position, seconds_unchanged, source_system, source_row_id, record_id
        ) as account_no
    from accounts
)

select * from final
