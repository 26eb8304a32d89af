-- One row per campaign begun by the as-of date: its first day, and what it cost in all, fixed and for its contacts.
-- Reads campaign_list, so that each bears the id of campaign_effects.
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
        campaign_list.campaign_id,
        campaign_list.start_date,
        coalesce(cast(campaign_list.cost as double), 0) + coalesce(contacts.cost, 0) as cost
    from campaign_list
    left join contacts
        on campaign_list.source_system = contacts.source_system
        and campaign_list.source_campaign_id = contacts.campaign_id
    where campaign_list.start_date <= $as_of
)

select * from final
