-- One row per product that customers have bought: its general category and path, price, stock and whether it is on sale.
-- Told by products, of several source systems the last name, the first category and the lowest price above 0; a name or price that is
-- not told is that of the latest line, or the mean one paid, of orders up to the as-of date.
-- stock: the most that any system tells, null where none does; status: that of the system most willing to sell it
-- (active, hidden, discontinued; active where none says); is_listed: 0 where products names it nowhere.
with

bought as (
    select distinct product_id from offer_days
),

told as (
    select
        product_id,
        max(name) as name,
        min(category) as category,
        min(case when price > 0 then price end) as price,
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

placed as (
    select source_system, order_id, order_at from customer_orders where is_order = 1
),

untold as (
    select bought.product_id
    from bought
    left join told on bought.product_id = told.product_id
    where told.name is null or told.price is null
),

sold as (
    select
        order_lines.product_id,
        max(struct_pack(at := placed.order_at, name := order_lines.name)) filter (where order_lines.name is not null) as latest,
        cast(sum(cast(case when qty > 0 and amount > 0 then amount end as decimal(18, 2))) as double)
        / cast(sum(cast(case when qty > 0 and amount > 0 then qty end as decimal(18, 3))) as double) as price
    from order_lines
    inner join placed on order_lines.source_system = placed.source_system and order_lines.order_id = placed.order_id
    inner join untold on order_lines.product_id = untold.product_id
    where order_lines.line_type = 'goods'
    group by order_lines.product_id
),

final as (
    select
        bought.product_id,
        coalesce(told.name, sold.latest.name) as name,
        told.category as path,
        split_part(told.category, ' > ', 1) as category,
        coalesce(cast(told.price as double), sold.price) as price,
        cast(told.stock as double) as stock,
        case when told.product_id is null then 0 else 1 end as is_listed,
        case
            when told.state = 2 then 'hidden'
            when told.state = 3 then 'discontinued'
            else 'active'
        end as status
    from bought
    left join told on bought.product_id = told.product_id
    left join sold on bought.product_id = sold.product_id
)

select * from final order by product_id
