-- One row per event of $customer from $from_time until before $until_time, the newest $most; visits and points are counted
-- elsewhere, not listed. What the customer wrote stands in no table of this page.
with

mine as (
    select event_at, kind, source_system, source_row_id, reference, detail, amount, state, score, scale
    from timeline
    where customer_id = $customer and event_at >= $from_time and event_at < $until_time
        and kind in ('order', 'refund', 'inquiry', 'mail', 'survey', 'review', 'consent', 'registration')
),

numbered as (
    select
        *,
        row_number() over (order by event_at desc, kind, source_system, source_row_id, reference, detail) as position
    from mine
),

final as (
    select
        numbered.position,
        numbered.event_at,
        numbered.kind,
        numbered.source_system,
        case when numbered.kind <> 'registration' then numbered.reference end as reference,
        numbered.detail,
        numbered.amount,
        numbered.state,
        numbered.score,
        numbered.scale,
        campaigns.name as campaign,
        campaigns.channel
    from numbered
    left join campaigns
        on numbered.source_system = campaigns.source_system
        and case when numbered.kind = 'mail' then numbered.reference end = campaigns.campaign_id
    where numbered.position <= $most
)

select * from final order by position
