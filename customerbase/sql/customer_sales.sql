-- One row per customer and month in which an order, a credit note or a refund of theirs falls: customer_months, added up
-- from sales_months and so without reading a document.
with

final as (
    select
        customer_id,
        month,
        cast(sum(orders) as bigint) as orders,
        cast(sum(revenue) as decimal(18, 2)) as revenue,
        min(first_order_at) as first_order_at,
        max(last_order_at) as last_order_at
    from sales_months
    where customer_id is not null
    group by customer_id, month
)

select * from final
