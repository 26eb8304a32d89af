-- One row per campaign, arm and stratum: people, and per outcome the sums that every estimate is made of.
-- …_y, …_yy: outcome and its square; …_x, …_xx, …_xy: the same measure before the campaign (for customers: orders before).
-- Wide on purpose: a row per outcome, with five sums instead of five times five, took twice the time for a million people.
-- stratum: recent (bought within the recent days before), earlier (within the days before), silent (neither).
with

whole as (
    select
        people.campaign,
        people.treated,
        case
            when outcomes.recent = 1 then 'recent'
            when outcomes.orders_before > 0 then 'earlier'
            else 'silent'
        end as stratum,
        case when outcomes.orders > 0 then 1 else 0 end as bought,
        case when outcomes.visits > 0 then 1 else 0 end as visited,
        coalesce(outcomes.visits, 0) as visits,
        coalesce(outcomes.orders, 0) as orders,
        coalesce(outcomes.revenue, 0) as revenue,
        coalesce(outcomes.margin, 0) as margin,
        coalesce(outcomes.visits_before, 0) as visits_before,
        coalesce(outcomes.orders_before, 0) as orders_before,
        coalesce(outcomes.revenue_before, 0) as revenue_before,
        coalesce(outcomes.margin_before, 0) as margin_before
    from campaign_looked as people
    left join campaign_outcomes as outcomes
        on people.campaign = outcomes.campaign and people.person = outcomes.person
),

final as (
    select
        campaign,
        treated,
        stratum,
        count(*) as n,
        cast(sum(visited) as bigint) as visitors,
        cast(cast(sum(visits) as decimal(38, 0)) as double) as visits_y,
        cast(cast(sum(visits * visits) as decimal(38, 0)) as double) as visits_yy,
        cast(cast(sum(visits_before) as decimal(38, 0)) as double) as visits_x,
        cast(cast(sum(visits_before * visits_before) as decimal(38, 0)) as double) as visits_xx,
        cast(cast(sum(visits_before * visits) as decimal(38, 0)) as double) as visits_xy,
        cast(cast(sum(bought) as decimal(38, 0)) as double) as customers_y,
        cast(cast(sum(bought * bought) as decimal(38, 0)) as double) as customers_yy,
        cast(cast(sum(orders_before) as decimal(38, 0)) as double) as customers_x,
        cast(cast(sum(orders_before * orders_before) as decimal(38, 0)) as double) as customers_xx,
        cast(cast(sum(orders_before * bought) as decimal(38, 0)) as double) as customers_xy,
        cast(cast(sum(orders) as decimal(38, 0)) as double) as orders_y,
        cast(cast(sum(orders * orders) as decimal(38, 0)) as double) as orders_yy,
        cast(cast(sum(orders_before) as decimal(38, 0)) as double) as orders_x,
        cast(cast(sum(orders_before * orders_before) as decimal(38, 0)) as double) as orders_xx,
        cast(cast(sum(orders_before * orders) as decimal(38, 0)) as double) as orders_xy,
        cast(cast(sum(revenue) as decimal(38, 2)) as double) as revenue_y,
        cast(cast(sum(revenue * revenue) as decimal(38, 4)) as double) as revenue_yy,
        cast(cast(sum(revenue_before) as decimal(38, 2)) as double) as revenue_x,
        cast(cast(sum(revenue_before * revenue_before) as decimal(38, 4)) as double) as revenue_xx,
        cast(cast(sum(revenue_before * revenue) as decimal(38, 4)) as double) as revenue_xy,
        cast(cast(sum(margin) as decimal(38, 2)) as double) as margin_y,
        cast(cast(sum(margin * margin) as decimal(38, 4)) as double) as margin_yy,
        cast(cast(sum(margin_before) as decimal(38, 2)) as double) as margin_x,
        cast(cast(sum(margin_before * margin_before) as decimal(38, 4)) as double) as margin_xx,
        cast(cast(sum(margin_before * margin) as decimal(38, 4)) as double) as margin_xy
    from whole
    group by campaign, treated, stratum
)

select * from final order by campaign, treated, stratum
