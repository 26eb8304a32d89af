-- One row per message of a campaign to a known customer, sent or planned in [$since, $until): what counts towards every
-- cap. Who was kept back got none.
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

channels as (
    select source_system, campaign_id, channel from campaigns where channel is not null
),

final as (
    select
        links.customer_id,
        channels.channel,
        cast(coalesce(campaign_contacts.sent_at, campaign_contacts.planned_at) as date) as day
    from campaign_contacts
    inner join links
        on campaign_contacts.source_system = links.source_system
        and campaign_contacts.source_customer_id = links.source_customer_id
    inner join channels
        on campaign_contacts.source_system = channels.source_system
        and campaign_contacts.campaign_id = channels.campaign_id
    where campaign_contacts.arm = 'treat'
        and coalesce(campaign_contacts.sent_at, campaign_contacts.planned_at) >= $since
        and coalesce(campaign_contacts.sent_at, campaign_contacts.planned_at) < $until
)

select * from final
