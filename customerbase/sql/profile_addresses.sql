-- One row per customer and usable address of any of their accounts, from the view profile_accounts
-- and the result profile_winners. A customer with one account needs no grouping: what it holds is the best there is.
--   first_seen, last_seen   first registration and last change of the accounts that hold it
--   preferred               it is the one in contacts;  source: the account changed last among those that hold it
with

usable as (
    select
        customer_id,
        case when postal_code_status in ('ok', 'fixed') then postal_code end as postal_code,
        case when address_status in ('ok', 'fixed') then prefecture end as prefecture,
        case when address_status in ('ok', 'fixed') then city end as city,
        case when address_status in ('ok', 'fixed') then town end as town,
        case when address_status in ('ok', 'fixed') then block end as block,
        case when address_status in ('ok', 'fixed') then building end as building,
        case when address_status in ('ok', 'fixed') then address_level end as address_level,
        account_no,
        source,
        source_system,
        seconds_unchanged,
        coalesce(registered_at, updated_at) as first_seen,
        coalesce(updated_at, registered_at) as last_seen
    from profile_accounts
    where not alone
),

known as (
    select * from usable where coalesce(postal_code, prefecture, city, town, block, building) is not null
),

held as (
    select
        known.customer_id,
        known.postal_code,
        known.prefecture,
        known.city,
        known.town,
        known.block,
        known.building,
        known.address_level,
        count(*) as records,
        array_to_string(list_sort(array_agg(distinct known.source_system)), ';') as sources,
        min(known.first_seen) as first_seen,
        max(known.last_seen) as last_seen,
        count(profile_winners.address_account) as preferred,
        min(
            struct_pack(key := known.seconds_unchanged, account := known.account_no, source := known.source)
        ) as newest
    from known
    left join profile_winners on known.account_no = profile_winners.address_account
    group by
        known.customer_id,
        known.postal_code,
        known.prefecture,
        known.city,
        known.town,
        known.block,
        known.building,
        known.address_level
),

several as (
    select
        customer_id,
        postal_code,
        prefecture,
        city,
        town,
        block,
        building,
        address_level,
        records,
        sources,
        first_seen,
        last_seen,
        preferred > 0 as preferred,
        newest.source as source
    from held
),

single as (
    select
        customer_id,
        case when postal_code_status in ('ok', 'fixed') then postal_code end as postal_code,
        case when address_status in ('ok', 'fixed') then prefecture end as prefecture,
        case when address_status in ('ok', 'fixed') then city end as city,
        case when address_status in ('ok', 'fixed') then town end as town,
        case when address_status in ('ok', 'fixed') then block end as block,
        case when address_status in ('ok', 'fixed') then building end as building,
        case when address_status in ('ok', 'fixed') then address_level end as address_level,
        1 as records,
        source_system as sources,
        coalesce(registered_at, updated_at) as first_seen,
        coalesce(updated_at, registered_at) as last_seen,
        true as preferred,
        source
    from profile_accounts
    where alone
),

alone as (
    select * from single where coalesce(postal_code, prefecture, city, town, block, building) is not null
),

final as (
    select * from several
    union all
    select * from alone
)

select * from final
