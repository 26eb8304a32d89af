-- One row per customer and month in which campaign e-mails were delivered to them: how many were, opened, clicked.
-- Customers kept back (arm control) had none delivered. A click counts as an opening, whether the mail tool saw one or not.
with

contacts as (
    select
        coalesce(
            identity_links.customer_id,
            campaign_contacts.source_system || ':' || campaign_contacts.source_customer_id
        ) as customer_id,
        campaign_contacts.delivered_at,
        case when campaign_contacts.opened_at < $until or campaign_contacts.clicked_at < $until then 1 else 0 end as opened,
        case when campaign_contacts.clicked_at < $until then 1 else 0 end as clicked
    from campaign_contacts
    inner join campaigns
        on campaign_contacts.source_system = campaigns.source_system
        and campaign_contacts.campaign_id = campaigns.campaign_id
    left join identity_links
        on campaign_contacts.source_system = identity_links.source_system
        and campaign_contacts.source_customer_id = identity_links.source_customer_id
    where campaigns.channel = 'email' and campaign_contacts.arm = 'treat' and campaign_contacts.delivered_at < $until
),

final as (
    select
        customer_id,
        cast(date_trunc('month', delivered_at) as date) as month,
        count(*) as delivered,
        cast(sum(opened) as bigint) as opened,
        cast(sum(clicked) as bigint) as clicked
    from contacts
    group by customer_id, cast(date_trunc('month', delivered_at) as date)
)

select * from final
