-- One row per customer, month, dimension, value and source row: net revenue, of which every dimension tells once.
-- Reads mover_sales and mover_categories (amounts by customer and month), mover_segments (month, customer_id, segment at
-- the month's beginning) and mover_places (customer_id, prefecture). Special values: anonymous (sales to nobody known),
-- none (no store; no segment yet), unknown, not_goods (what goods lines do not explain: shipping, discounts, refunds).
with

by_customer as (
    select
        customer_id,
        month,
        cast(sum(amount) as decimal(18, 2)) as amount
    from mover_sales
    group by customer_id, month
),

goods as (
    select
        coalesce(customer_id, '') as customer_key,
        month,
        cast(sum(amount) as decimal(18, 2)) as amount
    from mover_categories
    group by 1, 2
),

rests as (
    select
        by_customer.customer_id,
        by_customer.month,
        cast(by_customer.amount - coalesce(goods.amount, 0) as decimal(18, 2)) as amount
    from by_customer
    left join goods on coalesce(by_customer.customer_id, '') = goods.customer_key and by_customer.month = goods.month
),

final as (
    select 'channel' as dimension, channel as value, customer_id, month, amount from mover_sales
    union all
    select 'store' as dimension, store as value, customer_id, month, amount from mover_sales
    union all
    select 'category' as dimension, category as value, customer_id, month, amount from mover_categories
    union all
    select 'category' as dimension, 'not_goods' as value, customer_id, month, amount from rests where amount <> 0
    union all
    select
        'segment' as dimension,
        case
            when by_customer.customer_id is null then 'anonymous'
            else coalesce(mover_segments.segment, 'none')
        end as value,
        by_customer.customer_id,
        by_customer.month,
        by_customer.amount
    from by_customer
    left join mover_segments
        on by_customer.customer_id = mover_segments.customer_id and by_customer.month = mover_segments.month
    union all
    select
        'prefecture' as dimension,
        case
            when by_customer.customer_id is null then 'anonymous'
            else coalesce(mover_places.prefecture, 'unknown')
        end as value,
        by_customer.customer_id,
        by_customer.month,
        by_customer.amount
    from by_customer
    left join mover_places on by_customer.customer_id = mover_places.customer_id
)

select * from final
