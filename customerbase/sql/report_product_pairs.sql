-- One row per pair of products of the strongest 200 of each level, with their names.
with

ranked as (
    select
        *,
        row_number() over (partition by level order by strength desc, product_1, product_2) as place
    from product_pairs
),

named as (
    select product_id, name from products_sold
),

final as (
    select ranked.*, one.name as name_1, other.name as name_2
    from ranked
    inner join named as one on ranked.product_1 = one.product_id
    inner join named as other on ranked.product_2 = other.product_id
    where ranked.place <= 200
)

select * from final order by level, place
