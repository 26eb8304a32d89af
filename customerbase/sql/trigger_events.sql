-- One row per event on the web site or in the app of a known customer in [$since, $until), counted once however often
-- it was sent. Whoever signed in during a visit did all of it, unless two customers signed in; no device is followed
-- from one visit to another, since a family may share it.
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

events as (
    select source_system, event_at, event_name, source_customer_id, session_id, product_id
    from web_events
    where event_at >= $since and event_at < $until
),

named as (
    select events.*, links.customer_id
    from events
    left join links
        on events.source_system = links.source_system and events.source_customer_id = links.source_customer_id
),

visits as (
    select source_system, session_id, min(customer_id) as customer_id
    from named
    where session_id is not null
    group by source_system, session_id
    having count(distinct customer_id) = 1
),

final as (
    select distinct
        coalesce(named.customer_id, visits.customer_id) as customer_id,
        named.source_system,
        named.event_at,
        named.event_name,
        named.session_id,
        named.product_id
    from named
    left join visits
        on named.source_system = visits.source_system
        and named.session_id = visits.session_id
        and named.source_customer_id is null
    where coalesce(named.customer_id, visits.customer_id) is not null
)

select * from final
