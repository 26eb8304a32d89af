-- One row per line that sells goods: its own cost or, when it tells none, what its product costs today times the quantity.
-- cost is null when neither is known. The last four columns are for the check: what the line itself says.
with

product_costs as (
    select source_system, product_id, cost from products where cost is not null
),

final as (
    select
        lines.source_system,
        lines.order_id,
        coalesce(lines.product_id, 'unknown') as product_id,
        coalesce(lines.qty, 0) as qty,
        lines.amount,
        coalesce(lines.cost, cast(lines.qty * product_costs.cost as decimal(18, 2))) as cost,
        coalesce(lines.line_no, 0) as line_no,
        lines.cost as cost_told,
        case when lines.cost is null then lines.qty end as qty_untold,
        case when lines.cost is null then lines.amount end as amount_untold
    from order_lines as lines
    left join product_costs
        on lines.source_system = product_costs.source_system and lines.product_id = product_costs.product_id
    where lines.line_type = 'goods'
)

select * from final
