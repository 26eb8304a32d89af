-- One row per planned contact before $until: campaign, person (null: nobody's account), arm, and what had happened by then.
-- arrival 1, 2 … counts the contacts of one account in one campaign; planned_at is the campaign's first day where none is told.
with

planned as (
    select
        campaign_list.campaign,
        contacts.source_system,
        contacts.source_customer_id,
        contacts.contact_no,
        case when contacts.arm = 'treat' then 1 else 0 end as treated,
        coalesce(contacts.planned_at, cast(campaign_list.start_date as timestamp)) as planned_at,
        case when contacts.planned_at is null then 1 else 0 end as no_time,
        case when contacts.sent_at < $until then contacts.sent_at end as sent_at,
        case when contacts.delivered_at < $until then contacts.delivered_at end as delivered_at,
        case when contacts.opened_at < $until then contacts.opened_at end as opened_at,
        case when contacts.clicked_at < $until then contacts.clicked_at end as clicked_at,
        case when contacts.unsubscribed_at < $until then contacts.unsubscribed_at end as unsubscribed_at,
        contacts.cost
    from campaign_contacts as contacts
    inner join campaign_list
        on contacts.source_system = campaign_list.source_system
        and contacts.campaign_id = campaign_list.source_campaign_id
    where coalesce(contacts.planned_at, cast(campaign_list.start_date as timestamp)) < $until
),

final as (
    select
        planned.campaign,
        accounts.person,
        accounts.account,
        planned.contact_no,
        planned.treated,
        planned.planned_at,
        planned.no_time,
        planned.sent_at,
        planned.delivered_at,
        planned.opened_at,
        planned.clicked_at,
        planned.unsubscribed_at,
        planned.cost
    from planned
    left join campaign_accounts as accounts
        on planned.source_system = accounts.source_system
        and planned.source_customer_id = accounts.source_customer_id
)

select * from final
