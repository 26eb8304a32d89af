-- One row per source system and product: what all its goods lines add up to, for the check alone. Joined to nothing.
with

final as (
    select
        source_system,
        coalesce(product_id, 'unknown') as product_id,
        count(*) as lines,
        cast(sum(coalesce(line_no, 0)) as bigint) as line_nos,
        cast(sum(coalesce(qty, 0)) as decimal(18, 3)) as items,
        cast(sum(amount) as decimal(18, 2)) as goods,
        coalesce(cast(sum(cost) as decimal(18, 2)), 0) as cost_told,
        coalesce(cast(sum(case when cost is null then qty end) as decimal(18, 3)), 0) as items_untold,
        coalesce(cast(sum(case when cost is null then amount end) as decimal(18, 2)), 0) as goods_untold
    from order_lines
    where line_type = 'goods'
    group by source_system, coalesce(product_id, 'unknown')
)

select * from final
