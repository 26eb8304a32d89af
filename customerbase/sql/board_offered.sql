-- One row per product on the lists of $customer, with names, the category and the purchase that speaks for it.
--   due_from, due_to   when the repurchase clock has the next purchase of the product, or of its category; null where it has none
with

named as (
    select product_id, name, category from products_sold
),

due as (
    select thing, window_from, window_to from repurchase_due where customer_id = $customer
),

final as (
    select
        recommendations.list,
        recommendations.rank,
        coalesce(offered.name, recommendations.product_id) as product,
        offered.category,
        recommendations.score,
        recommendations.reason,
        coalesce(because.name, recommendations.because_product_id) as because,
        coalesce(own.window_from, kind.window_from) as due_from,
        coalesce(own.window_to, kind.window_to) as due_to
    from recommendations
    left join named as offered on recommendations.product_id = offered.product_id
    left join named as because on recommendations.because_product_id = because.product_id
    left join due as own on recommendations.product_id = own.thing
    left join due as kind on offered.category = kind.thing
    where recommendations.customer_id = $customer
)

select * from final order by list, rank
