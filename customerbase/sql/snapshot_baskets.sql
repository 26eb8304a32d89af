-- One row per eligible customer with goods lines: what lies in their baskets, how much of it and how varied.
-- Lines are summed per product, products per category, categories per customer: one step after another.
with

eligible as (
    select customer_id from snapshot_customers
),

products_bought as (
    select
        seen_lines.customer_id,
        coalesce(seen_lines.category, '') as category,
        seen_lines.product_id,
        count(*) as lines,
        count(case when seen_lines.age <= 365 then 1 end) as lines_365,
        case when min(seen_lines.age) < max(seen_lines.age) then 1 else 0 end as is_rebought,
        min(seen_lines.age) as age,
        cast(sum(seen_lines.items) as decimal(18, 3)) as items,
        cast(sum(seen_lines.amount) as decimal(18, 2)) as amount
    from seen_lines
    inner join eligible on seen_lines.customer_id = eligible.customer_id
    group by seen_lines.customer_id, coalesce(seen_lines.category, ''), seen_lines.product_id
),

categories_bought as (
    select
        customer_id,
        category,
        cast(sum(lines) as bigint) as lines,
        cast(sum(lines_365) as bigint) as lines_365,
        cast(sum(items) as decimal(18, 3)) as items,
        cast(sum(amount) as decimal(18, 2)) as amount,
        count(product_id) as products,
        count(case when lines_365 > 0 then product_id end) as products_365,
        count(case when is_rebought = 1 then product_id end) as rebought,
        cast(sum(case when is_rebought = 1 then lines else 0 end) as bigint) as rebought_lines,
        min(age) as age
    from products_bought
    group by customer_id, category
),

sums as (
    select
        customer_id,
        cast(sum(lines) as bigint) as lines,
        cast(sum(lines_365) as bigint) as lines_365,
        cast(sum(items) as decimal(18, 3)) as items,
        cast(sum(amount) as decimal(18, 2)) as amount,
        cast(sum(products) as bigint) as products,
        cast(sum(products_365) as bigint) as products_365,
        cast(sum(rebought) as bigint) as products_rebought,
        cast(sum(rebought_lines) as bigint) as rebought_lines,
        count(case when category <> '' then 1 end) as categories,
        count(case when category <> '' and age <= 365 then 1 end) as categories_365,
        count(case when category <> '' and age <= 90 then 1 end) as categories_90,
        max(case when category <> '' then lines else 0 end) as top_lines,
        cast(sum(case when category <> '' then lines else 0 end) as bigint) as known_lines
    from categories_bought
    group by customer_id
),

final as (
    select
        customer_id,
        lines,
        lines_365,
        cast(items as double) / lines as items_per_line,
        products,
        products_365,
        products_rebought,
        cast(rebought_lines as double) / lines as rebought_lines_share,
        categories,
        categories_365,
        categories_90,
        cast(top_lines as double) / nullif(known_lines, 0) as top_category_share,
        case when items > 0 then cast(amount as double) / cast(items as double) end as mean_item_price
    from sums
)

select * from final
