-- One row per known customer and time of asking whose survey names no product: the product of the last order before it.
-- Of the last order in the $days days before the time of asking, the product on which most was spent.
-- Reads satisfaction_answers and customer_orders (features.customer_orders).
with

asked as (
    select distinct customer_id, asked_at from satisfaction_answers where known = 1 and product_id is null
),

before as (
    select
        asked.customer_id,
        asked.asked_at,
        customer_orders.source_system,
        customer_orders.order_id,
        row_number() over (
            partition by asked.customer_id, asked.asked_at
            order by customer_orders.order_at desc, customer_orders.source_system, customer_orders.order_id desc
        ) as place
    from asked
    inner join customer_orders on asked.customer_id = customer_orders.customer_id
    where
        customer_orders.is_order = 1
        and customer_orders.order_at < asked.asked_at
        and date_diff('day', cast(customer_orders.order_at as date), cast(asked.asked_at as date)) <= $days
),

bought as (
    select before.customer_id, before.asked_at, order_lines.product_id, cast(sum(order_lines.amount) as decimal(18, 2)) as amount
    from before
    inner join order_lines
        on before.source_system = order_lines.source_system and before.order_id = order_lines.order_id
    where before.place = 1 and order_lines.line_type = 'goods' and order_lines.product_id is not null
    group by before.customer_id, before.asked_at, order_lines.product_id
),

ranked as (
    select
        customer_id,
        asked_at,
        product_id,
        row_number() over (partition by customer_id, asked_at order by amount desc, product_id) as place
    from bought
),

final as (
    select customer_id, asked_at, product_id from ranked where place = 1
)

select * from final order by customer_id, asked_at
