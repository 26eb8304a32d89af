-- One row per quarter and side of the global control group: customers known when the quarter began, and what they brought in it.
-- …_x: in the year before the quarter, of quarters from $first on in the year before $first. Held out is who has a
-- digest under the key below the bound (customerbase/holdout.py).
with

documents as (
    select customer_id, order_at, is_order, net_amount from customer_orders where customer_id is not null
),

firsts as (
    select
        customer_id,
        cast(date_trunc('quarter', min(order_at)) as date) as first_quarter,
        case when substring(sha256(concat($key, ':', customer_id)), 1, 16) < $bound then 1 else 0 end as held
    from documents
    where is_order = 1
    group by customer_id
),

quarters as (
    select distinct cast(date_trunc('quarter', order_at) as date) as quarter from documents where order_at >= $since
),

sums as (
    select
        customer_id,
        cast(date_trunc('quarter', order_at) as date) as quarter,
        cast(sum(net_amount) as decimal(18, 2)) as revenue,
        cast(sum(is_order) as bigint) as orders
    from documents
    group by customer_id, cast(date_trunc('quarter', order_at) as date)
),

-- what was spent before anything was kept from anybody: later sums would hold the effect that is looked for
starts as (
    select quarter, case when quarter < $first then quarter else $first end as start from quarters
),

spans as (
    select quarter, start, cast(start - interval '12' month as date) as year_before from starts
),

past as (
    select spans.quarter, sums.customer_id, cast(sum(sums.revenue) as decimal(18, 2)) as revenue
    from spans
    inner join sums on sums.quarter < spans.start and sums.quarter >= spans.year_before
    group by spans.quarter, sums.customer_id
),

known as (
    select
        quarters.quarter,
        firsts.held,
        coalesce(sums.orders, 0) as orders,
        coalesce(sums.revenue, 0) as revenue,
        coalesce(past.revenue, 0) as revenue_before
    from quarters
    inner join firsts on firsts.first_quarter < quarters.quarter
    left join sums on firsts.customer_id = sums.customer_id and quarters.quarter = sums.quarter
    left join past on firsts.customer_id = past.customer_id and quarters.quarter = past.quarter
),

final as (
    select
        quarter,
        held,
        count(*) as n,
        cast(sum(case when orders > 0 then 1 else 0 end) as bigint) as buyers,
        cast(cast(sum(revenue) as decimal(38, 2)) as double) as revenue_y,
        cast(cast(sum(revenue * revenue) as decimal(38, 4)) as double) as revenue_yy,
        cast(cast(sum(revenue_before) as decimal(38, 2)) as double) as revenue_x,
        cast(cast(sum(revenue_before * revenue_before) as decimal(38, 4)) as double) as revenue_xx,
        cast(cast(sum(revenue_before * revenue) as decimal(38, 4)) as double) as revenue_xy
    from known
    group by quarter, held
)

select * from final order by quarter, held
