-- One row per pair of groups a customer was in, in $before and in $month (null: no document in that month):
-- customers, sums of orders and revenue, and the sums of products that the intervals of the tree's parts are made of.
--   new           the first order ever falls in the month
--   reactivated   the order before it lies more than $silence_months months back
--   returning     all others with an order in the month
--   credits       no order in the month, only credit notes or refunds
-- $month and $before are first days. Products are summed exactly, as decimals.
with

histories as (
    select
        customer_id,
        max(case when orders > 0 and month < $before then month end) as last_until_before,
        max(case when orders > 0 and month < $month then month end) as last_until_now
    from customer_months
    where month <= $month
    group by customer_id
),

pairs as (
    select
        customer_id,
        max(case when month = $before then 1 else 0 end) as was_there,
        max(case when month = $month then 1 else 0 end) as is_there,
        cast(sum(case when month = $before then orders else 0 end) as decimal(18, 0)) as orders_before,
        cast(sum(case when month = $month then orders else 0 end) as decimal(18, 0)) as orders_now,
        cast(sum(case when month = $before then revenue else 0 end) as decimal(18, 2)) as revenue_before,
        cast(sum(case when month = $month then revenue else 0 end) as decimal(18, 2)) as revenue_now
    from customer_months
    where month in ($before, $month)
    group by customer_id
),

grouped as (
    select
        pairs.*,
        case
            when pairs.was_there = 0 then null
            when pairs.orders_before = 0 then 'credits'
            when histories.last_until_before is null then 'new'
            when
                (year($before) * 12 + month($before))
                - (year(histories.last_until_before) * 12 + month(histories.last_until_before)) > $silence_months
                then 'reactivated'
            else 'returning'
        end as group_before,
        case
            when pairs.is_there = 0 then null
            when pairs.orders_now = 0 then 'credits'
            when histories.last_until_now is null then 'new'
            when
                (year($month) * 12 + month($month))
                - (year(histories.last_until_now) * 12 + month(histories.last_until_now)) > $silence_months
                then 'reactivated'
            else 'returning'
        end as group_now
    from pairs
    inner join histories on pairs.customer_id = histories.customer_id
),

final as (
    select
        group_before,
        group_now,
        count(*) as customers,
        cast(sum(orders_before) as bigint) as orders_before,
        cast(sum(orders_now) as bigint) as orders_now,
        cast(sum(revenue_before) as decimal(18, 2)) as revenue_before,
        cast(sum(revenue_now) as decimal(18, 2)) as revenue_now,
        cast(sum(orders_before * orders_before) as bigint) as orders_before_2,
        cast(sum(orders_now * orders_now) as bigint) as orders_now_2,
        cast(sum(orders_before * orders_now) as bigint) as orders_both,
        cast(sum(cast(revenue_before as decimal(20, 2)) * revenue_before) as decimal(38, 4)) as revenue_before_2,
        cast(sum(cast(revenue_now as decimal(20, 2)) * revenue_now) as decimal(38, 4)) as revenue_now_2,
        cast(sum(cast(revenue_before as decimal(20, 2)) * revenue_now) as decimal(38, 4)) as revenue_both,
        cast(sum(revenue_before * orders_before) as decimal(38, 2)) as revenue_orders_before,
        cast(sum(revenue_now * orders_now) as decimal(38, 2)) as revenue_orders_now,
        cast(sum(revenue_before * orders_now) as decimal(38, 2)) as revenue_before_orders_now,
        cast(sum(revenue_now * orders_before) as decimal(38, 2)) as revenue_now_orders_before
    from grouped
    group by group_before, group_now
)

select * from final order by group_before, group_now
