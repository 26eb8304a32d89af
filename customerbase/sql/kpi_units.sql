-- One row per customer (null: nobody known), month and part of the dimension: what was sold to them.
-- $dimension: all, segment, channel, store or cohort. A customer who bought in two channels has a row in each.
with

sales as (
    select * from sales_months where month >= $from_month and month <= $as_of
),

placed as (
    select
        sales.customer_id,
        sales.month,
        case $dimension
            when 'channel' then coalesce(sales.channel, 'unknown')
            when 'store' then coalesce(sales.store_id, 'none')
            when 'cohort'
                then case when sales.customer_id is null then 'anonymous' else coalesce(kpi_starts.cohort, 'not_yet') end
            when 'segment'
                then case when sales.customer_id is null then 'anonymous' else coalesce(kpi_segments.segment, 'not_yet') end
            else 'all'
        end as part,
        sales.orders,
        sales.revenue,
        sales.revenue_squared,
        sales.items,
        sales.goods,
        sales.costed,
        sales.cost
    from sales
    left join kpi_starts on sales.customer_id = kpi_starts.customer_id
    left join kpi_segments on sales.customer_id = kpi_segments.customer_id
),

final as (
    select
        customer_id,
        month,
        part,
        cast(sum(orders) as bigint) as orders,
        cast(sum(revenue) as decimal(18, 2)) as revenue,
        cast(sum(revenue_squared) as decimal(38, 4)) as revenue_squared,
        cast(sum(coalesce(items, 0)) as decimal(18, 3)) as items,
        cast(sum(coalesce(goods, 0)) as decimal(18, 2)) as goods,
        cast(sum(coalesce(costed, 0)) as decimal(18, 2)) as costed,
        cast(sum(coalesce(cost, 0)) as decimal(18, 2)) as cost
    from placed
    group by customer_id, month, part
)

select * from final
