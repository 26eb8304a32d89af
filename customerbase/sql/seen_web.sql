-- One row per event of a signed-in known customer on the web site or in the app in [$since, $until).
with

links as (
    select source_system, source_customer_id, customer_id from seen_links
),

events as (
    select source_system, source_customer_id, event_at, event_name, session_id, product_id
    from web_events
    where source_customer_id is not null and event_at >= $since and event_at < $until
),

final as (
    select
        links.customer_id,
        events.source_system,
        events.event_at,
        cast(events.event_at as date) as day,
        cast(date_diff('day', cast(events.event_at as date), $until) as integer) as age,
        events.event_name,
        events.session_id,
        events.product_id
    from events
    inner join links
        on events.source_system = links.source_system and events.source_customer_id = links.source_customer_id
)

select * from final
