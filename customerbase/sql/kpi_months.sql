-- One row per month with a document of an identified customer: the counts and sums every KPI is made of.
-- A customer is active in a month with an order, new in the month of the first order, retained when active in the
-- month before as well. The squares and the product are summed exactly, as decimals: intervals come from them.
with

active_months as (
    select
        customer_id,
        month,
        lag(month) over (partition by customer_id order by month) as previous_active
    from customer_months
    where orders > 0 and month <= $as_of
),

presence as (
    select
        month,
        count(*) as active_customers,
        cast(sum(case when previous_active is null then 1 else 0 end) as bigint) as new_customers,
        cast(sum(
            case
                when (year(month) * 12 + month(month)) - (year(previous_active) * 12 + month(previous_active)) = 1
                    then 1
                else 0
            end
        ) as bigint) as retained_customers
    from active_months
    group by month
),

sales as (
    select
        month,
        count(*) as customers,
        cast(sum(orders) as bigint) as orders,
        cast(sum(revenue) as decimal(18, 2)) as revenue,
        cast(sum(orders * orders) as bigint) as orders_squared,
        cast(sum(cast(revenue as decimal(18, 2)) * cast(revenue as decimal(18, 2))) as decimal(38, 4)) as revenue_squared,
        cast(sum(cast(revenue as decimal(18, 2)) * cast(orders as decimal(18, 0))) as decimal(38, 2))
            as revenue_times_orders
    from customer_months
    where month <= $as_of
    group by month
),

final as (
    select
        sales.month,
        coalesce(presence.active_customers, 0) as active_customers,
        coalesce(presence.new_customers, 0) as new_customers,
        coalesce(presence.retained_customers, 0) as retained_customers,
        sales.customers,
        sales.orders,
        sales.revenue,
        sales.orders_squared,
        sales.revenue_squared,
        sales.revenue_times_orders
    from sales
    left join presence on sales.month = presence.month
)

select * from final order by month
