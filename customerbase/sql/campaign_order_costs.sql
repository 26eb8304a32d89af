-- One row per order with goods: what they cost; where a line's cost is not known, its amount times the share that goods
-- of known cost have cost on the whole ($cost_share).
with

final as (
    select
        source_system,
        order_id,
        cast(
            sum(coalesce(cast(cost as double), cast(coalesce(amount, 0) as double) * $cost_share)) as decimal(18, 2)
        ) as cost
    from costed_lines
    group by source_system, order_id
)

select * from final
