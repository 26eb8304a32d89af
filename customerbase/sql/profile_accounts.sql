-- One row per account with a customer record: whose it is, its number, and its standardised columns.
-- From customers_std and the result profile_numbers.
with

accounts as (
    select * from customers_std
),

final as (
    select
        profile_numbers.customer_id,
        profile_numbers.account_no,
        profile_numbers.source,
        profile_numbers.source_position,
        profile_numbers.seconds_unchanged,
        profile_numbers.seconds_registered,
        profile_numbers.alone,
        accounts.*
    from accounts
    inner join profile_numbers
        on accounts.source_system = profile_numbers.source_system
        and accounts.source_customer_id = profile_numbers.source_customer_id
)

select * from final
