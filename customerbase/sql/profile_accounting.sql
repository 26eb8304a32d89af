-- One row per source system with customer records: how many accounts, and how many of them stand in exactly one profile.
-- Reads customers_src, identity_links and profile.
with

accounts as (
    select source_system, source_customer_id from customers_src
),

profiles as (
    select customer_id, count(*) as copies from profile group by customer_id
),

links as (
    select
        identity_links.source_system,
        identity_links.source_customer_id,
        count(*) as links,
        coalesce(cast(sum(profiles.copies) as bigint), 0) as profiles
    from identity_links
    left join profiles on identity_links.customer_id = profiles.customer_id
    group by identity_links.source_system, identity_links.source_customer_id
),

final as (
    select
        accounts.source_system,
        count(*) as accounts,
        count(case when links.links = 1 and links.profiles = 1 then 1 end) as in_one_profile,
        count(case when coalesce(links.profiles, 0) = 0 then 1 end) as in_none,
        count(case when links.profiles > 1 then 1 end) as in_several
    from accounts
    left join links
        on accounts.source_system = links.source_system and accounts.source_customer_id = links.source_customer_id
    group by accounts.source_system
)

select * from final order by source_system
