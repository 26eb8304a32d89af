-- One row per source system and month to build (null: all months): its goods lines, and their check.
-- The check is made of sums over lines, each times a number from the digest of the product: it adds up over months, and
-- costs one digest per product. A line that tells no cost costs what its product does, so its digest holds that as well.
with

sums as (
    select
        source_system, product_id, cast(null as date) as month, lines, line_nos, items, goods, cost_told, items_untold,
        goods_untold
    from product_lines
    union all
    select
        source_system, product_id, month, lines, line_nos, items, goods, cost_told, items_untold, goods_untold
    from product_goods
),

names as (
    select source_system, product_id from sums group by source_system, product_id
),

digests as (
    select
        names.source_system,
        names.product_id,
        md5(names.product_id) as of_name,
        md5(concat_ws('|', names.product_id, coalesce(cast(products.cost as varchar), '<none>'))) as of_cost
    from names
    left join products on names.source_system = products.source_system and names.product_id = products.product_id
),

numbers as (
    select
        source_system,
        product_id,
        cast(cast('0x' || substr(of_name, 1, 8) as bigint) as decimal(10, 0)) as a,
        cast(cast('0x' || substr(of_name, 7, 8) as bigint) as decimal(10, 0)) as b,
        cast(cast('0x' || substr(of_name, 13, 8) as bigint) as decimal(10, 0)) as c,
        cast(cast('0x' || substr(of_name, 19, 8) as bigint) as decimal(10, 0)) as d,
        cast(cast('0x' || substr(of_name, 25, 8) as bigint) as decimal(10, 0)) as e,
        cast(cast('0x' || substr(of_cost, 1, 8) as bigint) as decimal(10, 0)) as f,
        cast(cast('0x' || substr(of_cost, 9, 8) as bigint) as decimal(10, 0)) as g
    from digests
),

final as (
    select
        sums.source_system,
        sums.month,
        cast(sum(sums.lines) as bigint) as lines,
        cast(sum(
            a * cast(sums.lines as decimal(24, 3)) + b * cast(sums.line_nos as decimal(24, 3))
            + c * cast(sums.items as decimal(24, 3)) + d * cast(sums.goods as decimal(24, 3))
            + e * cast(sums.cost_told as decimal(24, 3))
            + f * cast(sums.items_untold as decimal(24, 3)) + g * cast(sums.goods_untold as decimal(24, 3))
        ) as decimal(38, 3)) as lines_check
    from sums
    inner join numbers on sums.source_system = numbers.source_system and sums.product_id = numbers.product_id
    group by sums.source_system, sums.month
)

select * from final
