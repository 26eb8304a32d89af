-- One row per customer (null: nobody known), part and month of sales, and one for each of the months of silence after it.
-- Every KPI of customers and sales is a sum over these rows, or a ratio of two: all columns are additive.
--   sales                  orders, revenue, items, goods … in the month of the sales alone
--   active, is_new, is_returning, is_reactivated   1 for a customer with an order; the last three add up to the first
--   alive, alive_before    1 with an order in the months of the silence limit that end with the month; with the month before
--   lost                   1 in the month in which the silence reaches the limit
--   active_before, retained   1 in the month after an order; retained when there is one again
-- A customer counts in the part in which they last bought. $silence_months: the silence limit.
with

units as (
    select
        kpi_units.*,
        kpi_ahead.step,
        kpi_ahead.later,
        kpi_visits.gap,
        kpi_visits.gap_next,
        case when kpi_units.orders > 0 and kpi_visits.customer_id is not null then 1 else 0 end as bought
    from kpi_units
    inner join kpi_ahead on kpi_units.month = kpi_ahead.month
    left join kpi_visits on kpi_units.customer_id = kpi_visits.customer_id and kpi_units.month = kpi_visits.month
    where kpi_ahead.later >= $from_month and kpi_ahead.later <= $as_of
),

rows_kept as (
    select
        units.*,
        case when step = 0 then 1 else 0 end as is_sale,
        case when step = 0 then bought else 0 end as active,
        case when step = 0 and bought = 1 and gap is null then 1 else 0 end as is_new
    from units
    where step = 0 or (bought = 1 and (gap_next is null or gap_next >= step))
),

final as (
    select
        rows_kept.customer_id,
        rows_kept.later as month,
        rows_kept.part,
        case when rows_kept.customer_id is not null then is_sale else 0 end as present,
        case when is_sale = 1 then orders else 0 end as orders,
        case when is_sale = 1 then revenue else 0 end as revenue,
        case when is_sale = 1 then revenue_squared else 0 end as revenue_squared,
        case when is_sale = 1 then items else 0 end as items,
        case when is_sale = 1 then goods else 0 end as goods,
        case when is_sale = 1 then costed else 0 end as costed,
        case when is_sale = 1 then cost else 0 end as cost,
        active,
        is_new,
        case when active = 1 and gap <= $silence_months then 1 else 0 end as is_returning,
        case when active = 1 and gap > $silence_months then 1 else 0 end as is_reactivated,
        case
            when bought = 1 and step < $silence_months and (gap_next is null or gap_next > step) then 1 else 0
        end as alive,
        case when is_sale = 0 then 1 else 0 end as alive_before,
        case when step = $silence_months and (gap_next is null or gap_next > step) then 1 else 0 end as lost,
        case when step = 1 then 1 else 0 end as active_before,
        case when step = 1 and gap_next = 1 then 1 else 0 end as retained,
        case when is_new = 1 then kpi_starts.matured_30 else 0 end as matured_30,
        case when is_new = 1 then kpi_starts.matured_60 else 0 end as matured_60,
        case when is_new = 1 then kpi_starts.matured_90 else 0 end as matured_90,
        case when is_new = 1 then kpi_starts.matured_180 else 0 end as matured_180,
        case when is_new = 1 then kpi_starts.second_30 else 0 end as second_30,
        case when is_new = 1 then kpi_starts.second_60 else 0 end as second_60,
        case when is_new = 1 then kpi_starts.second_90 else 0 end as second_90,
        case when is_new = 1 then kpi_starts.second_180 else 0 end as second_180,
        case when is_new = 1 then kpi_starts.valued else 0 end as valued,
        case when is_new = 1 then kpi_starts.new_value else 0 end as new_value
    from rows_kept
    left join kpi_starts on rows_kept.customer_id = kpi_starts.customer_id
)

select * from final
