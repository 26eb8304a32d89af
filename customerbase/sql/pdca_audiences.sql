-- One row per link of an action (pdca_links) to a campaign and last month's audience: people of both, and of one of them alone.
-- Former ids of merged people are told as living ones; contacts planned before $until count, those of nobody's accounts do not.
with

audience_people as (
    select distinct
        pdca_links.id,
        pdca_links.campaign,
        coalesce(id_aliases.customer_id, members.customer_id) as customer_id
    from pdca_links
    inner join previous_audience_members as members
        on pdca_links.audience = members.audience and pdca_links.channel = members.channel
    left join id_aliases on members.customer_id = id_aliases.alias_id
    where members.arm <> 'global_control'
),

campaign_members as (
    select distinct pdca_links.id, pdca_links.campaign, identity_links.customer_id
    from pdca_links
    inner join campaign_list on pdca_links.campaign = campaign_list.campaign_id
    inner join campaign_contacts as contacts
        on campaign_list.source_system = contacts.source_system
        and campaign_list.source_campaign_id = contacts.campaign_id
    inner join identity_links
        on contacts.source_system = identity_links.source_system
        and contacts.source_customer_id = identity_links.source_customer_id
    where coalesce(contacts.planned_at, cast(campaign_list.start_date as timestamp)) < $until
),

either as (
    select id, campaign, customer_id, 1 as in_audience, 0 as in_campaign from audience_people
    union all
    select id, campaign, customer_id, 0 as in_audience, 1 as in_campaign from campaign_members
),

people as (
    select id, campaign, customer_id, max(in_audience) as in_audience, max(in_campaign) as in_campaign
    from either
    group by id, campaign, customer_id
),

final as (
    select
        id,
        campaign,
        cast(sum(in_audience * in_campaign) as bigint) as in_both,
        cast(sum(in_audience * (1 - in_campaign)) as bigint) as audience_only,
        cast(sum(in_campaign * (1 - in_audience)) as bigint) as campaign_only
    from people
    group by id, campaign
)

select * from final order by id, campaign
