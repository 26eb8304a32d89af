-- One row per cohort (month of the first order) and number of months since: who of it ordered then, and their revenue.
-- Squares and the product with the first month's revenue are summed over customers: intervals come from them. Cells
-- without a document have no row here; the size of a cohort is its row with months_since = 0.
with

sales as (
    select customer_id, month, orders, cast(revenue as decimal(20, 2)) as revenue
    from customer_months
    where month <= $as_of
),

first_months as (
    select customer_id, min(month) as cohort_month
    from sales
    where orders > 0
    group by customer_id
),

first_sales as (
    select first_months.customer_id, first_months.cohort_month, sales.revenue as first_revenue
    from first_months
    inner join sales on first_months.customer_id = sales.customer_id and first_months.cohort_month = sales.month
),

ages as (
    select
        first_sales.cohort_month,
        first_sales.first_revenue,
        (year(sales.month) * 12 + month(sales.month))
            - (year(first_sales.cohort_month) * 12 + month(first_sales.cohort_month)) as months_since,
        sales.orders,
        sales.revenue
    from sales
    inner join first_sales on sales.customer_id = first_sales.customer_id
    where sales.month >= first_sales.cohort_month
),

final as (
    select
        cohort_month,
        cast(months_since as integer) as months_since,
        cast(sum(case when orders > 0 then 1 else 0 end) as bigint) as retained,
        cast(sum(revenue) as decimal(18, 2)) as revenue,
        cast(sum(revenue * revenue) as decimal(38, 4)) as revenue_squared,
        cast(sum(revenue * first_revenue) as decimal(38, 4)) as revenue_product
    from ages
    group by cohort_month, months_since
)

select * from final order by cohort_month, months_since
