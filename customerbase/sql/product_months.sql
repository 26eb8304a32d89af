-- One row per product, month and channel of the months to build: what completed orders bought of it (see product_goods).
with

final as (
    select source_system, product_id, month, channel, orders, lines, items, goods, costed, cost
    from product_goods
    where is_counted = 1
)

select * from final
