-- One row per id: completed orders and net spend by the rules of customer_orders; idx -1 for ids without a record.
with

by_id as (
    select
        source_system,
        source_customer_id,
        cast(sum(is_order) as bigint) as orders,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from customer_orders
    where source_customer_id is not null
    group by source_system, source_customer_id
),

final as (
    select
        by_id.source_system,
        by_id.source_customer_id,
        coalesce(linkage.idx, -1) as idx,
        by_id.orders,
        by_id.net_amount
    from by_id
    left join linkage
        on by_id.source_system = linkage.source_system and by_id.source_customer_id = linkage.source_customer_id
)

select * from final order by source_system, source_customer_id
