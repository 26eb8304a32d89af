-- One row per customer (null: nobody known), part and month of sales, and one per part and month for those it found silent.
-- Every KPI of customers and sales is a sum over these rows, or a ratio of two: all columns are additive.
--   sales                  orders, revenue, items, goods … of the row's customer; decimals of 20 digits, so that a product
--                          of two has 38 (of two with 18, DuckDB makes one with 18, too short for a large order's square)
--   active, is_new, is_returning, is_reactivated   1 for a customer with an order; the last three add up to the first
--   alive, alive_before    customers with an order in the months of the silence limit that end with the month; with the
--                          month before
--   lost                   customers whose silence reaches the limit in the month
--   active_before, retained   customers with an order in the month before; those of them with one again
-- A customer counts in the part in which they last bought. The silent are counted, not listed: how many last bought in
-- which month and part, and how long until their next order, tells in which months they were alive, and in which lost.
-- $silence_months: the silence limit.
with

sales as (
    select
        *,
        case when customer_id is not null and orders > 0 then 1 else 0 end as active,
        case when customer_id is not null and orders > 0 and gap is null then 1 else 0 end as is_new,
        case when orders > 0 and gap is null then customer_id end as new_customer
    from kpi_units
    where month >= $from_month
),

waits as (
    select
        month,
        part,
        case when gap_next <= $silence_months then gap_next else $silence_months + 1 end as wait,
        count(*) as customers
    from kpi_units
    where customer_id is not null and orders > 0
    group by month, part, case when gap_next <= $silence_months then gap_next else $silence_months + 1 end
),

silent as (
    select
        kpi_ahead.later as month,
        waits.part,
        kpi_ahead.step,
        waits.wait,
        waits.customers
    from waits
    inner join kpi_ahead on waits.month = kpi_ahead.month
    where kpi_ahead.step >= 1 and kpi_ahead.step <= waits.wait
        and kpi_ahead.later >= $from_month and kpi_ahead.later <= $as_of
),

silent_sums as (
    select
        month,
        part,
        cast(sum(case when step < $silence_months and wait > step then customers else 0 end) as bigint) as alive,
        cast(sum(customers) as bigint) as alive_before,
        cast(sum(case when step = $silence_months and wait > step then customers else 0 end) as bigint) as lost,
        cast(sum(case when step = 1 then customers else 0 end) as bigint) as active_before,
        cast(sum(case when step = 1 and wait = 1 then customers else 0 end) as bigint) as retained
    from silent
    group by month, part
),

final as (
    select
        sales.customer_id,
        sales.month,
        sales.part,
        case when sales.customer_id is null then 0 else 1 end as present,
        sales.orders,
        cast(sales.revenue as decimal(20, 2)) as revenue,
        coalesce(sales.revenue_squared, 0) as revenue_squared,
        cast(sales.items as decimal(20, 3)) as items,
        cast(sales.goods as decimal(20, 2)) as goods,
        cast(sales.costed as decimal(20, 2)) as costed,
        cast(sales.cost as decimal(20, 2)) as cost,
        sales.active,
        sales.is_new,
        case when sales.active = 1 and sales.gap <= $silence_months then 1 else 0 end as is_returning,
        case when sales.active = 1 and sales.gap > $silence_months then 1 else 0 end as is_reactivated,
        cast(sales.active as bigint) as alive,
        cast(0 as bigint) as alive_before,
        cast(0 as bigint) as lost,
        cast(0 as bigint) as active_before,
        cast(0 as bigint) as retained,
        coalesce(kpi_starts.matured_30, 0) as matured_30,
        coalesce(kpi_starts.matured_60, 0) as matured_60,
        coalesce(kpi_starts.matured_90, 0) as matured_90,
        coalesce(kpi_starts.matured_180, 0) as matured_180,
        coalesce(kpi_starts.second_30, 0) as second_30,
        coalesce(kpi_starts.second_60, 0) as second_60,
        coalesce(kpi_starts.second_90, 0) as second_90,
        coalesce(kpi_starts.second_180, 0) as second_180,
        coalesce(kpi_starts.valued, 0) as valued,
        cast(coalesce(kpi_starts.new_value, 0) as decimal(20, 2)) as new_value
    from sales
    left join kpi_starts on sales.new_customer = kpi_starts.customer_id
    union all
    select
        cast(0 as integer) as customer_id,
        month,
        part,
        0 as present,
        cast(0 as bigint) as orders,
        cast(0 as decimal(20, 2)) as revenue,
        cast(0 as decimal(38, 4)) as revenue_squared,
        cast(0 as decimal(20, 3)) as items,
        cast(0 as decimal(20, 2)) as goods,
        cast(0 as decimal(20, 2)) as costed,
        cast(0 as decimal(20, 2)) as cost,
        0 as active,
        0 as is_new,
        0 as is_returning,
        0 as is_reactivated,
        alive,
        alive_before,
        lost,
        active_before,
        retained,
        0 as matured_30,
        0 as matured_60,
        0 as matured_90,
        0 as matured_180,
        0 as second_30,
        0 as second_60,
        0 as second_90,
        0 as second_180,
        0 as valued,
        cast(0 as decimal(20, 2)) as new_value
    from silent_sums
)

select * from final
