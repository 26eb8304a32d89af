-- One row per customer who has ordered: behaviour up to the as-of date, from documents and order lines.
-- items and products count goods lines of completed orders; an order without lines still counts as an order.
-- customer_orders is read by two steps on purpose: a step that two others read would be held in memory whole.
with

completed_orders as (
    select source_system, order_id, customer_id from customer_orders where customer_id is not null and is_order = 1
),

goods_lines as (
    select source_system, order_id, product_id, qty from order_lines where line_type = 'goods'
),

order_behaviour as (
    select
        customer_id,
        cast(sum(is_order) as bigint) as orders,
        cast(sum(net_amount) as decimal(18, 2)) as revenue,
        min(case when is_order = 1 then order_at end) as first_order_at,
        max(case when is_order = 1 then order_at end) as last_order_at
    from customer_orders
    where customer_id is not null
    group by customer_id
),

bought_products as (
    select
        completed_orders.customer_id,
        goods_lines.product_id,
        count(*) as lines,
        cast(sum(goods_lines.qty) as decimal(18, 3)) as items
    from goods_lines
    inner join completed_orders
        on goods_lines.source_system = completed_orders.source_system
        and goods_lines.order_id = completed_orders.order_id
    group by completed_orders.customer_id, goods_lines.product_id
),

goods_behaviour as (
    select
        customer_id,
        cast(sum(lines) as bigint) as lines,
        cast(sum(items) as decimal(18, 3)) as items,
        count(product_id) as products
    from bought_products
    group by customer_id
),

final as (
    select
        order_behaviour.customer_id,
        order_behaviour.orders,
        order_behaviour.revenue,
        order_behaviour.first_order_at,
        order_behaviour.last_order_at,
        date_diff('day', cast(order_behaviour.first_order_at as date), $as_of) as days_since_first_order,
        date_diff('day', cast(order_behaviour.last_order_at as date), $as_of) as days_since_last_order,
        coalesce(goods_behaviour.lines, 0) as lines,
        coalesce(goods_behaviour.items, 0) as items,
        coalesce(goods_behaviour.products, 0) as products
    from order_behaviour
    left join goods_behaviour on order_behaviour.customer_id = goods_behaviour.customer_id
    where order_behaviour.orders > 0
)

select * from final
