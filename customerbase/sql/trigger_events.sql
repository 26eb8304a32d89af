-- One row per event on the web site or in the app of a known customer in [$since, $until) that a trigger looks at; one
-- that was sent twice may stand here twice, since no trigger counts events. Whoever signed in during a visit did all of
-- it, unless two customers signed in; no device is followed from one visit to another, since a family may share it.
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

signed_in as (
    select web_events.source_system, web_events.session_id, links.customer_id
    from web_events
    inner join links
        on web_events.source_system = links.source_system
        and web_events.source_customer_id = links.source_customer_id
    where web_events.event_at >= $since and web_events.event_at < $until and web_events.session_id is not null
),

visits as (
    select source_system, session_id, min(customer_id) as customer_id
    from signed_in
    group by source_system, session_id
    having min(customer_id) = max(customer_id)
),

events as (
    select
        source_system,
        event_at,
        event_name,
        source_customer_id,
        session_id,
        product_id,
        case when source_customer_id is null then session_id end as unsigned_session_id
    from web_events
    where event_at >= $since and event_at < $until
        and event_name in ('view_item', 'add_to_cart', 'remove_from_cart', 'view_cart', 'begin_checkout', 'purchase')
),

-- the visit's customer only where the event names nobody: as a column, since a condition on one side makes the join
-- compare every event with every visit
final as (
    select
        coalesce(links.customer_id, visits.customer_id) as customer_id,
        events.source_system,
        events.event_at,
        events.event_name,
        events.session_id,
        events.product_id
    from events
    left join links
        on events.source_system = links.source_system and events.source_customer_id = links.source_customer_id
    left join visits
        on events.source_system = visits.source_system and events.unsigned_session_id = visits.session_id
    where coalesce(links.customer_id, visits.customer_id) is not null
)

select * from final
