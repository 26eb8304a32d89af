-- One row per campaign begun by the as-of date: its first day, and what it cost in all, fixed and for its contacts.
with

contacts as (
    select
        source_system,
        campaign_id,
        cast(sum(coalesce(cost, 0)) as double) as cost
    from campaign_contacts
    group by source_system, campaign_id
),

final as (
    select
        campaigns.campaign_id,
        min(campaigns.start_date) as start_date,
        cast(sum(coalesce(campaigns.cost, 0) + coalesce(contacts.cost, 0)) as double) as cost
    from campaigns
    left join contacts
        on campaigns.source_system = contacts.source_system and campaigns.campaign_id = contacts.campaign_id
    where campaigns.start_date <= $as_of
    group by campaigns.campaign_id
)

select * from final
