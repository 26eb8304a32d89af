-- One row per month with sales to nobody known: orders, net revenue and its sum of squares over documents.
with

documents as (
    select * from customer_orders where customer_id is null
),

dated as (
    select cast(date_trunc('month', order_at) as date) as month, is_order, net_amount
    from documents
),

final as (
    select
        month,
        cast(sum(is_order) as bigint) as anonymous_orders,
        cast(sum(net_amount) as decimal(18, 2)) as anonymous_revenue,
        cast(sum(cast(net_amount as decimal(20, 2)) * net_amount) as decimal(38, 4)) as anonymous_revenue_squared
    from dated
    group by month
)

select * from final order by month
