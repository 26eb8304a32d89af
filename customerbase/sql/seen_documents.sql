-- One row per document of a known customer in [$since, $until), as it stood at $until: an order, a credit note, a refund.
-- customer_orders as it was known then: an order cancelled at $until or later was not cancelled yet, so it counts.
--   age          whole days from the day of the document to $until; 1 is the day before it
--   net_amount   as in customer_orders: refunds are negative, at the date the money was given back
-- The seen_… files are the only door to the source tables for features and labels; no row leaves them that is not
-- dated within [$since, $until).
with

links as (
    select source_system, source_customer_id, customer_id from seen_links
),

order_documents as (
    select
        source_system,
        order_id,
        source_customer_id,
        channel,
        store_id,
        order_at as event_at,
        case when status = 'credit_note' then 0 else 1 end as is_order,
        total as net_amount,
        discount,
        points_used
    from orders
    where
        order_at >= $since
        and order_at < $until
        and (status in ('completed', 'credit_note') or (status = 'cancelled' and cancelled_at >= $until))
),

refund_documents as (
    select
        orders.source_system,
        orders.order_id,
        orders.source_customer_id,
        orders.channel,
        orders.store_id,
        refunds.refunded_at as event_at,
        0 as is_order,
        -refunds.amount as net_amount,
        cast(null as decimal(18, 2)) as discount,
        cast(null as decimal(18, 2)) as points_used
    from refunds
    inner join orders on refunds.source_system = orders.source_system and refunds.order_id = orders.order_id
    where
        refunds.refunded_at >= $since
        and refunds.refunded_at < $until
        and orders.order_at < $until
        and (orders.status = 'completed' or (orders.status = 'cancelled' and orders.cancelled_at >= $until))
),

documents as (
    select * from order_documents
    union all
    select * from refund_documents
),

final as (
    select
        links.customer_id,
        documents.source_system,
        documents.order_id,
        coalesce(documents.channel, 'unknown') as channel,
        documents.store_id,
        documents.event_at,
        cast(documents.event_at as date) as day,
        cast(date_diff('day', cast(documents.event_at as date), $until) as integer) as age,
        documents.is_order,
        cast(coalesce(documents.net_amount, 0) as decimal(18, 2)) as net_amount,
        cast(coalesce(documents.discount, 0) as decimal(18, 2)) as discount,
        cast(coalesce(documents.points_used, 0) as decimal(18, 2)) as points_used
    from documents
    inner join links
        on documents.source_system = links.source_system and documents.source_customer_id = links.source_customer_id
)

select * from final
