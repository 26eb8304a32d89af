-- One row per product and next product: the first two of each product, of those the 200 clearest and strongest, with names.
with

ranked as (
    select
        *,
        row_number() over (order by verdict desc, strength desc, product_id, next_product_id) as place
    from next_products
    where rank <= 2
),

named as (
    select product_id, name from products_sold
),

final as (
    select ranked.*, one.name as name, other.name as next_name
    from ranked
    inner join named as one on ranked.product_id = one.product_id
    inner join named as other on ranked.next_product_id = other.product_id
    where ranked.place <= 200
)

select * from final order by place
