-- One row per customer (null: nobody known), month and part of the dimension: what was sold to them.
-- $dimension: all, segment, channel, store or cohort. A customer who bought in two channels has a row in each.
with

sales as (
    select * from kpi_sales where month >= $from_month
),

placed as (
    select
        sales.*,
        case $dimension
            when 'channel' then sales.channel
            when 'store' then sales.store_id
            when 'cohort' then sales.cohort
            when 'segment'
                then case when sales.customer_id is null then 'anonymous' else coalesce(kpi_segments.segment, 'not_yet') end
            else 'all'
        end as part
    from sales
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
        cast(sum(items) as decimal(18, 3)) as items,
        cast(sum(goods) as decimal(18, 2)) as goods,
        cast(sum(costed) as decimal(18, 2)) as costed,
        cast(sum(cost) as decimal(18, 2)) as cost,
        max(gap) as gap,
        max(gap_next) as gap_next
    from placed
    group by customer_id, month, part
)

select * from final
