-- One row per document or day with a visit of a person who was in a campaign, in [$since, $until): what it adds to each outcome.
-- margin: revenue less what the goods cost; what is given back comes with its goods, so it takes their margin back alone.
with

members as (
    select distinct person from campaign_people
),

people as (
    select distinct accounts.customer_id, accounts.person
    from campaign_accounts as accounts
    inner join members on accounts.person = members.person
),

documents as (
    select
        people.person,
        documents.order_at as happened_at,
        documents.is_order as orders,
        documents.net_amount as revenue,
        case
            when documents.is_order = 1 then documents.net_amount - coalesce(costs.cost, 0)
            else cast(cast(documents.net_amount as double) * (1 - $cost_share) as decimal(18, 2))
        end as margin,
        0 as visits
    from customer_orders as documents
    inner join people on documents.customer_id = people.customer_id
    left join campaign_order_costs as costs
        on documents.source_system = costs.source_system and documents.order_id = costs.order_id
    where documents.order_at >= $since and documents.order_at < $until
),

visits as (
    select
        accounts.person,
        max(web_events.event_at) as happened_at,
        0 as orders,
        cast(0 as decimal(18, 2)) as revenue,
        cast(0 as decimal(18, 2)) as margin,
        1 as visits
    from web_events
    inner join campaign_accounts as accounts
        on web_events.source_system = accounts.source_system
        and web_events.source_customer_id = accounts.source_customer_id
    inner join members on accounts.person = members.person
    where web_events.event_at >= $since and web_events.event_at < $until
    group by accounts.person, cast(web_events.event_at as date)
),

final as (
    select * from documents
    union all
    select * from visits
)

select * from final
