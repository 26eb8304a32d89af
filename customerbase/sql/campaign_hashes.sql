-- One row per campaign: the sum of its members' digests, the same for the same accounts in the same arms in any order.
with

digests as (
    select
        campaign_list.campaign,
        cast(
            '0x' || substring(sha256(concat(contacts.source_system, ':', contacts.source_customer_id, ':', contacts.arm)), 1, 15)
            as bigint
        ) as digest
    from campaign_contacts as contacts
    inner join campaign_list
        on contacts.source_system = campaign_list.source_system
        and contacts.campaign_id = campaign_list.source_campaign_id
    where coalesce(contacts.planned_at, cast(campaign_list.start_date as timestamp)) < $until
),

final as (
    select campaign, cast(sum(cast(digest as decimal(38, 0))) as decimal(38, 0)) as digest from digests group by campaign
)

select * from final order by campaign
