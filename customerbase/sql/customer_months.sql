-- One row per customer and month in which an order, a credit note or a refund of theirs falls.
-- Every column is additive (sum, min, max); customer_sales.sql gives the same rows from account_months.
with

documents as (
    select * from customer_orders where customer_id is not null
),

dated as (
    select
        customer_id,
        cast(date_trunc('month', order_at) as date) as month,
        is_order,
        net_amount,
        case when is_order = 1 then order_at end as ordered_at
    from documents
),

final as (
    select
        customer_id,
        month,
        cast(sum(is_order) as bigint) as orders,
        cast(sum(net_amount) as decimal(18, 2)) as revenue,
        min(ordered_at) as first_order_at,
        max(ordered_at) as last_order_at
    from dated
    group by customer_id, month
)

select * from final
