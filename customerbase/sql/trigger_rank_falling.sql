-- One row per customer who falls below $spend within the rolling days of the rank when the purchases of day `met_at` drop out
-- of them, `met_at` in [$since, $before), unless they buy. met_at: the newest day from which on purchases reach $spend.
--   subject: the rank held now; measure: what will be missing then; value: none
with

holders as (
    select customer_id, member_rank from profile where $rank is null or member_rank = $rank
),

days as (
    select
        customer_orders.customer_id,
        cast(customer_orders.order_at as date) as day,
        cast(sum(customer_orders.net_amount) as decimal(18, 2)) as net_amount
    from customer_orders
    inner join holders on customer_orders.customer_id = holders.customer_id
    where customer_orders.order_at >= $from_day and customer_orders.order_at < $until
    group by customer_orders.customer_id, cast(customer_orders.order_at as date)
),

running as (
    select
        customer_id,
        day,
        net_amount,
        cast(sum(net_amount) over (
            partition by customer_id order by day desc rows between unbounded preceding and current row
        ) as decimal(18, 2)) as since_day
    from days
),

enough as (
    select customer_id, max(day) as day from running where since_day >= $spend group by customer_id
),

final as (
    select
        running.customer_id,
        concat('falls|', cast(running.day as varchar)) as episode,
        cast(running.day as timestamp) as met_at,
        holders.member_rank as subject,
        cast($spend as double) - cast(running.since_day - running.net_amount as double) as measure,
        cast(null as double) as value
    from enough
    inner join running on enough.customer_id = running.customer_id and enough.day = running.day
    inner join holders on running.customer_id = holders.customer_id
    where cast(running.day as timestamp) >= $since and cast(running.day as timestamp) < $before
)

select * from final
