-- One row per campaign and person with anything in the $before days before the planned contact or the $days after it.
-- …_before: the same measure before; recent: bought within $recent days before. Time counts from the person's own planned
-- contact, sent or not, so that both arms are looked at over the same span.
with

windows as (
    select
        people.campaign,
        people.person,
        events.orders,
        events.revenue,
        events.margin,
        events.visits,
        events.happened_at,
        people.sent_at,
        case when events.happened_at >= people.planned_at then 1 else 0 end as after,
        case
            when events.happened_at < people.planned_at and events.happened_at >= people.planned_at - interval '1' day * $recent then 1
            else 0
        end as recent
    from campaign_looked as people
    inner join campaign_events as events on people.person = events.person
    where
        events.happened_at >= people.planned_at - interval '1' day * $before
        and events.happened_at < people.planned_at + interval '1' day * $days
),

final as (
    select
        campaign,
        person,
        cast(sum(after * visits) as bigint) as visits,
        cast(sum(after * orders) as bigint) as orders,
        cast(sum(case when after = 1 then revenue else 0 end) as decimal(18, 2)) as revenue,
        cast(sum(case when after = 1 then margin else 0 end) as decimal(18, 2)) as margin,
        cast(sum((1 - after) * visits) as bigint) as visits_before,
        cast(sum((1 - after) * orders) as bigint) as orders_before,
        cast(sum(case when after = 0 then revenue else 0 end) as decimal(18, 2)) as revenue_before,
        cast(sum(case when after = 0 then margin else 0 end) as decimal(18, 2)) as margin_before,
        max(recent * orders) as recent,
        max(case when after = 1 and orders = 1 and happened_at < sent_at then 1 else 0 end) as bought_before_sent
    from windows
    group by campaign, person
)

select * from final
