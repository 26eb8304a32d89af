-- One row per document that moves revenue: an order, a credit note, or a refund.
-- The one place of two rules: who is a customer, and what counts as revenue.
--   customer_id   the person of identity_links, one id over all systems; null for an anonymous sale
--   is_order      1 for a completed order, 0 for a credit note or a refund
--   net_amount    what the document adds to revenue: a completed order or a credit note at its own date,
--                 a refund of a completed order as a negative amount at the date the money was given back
-- $from_month: first day read; a new month costs that month's documents, plus a lookup of the orders its refunds name.
-- $until: first instant not read (the day after the as-of date).
with

links as (
    select source_system, source_customer_id, customer_id from identity_links
),

order_documents as (
    select source_system, order_id, source_customer_id, channel, order_at, status, total as net_amount
    from orders
    where status in ('completed', 'credit_note') and order_at >= $from_month and order_at < $until
),

refund_documents as (
    select
        orders.source_system,
        orders.order_id,
        orders.source_customer_id,
        orders.channel,
        refunds.refunded_at as order_at,
        'refund' as status,
        -refunds.amount as net_amount
    from refunds
    inner join orders on refunds.source_system = orders.source_system and refunds.order_id = orders.order_id
    where orders.status = 'completed' and refunds.refunded_at >= $from_month and refunds.refunded_at < $until
),

documents as (
    select * from order_documents
    union all
    select * from refund_documents
),

final as (
    select
        documents.source_system,
        documents.order_id,
        documents.source_customer_id,
        links.customer_id,
        documents.channel,
        documents.order_at,
        case when documents.status = 'completed' then 1 else 0 end as is_order,
        cast(coalesce(documents.net_amount, 0) as decimal(18, 2)) as net_amount
    from documents
    left join links
        on documents.source_system = links.source_system and documents.source_customer_id = links.source_customer_id
)

select * from final
