-- One row per customer (their number; null: nobody known), month, channel and store with a document:
--   what was sold; the cohort of the customer; gap, the months since the month of their order before, and gap_next, those
--   until that of their next. gap is null in the month of the first order, gap_next while there is no later one, and both
--   in a month without an order.
with

numbered as (
    select
        kpi_people.number as customer_id,
        kpi_months.month,
        kpi_months.channel,
        kpi_months.store_id,
        kpi_months.orders,
        kpi_months.revenue,
        kpi_months.revenue_squared,
        kpi_months.items,
        kpi_months.goods,
        kpi_months.costed,
        kpi_months.cost
    from kpi_months
    left join kpi_people on kpi_months.customer_id = kpi_people.customer_id
),

active_months as (
    select customer_id, month, year(month) * 12 + month(month) as number
    from numbered
    where customer_id is not null
    group by customer_id, month
    having cast(sum(orders) as bigint) > 0
),

visits as (
    select
        customer_id,
        month,
        cast(number - lag(number) over (partition by customer_id order by month) as smallint) as gap,
        cast(lead(number) over (partition by customer_id order by month) - number as smallint) as gap_next
    from active_months
),

final as (
    select
        numbered.*,
        visits.gap,
        visits.gap_next,
        case when numbered.customer_id is null then 'anonymous' else coalesce(kpi_starts.cohort, 'not_yet') end as cohort
    from numbered
    left join visits on numbered.customer_id = visits.customer_id and numbered.month = visits.month
    left join kpi_starts on numbered.customer_id = kpi_starts.customer_id
)

select * from final
