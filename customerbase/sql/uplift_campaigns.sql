-- One row per campaign with people planned for: both arms, the first and the last day planned, and what is known of it.
with

people as (
    select
        source_system,
        campaign_id,
        count(*) as people,
        cast(sum(treated) as bigint) as treated,
        cast(sum(crossed) as bigint) as crossed,
        min(planned_on) as first_day,
        max(planned_on) as last_day,
        cast(sum(cost) as double) as contact_cost
    from uplift_people
    group by source_system, campaign_id
),

final as (
    select
        people.source_system,
        people.campaign_id,
        campaigns.name,
        campaigns.channel,
        campaigns.holdout_share,
        people.people,
        people.treated,
        people.people - people.treated as control,
        people.crossed,
        people.first_day,
        people.last_day,
        people.contact_cost,
        cast(coalesce(campaigns.cost, 0) as double) as fixed_cost
    from people
    inner join campaigns
        on people.source_system = campaigns.source_system and people.campaign_id = campaigns.campaign_id
)

select * from final
