-- One row per customer (null: nobody known), month, channel and store with a document up to the as-of date: sales_months,
-- held once, since every dimension reads it.
with

final as (
    select
        customer_id,
        month,
        coalesce(channel, 'unknown') as channel,
        coalesce(store_id, 'none') as store_id,
        orders,
        revenue,
        case when customer_id is null then revenue_squared end as revenue_squared,
        coalesce(items, 0) as items,
        coalesce(goods, 0) as goods,
        coalesce(costed, 0) as costed,
        coalesce(cost, 0) as cost
    from sales_months
    where month <= $as_of
)

select * from final
