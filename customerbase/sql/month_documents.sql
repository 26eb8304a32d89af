-- One row per source system and month: how many documents (orders of any status, and refunds) it has, and their check.
-- The check is a sum over documents. Each adds the square, modulo the prime 2147483647, of a number from the digest of its
-- account, channel, store and status plus its time, amount and discount times large numbers: it changes when a document
-- comes, goes or says something else, and when two exchange what they say. A refund's digest holds what the months take
-- from its order, so an order corrected changes both.
with

order_documents as (
    select
        source_system,
        cast(date_trunc('month', order_at) as date) as month,
        'order' as kind,
        source_customer_id,
        channel,
        store_id,
        status,
        order_at as dated_at,
        total as amount,
        coalesce(discount, -1) as discount
    from orders
),

refund_documents as (
    select
        orders.source_system,
        cast(date_trunc('month', refunds.refunded_at) as date) as month,
        'refund' as kind,
        orders.source_customer_id,
        orders.channel,
        orders.store_id,
        orders.status,
        refunds.refunded_at as dated_at,
        refunds.amount,
        0 as discount
    from refunds
    inner join orders on refunds.source_system = orders.source_system and refunds.order_id = orders.order_id
),

documents as (
    select * from order_documents
    union all
    select * from refund_documents
),

numbers as (
    select
        source_system,
        month,
        md5(concat_ws(
            '|',
            kind, coalesce(source_customer_id, '<none>'), coalesce(channel, '<none>'), coalesce(store_id, '<none>'), status
        )) as digest,
        date_diff('microsecond', cast(month as timestamp), dated_at) % 2147483647 * 612345677
        + cast(100 * coalesce(amount, 0) as bigint) % 2147483647 * 512345677
        + cast(100 * discount as bigint) % 2147483647 * 412345677 as figures
    from documents
),

remainders as (
    select
        source_system,
        month,
        (cast('0x' || substr(digest, 1, 8) as bigint) + figures) % 2147483647 as remainder
    from numbers
),

final as (
    select
        source_system,
        month,
        count(*) as documents,
        cast(sum(remainder * remainder % 2147483647) as bigint) as documents_check
    from remainders
    group by source_system, month
)

select * from final
