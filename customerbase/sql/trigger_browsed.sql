-- One row per customer and general category looked at in at least $visits visits within $days days, the last of them at
-- `met_at` in [$since, $before), and not bought from in any channel since the first of these. An event without a visit is
-- one of its own.
--   subject: the category; measure: visits; value: none
with

categories as (
    select product_id, min(split_part(category, ' > ', 1)) as category from products group by product_id
),

looks as (
    select
        trigger_events.customer_id,
        categories.category,
        trigger_events.event_at,
        coalesce(trigger_events.session_id, cast(trigger_events.event_at as varchar)) as visit
    from trigger_events
    inner join categories on trigger_events.product_id = categories.product_id
    where trigger_events.event_name = 'view_item'
        and trigger_events.event_at < $before
        and categories.category is not null
        and ($category is null or categories.category = $category)
),

latest as (
    select customer_id, category, max(event_at) as met_at
    from looks
    group by customer_id, category
    having max(event_at) >= $since
),

counted as (
    select
        latest.customer_id,
        latest.category,
        latest.met_at,
        min(looks.event_at) as first_at,
        count(distinct looks.visit) as visits
    from latest
    inner join looks on latest.customer_id = looks.customer_id and latest.category = looks.category
    where date_diff('day', cast(looks.event_at as date), cast(latest.met_at as date)) < $days
    group by latest.customer_id, latest.category, latest.met_at
    having count(distinct looks.visit) >= $visits
),

bought as (
    select customer_id, category, max(order_at) as bought_at
    from trigger_purchases
    group by customer_id, category
),

final as (
    select
        counted.customer_id,
        concat(counted.category, '|', cast(counted.met_at as varchar)) as episode,
        counted.met_at,
        counted.category as subject,
        cast(counted.visits as double) as measure,
        cast(null as double) as value
    from counted
    left join bought on counted.customer_id = bought.customer_id and counted.category = bought.category
    where bought.bought_at is null or bought.bought_at < counted.first_at
)

select * from final
