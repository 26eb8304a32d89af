-- One row per line that sells goods, with its check: a number from the digest of order and product, times its figures.
with

goods_lines as (
    select
        source_system,
        order_id,
        product_id,
        qty,
        amount,
        cost,
        md5(concat_ws('|', order_id, coalesce(product_id, '<none>'))) as digest
    from order_lines
    where line_type = 'goods'
),

final as (
    select
        source_system,
        order_id,
        product_id,
        qty,
        amount,
        cost,
        cast(cast('0x' || substr(digest, 1, 8) as bigint) as decimal(10, 0))
        * cast(1 + coalesce(qty, 0) + 3 * amount + 7 * coalesce(cost, -1) as decimal(24, 3)) as line_check
    from goods_lines
)

select * from final
