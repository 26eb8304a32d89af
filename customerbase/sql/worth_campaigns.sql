-- One row per campaign begun by the as-of date: its first day, and what it cost in all, fixed and for its contacts.
-- Named as in campaign_effects: system:id where two systems use the same id.
with

contacts as (
    select
        source_system,
        campaign_id,
        cast(sum(coalesce(cost, 0)) as double) as cost
    from campaign_contacts
    group by source_system, campaign_id
),

used as (
    select campaign_id, count(*) as systems from campaigns group by campaign_id
),

final as (
    select
        case
            when used.systems > 1 then concat(campaigns.source_system, ':', campaigns.campaign_id)
            else campaigns.campaign_id
        end as campaign_id,
        campaigns.start_date,
        coalesce(cast(campaigns.cost as double), 0) + coalesce(contacts.cost, 0) as cost
    from campaigns
    inner join used on campaigns.campaign_id = used.campaign_id
    left join contacts
        on campaigns.source_system = contacts.source_system and campaigns.campaign_id = contacts.campaign_id
    where campaigns.start_date <= $as_of
)

select * from final
