-- One row per source system and month: how many documents (orders of any status, and refunds) it has, and their check.
-- The check is the sum of a number taken from the digest of each document: it changes when a document comes, goes or says
-- something else. A refund's digest holds what the months take from its order, so an order corrected changes both.
with

order_documents as (
    select
        source_system,
        cast(date_trunc('month', order_at) as date) as month,
        concat_ws(
            '|',
            order_id, coalesce(source_customer_id, '<none>'), coalesce(channel, '<none>'), coalesce(store_id, '<none>'),
            cast(order_at as varchar), status, cast(cast(total as decimal(18, 2)) as varchar),
            coalesce(cast(cast(discount as decimal(18, 2)) as varchar), '<none>')
        ) as content
    from orders
),

refund_documents as (
    select
        orders.source_system,
        cast(date_trunc('month', refunds.refunded_at) as date) as month,
        concat_ws(
            '|',
            'refund', orders.order_id, coalesce(orders.source_customer_id, '<none>'), coalesce(orders.channel, '<none>'),
            coalesce(orders.store_id, '<none>'), orders.status, cast(refunds.refunded_at as varchar),
            cast(cast(refunds.amount as decimal(18, 2)) as varchar)
        ) as content
    from refunds
    inner join orders on refunds.source_system = orders.source_system and refunds.order_id = orders.order_id
),

documents as (
    select * from order_documents
    union all
    select * from refund_documents
),

digested as (
    select source_system, month, cast('0x' || substr(md5(content), 1, 8) as bigint) as number
    from documents
),

final as (
    select source_system, month, count(*) as documents, cast(sum(number) as bigint) as documents_check
    from digested
    group by source_system, month
)

select * from final
