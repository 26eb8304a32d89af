-- One row per customer and month asked for: revenue of the 12 months that end with it, and what of it lies at the top.
-- top_revenue is max(revenue − q, 0) + q / 10 with q the revenue of the last customer in the top tenth: over all customers
-- it adds up to the revenue of the top tenth (of its last customer in part), and its spread over customers is that of the
-- share with q unknown. Source: Langel & Tillé (2013), J. R. Stat. Soc. A 176, 521–540.
with

years as (
    select kpi_years.month, kpi_sales.customer_id, cast(sum(kpi_sales.revenue) as decimal(20, 2)) as revenue
    from kpi_sales
    inner join kpi_years on kpi_sales.month >= kpi_years.from_month and kpi_sales.month <= kpi_years.month
    where kpi_sales.customer_id is not null
    group by kpi_years.month, kpi_sales.customer_id
),

ranked as (
    select
        month,
        customer_id,
        revenue,
        row_number() over (partition by month order by revenue desc, customer_id) as place,
        count(*) over (partition by month) as customers_in_all
    from years
),

borders as (
    select month, min(revenue) as border
    from ranked
    where (place - 1) * 10 < customers_in_all
    group by month
),

final as (
    select
        ranked.month,
        ranked.customer_id,
        ranked.revenue,
        1 as customers,
        cast(
            case when ranked.revenue > borders.border then ranked.revenue - borders.border else 0 end
            + borders.border * cast(0.1 as decimal(2, 1)) as decimal(20, 3)
        ) as top_revenue
    from ranked
    inner join borders on ranked.month = borders.month
)

select * from final
