-- One row per inquiry that arrived before $until, as it stood then: who asked, how long the reply and the solution took.
--   reply_seconds, solution_seconds   null where the event had not come by $until or its time cannot be (before the arrival)
--   reply_watched, solution_watched   until when the event could be seen at least: itself, else the closing or $until
--   knows_…       1 where the source system delivers the column at all: a time that nobody notes is not a long wait
--   is_closed     1 where it was closed by $until and not opened again after that
--   segment       the customer's at $until's month end, unknown without one
--   copy          2, 3 … for what the same customer asked at the same second by the same way about the same subject
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

ranked as (
    select customer_id, segment from rfm
),

systems as (
    select
        source_system,
        max(case when first_reply_at is not null then 1 else 0 end) as knows_reply,
        max(case when closed_at is not null then 1 else 0 end) as knows_closing,
        max(case when reopened_at is not null then 1 else 0 end) as knows_reopening
    from inquiries
    group by source_system
),

arrived as (
    select
        source_system,
        source_customer_id,
        inquiry_id,
        opened_at,
        case when first_reply_at < $until then first_reply_at end as first_reply_at,
        case when closed_at < $until then closed_at end as closed_at,
        case when reopened_at < $until and reopened_at >= opened_at then reopened_at end as reopened_at,
        case when reopened_at < opened_at then 1 else 0 end as reopened_before_opened,
        case when closed_at < $until then csat end as csat,
        coalesce(channel, 'unknown') as channel,
        coalesce(category, 'unknown') as category,
        agent_id,
        coalesce(agent_group, 'unknown') as agent_group
    from inquiries
    where opened_at < $until
),

checked as (
    select
        arrived.*,
        case when first_reply_at >= opened_at then first_reply_at end as replied_at,
        case
            when closed_at is null or (reopened_at is not null and reopened_at > closed_at) then 0
            else 1
        end as is_closed,
        case
            when closed_at >= opened_at and (reopened_at is null or reopened_at <= closed_at) then closed_at
        end as solved_at,
        case when first_reply_at < opened_at then 1 else 0 end as replied_before_opened,
        case when closed_at < opened_at then 1 else 0 end as closed_before_opened
    from arrived
),

final as (
    select
        checked.source_system,
        checked.inquiry_id,
        links.customer_id,
        checked.opened_at,
        cast(date_trunc('month', checked.opened_at) as date) as month,
        cast(date_trunc('month', checked.solved_at) as date) as closed_month,
        checked.channel,
        checked.category,
        checked.agent_group,
        coalesce(ranked.segment, 'unknown') as segment,
        case when checked.agent_id is null then 0 else 1 end as has_agent,
        checked.csat,
        checked.is_closed,
        case when checked.reopened_at is null then 0 else 1 end as is_reopened,
        date_diff('second', date_trunc('second', checked.opened_at), date_trunc('second', checked.replied_at)) as reply_seconds,
        date_diff('second', date_trunc('second', checked.opened_at), date_trunc('second', checked.solved_at)) as solution_seconds,
        date_diff(
            'second',
            date_trunc('second', checked.opened_at),
            date_trunc('second', coalesce(checked.replied_at, checked.solved_at, cast($until as timestamp)))
        ) as reply_watched,
        date_diff(
            'second',
            date_trunc('second', checked.opened_at),
            date_trunc('second', coalesce(checked.solved_at, cast($until as timestamp)))
        ) as solution_watched,
        systems.knows_reply,
        systems.knows_closing,
        systems.knows_reopening,
        checked.replied_before_opened,
        checked.closed_before_opened,
        checked.reopened_before_opened,
        row_number() over (
            partition by
                coalesce(links.customer_id, checked.source_system || ':' || checked.inquiry_id),
                checked.opened_at,
                checked.channel,
                checked.category
            order by checked.source_system, checked.inquiry_id
        ) as copy
    from checked
    inner join systems on checked.source_system = systems.source_system
    left join links
        on checked.source_system = links.source_system and checked.source_customer_id = links.source_customer_id
    left join ranked on links.customer_id = ranked.customer_id
)

select * from final
