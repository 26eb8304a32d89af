-- One row per customer who had ordered before $start: whether the campaign was meant for them, what they had done by then
-- and what they did in the $days days from it. At most $most of those it was not meant for, drawn by their id.
-- …_before, …_earlier: the same in the $days days before $start, and in the $days days before those; …_old: in the $days days
-- before the last 365, which nothing that is held alike tells of.
with

people as (
    select distinct customer_id, person from campaign_accounts
),

members as (
    select person from campaign_people where campaign = $campaign
),

documents as (
    select
        documents.customer_id,
        documents.order_at,
        documents.is_order,
        documents.net_amount,
        date_diff('day', cast(documents.order_at as date), cast($start as date)) as age,
        case
            when documents.is_order = 1 then documents.net_amount - coalesce(costs.cost, 0)
            else cast(cast(documents.net_amount as double) * (1 - $cost_share) as decimal(18, 2))
        end as margin
    from customer_orders as documents
    left join campaign_order_costs as costs
        on documents.source_system = costs.source_system and documents.order_id = costs.order_id
    where documents.customer_id is not null and documents.order_at < cast($start as timestamp) + interval '1' day * $days
),

sums as (
    select
        customer_id,
        min(case when is_order = 1 and order_at < $start then age end) as since_last,
        max(case when is_order = 1 and order_at < $start then age end) as tenure,
        cast(sum(case when order_at < $start and age <= 90 then is_order else 0 end) as bigint) as orders_90,
        cast(sum(case when order_at < $start and age <= 365 then is_order else 0 end) as bigint) as orders_365,
        cast(sum(case when order_at < $start and age <= 365 then net_amount else 0 end) as decimal(18, 2)) as revenue_365,
        cast(sum(case when order_at >= $start then is_order else 0 end) as bigint) as orders,
        cast(sum(case when order_at >= $start then net_amount else 0 end) as decimal(18, 2)) as revenue,
        cast(sum(case when order_at >= $start then margin else 0 end) as decimal(18, 2)) as margin,
        cast(sum(case when order_at < $start and age <= $days then is_order else 0 end) as bigint) as orders_before,
        cast(sum(case when order_at < $start and age <= $days then net_amount else 0 end) as decimal(18, 2)) as revenue_before,
        cast(sum(case when order_at < $start and age <= $days then margin else 0 end) as decimal(18, 2)) as margin_before,
        cast(sum(case when age > $days and age <= 2 * $days then is_order else 0 end) as bigint) as orders_earlier,
        cast(sum(case when age > $days and age <= 2 * $days then net_amount else 0 end) as decimal(18, 2)) as revenue_earlier,
        cast(sum(case when age > $days and age <= 2 * $days then margin else 0 end) as decimal(18, 2)) as margin_earlier,
        cast(sum(case when age > 365 and age <= 365 + $days then is_order else 0 end) as bigint) as orders_old,
        cast(sum(case when age > 365 and age <= 365 + $days then net_amount else 0 end) as decimal(18, 2)) as revenue_old,
        cast(sum(case when age > 365 and age <= 365 + $days then margin else 0 end) as decimal(18, 2)) as margin_old
    from documents
    group by customer_id
),

known as (
    select
        sums.*,
        case when members.person is null then 0 else 1 end as treated
    from sums
    inner join people on sums.customer_id = people.customer_id
    left join members on people.person = members.person
    where sums.since_last is not null
),

drawn as (
    select
        known.*,
        row_number() over (partition by treated order by sha256(customer_id), customer_id) as place
    from known
),

final as (
    select
        treated,
        place,
        since_last,
        tenure,
        orders_90,
        orders_365,
        cast(revenue_365 as double) as revenue_365,
        orders,
        cast(revenue as double) as revenue,
        cast(margin as double) as margin,
        orders_before,
        cast(revenue_before as double) as revenue_before,
        cast(margin_before as double) as margin_before,
        orders_earlier,
        cast(revenue_earlier as double) as revenue_earlier,
        cast(margin_earlier as double) as margin_earlier,
        orders_old,
        cast(revenue_old as double) as revenue_old,
        cast(margin_old as double) as margin_old
    from drawn
    where place <= $most
)

select * from final order by treated, place
