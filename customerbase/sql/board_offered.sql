-- One row per product on the lists of $customer, with names, the category and the purchase that speaks for it.
with

named as (
    select product_id, name, category from products_sold
),

final as (
    select
        recommendations.list,
        recommendations.rank,
        coalesce(offered.name, recommendations.product_id) as product,
        offered.category,
        recommendations.score,
        recommendations.reason,
        coalesce(because.name, recommendations.because_product_id) as because
    from recommendations
    left join named as offered on recommendations.product_id = offered.product_id
    left join named as because on recommendations.because_product_id = because.product_id
    where recommendations.customer_id = $customer
)

select * from final order by list, rank
