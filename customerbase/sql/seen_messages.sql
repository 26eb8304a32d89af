-- One row per campaign message sent to a known customer in [$since, $until), as it stood at $until.
-- An opening, a click or an opting out at $until or later has not happened yet: its age is null.
with

links as (
    select source_system, source_customer_id, customer_id from seen_links
),

messages as (
    select
        source_system,
        source_customer_id,
        sent_at,
        case when opened_at < $until then opened_at end as opened_at,
        case when clicked_at < $until then clicked_at end as clicked_at,
        case when unsubscribed_at < $until then unsubscribed_at end as unsubscribed_at
    from campaign_contacts
    where sent_at >= $since and sent_at < $until
),

final as (
    select
        links.customer_id,
        messages.sent_at,
        cast(date_diff('day', cast(messages.sent_at as date), $until) as integer) as age,
        cast(date_diff('day', cast(messages.opened_at as date), $until) as integer) as opened_age,
        cast(date_diff('day', cast(messages.clicked_at as date), $until) as integer) as clicked_age,
        cast(date_diff('day', cast(messages.unsubscribed_at as date), $until) as integer) as unsubscribed_age
    from messages
    inner join links
        on messages.source_system = links.source_system and messages.source_customer_id = links.source_customer_id
)

select * from final
