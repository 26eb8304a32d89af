-- One row per customer who had ordered before $start, at most $most of them drawn by their id: orders and revenue in
-- [$start, $until) and in [$since, $start).
with

documents as (
    select customer_id, order_at, is_order, net_amount from customer_orders where customer_id is not null
),

sums as (
    select
        customer_id,
        min(case when is_order = 1 then order_at end) as first_at,
        cast(sum(case when order_at >= $start then is_order else 0 end) as bigint) as orders,
        cast(sum(case when order_at >= $start then net_amount else 0 end) as decimal(18, 2)) as revenue,
        cast(sum(case when order_at >= $since and order_at < $start then is_order else 0 end) as bigint) as orders_before,
        cast(sum(case when order_at >= $since and order_at < $start then net_amount else 0 end) as decimal(18, 2))
            as revenue_before
    from documents
    where order_at < $until
    group by customer_id
),

drawn as (
    select
        sums.*,
        row_number() over (order by sha256(customer_id), customer_id) as place
    from sums
    where first_at < $start
),

final as (
    select
        orders,
        cast(revenue as double) as revenue,
        orders_before,
        cast(revenue_before as double) as revenue_before,
        place
    from drawn
    where place <= $most
)

select * from final order by place
