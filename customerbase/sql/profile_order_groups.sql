-- One row per account and channel with documents up to the as-of date: the one reading of customer_orders, from which
-- orders are summed up both by customer and, for comparison, by account.
with

documents as (
    select * from customer_orders where customer_id is not null
),

final as (
    select
        customer_id,
        source_system,
        source_customer_id,
        channel,
        cast(sum(is_order) as bigint) as orders,
        cast(sum(net_amount) as decimal(18, 2)) as net_spend,
        min(case when is_order = 1 then order_at end) as first_order_at,
        max(case when is_order = 1 then order_at end) as last_order_at
    from documents
    group by customer_id, source_system, source_customer_id, channel
)

select * from final
