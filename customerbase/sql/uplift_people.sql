-- One row per campaign and person it was planned for, whoever was contacted: the arm drawn, and when.
-- The arm is that of the first contact planned, also where another account of the person was drawn into the other one.
--   crossed   1 where the person stands in both arms
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

planned as (
    select
        campaign_contacts.source_system,
        campaign_contacts.campaign_id,
        links.customer_id,
        campaign_contacts.source_customer_id,
        campaign_contacts.contact_no,
        campaign_contacts.cost,
        coalesce(campaign_contacts.planned_at, cast(campaigns.start_date as timestamp)) as planned_at,
        case when campaign_contacts.arm = 'treat' then 1 else 0 end as treated
    from campaign_contacts
    inner join campaigns
        on campaign_contacts.source_system = campaigns.source_system
        and campaign_contacts.campaign_id = campaigns.campaign_id
    inner join links
        on campaign_contacts.source_system = links.source_system
        and campaign_contacts.source_customer_id = links.source_customer_id
),

dated as (
    select * from planned where planned_at is not null
),

ranked as (
    select
        source_system,
        campaign_id,
        customer_id,
        treated,
        cast(planned_at as date) as planned_on,
        row_number() over (
            partition by source_system, campaign_id, customer_id order by planned_at, contact_no, source_customer_id
        ) as place
    from dated
),

arms as (
    select
        source_system,
        campaign_id,
        customer_id,
        min(treated) as least,
        max(treated) as most,
        cast(sum(coalesce(cost, 0)) as double) as cost
    from dated
    group by source_system, campaign_id, customer_id
),

final as (
    select
        ranked.source_system,
        ranked.campaign_id,
        ranked.customer_id,
        ranked.treated,
        ranked.planned_on,
        arms.most - arms.least as crossed,
        arms.cost
    from ranked
    inner join arms
        on ranked.source_system = arms.source_system
        and ranked.campaign_id = arms.campaign_id
        and ranked.customer_id = arms.customer_id
    where ranked.place = 1
)

select * from final
