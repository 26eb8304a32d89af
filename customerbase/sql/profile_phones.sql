-- One row per customer and usable telephone number of any of their accounts, from the view profile_accounts
-- and the result profile_winners. A customer with one account needs no grouping: what it holds is the best there is.
--   first_seen, last_seen   first registration and last change of the accounts that hold it
--   preferred               it is the one in contacts;  source: the account changed last among those that hold it
with

usable as (
    select
        customer_id,
        phone,
        phone_kind,
        account_no,
        source,
        source_system,
        seconds_unchanged,
        coalesce(registered_at, updated_at) as first_seen,
        coalesce(updated_at, registered_at) as last_seen
    from profile_accounts
    where not alone and phone is not null and phone_status in ('ok', 'fixed')
),

held as (
    select
        usable.customer_id,
        usable.phone,
        max(usable.phone_kind) as phone_kind,
        count(*) as records,
        array_to_string(list_sort(array_agg(distinct usable.source_system)), ';') as sources,
        min(usable.first_seen) as first_seen,
        max(usable.last_seen) as last_seen,
        count(profile_winners.phone_account) as preferred,
        min(
            struct_pack(key := usable.seconds_unchanged, account := usable.account_no, source := usable.source)
        ) as newest
    from usable
    left join profile_winners on usable.account_no = profile_winners.phone_account
    group by usable.customer_id, usable.phone
),

several as (
    select
        customer_id,
        phone,
        phone_kind,
        records,
        sources,
        first_seen,
        last_seen,
        preferred > 0 as preferred,
        newest.source as source
    from held
),

alone as (
    select
        customer_id,
        phone,
        phone_kind,
        1 as records,
        source_system as sources,
        coalesce(registered_at, updated_at) as first_seen,
        coalesce(updated_at, registered_at) as last_seen,
        true as preferred,
        source
    from profile_accounts
    where alone and phone is not null and phone_status in ('ok', 'fixed')
),

final as (
    select * from several
    union all
    select * from alone
)

select * from final
