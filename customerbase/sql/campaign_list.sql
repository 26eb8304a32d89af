-- One row per campaign under the id it is told by: its own, or source_system:campaign_id where two systems use the same one.
with

systems as (
    select campaign_id, count(distinct source_system) as systems from campaigns group by campaign_id
),

final as (
    select
        campaigns.source_system,
        campaigns.campaign_id as source_campaign_id,
        case
            when systems.systems > 1 then campaigns.source_system || ':' || campaigns.campaign_id
            else campaigns.campaign_id
        end as campaign_id,
        row_number() over (order by campaigns.start_date, campaigns.source_system, campaigns.campaign_id) as campaign,
        campaigns.name,
        campaigns.objective,
        campaigns.channel,
        campaigns.start_date,
        campaigns.hypothesis,
        campaigns.kpi,
        campaigns.holdout_share,
        campaigns.cost
    from campaigns
    inner join systems on campaigns.campaign_id = systems.campaign_id
)

select * from final
