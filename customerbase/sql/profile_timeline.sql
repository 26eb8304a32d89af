-- One row per thing that happened between a customer and the company up to the as-of date ($until: the first instant
-- after it), over all sources; ids and codes only.
--   kind, detail, reference   order: status, order · refund: status of the order, order · inquiry: category, inquiry ·
--                             web: event name, event · mail: sent, opened, clicked or unsubscribed, campaign ·
--                             survey: question, response · review: stars, review · points: kind, movement ·
--                             consent: state, channel and purpose · registration: status of the account, account
--   amount                    what an order, credit note or refund adds to revenue (as in customer_orders), else null
--   state                     inquiry: closed or open at the end of the as-of date, else null
--   score, scale              inquiry: satisfaction, five · survey: answer as a number, its scale · review: stars, five
with

links as (
    select customer_id, source_system, source_customer_id from identity_links
),

events as (
    select source_system, source_customer_id, order_at as event_at, 'order' as kind, source_row_id, order_id as reference,
        status as detail,
        cast(case when status in ('completed', 'credit_note') then total end as decimal(18, 2)) as amount,
        cast(null as varchar) as state, cast(null as decimal(18, 4)) as score, cast(null as varchar) as scale
    from orders
    union all
    select refunds.source_system, orders.source_customer_id, refunds.refunded_at, 'refund', refunds.source_row_id,
        refunds.order_id, orders.status,
        cast(case when orders.status = 'completed' then -refunds.amount end as decimal(18, 2)), null, null, null
    from refunds
    inner join orders on refunds.source_system = orders.source_system and refunds.order_id = orders.order_id
    union all
    select source_system, source_customer_id, opened_at, 'inquiry', source_row_id, inquiry_id, category, null,
        case when closed_at < $until then 'closed' else 'open' end,
        cast(case when closed_at < $until then csat end as decimal(18, 4)),
        case when closed_at < $until and csat is not null then 'five' end
    from inquiries
    union all
    select source_system, source_customer_id, event_at, 'web', source_row_id, event_id, event_name, null, null, null, null
    from web_events
    union all
    select source_system, source_customer_id, sent_at, 'mail', source_row_id, campaign_id, 'sent', null, null, null, null
    from campaign_contacts
    union all
    select source_system, source_customer_id, opened_at, 'mail', source_row_id, campaign_id, 'opened', null, null, null, null
    from campaign_contacts
    union all
    select source_system, source_customer_id, clicked_at, 'mail', source_row_id, campaign_id, 'clicked', null, null, null, null
    from campaign_contacts
    union all
    select source_system, source_customer_id, unsubscribed_at, 'mail', source_row_id, campaign_id, 'unsubscribed', null,
        null, null, null
    from campaign_contacts
    union all
    select source_system, source_customer_id, answered_at, 'survey', source_row_id, response_id, question_id, null, null,
        answer_num, case when answer_num is not null then scale end
    from survey_answers
    union all
    select source_system, source_customer_id, posted_at, 'review', source_row_id, review_id, cast(stars as varchar), null,
        null, cast(stars as decimal(18, 4)), case when stars is not null then 'five' end
    from reviews
    union all
    select source_system, source_customer_id, txn_at, 'points', source_row_id, txn_id, kind, null, null, null, null
    from loyalty_points
    union all
    select source_system, source_customer_id, changed_at, 'consent', source_row_id, channel || ':' || purpose, state, null,
        null, null, null
    from consents
    union all
    select source_system, source_customer_id, registered_at, 'registration', source_row_id, source_customer_id, status, null,
        null, null, null
    from customers_std
),

final as (
    select
        links.customer_id,
        events.event_at,
        events.kind,
        events.source_system,
        events.source_row_id,
        coalesce(events.reference, '') as reference,
        coalesce(events.detail, '') as detail,
        events.amount,
        events.state,
        events.score,
        events.scale
    from events
    inner join links
        on events.source_system = links.source_system and events.source_customer_id = links.source_customer_id
    where events.event_at is not null and events.event_at < $until
)

select * from final
