-- One row per product that $customer bought last, the newest first.
with

final as (
    select last_products.place, coalesce(products_sold.name, last_products.product_id) as product, last_products.day
    from last_products
    left join products_sold on last_products.product_id = products_sold.product_id
    where last_products.customer_id = $customer
)

select * from final order by place
