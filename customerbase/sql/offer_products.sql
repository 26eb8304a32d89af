-- One row per product that customers have bought: its general category and path, price, stock and whether it is on sale.
-- Told by products, of several source systems the first word and the lowest price; a price that is not told is the mean one paid.
-- stock: the most that any system tells, null where none does; status: that of the system most willing to sell it
-- (active, hidden, discontinued; active where none says); is_listed: 0 where products names it nowhere.
with

bought as (
    select distinct product_id from offer_days
),

paid as (
    select
        product_id,
        cast(sum(cast(amount as decimal(18, 2))) as double) / cast(sum(cast(qty as decimal(18, 3))) as double) as price
    from order_lines
    where line_type = 'goods' and product_id is not null and qty > 0 and amount > 0
    group by product_id
),

told as (
    select
        product_id,
        min(name) as name,
        min(category) as category,
        min(price) as price,
        max(stock) as stock,
        min(
            case
                when status = 'hidden' then 2
                when status = 'discontinued' then 3
                else 1
            end
        ) as state
    from products
    group by product_id
),

final as (
    select
        bought.product_id,
        told.name,
        told.category as path,
        split_part(told.category, ' > ', 1) as category,
        coalesce(cast(told.price as double), paid.price) as price,
        cast(told.stock as double) as stock,
        case when told.product_id is null then 0 else 1 end as is_listed,
        case
            when told.state = 2 then 'hidden'
            when told.state = 3 then 'discontinued'
            else 'active'
        end as status
    from bought
    left join told on bought.product_id = told.product_id
    left join paid on bought.product_id = paid.product_id
)

select * from final order by product_id
