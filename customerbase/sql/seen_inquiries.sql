-- One row per inquiry of a known customer that arrived in [$since, $until), as it stood at $until.
-- Not closed before $until: open. The satisfaction with the answer has no date of its own; it is known once the inquiry
-- is closed.
with

links as (
    select source_system, source_customer_id, customer_id from seen_links
),

arrived as (
    select
        source_system,
        source_customer_id,
        inquiry_id,
        opened_at,
        case when first_reply_at < $until then first_reply_at end as first_reply_at,
        case when closed_at < $until then 0 else 1 end as is_open,
        case when closed_at < $until then closed_at end as closed_at,
        case when closed_at < $until then csat end as csat
    from inquiries
    where source_customer_id is not null and opened_at >= $since and opened_at < $until
),

final as (
    select
        links.customer_id,
        arrived.source_system,
        arrived.inquiry_id,
        cast(date_diff('day', cast(arrived.opened_at as date), $until) as integer) as age,
        arrived.is_open,
        arrived.closed_at,
        arrived.csat,
        date_diff('minute', date_trunc('minute', arrived.opened_at), date_trunc('minute', arrived.first_reply_at))
            as reply_minutes
    from arrived
    inner join links
        on arrived.source_system = links.source_system and arrived.source_customer_id = links.source_customer_id
)

select * from final
