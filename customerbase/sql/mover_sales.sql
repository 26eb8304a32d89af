-- One row per customer (null: nobody known), month of $months, channel and store (none: no store): net revenue.
-- A refund counts in the channel and store of its order.
with

documents as (
    select
        source_system,
        order_id,
        customer_id,
        channel,
        cast(date_trunc('month', order_at) as date) as month,
        net_amount
    from customer_orders
),

places as (
    select source_system, order_id, store_id from orders
),

final as (
    select
        documents.customer_id,
        documents.month,
        coalesce(documents.channel, 'unknown') as channel,
        case
            when places.store_id is null then 'none'
            else concat(documents.source_system, ':', places.store_id)
        end as store,
        cast(sum(documents.net_amount) as decimal(18, 2)) as amount
    from documents
    left join places on documents.source_system = places.source_system and documents.order_id = places.order_id
    where documents.month in $months
    group by 1, 2, 3, 4
)

select * from final
