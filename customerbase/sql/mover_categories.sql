-- One row per customer (null: nobody known), month of $months and general category of the product (unknown: none is
-- told): amounts of goods lines. Lines of completed orders and of credit notes; a refund has no lines.
with

documents as (
    select
        customer_orders.source_system,
        customer_orders.order_id,
        customer_orders.customer_id,
        cast(date_trunc('month', customer_orders.order_at) as date) as month
    from customer_orders
    inner join orders
        on customer_orders.source_system = orders.source_system and customer_orders.order_id = orders.order_id
    where customer_orders.is_order = 1 or orders.status = 'credit_note'
),

goods as (
    select source_system, order_id, product_id, amount from order_lines where line_type = 'goods'
),

categories as (
    select source_system, product_id, split_part(category, ' > ', 1) as category from products
),

final as (
    select
        documents.customer_id,
        documents.month,
        coalesce(categories.category, 'unknown') as category,
        cast(sum(goods.amount) as decimal(18, 2)) as amount
    from goods
    inner join documents on goods.source_system = documents.source_system and goods.order_id = documents.order_id
    left join categories on goods.source_system = categories.source_system and goods.product_id = categories.product_id
    where documents.month in $months
    group by 1, 2, 3
)

select * from final
