-- One row per day with a document up to $as_of: completed orders and net revenue, sales to nobody known included.
with

documents as (
    select cast(order_at as date) as day, is_order, net_amount
    from customer_orders
),

final as (
    select
        day,
        cast(sum(is_order) as bigint) as orders,
        cast(sum(net_amount) as decimal(18, 2)) as revenue
    from documents
    where day <= $as_of
    group by day
)

select * from final order by day
